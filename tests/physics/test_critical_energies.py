"""Energies at the critical points of the triangular and the honeycomb lattice, extrapolated to
infinite size.
"""

from __future__ import annotations

from math import log, sqrt

import numpy as np
import pytest

from rgc.model import lattices
from rgc.results.result import Estimate
from tests.physics.models import ising
from tests.physics.running import SEEDS, agrees, answer, table

SIZES = (16, 24, 32, 48)
CASES = {
    "triangular": (log(3) / 4, 3.0, 2 / 3),
    "honeycomb": (log(2 + sqrt(3)) / 2, 1.5, 4 / (3 * sqrt(3))),
}
"""K_c, bonds per site, <s s'> at K_c (Houtappel 1950)."""


def bond_average(name: str, coupling: float, seed: int) -> Estimate:
    """<s s'> of the infinite lattice: the energy of a torus is linear in 1/L at K_c, up to terms of
    order L^-3.
    """
    _, bonds, _ = CASES[name]
    values, errors = [], []
    for size in SIZES:
        lattice = getattr(lattices, name)(size, size)
        energy = answer(
            ising(lattice, coupling, sweeps=10_000, every=10, replicas=256), seed=seed
        ).observables["energy"]
        values.append(-(energy.value or 0) / (coupling * bonds))
        errors.append((energy.error or 0) / (coupling * bonds))
    weights = 1 / np.array(errors)
    design = (
        np.stack([np.ones(len(SIZES)), 1 / np.array(SIZES, dtype=float)], axis=1) * weights[:, None]
    )
    solution, *_ = np.linalg.lstsq(design, np.array(values) * weights, rcond=None)
    return Estimate(float(solution[0]), float(np.sqrt(np.linalg.inv(design.T @ design)[0, 0])))


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_the_bond_average_of_the_infinite_lattice(name: str) -> None:
    coupling, _, exact = CASES[name]
    found = [bond_average(name, coupling, seed) for seed in SEEDS]
    assert agrees(found, exact), table(found, exact)
    wrong = [bond_average(name, 1.01 * coupling, seed) for seed in SEEDS[:2]]
    assert not agrees(wrong, exact), table(wrong, exact)
