"""The square Ising model against Kaufman's formula, and where updates and starts could go wrong."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest

from rgc.flows.sampling.sample import make_sample
from rgc.model import lattices
from rgc.model.spec import Spec
from rgc.runner import run
from tests.physics.enumeration import enumerate_exactly
from tests.physics.golden import KAUFMAN_CRITICAL
from tests.physics.models import CRITICAL, field, ising, spec, term
from tests.physics.running import SEEDS, agrees, answer, machine, request, scaled, seeds, table

SWEEPS = {"metropolis": 8_000, "heat_bath": 25_000}  # a seed
THERMALISE = {"metropolis": 4_000, "heat_bath": 12_000}


@pytest.mark.slow
@pytest.mark.parametrize("generator", ["splitmix", "philox"])
@pytest.mark.parametrize("update", SWEEPS)
@pytest.mark.parametrize("size", KAUFMAN_CRITICAL)
def test_kaufman(size: int, update: str, generator: str) -> None:
    """Over ten seeds the energies scatter about the exact one as their errors say, the error of all
    together is below 1e-4 of the value, and a coupling wrong by 1 % is caught. (A single deviation
    is judged by its error: 1e-4 is about two of them.)
    """
    energy, heat = KAUFMAN_CRITICAL[size]
    exact = CRITICAL * energy

    def measured(model: Spec, over: Iterable[int]) -> list[dict[str, Any]]:
        return [dict(result.observables) for result in seeds(model, over=over)]

    model = ising(
        lattices.square(size, size),
        sweeps=SWEEPS[update],
        thermalise=THERMALISE[update],
        every=10,
        replicas=1024,
        update=update,
        generator=generator,
    )
    found = measured(model, SEEDS)
    energies = [each["energy"] for each in found]
    assert agrees(energies, exact), table(energies, exact)
    heats = [each["specific_heat"] for each in found]
    assert agrees(heats, heat), table(heats, heat)
    together = np.sqrt(sum(each.error**2 for each in energies)) / len(energies)
    assert together < 1e-4 * abs(exact)
    wrong = [each["energy"] for each in measured(scaled(model, "K", 1.01), range(2))]
    assert not agrees(wrong, exact), table(wrong, exact)


@pytest.mark.parametrize("update", ["local", "metropolis", "heat_bath"])
def test_a_free_spin_in_a_field(update: str) -> None:
    """At K = 0 every spin is tanh h on average. Metropolis alone would be periodic at small h; bit
    1 must mean s = -1.
    """
    lattice = lattices.square(4, 4)
    for h in (0.5, 0.01):
        options: dict[str, Any] = {
            "sweeps": 40,
            "thermalise": 20,
            "every": 2,
            "replicas": 512,
            "update": update,
        }
        model = spec(lattice, [term("h", h, field(lattice))], **options)
        flow = make_sample(request(model, machine("reference")))
        found = run(flow).observables["m"]
        assert found.value == pytest.approx(np.tanh(h), abs=4 * (found.error or 0))
        assert found.error is not None
        assert found.error < 1e-2


def test_the_unpacked_spins_have_the_sign_of_the_field() -> None:
    lattice = lattices.square(8, 8)
    model = spec(
        lattice, [term("h", 0.5, field(lattice))], sweeps=8, thermalise=8, every=1, replicas=256
    )
    flow = make_sample(request(model, machine("reference"), seed=3))
    state = flow.start()
    while state.done < flow.steps:
        state = flow.step(state)
    bits = np.unpackbits(np.ascontiguousarray(state.arrays["spins_0"]).view(np.uint8))
    spins = 1 - 2.0 * bits
    assert spins.mean() == pytest.approx(np.tanh(0.5), abs=4 / np.sqrt(spins.size))


def test_near_infinite_temperature_a_sweep_is_not_periodic() -> None:
    lattice = lattices.square(4, 4)
    exact = enumerate_exactly(ising(lattice, 0.01))
    options: dict[str, Any] = {"sweeps": 32, "thermalise": 16, "every": 2, "replicas": 1024}
    for update in ("local", "metropolis"):
        found = [
            each.observables["specific_heat"]
            for each in seeds(ising(lattice, 0.01, update=update, **options), "reference", range(3))
        ]
        assert agrees(found, exact.specific_heat), table(found, exact.specific_heat)


@pytest.mark.parametrize("start", ["hot", "cold"])
def test_any_start_gives_the_right_averages(start: str) -> None:
    """All replicas from independent fair spins, or all from all up."""
    lattice = lattices.square(4, 4)
    exact = enumerate_exactly(ising(lattice, 0.4))
    found = []
    for seed in range(3):
        model = ising(lattice, 0.4, sweeps=40, thermalise=40, every=4, replicas=1024)
        flow = make_sample(request(model, machine("reference"), seed=seed))
        state = flow.start()
        spins = state.arrays["spins_0"]
        random = np.random.default_rng(seed).integers(0, 2**64, size=spins.shape, dtype=np.uint64)
        state.arrays["spins_0"] = random if start == "hot" else np.zeros_like(spins)
        while state.done < flow.steps:
            state = flow.step(state)
        found.append(flow.finish(state).observables)
    for name in ("energy", "abs_m"):
        estimates = [each[name] for each in found]
        assert agrees(estimates, getattr(exact, name)), (
            f"{name}\n{table(estimates, getattr(exact, name))}"
        )


def test_hot_and_cold_replicas_meet() -> None:
    lattice = lattices.square(4, 4)
    found = answer(
        ising(lattice, 0.4, sweeps=64, thermalise=64, every=4, replicas=512), backend="reference"
    )
    assert not [text for text in found.warnings if "hot and cold" in text]


def test_a_run_that_is_not_thermalised_says_so() -> None:
    lattice = lattices.square(16, 16)
    found = answer(
        ising(lattice, 0.6, sweeps=8, thermalise=0, every=1, replicas=256), backend="reference"
    )
    assert [text for text in found.warnings if "hot and cold" in text]


@pytest.mark.parametrize(
    ("thermalise", "every", "said"),
    [
        (8, 1, "is less than 20 autocorrelation times"),
        (60, 20, "too far apart to tell"),
        (200, 20, ""),
    ],
)
def test_whether_it_was_thermalised_for_long_enough(thermalise: int, every: int, said: str) -> None:
    """At K = 0.2 a configuration is forgotten in three sweeps or so: records every 20 sweeps cannot
    show it, and half their spacing is no autocorrelation time.
    """
    model = ising(
        lattices.square(8, 8),
        0.2,
        sweeps=1000,
        thermalise=thermalise,
        every=every,
        replicas=64,
        update="heat_bath",
    )
    found = answer(model, backend="reference").warnings
    assert [said in text for text in found if "autocorrelation" in text] == (
        [True] * 2 if said else []
    )
