"""Fixed points of a spec with a field: free spins are none of a transition, and the critical point
without a field has the exponents that it has in a spec without one.
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import rgc
from rgc.flows.study.free_spins import UNCOUPLED, uncoupled, uncoupled_pair, uncoupled_states
from rgc.results.result import Result

MODEL = """parameters {{ K = 0.4, h = 0.1 }}
lattice {lattice}
spins s: ising
hamiltonian - K*sum(<i,j>) s[i]*s[j] - h*sum(i) s[i]
{flow}
"""
FLOWS = {
    "enumerate": ("square(4)", "block majority(2)\nflow enumerate({})"),
    "cumulant": ("triangular", "block majority(cell=triangle)\nflow cumulant({})"),
    "migdal_kadanoff": ("square", "flow migdal_kadanoff({})"),
    "migdal_kadanoff, b -> 1": ("square", "flow migdal_kadanoff(b=1, {})"),
    "lower_bound": ("square", "block kadanoff(2, p=0.76)\nflow lower_bound({})"),
}
FREE = "find=fixed_point, starts=[[0.05, 0.5]]"
BOTH = "find=fixed_point, starts=[[0.05, 0.5], [0.3, 0.01]]"
STARTED = {"lower_bound": BOTH.replace("0.01", "0")}


def result_of(text: str) -> Result:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return rgc.compile(text, backend="reference").run(checkpoints=False).points[0].result


@pytest.mark.parametrize("flow", ["enumerate", "cumulant", "migdal_kadanoff"])
def test_no_exponent_comes_from_free_spins(flow: str) -> None:
    lattice, written = FLOWS[flow]
    result = result_of(MODEL.format(lattice=lattice, flow=written.format(FREE)))
    (free,) = result.fixed_points
    assert free.couplings["K"].value == 0
    assert (free.kind, free.note) == ("sink", UNCOUPLED)
    assert result.exponents["y_t"].value is None
    assert "none of the fixed points found is critical (sink)" in result.exponents["y_t"].note


@pytest.mark.parametrize("flow", FLOWS)
def test_a_field_in_the_spec_does_not_make_a_critical_point_tricritical(flow: str) -> None:
    """Both directions are relevant there, and the symmetry without a field tells them apart."""
    lattice, written = FLOWS[flow]
    text = MODEL.format(lattice=lattice, flow=written.format(STARTED.get(flow, BOTH)))
    result, plain = result_of(text), result_of(text.replace("h = 0.1", "h = 0"))
    for found in (result, plain):
        assert found.fixed_points[0].kind == "critical"
        assert {one.sector for one in found.eigenvalues} == {"even", "odd"}
    assert set(result.exponents) == set(plain.exponents)
    for name, exponent in plain.exponents.items():
        assert exponent.value is not None
        assert result.exponents[name].value == pytest.approx(exponent.value, abs=1e-9)


def test_a_field_on_one_state_of_three() -> None:
    text = """parameters { K = 1, h = 0.1 }
lattice square
spins s: potts(3)
hamiltonian - K*sum(<i,j>) delta(s[i], s[j]) - h*sum(i) delta(s[i], 0)
flow migdal_kadanoff(find=fixed_point, starts=[[0.7, 0.01]])
"""
    result, plain = result_of(text), result_of(text.replace("h = 0.1", "h = 0"))
    assert [one.kind for one in result.fixed_points] == ["critical"]
    for name in ("y_t", "y_h"):
        value = plain.exponents[name].value
        assert value is not None
        assert result.exponents[name].value == pytest.approx(value, abs=1e-9)


def test_a_marginal_field_has_no_digits() -> None:
    """Decimation leaves the field of free spins as it is."""
    text = MODEL.format(
        lattice="chain", flow="block decimate(2)\nflow exact(find=fixed_point, starts=[[0, 0.3]])"
    )
    with pytest.warns(rgc.errors.RunWarning, match="no headline exponent"):
        answer = rgc.compile(text, backend="reference").run(checkpoints=False)
    (point,) = answer.points[0].result.fixed_points
    assert {each.exponent for each in point.eigenvalues if abs(each.value) > 0.5} == {0.0}


def test_a_sum_over_single_spins() -> None:
    dice = np.random.default_rng(1)
    radices = (3, 2, 4)
    own = [dice.normal(size=n) for n in radices]
    field = (own[0][:, None, None] + own[1][:, None] + own[2]).ravel()
    bond = (own[0][:, None, None] * own[1][:, None] + 0 * own[2]).ravel()
    sums = np.array([field, bond])
    assert uncoupled_states(radices, sums, np.array([2.0, 0.0])) == UNCOUPLED
    assert not uncoupled_states(radices, sums, np.array([2.0, 1e-6]))
    pair = np.array([own[0][:, None] + own[0], np.outer(own[0], own[0])])
    assert uncoupled_pair(pair, np.array([1.0, 0.0])) == UNCOUPLED
    assert not uncoupled_pair(pair, np.array([1.0, 1e-6]))
    bonds = np.array([[0.0, 1.0, 1.0]])
    assert uncoupled(bonds, np.array([5.0, 1.0, -1.0])) == UNCOUPLED
    assert not uncoupled(bonds, np.array([5.0, 1.0, 1.0]))


def test_a_chain_in_a_field_has_the_exponents_of_zero_temperature() -> None:
    """Scaled up with the couplings, a field would be taken for the cost of unequal neighbours."""
    text = MODEL.format(lattice="chain", flow="block decimate(2)\nflow exact(find=fixed_point)")
    for name in ("y_t", "y_h"):
        assert result_of(text).exponents[name].value == pytest.approx(1, abs=1e-12)
