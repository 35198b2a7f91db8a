"""Every kind of measure against the sum over all states, from the text of a spec to the number."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from rgc.compiler import load
from rgc.errors import SpecError
from rgc.results.result import Estimate, Result
from rgc.runner import run
from rgc.schemes import SCHEMES
from tests.physics.enumeration import energies, states
from tests.physics.running import agrees, answer, machine, request, table

SQUARE = """
parameters {{ K = 0.3, h = 0.1, L = 4 }}
lattice square(L)
spins s: ising
hamiltonian
  - K * sum(<i,j>) s[i]*s[j]
  - h * sum(i) s[i]
  + sum(i) 0.5
flow sample(sweeps=48, thermalise=16, every=4, replicas=1024)
measure {{
{measures}
}}
"""

Average = Callable[[np.ndarray], float]
Exact = Callable[[np.ndarray, np.ndarray, Average], float]
"""From spins [state, x, y], H [state] and the thermal average to the value."""


def wave(s: np.ndarray, axis: int) -> np.ndarray:
    phase = np.exp(2j * np.pi * np.arange(4) / 4)
    return abs(np.tensordot(s.sum(axis=3 - axis), phase, axes=(1, 0))) ** 2


def length(s: np.ndarray, h: np.ndarray, avg: Average) -> float:
    ratios = [avg(s.sum(axis=(1, 2)) ** 2) / avg(wave(s, axis)) - 1 for axis in (1, 2)]
    return float(np.sqrt(np.mean(ratios) / (4 * np.sin(np.pi / 4) ** 2)))


def connected(distance: int) -> Exact:
    def exact(s: np.ndarray, h: np.ndarray, avg: Average) -> float:
        pairs = (s * np.roll(s, -distance, axis=1)).mean(axis=(1, 2))
        return avg(pairs) - avg(s.mean(axis=(1, 2))) ** 2

    return exact


SIGNS = (-1.0) ** np.add.outer(np.arange(4), np.arange(4))

MEASURES: dict[str, tuple[str, Exact]] = {
    "energy": ("energy", lambda s, h, avg: avg(h) / 16),
    "binder": ("binder", lambda s, h, avg: 1 - avg(mean(s) ** 4) / (3 * avg(mean(s) ** 2) ** 2)),
    "correlation(2)": ("correlation(2)", connected(2)),
    "c": ("c = correlation(1)", connected(1)),
    "correlation_length": ("correlation_length", length),
    "mag": ("mag = mean(i) s[i]", lambda s, h, avg: avg(mean(s))),
    "U": (
        "U = 1 - avg(mag^4)/(3*avg(mag^2)^2)",
        lambda s, h, avg: 1 - avg(mean(s) ** 4) / (3 * avg(mean(s) ** 2) ** 2),
    ),
    "chi": (
        "chi = L^2*(avg(mag^2) - avg(abs(mag))^2)",
        lambda s, h, avg: 16 * (avg(mean(s) ** 2) - avg(abs(mean(s))) ** 2),
    ),
    "spread": (
        "spread = sqrt(var(mag))",
        lambda s, h, avg: float(np.sqrt(avg(mean(s) ** 2) - avg(mean(s)) ** 2)),
    ),
    "staggered": (
        "staggered = (mean(i) (-1)^(coordinate(i,x)+coordinate(i,y)) * s[i])^2",
        lambda s, h, avg: avg(mean(s * SIGNS) ** 2),
    ),
    "row": (
        "row = abs(mean(i) cos(2*pi*coordinate(i,x)/L)*s[i])",
        lambda s, h, avg: avg(abs(mean(s * np.cos(np.pi * np.arange(4) / 2)[:, None]))),
    ),
    "plaquettes": (
        "plaquettes = mean(plaquette(i,j,k,l)) s[i]*s[j]*s[k]*s[l]",
        lambda s, h, avg: avg(
            mean(s * np.roll(s, -1, 1) * np.roll(s, -1, 2) * np.roll(np.roll(s, -1, 1), -1, 2))
        ),
    ),
    "three": (
        "three = sum(i) (s[i]*s[i+x]*s[i+y] + 1)/N2",
        lambda s, h, avg: avg(mean(s * np.roll(s, -1, 1) * np.roll(s, -1, 2))) + 1,
    ),
    "mixed": (
        "mixed = avg(energy*mag)/avg(abs_m) + specific_heat",
        lambda s, h, avg: (
            avg(h / 16 * mean(s)) / avg(abs(mean(s))) + (avg(h**2) - avg(h) ** 2) / 16
        ),
    ),
    "bonds": (
        "bonds = mean(<i,j> along x) max(s[i], s[j])",
        lambda s, h, avg: avg(mean(np.maximum(s, np.roll(s, -1, 1)))),
    ),
}


def mean(s: np.ndarray) -> np.ndarray:
    return s.mean(axis=(1, 2))


def found() -> list[Result]:
    lines = "\n".join(f"  {line}" for line, _ in MEASURES.values())
    text = SQUARE.format(measures=lines).replace("L = 4 }", "L = 4, N2 = 16 }")
    return [answer(load(text).spec, seed=seed, backend="reference") for seed in range(3)]


def test_every_measure_agrees_with_the_sum_over_states() -> None:
    results = found()
    spec = load(SQUARE.format(measures="  energy")).spec
    h, s = energies(spec), states(16).reshape(-1, 4, 4).astype(float)
    weight = np.exp(-(h - h.min()))
    weight /= weight.sum()
    for name, (_, exact) in MEASURES.items():
        value = exact(s, h, lambda x: float(weight @ x))
        estimates = [each.observables[name] for each in results]
        assert agrees(estimates, value), f"{name}\n{table(estimates, value)}"


def test_means_at_open_edges_divide_by_what_is_there() -> None:
    text = """
