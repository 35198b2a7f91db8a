"""The correlation of visible and hidden units by distance."""

from __future__ import annotations

from math import floor, tanh
from pathlib import Path

import numpy as np
import pytest

import rgc
from rgc.flows.data.rows import Rows
from rgc.flows.machines.fields import apart, centre
from rgc.flows.machines.visible_hidden import visible_hidden
from rgc.model.lattice import Lattice
from rgc.model.lattices import square
from rgc.model.spins import Species
from rgc.model.stack import MOST_RINGS, rings_of

ISING = Species("s")


def drawn(shape: tuple[int, ...], rows: int = 128) -> Rows:
    """Rows in which neighbours along the last axis go together."""
    noise = np.random.default_rng(0).normal(size=(rows, *shape))
    together = noise + np.roll(noise, 1, axis=-1) + np.roll(noise, -1, axis=-1)
    return Rows(species=ISING, states=(together > 0).astype(np.uint8).reshape(rows, -1))


def fields_of(shape: tuple[int, ...], units: int) -> np.ndarray:
    """Pictures of two weights side by side, of either sign."""
    pictures = np.zeros((units, *shape))
    for unit in range(units):
        flat = pictures[unit].ravel()
        flat[[unit, unit + 1]] = (-1) ** unit
    return pictures


@pytest.mark.parametrize("shape", [(12,), (8, 10)])
def test_rings_are_those_of_sums_site_by_site(shape: tuple[int, ...]) -> None:
    rows, pictures, rings = drawn(shape), fields_of(shape, 5), min(shape) // 2
    v = rows.values
    means = np.tanh(v @ pictures.reshape(5, -1).T)
    found, tables = visible_hidden(rows, means, pictures, rings)
    profile = np.zeros(rings)
    for unit, picture in enumerate(pictures):
        at, own = centre(picture), [[] for _ in range(rings)]
        for number, site in enumerate(np.ndindex(*shape)):
            ring = floor(float(apart(np.array(site, dtype=float), at, shape)))
            if ring < rings:
                both = np.mean(v[:, number] * means[:, unit])
                own[ring].append(both - v[:, number].mean() * means[:, unit].mean())
        profile += (-1) ** unit * np.array([np.mean(each) for each in own])
    got = np.array([found[f"visible_hidden.r{ring}"].value for ring in range(1, rings)])
    errors = np.array([found[f"visible_hidden.r{ring}"].error for ring in range(1, rings)])
    assert got == pytest.approx(profile[1:] / profile[0], abs=0.2 * float(errors.min()))
    assert tables["visible_hidden"].shape == (rings, 3)
    assert tables["visible_hidden"][0, 1:] == pytest.approx([1, 0])


def test_units_without_a_centre_and_without_a_correlation_have_no_profile() -> None:
    rows = drawn((12,))
    everywhere = np.ones((3, 12))
    means = np.tanh(rows.values @ everywhere.T)
    found, tables = visible_hidden(rows, means, everywhere, 6)
    assert {each.note for each in found.values()} == {"no hidden unit has a centre"}
    pictures = fields_of((12,), 2)
    found, tables = visible_hidden(rows, np.zeros((128, 2)), pictures, 6)
    assert not tables
    assert {each.value for each in found.values()} == {None}
    assert {each.note for each in found.values()} == {"the nearest ring is not correlated"}


def test_rings_fit_into_a_torus() -> None:
    def wide(length: int, boundary: str = "periodic") -> Lattice:
        return square(length, length, boundary=boundary)  # type: ignore[arg-type]

    assert rings_of(wide(7)) == 3
    assert rings_of(wide(100)) == MOST_RINGS
    assert rings_of(wide(8, "open")) == 0
    assert rings_of(6) == 0


CHAIN = """
parameters { K = 1 }
lattice chain(24)
spins s: ising(symmetric)
hamiltonian - K * sum(<i,j>) s[i]*s[j]
data samples(8000)
stack {
  rbm(hidden=12, weights=file("pairs.npz"))
  rbm(hidden=6, weights=file("pairs.npz"))
}
flow train
"""


def test_majority_of_a_chain_falls_by_tanh_of_its_coupling(tmp_path: Path) -> None:
    def pairs(units: int) -> np.ndarray:
        return 8 * np.kron(np.eye(units // 2), np.ones((2, 1)))

    np.savez(tmp_path / "pairs.npz", weights_1=pairs(24), weights_2=pairs(12))
    (tmp_path / "chain.rgc").write_text(CHAIN, "utf-8")
    result = rgc.compile(tmp_path / "chain.rgc").run(warn=lambda message: None).result
    for level, rings in ((1, (1, 2, 3)), (2, (2, 3, 4))):
        values = result.levels[level].values
        first = values[f"visible_hidden.r{rings[0]}"]
        for ring in rings[1:]:
            found = values[f"visible_hidden.r{ring}"]
            x = tanh(1) ** ring + tanh(1) ** (23 - ring)
            x0 = tanh(1) ** rings[0] + tanh(1) ** (23 - rings[0])
            assert found.value / first.value == pytest.approx(
                x / x0, abs=4 * (found.error + first.error)
            )
            assert found.error < 0.02
