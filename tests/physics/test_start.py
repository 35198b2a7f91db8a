"""What a run says of averages that depend on how it started, and of those that never change."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rgc.compiler import load
from rgc.flows.sampling import halves
from rgc.flows.sampling.halves import start_remembered
from rgc.language.updates import CLUSTER_UPDATES
from rgc.results.result import Result
from tests.physics.running import answer

TEXT = """
parameters {{ K = {K}, h = {h} }}
lattice square({L})
spins s: ising
hamiltonian
  - K * sum(<i,j>) s[i]*s[j]
  - h * sum(i) s[i]
{flow}
{measure}
"""

HELD: dict[str, Any] = {
    "K": 0.5,
    "h": 0.0025,
    "L": 24,
    "flow": "flow sample(sweeps=300, thermalise=2000)",
    "measure": "measure { energy, m, abs_m }",
}
"""Half of the hot replicas stay in the phase against the field."""

ALL = "measure { energy, m, abs_m, susceptibility, specific_heat, binder, correlation(2) }"

HEALTHY: dict[str, dict[str, Any]] = {
    "hot": {"K": 0.3, "h": 0.0, "L": 8},
    "critical": {"K": 0.44, "h": 0.0, "L": 8},
    "broken": {"K": 0.7, "h": 0.0, "L": 6},
    "field": {"K": 0.5, "h": 0.1, "L": 8},
}


def ran(seed: int = 0, **given: Any) -> Result:
    return answer(load(TEXT.format(**given)).spec, seed=seed)


def mcrg(plan: str, basis: str) -> str:
    return f"block majority(2)\nflow mcrg(steps=1, {plan}, basis=operators({basis}))"


def differing(found: Result) -> list[str]:
    return [each for each in found.warnings if "hot and cold still differ" in each]


def names_m(found: Result) -> bool:
    (warning,) = differing(found)
    return "differ in m (" in warning or ", m (" in warning or "and m (" in warning


def test_a_magnetisation_that_depends_on_the_start_is_named_with_what_helps() -> None:
    found = ran(**HELD)
    assert names_m(found)
    (warning,) = differing(found)
    assert "to thermalise longer does not help" in warning
    assert "a larger field" in warning
    assert "update=wolff" in warning


@pytest.mark.slow
def test_it_is_named_for_every_seed() -> None:
    assert all(names_m(ran(seed, **HELD)) for seed in range(100))


def test_a_run_that_is_too_short_is_told_to_thermalise() -> None:
    flow = "flow sample(sweeps=400, thermalise=1, every=1)"
    found = ran(K=0.44, h=0, L=32, flow=flow, measure="measure { energy, abs_m }")
    (warning,) = differing(found)
    assert "abs_m" in warning
    assert "energy" in warning
    assert warning.endswith(": thermalise longer")


@pytest.mark.slow
@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_runs_are_not_warned_of(name: str) -> None:
    flow = "flow sample(sweeps=1000, thermalise=2000, every=5)"
    found = [ran(seed, flow=flow, measure=ALL, **HEALTHY[name]) for seed in range(100)]
    assert sum(bool(differing(each)) for each in found) <= 1


def test_operators_of_every_level_are_compared() -> None:
    flow = mcrg("sweeps=300, thermalise=2000", "range=1, bodies=2")
    found = ran(K=0.5, h=0.0025, L=24, flow=flow, measure="")
    (warning,) = differing(found)
    assert "h at level 0 (" in warning
    assert "h at level 1 (" in warning
    assert "a larger field" in warning


@pytest.mark.slow
@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_levels_are_not_warned_of(name: str) -> None:
    flow = mcrg("sweeps=1000, thermalise=2000, every=5", "range=2, bodies=4")
    found = [ran(seed, flow=flow, measure="", **HEALTHY[name]) for seed in range(100)]
    assert sum(bool(differing(each)) for each in found) <= 1


def test_what_helps_is_what_there_is() -> None:
    apart = np.zeros((1, 32, 2))
    apart[..., 0] = 1.0
    odd, even = (halves.Compared((name,), name == "m") for name in ("m", "energy"))
    (now,) = start_remembered([odd], apart, forgotten=False)
    assert "update=wolff where clusters suit the Hamiltonian" in now
    assert all(f"update={name}" in now for name in (*CLUSTER_UPDATES, "tempering"))
    (even_warning,) = start_remembered([even], apart, forgotten=True)
    assert "field" not in even_warning
    (used,) = start_remembered([odd], apart, forgotten=False, used=("tempering",))
    assert "tempering" not in used
    assert start_remembered([], apart[:0], forgotten=True) == ()


def test_a_warning_names_a_measure_once() -> None:
    apart = np.zeros((3, 32, 2))
    apart[:, :, 0] = np.array([1.0, 3.0, 2.0])[:, None]
    apart[:, 0, 1] = 1e-3
    made = [("m^2", "binder"), ("binder",), ("energy",)]
    compared = [halves.Compared(names, False) for names in made]
    (warning,) = start_remembered(compared, apart, forgotten=False)
    assert [warning.count(name) for name in ("m^2", "binder", "energy")] == [1, 1, 1]


def test_what_never_changed_has_no_error_and_a_number_has_0() -> None:
    flow = "flow sample(sweeps=20, thermalise=200, every=5, replicas=64)"
    measure = "measure { m, binder, specific_heat, one = mean(<i,j>) 1, two = avg(m) + 1 }"
    found = ran(K=0.5, h=30, L=4, flow=flow, measure=measure).averages
    for name, value in (("m", 1.0), ("binder", 2 / 3), ("two", 2.0)):
        assert found[name].value == pytest.approx(value)
        assert found[name].error is None
        assert "the same in every record" in found[name].note
    assert found["specific_heat"].error is None
    assert (found["one"].value, found["one"].error) == (1.0, 0.0)


def test_an_energy_without_couplings_is_exactly_0() -> None:
    flow = "flow sample(sweeps=20, replicas=64)"
    energy = ran(K=0, h=0, L=4, flow=flow, measure="measure { energy }").averages["energy"]
    assert (energy.value, energy.error) == (0.0, 0.0)


def test_operators_that_never_changed_have_no_error() -> None:
    flow = mcrg("sweeps=20, thermalise=200, replicas=64", "range=1, bodies=2")
    levels = ran(K=0.5, h=30, L=8, flow=flow, measure="").levels
    for level in levels:
        assert {each.error for each in level.averages.values()} == {None}


BLOCKS = """
parameters {{ K = log(1+sqrt(2))/2 }}
lattice triangular(12)
spins s: ising
hamiltonian - K * sum(triangle(i,j,k)) s[i]*s[j]*s[k]
block {block}
flow mcrg(steps=1, sweeps=20, thermalise=20, replicas=64, basis=operators(range=1, bodies=3))
"""
ISING = """
parameters {{ K = 0.44, h = {h} }}
lattice square(8)
spins s: ising
hamiltonian
  - K * sum(<i,j>) s[i]*s[j]
  - h * sum(i) s[i]
block {block}
flow mcrg(steps=1, sweeps=20, thermalise=20, replicas=64, basis=operators(range=1, bodies=2))
"""
BLOCK_MAP = "the block map keeps no symmetry of the Hamiltonian"
HAMILTONIAN = "no symmetry of the Hamiltonian tells"


@pytest.mark.parametrize(
    ("text", "reason", "sectors"),
    [
        (BLOCKS.format(block="majority(3)"), BLOCK_MAP, ["invariant"]),
        (ISING.format(h=0, block="any(2)"), BLOCK_MAP, ["invariant"]),
        (ISING.format(h=0.1, block="any(2)"), HAMILTONIAN, ["invariant"]),
        (ISING.format(h=0.1, block="majority(2)"), HAMILTONIAN, ["invariant"]),
        (ISING.format(h=0, block="majority(2)"), "", ["even", "odd"]),
    ],
)
def test_who_breaks_the_symmetry_is_said(text: str, reason: str, sectors: list[str]) -> None:
    found = answer(load(text).spec)
    said = [each for each in found.warnings if "tells thermal from magnetic" in each]
    assert len(said) == bool(reason)
    assert all(each.startswith(reason) for each in said)
    assert found.provenance["sectors"] == sectors