parameters { K = 0.4 }
lattice square(4, 3, boundary=[open, periodic])
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
flow sample(sweeps=48, thermalise=16, every=4, replicas=512)
measure {
  b = mean(<i,j>) s[i]*s[j]
  one = mean(<i,j>) 1
  ends = mean(<i,j> along x) s[i]
  far = mean(i) s[i]*s[i+3*x]
  correlation(3)
}
"""
    spec = load(text).spec
    result = answer(spec, backend="reference").observables
    h, s = energies(spec), states(12).reshape(-1, 4, 3).astype(float)
    weight = np.exp(-(h - h.min()))
    weight /= weight.sum()
    pairs = (s * np.roll(s, -1, 2)).sum(axis=(1, 2)) + (s[:, 1:] * s[:, :-1]).sum(axis=(1, 2))
    far = (s[:, 3] * s[:, 0]).mean(axis=1)
    assert result["one"].value == pytest.approx(1.0)
    for name, exact in (
        ("b", weight @ pairs / 21),
        ("ends", 0.0),
        ("far", weight @ far),
        ("correlation(3)", weight @ far),
    ):
        assert agrees([result[name]], float(exact)), table([result[name]], float(exact))


def test_binary_spins_are_measured_as_declared() -> None:
    """A lattice gas: v = 0, 1 with -mu sum v - eps sum v v', against Ising variables summed by
    hand.
    """
    text = """
parameters { mu = -0.5, eps = 0.7 }
lattice square(3)
spins v: binary
hamiltonian
  - eps * sum(<i,j>) v[i]*v[j]
  - mu * sum(i) v[i]
