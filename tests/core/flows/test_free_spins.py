"""Free spins in a field are no critical point, in whatever flow a field makes them grow."""

from __future__ import annotations

import numpy as np
import pytest

import rgc
from rgc.flows.study.free_spins import UNCOUPLED, uncoupled, uncoupled_pair, uncoupled_states

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
}
AT = "find=fixed_point, starts=[[0.05, 0.5], [0.3, 0]]"


@pytest.mark.parametrize("flow", FLOWS)
def test_no_exponent_comes_from_free_spins(flow: str) -> None:
    lattice, written = FLOWS[flow]
    text = MODEL.format(lattice=lattice, flow=written.format(AT))
    with pytest.warns(rgc.errors.RunWarning, match="no headline exponent"):
        answer = rgc.compile(text, backend="reference").run(checkpoints=False)
    result = answer.points[0].result
    free = next(point for point in result.fixed_points if point.couplings["K"].value == 0)
    assert (free.kind, free.note) == ("critical", UNCOUPLED)
    assert (result.exponents["y_t"].value, result.exponents["y_t"].note) == (None, UNCOUPLED)


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
