"""What newcomers ran into, each kind by one spec of this folder: the right value, the reason why
there is none, the warning, or the code of the refusal.

Values without a source are those of the recursion of the exact map, of a sum over all states, or of
a closed form; flows are run on the reference backend.
"""

from __future__ import annotations

import json
from math import log
from pathlib import Path

import pytest

import rgc
from rgc.emit import emit
from rgc.results.answer import Answer
from rgc.results.result import Estimate
from tests.square_ising import kaufman

HERE = Path(__file__).parent

MIGDAL_KADANOFF = {"K": 0.304688931718, "y_t": 0.747235718929, "y_h": 1.8791464216}

GIVES: dict[str, dict[str, float]] = {
    "list_of_starts": MIGDAL_KADANOFF,
    "list_of_starts_from_above": MIGDAL_KADANOFF,
    "plane_of_starts": MIGDAL_KADANOFF,
    "starts_in_triangles": {"K": log(1 + 2 * 2**0.5) / 4, "y_t": 0.8822026459},
    "starts_in_a_cell": {"K": 0.3156434462, "y_t": 1.0110652527, "y_h": 1.8774643978},
    "starts_of_a_cluster": {"y_t": 0.9292056495, "y_h": 1.8218691236},
    "twelve_states": {"K": 2.045915635650, "y_t": 1.113784149686},
    "near_before_far": {"cumulant": -0.7884428676438612},
    "far_before_near": {"cumulant": -0.7884428676438612},
    "eight_hundred_below": {"exact": -log(2)},
    "map_of_any": {"log_z": 12.785523325713681, "dF": 0.0},
    "from_nothing": {"f": -log(2)},
    "uniform_field": {"K": -0.2406059125, "y_t": 0.7381404929},
}

NULL = {
    "triangles_of_an_antiferromagnet": ("critical.K", "the expansion does not hold at"),
    "uniform_field": ("y_h", "the field is not conjugate to an order parameter"),
    "ends_of_a_scan": ("K_m", "the largest value lies at an end of the scan"),
    "blocks_of_any": ("nu", "y_t is not told from the exponent of single spins"),
}

WARNS = {
    "mixed_sublattices": "the block map keeps no symmetry of the Hamiltonian",
    "blocks_of_any": "the block map keeps no symmetry of the Hamiltonian",
}

REFUSED = {
    "nearly_four": ("not-an-integer", "not 4.00001"),
    "a_hundred_million_layers": ("too-many-sites", "one by one"),
    "two_by_four": ("not-in-a-cell", "equally long in every direction, not 4 x 8"),
    "three_decimals": ("close-distances", "were the vectors rounded?"),
    "real_spins": ("wrong-spins", "gaussian"),
    "nothing_runs": ("unknown-target", "this spec gives no 'y_h'"),
    "all_states_of_a_large_torus": ("too-many-states", "2^1296"),
    "fourth_power_of_infinity": ("not-finite", "coefficient"),
}


def run(name: str, backend: str = "reference", **settings: float) -> Answer:
    compiled = rgc.compile(HERE / f"{name}.rgc", backend=backend, settings=settings)
    return compiled.run(checkpoints=False)


def numbers(answer: Answer) -> dict[str, Estimate]:
    """Everything with a name, of a scan the measures and what its last point has."""
    result = answer.points[-1].result
    energies = {
        each.method: Estimate(each.value, each.error, each.kind) for each in result.free_energy
    }
    return {
        **energies,
        **result.fixed_point,
        **result.exponents,
        **result.observables,
        **answer.observables,
    }


@pytest.mark.parametrize("name", GIVES)
def test_the_right_value(name: str) -> None:
    found = numbers(run(name))
    for quantity, value in GIVES[name].items():
        assert found[quantity].value == pytest.approx(value, abs=2e-10), quantity


@pytest.mark.parametrize("name", NULL)
def test_no_value_and_the_reason(name: str) -> None:
    quantity, reason = NULL[name]
    found = numbers(run(name))[quantity]
    assert found.value is None
    assert found.error is None
    assert reason in found.note


@pytest.mark.parametrize("name", WARNS)
def test_the_warning(name: str) -> None:
    assert any(WARNS[name] in text for text in run(name).warnings)


@pytest.mark.parametrize("name", REFUSED)
def test_the_refusal(name: str) -> None:
    code, text = REFUSED[name]
    with pytest.raises(rgc.SpecError) as refused:
        rgc.load(HERE / f"{name}.rgc")
    first = refused.value.problems[0]
    assert (first.code, text in first.message) == (code, True), first.message
    assert first.span is not None


