"""Replica exchange against sums over all states."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

import rgc
from rgc.results.result import Estimate
from tests.physics.enumeration import enumerate_exactly
from tests.physics.running import agrees, p_value

TEXT = """parameters {{ K = 0.4, h = {h} }}
lattice square(4)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j] - h * sum(i) s[i]
flow sample(sweeps={sweeps}, thermalise=40, every=2, replicas=64, update=tempering({along}))
measure {{ energy, abs_m }}
"""

SWAPS = {
    "K=[0.3, 0.35]": 0.7443074092675059,
    "K=[0.4407, 0.55]": 0.6785564015399455,
}
"""The density of states of all 2^16 states of the 4x4 torus."""


def found(along: str, h: float = 0, sweeps: int = 200) -> list[list[Any]]:
    """The results at every value for ten seeds."""
    compiled = rgc.compile(TEXT.format(along=along, h=h, sweeps=sweeps), backend="numba")
    runs = [compiled.run(seed, checkpoints=False, warn=lambda _: None) for seed in range(10)]
    return [[point.result for point in run.points] for run in runs]


@pytest.mark.parametrize("along", SWAPS)
def test_exchanges_are_accepted_as_often_as_they_must(along: str) -> None:
    swaps: list[Estimate] = [first.values["exchange"] for first, _ in found(along)]
    assert agrees(swaps, SWAPS[along])


@pytest.mark.slow
def test_a_wrong_coupling_is_not_accepted_as_often() -> None:
    swaps = [first.values["exchange"] for first, _ in found("K=[0.3, 0.3535]", sweeps=400)]
    assert p_value(swaps, SWAPS["K=[0.3, 0.35]"]) < 1e-3


@pytest.mark.parametrize("inner", ["local", pytest.param("wolff", marks=pytest.mark.slow)])
def test_averages_at_every_value(inner: str) -> None:
    values = (0.3, 0.38, 0.47)
    results = found(f"K=[{', '.join(map(str, values))}], inner={inner}", h=0.03, sweeps=120)
    for number, K in enumerate(values):
        spec = rgc.load(
            TEXT.format(along="K=[0.1, 0.2]", h=0.03, sweeps=10).replace("= 0.4,", f"= {K},")
        ).spec
        exact = enumerate_exactly(spec)
        for name in ("energy", "abs_m"):
            averages = [each[number].averages[name] for each in results]
            assert agrees(averages, getattr(exact, name)), (K, name)


BLOCKED = """parameters {{ K = 0.4 }}
lattice square(4)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
block majority(2)
flow mcrg(steps=1, sweeps=60, thermalise=30, every=2, replicas=512,
          basis=operators(range=1.5, bodies=2), update=tempering(K=[{}]))
"""


def pairs_of_blocks(coupling: float) -> dict[str, float]:
    """Averages of pairs of 2x2 block spins of the 4x4 torus over all states: a tie is as often +1
    as -1, whatever other blocks are.
    """
    s = np.array(list(product([1, -1], repeat=16)), dtype=np.int8).reshape(-1, 4, 4)
    bonds = sum((s * np.roll(s, 1, axis)).sum((1, 2), dtype=np.int64) for axis in (1, 2))
    weight = np.exp(coupling * bonds)
    block = np.sign(s.reshape(-1, 2, 2, 2, 2).sum((2, 4), dtype=np.int64))
    near = (block[:, 0] * block[:, 1]).mean(1) + (block[:, :, 0] * block[:, :, 1]).mean(1)
    far = block[:, 0, 0] * block[:, 1, 1] + block[:, 0, 1] * block[:, 1, 0]
    means = {"K": near / 2, "k2_11": far / 2}
    return {name: float(weight @ each / weight.sum()) for name, each in means.items()}


def test_levels_at_every_value() -> None:
    """Blocks of configurations that were exchanged are those of their value."""
    values = (0.3, 0.4, 0.5)
    compiled = rgc.compile(BLOCKED.format(", ".join(map(str, values))), backend="numba")
    runs = [compiled.run(seed, checkpoints=False, warn=lambda _: None) for seed in range(10)]
    for number, coupling in enumerate(values):
        wrong, at = pairs_of_blocks(coupling * 1.01), [run.points[number].result for run in runs]
        for name, exact in pairs_of_blocks(coupling).items():
            found = [result.levels[1].averages[name] for result in at]
            assert agrees(found, exact), (coupling, name)
        assert p_value([result.levels[1].averages["K"] for result in at], wrong["K"]) < 1e-3
    assert {"exchange", "round_trips"} <= runs[0].points[0].result.values.keys()


LADDERS = {
    "potts(4)": (
        "s: potts(4)",
        "- K * sum(<i,j>) delta(s[i], s[j])",
        "K=[0.8, 1.0, 1.2]",
    ),
    "two couplings fall together": (
        "s: ising",
        "- K * sum(<i,j>) s[i]*s[j] - K^2 * sum(<<i,j>>) s[i]*s[j]",
        "K=[0.5, 0.35, 0.2]",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LADDERS)
def test_values_with_exchanges_are_those_of_a_scan(name: str) -> None:
    """Potts spins, and couplings that are no straight lines of the parameter."""
    spins, energy, along = LADDERS[name]
    text = (
        f"parameters {{ K = 0.4 }}\nlattice square(6)\nspins {spins}\nhamiltonian {energy}\n"
        "flow sample(sweeps=4000, every=4, replicas=128, update={})\nmeasure { energy, abs_m }\n"
    )
    text = text.replace("{ energy, abs_m }", "{{ energy, abs_m }}")
    text = text.replace("{ K = 0.4 }", "{{ K = 0.4 }}")
    tempered = rgc.compile(text.format(f"tempering({along})"))
    scanned = rgc.compile(text.format("local") + f"scan {{ {along} }}")
    both = [each.run(checkpoints=False, warn=lambda _: None) for each in (tempered, scanned)]
    for one, other in zip(*(each.points for each in both), strict=True):
        assert one.parameters == other.parameters
        for measure, a in one.result.averages.items():
            b = other.result.averages[measure]
            assert a.value is not None
            assert b.value is not None
            assert abs(a.value - b.value) < 4 * ((a.error or 0) ** 2 + (b.error or 0) ** 2) ** 0.5


RANDOM = """
parameters {{ K = {}, J ~ {} }}
lattice square(3)
spins s: ising
hamiltonian - K * sum(<i,j>) J[i,j]*s[i]*s[j]
flow {}
measure {{ energy }}
"""


@pytest.mark.parametrize(
    "drawn",
    [
        "bimodal(1, p=0.5)",
        "normal(0, 1)",
        pytest.param("diluted(1, p=0.6)", marks=pytest.mark.slow),
    ],
)
def test_random_couplings_are_the_same_at_all_values(drawn: str) -> None:
    """Those of `enumerate`, so that averages over 64 realisations differ by the noise of sweeps
    alone, which is less than what the realisations differ by.
    """
    update = "tempering(K=[0.2, 0.6, 1])"
    flow = f"sample(sweeps=500, every=2, disorder=64, replicas=128, update={update})"
    answer = rgc.compile(RANDOM.format(0.5, drawn, flow), backend="numba").run(checkpoints=False)
    for point in answer.points:
        energy = point.result.observables["energy"]
        text = RANDOM.format(point.parameters["K"], drawn, "enumerate(disorder=64)")
        exact = rgc.compile(text, backend="reference").run(checkpoints=False).result
        known = exact.observables["energy"]
        assert energy.value == pytest.approx(known.value, abs=0.7 * energy.error)
        assert 0.9 < energy.error / known.error < 1.5  # with the noise of sweeps
