"""Machines trained on small Ising models: how far from them they end, over seven seeds each, and
what their monitors say of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median

import numpy as np
import pytest
from numpy.typing import NDArray

import rgc

Floats = NDArray[np.float64]

SPEC = """
parameters {{ K = {coupling} }}
lattice square(3, 4)
spins s: {spins}
hamiltonian - K * sum(<i,j>) s[i]*s[j]
data samples(20000)
stack {{
  rbm(hidden=12, {units}train={trainer}(epochs=100, batch=100, rate=[0.05, 0.05, 0]{more}))
}}
flow train(monitors=[kl])
"""

SEEDS = 7

MANY = {"units": "spins=ising, ", "more": ", chains=1000"}


def trained(
    trainer: str, coupling: str, spins: str, options: Mapping[str, str] | None = None
) -> tuple[tuple[float, bool], ...]:
    """KL of every seed, and whether the persistent chains were said to be elsewhere."""
    given = {"units": "", "more": "", **(options or {})}
    text = SPEC.format(trainer=trainer, coupling=coupling, spins=spins, **given)
    compiled = rgc.compile(text, threads=1)
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
def test_many_persistent_chains_do_without_the_symmetry() -> None:
    """Biases follow the mean of the chains, which fluctuates less the more of them there are."""
    found = [kl for kl, _ in trained("pcd", "log(1 + sqrt(2)) / 2", "ising", MANY)]
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
    every run that ends far off is told of, and none that ends where those with the symmetry do.
    """
    found = trained("pcd", "0.7", "ising")
    assert sum(kl > 0.5 for kl, _ in found) > SEEDS // 2
    assert all(warned for kl, warned in found if kl > 0.5)
    assert not any(warned for kl, warned in found if kl < 0.02)


FEW_OR_MANY = """
parameters {{ K = 0.4 }}
lattice square(4)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
data samples({rows}, validation=0.5)
stack {{ rbm(64, train=cd(epochs={epochs}, batch={batch}, rate=0.1)) }}
flow train(monitors=[gap, kl])
"""


@pytest.mark.slow
def test_the_gap_tells_of_rows_that_are_learned_by_heart() -> None:
    """In as many updates, 60 rows are learned by heart and 5000 are not. KL of the first is least
    long before the end, while the gap grows all the time.
    """

    def series(rows: int, epochs: int, batch: int) -> Mapping[str, Floats]:
        text = FEW_OR_MANY.format(rows=rows, epochs=epochs, batch=batch)
        result = rgc.compile(text, threads=1).run(checkpoints=False).points[0].result
        return {name: result.tables[f"layer1.{name}"] for name in ("gap", "gap_error", "kl")}

    few, many = series(120, 3000, 60), series(10_000, 60, 100)
    assert few["gap"][-1] > 3 * few["gap_error"][-1]
    assert few["gap"][-1] > few["gap"][0] + 2
    assert few["kl"][-1] > 3 * few["kl"].min()
    assert abs(many["gap"][-1]) < 4 * many["gap_error"][-1]
    assert many["kl"][-1] < 2 * many["kl"].min() < 0.5