def test_couplings_of_even_products_do_not_know_the_sign_of_a_field() -> None:
    up, down = (run("chain_of_spins_1", h=h).result.levels[1].couplings for h in (0.2, -0.2))
    assert up["K"].value == pytest.approx(0.05432232299, abs=1e-11)
    assert down["K"].value == pytest.approx(up["K"].value, abs=1e-14)
    assert down["h"].value == pytest.approx(-up["h"].value, abs=1e-14)


def test_a_range_goes_through_zero() -> None:
    answer = run("range_through_zero")
    assert [point.parameters["h"] for point in answer.points] == [-0.1, 0.0, 0.1, 0.2]
    assert answer.points[1].result.averages["m"].value == 0


def test_a_correlation_without_a_field_is_the_average_of_its_bond() -> None:
    found = run("frozen_bond").result.averages
    assert found["correlation(1)"].value == pytest.approx(found["bond"].value, abs=1e-14)
    assert found["correlation(1)"].error == pytest.approx(found["bond"].error, rel=1e-9)
    assert found["bond"].value < 1


def test_crossings_on_coarse_grids_say_so() -> None:
    """The cumulants of a 3 x 3 and a 4 x 4 torus cross at K = 0.460985."""
    two, coarse = (run(name).observables["K_c"] for name in ("two_curves", "coarse_curves"))
    assert two.error is None
    assert "two points" in two.note
    assert abs(coarse.value - 0.4609850284) < coarse.error < 0.05


@pytest.mark.parametrize(
    "title", ["a backslash \\", 'a quote " and\nflow drive', "a \u0000 and no text"]
)
def test_any_title_can_be_written_and_read_again(title: str, tmp_path: Path) -> None:
    text = (HERE / "map_of_any.rgc").read_text().split("\n", 1)[1]
    spec = tmp_path / "spec.rgc"
    spec.write_text(f"title {json.dumps(title)}\n{text}")
    loaded = rgc.load(spec)
    answer = rgc.compile(loaded, backend="reference").run(checkpoints=False)
    again = tmp_path / "again.rgc"
    again.write_text(emit(loaded.spec, answer.result))
    assert rgc.load(again).title.startswith(title)
    answer.to_xarray().to_netcdf(tmp_path / "result.nc", engine="h5netcdf")
    assert json.loads(json.dumps(answer.document()))["spec"]["title"] == title


@pytest.mark.slow
def test_half_of_the_replicas_stay_against_a_small_field() -> None:
    """None of a hundred runs is missed."""
    compiled = rgc.compile(HERE / "against_a_small_field.rgc", backend="numba")
    for seed in range(100):
        answer = compiled.run(seed=seed, checkpoints=False, warn=lambda said: None)
        (said,) = (text for text in answer.warnings if "started hot and cold still differ" in text)
        assert "differ in m " in said
        assert "larger field or a smaller lattice" in said


@pytest.mark.slow
def test_two_models_at_once_have_the_exponents_of_one() -> None:
    found = run("two_models_at_once").result.exponents
    for name, value in (("y_t", 1.0), ("y_h", 15 / 8)):
        assert abs(found[name].value - value) < 2 * found[name].error < 0.4


@pytest.mark.slow
def test_five_values_have_the_error_of_five_values() -> None:
    exact, integrated = run("five_values", "numba").result.free_energy
    assert exact.value == pytest.approx(kaufman(0.48, 4), abs=1e-12)
    assert abs(integrated.value - exact.value) < 2 * integrated.error < 0.02


def test_free_spins_are_no_critical_point() -> None:
    """Moving bonds makes a weight of single sites grow, and free spins a point with one relevant
    direction.
    """
    answer = run("free_spins")
    found = answer.result
    assert [point.kind for point in found.fixed_points] == ["tricritical", "critical"]
    assert found.fixed_points[1].couplings["K"].value == 0
    for estimate in found.exponents.values():
        assert estimate.value is None
        assert "no bond couples its spins" in estimate.note


def test_no_exponent_is_rounding() -> None:
    """A chain in a field: beta = (d - y_h)/y_t is 0."""
    exponents = run("chain_at_zero").result.exponents
    assert exponents["y_t"].value == pytest.approx(1, abs=1e-12)
    assert exponents["beta"].value == 0
