"""Errors of `mcrg` over models whose exponents are known: how often they cover, how wide they are.

The figures of more lattices, bases and levels stand in docs/results.md.
"""

from __future__ import annotations

import numpy as np
import pytest

from rgc.compiler import load
from tests.physics.models import CRITICAL
from tests.physics.running import answer

ISING = "spins s: ising\nhamiltonian - K * sum(<i,j>) s[i]*s[j]\nblock majority(2)"
POTTS = "spins s: potts(3)\nhamiltonian - K * sum(<i,j>) delta(s[i], s[j])\nblock majority(2)"
BAXTER_WU = (
    "spins s: ising\nhamiltonian - K * sum(triangle(i,j,k)) s[i]*s[j]*s[k]\n"
    "block majority(b=2, cell=[(0,0), (2,1), (1,2), (3,3)])"
)
FOUR = "basis=operators(range=2, bodies=4)"
SEEDS = 3

MODELS = {
    "square 32": (CRITICAL, "square(32)", ISING, "steps=3, sweeps=2000, thermalise=1600"),
    "square 64": (CRITICAL, "square(64)", ISING, "steps=4, sweeps=4000, thermalise=6000"),
    "triangular 32": (
        np.log(3) / 4,
        "triangular(32)",
        ISING,
        "steps=3, sweeps=2000, thermalise=1600",
    ),
    "cubic 32": (
        0.221654626,
        "cubic(32)",
        ISING,
        "steps=3, sweeps=600, thermalise=600, every=20, replicas=128",
    ),
    "Potts 32": (
        np.log(1 + 3**0.5),
        "square(32)",
        POTTS,
        "steps=3, sweeps=2000, thermalise=2500",
    ),
    "Potts 64": (
        np.log(1 + 3**0.5),
        "square(64)",
        POTTS,
        f"steps=4, sweeps=3000, thermalise=9000, every=20, {FOUR}",
    ),
    "Baxter-Wu 48": (
        CRITICAL,
        "triangular(48)",
        BAXTER_WU,
        f"steps=3, sweeps=4000, thermalise=20000, {FOUR}",
    ),
}
EXACT = {
    "square": (1, 15 / 8),
    "triangular": (1, 15 / 8),
    "cubic": (1.587375, 2.481851),
    "Potts": (6 / 5, 28 / 15),
    "Baxter-Wu": (3 / 2, 15 / 8),
}


@pytest.mark.slow
def test_errors_over_models() -> None:
    covered, wide = [], []
    for name, (coupling, lattice, model, options) in MODELS.items():
        text = f"parameters {{ K = {coupling} }}\nlattice {lattice}\n{model}\nflow mcrg({options})"
        runs = [answer(load(text).spec, seed=seed) for seed in range(SEEDS)]
        for exponent, exact in zip(("y_t", "y_h"), EXACT[name.split()[0]], strict=True):
            found = [run.exponents[exponent] for run in runs]
            off = np.array([abs(one.value - exact) for one in found])
            errors = np.array([one.error for one in found], dtype=float)
            print(name, exponent, off / errors)
            covered += [off / errors]
            wide.append(float(np.sqrt(np.mean(errors**2) / np.mean(off**2))))
    z = np.concatenate(covered)
    assert np.mean(z < 1) >= 0.6
    assert np.mean(z < 2) >= 0.95
    assert np.median(wide) < 4