flow sample(sweeps=64, thermalise=16, every=4, replicas=1024)
measure { m, energy, d = mean(i) v[i], pairs = mean(<i,j>) v[i]*v[j], correlation(1) }
"""
    results = [
        answer(load(text).spec, seed=seed, backend="reference").observables for seed in range(3)
    ]
    v = (states(9).reshape(-1, 3, 3).astype(float) + 1) / 2
    right, down = v * np.roll(v, -1, 1), v * np.roll(v, -1, 2)
    bonds = (right + down).sum(axis=(1, 2))
    h = -0.7 * bonds + 0.5 * v.sum(axis=(1, 2))
    weight = np.exp(-h) / np.exp(-h).sum()
    density = float(weight @ mean(v))
    exact = {
        "m": density,
        "d": density,
        "energy": float(weight @ h) / 9,
        "pairs": float(weight @ bonds) / 18,
        "correlation(1)": float(weight @ mean(right)) - density**2,
    }
    for name, value in exact.items():
        estimates = [each[name] for each in results]
        assert agrees(estimates, value), f"{name}\n{table(estimates, value)}"


@pytest.mark.parametrize("measure", ["log_z", "p = prod(i) s[i]"])
def test_what_cannot_be_measured_yet_says_so(measure: str) -> None:
    with pytest.raises(SpecError, match=r"yet|later"):
        answer(load(SQUARE.format(measures=f"  {measure}")).spec, backend="reference")


ORDERED = """
parameters {{ K = 1, h = {h} }}
lattice square(8)
spins s: ising
hamiltonian
  - K * sum(<i,j>) s[i]*s[j]
  - h * sum(i) s[i]
flow sample(sweeps=100, thermalise=500, replicas=64)
measure {{
  correlation(1)
  pair = mean(<i,j> along x) s[i]*s[j]
  spread = 4*var(mag)
  second = 4*avg(mag^2)
  mine = avg(pair) - 2*avg(mag)*avg(m)
  mag = mean(i) s[i]
  shifted = 1 - avg(mag)
}}
"""


def test_nothing_is_subtracted_where_symmetry_makes_it_0() -> None:
    """Each replica is ordered, so that the average of s over a run is far from 0."""
    spec = load(ORDERED.format(h=0)).spec
    found = answer(spec).averages
    pair = found["pair"]
    assert pair.error is not None
    assert 0 < pair.error < 1e-3
    for name, same in (("correlation(1)", "pair"), ("mine", "pair"), ("spread", "second")):
        assert found[name].value == pytest.approx(found[same].value, rel=1e-12)
        assert found[name].error == pytest.approx(found[same].error, rel=1e-6)
    assert agrees([found["correlation(1)"]], 0.99858)
    assert found["shifted"].error is not None
    assert found["shifted"].error > 0.05


def test_a_point_without_a_field_is_symmetric_among_points_with_one() -> None:
    def sampled(h: float) -> dict[str, Estimate]:
        spec = load(ORDERED.format(h=h)).spec
        made = SCHEMES["sample"].maker(request(spec, machine("numba"), zero=()))
        return dict(run(made).averages)

    without, within = sampled(0), sampled(1)
    assert without["correlation(1)"].value == pytest.approx(without["pair"].value)
    assert within["correlation(1)"].value == pytest.approx(0, abs=0.01)


LETTERS = """
parameters {{ K = 0.4, h = 1.2 }}
lattice honeycomb(3)
spins s: ising
hamiltonian
  - K * sum(<i,j>) s[i]*s[j]
  - h * sum(c in cells) s[c.a]
flow {flow}
measure {{ correlation(1), a = mean(c in cells) s[c.a], b = mean(c in cells) s[c.b] }}
"""


def test_letters_that_differ_have_averages_of_their_own() -> None:
    spec = load(LETTERS.format(flow="sample(sweeps=200, thermalise=50, replicas=1024)")).spec
    h, s = energies(spec), states(18).reshape(-1, 3, 3, 2).astype(float)
    weight = np.exp(-(h - h.min()))
    weight /= weight.sum()
    pairs = (s * np.roll(s, -1, 1)).mean(axis=(1, 2, 3))
    letters = weight @ s.mean(axis=(1, 2))
    exact = float(weight @ pairs - (letters**2).mean())
    assert abs(letters[0] - letters[1]) > 0.1
    counted = answer(load(LETTERS.format(flow="enumerate")).spec).averages["correlation(1)"]
    assert counted.value == pytest.approx(exact, rel=1e-9)
    found = [answer(spec, seed=seed).averages["correlation(1)"] for seed in range(3)]
    assert agrees(found, exact), table(found, exact)


@pytest.mark.parametrize(
    ("h", "edges", "warned"),
    [
        (0.1, "open, open", True),
        (0.0, "open, open", False),
        (0.1, "open, periodic", False),
        (0.1, "periodic, periodic", False),
    ],
)
def test_a_subtraction_that_edges_make_wrong_is_warned_of(
    h: float, edges: str, warned: bool
) -> None:
    text = f"""
