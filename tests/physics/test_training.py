"""Machines trained on a 3x4 Ising model, over seven seeds each: how far from it they end, and what
their monitors say of it.
"""

from __future__ import annotations

from functools import cache
from statistics import median

import pytest

import rgc

SPEC = """
parameters {{ K = {coupling} }}
lattice square(3, 4)
spins s: {spins}
hamiltonian - K * sum(<i,j>) s[i]*s[j]
data samples(20000)
stack {{ rbm(hidden=12, train={trainer}(epochs=100, batch=100, rate=[0.05, 0.05, 0])) }}
flow train(monitors=[kl])
"""

SEEDS = 7


@cache
def trained(trainer: str, coupling: str, spins: str) -> tuple[tuple[float, bool], ...]:
    """KL of every seed, and whether the persistent chains were said to be elsewhere."""
    compiled = rgc.compile(SPEC.format(trainer=trainer, coupling=coupling, spins=spins), threads=1)
    found = []
    for seed in range(SEEDS):
        result = compiled.run(seed=seed, checkpoints=False).points[0].result
        kl = result.levels[1].values["kl"].value
        assert kl is not None
        found.append((kl, any("persistent chains" in warning for warning in result.warnings)))
    return tuple(found)


@pytest.mark.slow
@pytest.mark.parametrize("trainer", ["cd", "pcd", "tempering"])
def test_every_trainer_comes_near_the_critical_ising_model(trainer: str) -> None:
    found = [kl for kl, _ in trained(trainer, "log(1 + sqrt(2)) / 2", "ising(symmetric)")]
    assert median(found) < 0.006
    assert max(found) < 0.01


@pytest.mark.slow
def test_a_declared_symmetry_keeps_persistent_chains_right_in_the_ordered_phase() -> None:
    for kl, warned in trained("pcd", "0.7", "ising(symmetric)"):
        assert kl < 0.02
        assert not warned


@pytest.mark.slow
def test_chains_that_are_held_in_one_phase_are_told() -> None:
    """Without the symmetry biases drift until the machine is in one phase, and its chains in both:
    every run that ends far off is told of, and no other.
    """
    found = trained("pcd", "0.7", "ising")
    assert sum(kl > 0.5 for kl, _ in found) > SEEDS // 2
    assert all(warned == (kl > 0.5) for kl, warned in found)
