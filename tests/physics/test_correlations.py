"""`correlation(r, along=..., letters=[...])` against sums over all states, and sampled against
enumeration.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import rgc
from tests.physics.running import agrees, answer

SPEC = """
parameters {{ K = 0.3, J = 0.2, h = 0.15, g = 0.1 }}
lattice crystal(vectors=[(2,0), (0,1.5)], basis=[(0,0), (1,0)], size=[2, 3], boundary={edges})
spins s: ising
hamiltonian
  - K * sum(c in cells) s[c.a]*s[c.b]
  - J * sum(c in cells) s[c.a]*s[c.a+y]
  - h * sum(c in cells) s[c.a]
  - g * sum(c in cells) s[c.b]*s[c.b+y]
measure {{
  up = correlation(1, along=y), mixed = correlation(1, along=y, letters=[a, b]),
  back = correlation(r=1, letters=[b, a], along=y), cell = correlation(0, letters=[a, b]),
  own = correlation(0, letters=[b, b])
}}
flow {flow}
"""


def by_hand(edges: tuple[str, str]) -> dict[str, float]:
    """All 2^12 states of 2 x 3 cells of two letters."""
    s = np.array(list(product([-1, 1], repeat=12))).reshape(-1, 2, 3, 2)
    a, b = s[..., 0], s[..., 1]

    def up(x: np.ndarray) -> np.ndarray:
        return x[:, :, 1:] if edges[1] == "open" else np.roll(x, -1, axis=2)

    def low(x: np.ndarray) -> np.ndarray:
        return x[:, :, : up(x).shape[2]]

    energy = -0.3 * (a * b).sum((1, 2)) - 0.15 * a.sum((1, 2))
    energy -= 0.2 * (low(a) * up(a)).sum((1, 2)) + 0.1 * (low(b) * up(b)).sum((1, 2))
    p = np.exp(-energy)
    p /= p.sum()

    def connected(here: np.ndarray, there: np.ndarray) -> float:
        means = [np.tensordot(p, x, 1) for x in (here, there)]
        return float(np.mean(np.tensordot(p, here * there, 1) - means[0] * means[1]))

    return {
        "up": (connected(low(a), up(a)) + connected(low(b), up(b))) / 2,
        "mixed": connected(low(a), up(b)),
        "back": connected(low(b), up(a)),
        "cell": connected(a, b),
        "own": connected(b, b),
    }


@pytest.mark.parametrize("edges", [("periodic", "periodic"), ("periodic", "open")])
def test_correlations_along_any_vector_and_between_letters(edges: tuple[str, str]) -> None:
    text = SPEC.format(flow="enumerate", edges="[{}, {}]".format(*edges))
    found, expected = answer(rgc.load(text).spec).averages, by_hand(edges)
    for name, value in expected.items():
        assert found[name].value == pytest.approx(value, abs=1e-12)


def test_sampled_correlations_between_letters() -> None:
    flow = "sample(sweeps=400, thermalise=50)"
    text = SPEC.format(flow=flow, edges="[periodic, open]")
    exact = answer(rgc.load(text.replace(flow, "enumerate")).spec).averages
    found = answer(rgc.load(text).spec).averages
    for name in ("up", "mixed", "back", "cell"):
        value = exact[name].value
        assert value is not None
        assert agrees([found[name]], value)


VECTORS = """
lattice crystal(vectors=[(2,0), (0,1.5)], basis=[(0,0), (1,0)], size=[2, 2], boundary={edges})
spins s: potts(3)
hamiltonian
  - 0.6 * sum(c in cells) delta(s[c.a], s[c.b])
  - 0.4 * sum(c in cells) delta(s[c.a], s[c.b+y])
  - 0.3 * sum(c in cells) delta(s[c.a], 0)
measure {{ up = correlation(1, along=y, letters=[a, b]), own = correlation(0, letters=[b, b]) }}
flow enumerate
"""


@pytest.mark.parametrize("edge", ["periodic", "open"])
def test_correlations_of_vectors_are_scalar_products(edge: str) -> None:
    """All 3^8 states; the vectors point to the corners of a triangle."""
    s = np.array(list(product(range(3), repeat=8))).reshape(-1, 2, 2, 2)
    a, b = s[..., 0], s[..., 1]
    last = 2 if edge == "periodic" else 1
    low, up = a[:, :, :last], np.roll(b, -1, axis=2)[:, :, :last]
    p = np.exp(
        0.6 * (a == b).sum((1, 2)) + 0.4 * (low == up).sum((1, 2)) + 0.3 * (a == 0).sum((1, 2))
    )
    p /= p.sum()
    corners = np.exp(2j * np.pi * np.arange(3) / 3)

    def connected(here: np.ndarray, there: np.ndarray) -> float:
        means = [np.tensordot(p, corners[x], 1) for x in (here, there)]
        pair = np.tensordot(p, corners[here] * corners[there].conj(), 1)
        return float(np.mean(pair - means[0] * means[1].conj()).real)

    found = answer(rgc.load(VECTORS.format(edges=f"[periodic, {edge}]")).spec).averages
    assert found["up"].value == pytest.approx(connected(low, up), abs=1e-12)
    assert found["own"].value == pytest.approx(connected(b, b), abs=1e-12)