parameters {{ K = 0.2, h = {h} }}
lattice square(4, boundary=[{edges}])
spins s: ising
hamiltonian
  - K * sum(<i,j>) s[i]*s[j]
  - h * sum(i) s[i]
flow sample(sweeps=20, thermalise=20, replicas=64)
measure {{ m, c = correlation(1) }}
"""
    found = [each for each in answer(load(text).spec).warnings if "at open edges" in each]
    assert len(found) == warned
    assert all("subtracted in c is" in each for each in found)


OPEN = """
parameters {{ K = 0.5, h = 0.3 }}
lattice square(3, boundary=[{edges}])
spins s: {spins}
hamiltonian
  - K * sum(<i,j>) s[i]*s[j]
  - h * sum(i) s[i]
flow {flow}
measure {{ correlation(1), far = correlation(2) }}
"""


@pytest.mark.parametrize("edges", ["open, periodic", "periodic, open"])
@pytest.mark.parametrize("spins", ["ising", "binary", "spin(1)"])
def test_sites_that_one_open_axis_tells_apart_have_averages_of_their_own(
    edges: str, spins: str
) -> None:
    """The mean of <s s'> - <s> <s'> over the pairs, by the sum over all states."""
    values = np.array({"ising": [-1.0, 1.0], "binary": [0.0, 1.0], "spin(1)": [-1.0, 0, 1]}[spins])
    s = values[np.indices((len(values),) * 9).reshape(9, -1).T].reshape(-1, 3, 3)
    bonds = [
        (s[:, :-1] * s[:, 1:] if edge == "open" else s * np.roll(s, -1, 1)).sum(axis=(1, 2))
        if axis == 0
        else (s[:, :, :-1] * s[:, :, 1:] if edge == "open" else s * np.roll(s, -1, 2)).sum((1, 2))
        for axis, edge in enumerate(edges.split(", "))
    ]
    weight = np.exp(0.5 * sum(bonds) + 0.3 * s.sum(axis=(1, 2)))
    weight /= weight.sum()
    site = np.einsum("k,kxy->xy", weight, s)
    exact = {}
    for name, r in (("correlation(1)", 1), ("far", 2)):
        there = range(3 - r if edges.startswith("open") else 3)
        exact[name] = np.mean(
            [
                np.einsum("k,ky,ky->y", weight, s[:, x], s[:, (x + r) % 3])
                - site[x] * site[(x + r) % 3]
                for x in there
            ]
        )
    counted = answer(load(OPEN.format(edges=edges, spins=spins, flow="enumerate")).spec).averages
    for name, value in exact.items():
        assert counted[name].value == pytest.approx(value, rel=1e-10), name
    if (edges, spins) not in {("open, periodic", "ising"), ("periodic, open", "binary")}:
        return
    flow = "sample(sweeps=60, thermalise=30, every=3, replicas=512)"
    spec = load(OPEN.format(edges=edges, spins=spins, flow=flow)).spec
    found = [answer(spec, seed=seed, backend="reference").averages for seed in range(3)]
    for name, value in exact.items():
        estimates = [each[name] for each in found]
        assert agrees(estimates, value), f"{name}\n{table(estimates, value)}"


def test_a_ratio_to_what_may_be_0_has_no_value() -> None:
    """Its average over resamples is off by more than its error. Other functions keep theirs."""
    text = """
parameters { K = 0.2 }
lattice square(4)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
flow sample(sweeps=60, replicas=64)
measure { over = avg(m^2)/avg(m)^2, inverse = 1/avg(energy), binder, root = sqrt(avg(m^2)) }
"""
    found = answer(load(text).spec, backend="reference").averages
    assert found["over"].value is None
    assert "its bias is larger than its error" in found["over"].note
    for name in ("inverse", "binder", "root"):
        assert found[name].error
