"""Fixed points of potential moving, and the flow `lower_bound` as a whole: Kadanoff's numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import rgc
from rgc.analysis.fixed_points import critical
from rgc.analysis.linearised_map import linearise
from rgc.analysis.newton import newton
from rgc.analysis.recursion import free_energy
from rgc.errors import SpecError
from rgc.flows.couplings.cell_recursion import cell_recursion
from rgc.flows.couplings.stationary_p import slope, told_slope
from tests.physics.potential_moving import (
    BACKEND,
    P_CUBIC,
    P_SYMMETRIC,
    SQUARE,
    recursion_of,
    site_by_site,
    space_of,
    spec_of,
)

SPECS = Path(__file__).parents[2] / "specs"

# -- fixed points ----------------------------------------------------------------------------------


def test_the_two_fixed_points_exchange_their_stability() -> None:
    """The critical nearest-neighbour model flows to the fixed point with equal pairs below p =
    0.74155, to the other above.
    """
    for p, equal in ((0.73, True), (0.75, False)):
        recursion = recursion_of(2, p)
        point = critical(recursion, recursion.space.start).fixed_point
        assert point is not None
        named = dict(zip(recursion.names, point, strict=True))
        assert (abs(named["K"] - 2 * named["k2_11"]) < 1e-9) == equal


def test_the_slope_is_that_of_the_bound_at_the_critical_point() -> None:
    """dF/dp by the fixed point, against the bound of its couplings at two p: F has a singular part
    |dp|^(2 - alpha) there.
    """
    recursion = recursion_of(2, 0.75)
    point = critical(recursion, recursion.space.start).fixed_point
    assert point is not None
    e = 1e-6
    flows = [
        free_energy(cell_recursion(BACKEND, recursion.space, [0.75 + d]), point).value
        for d in (-e, e)
    ]
    assert slope(recursion, point) == pytest.approx((flows[1] - flows[0]) / (2 * e), abs=1e-5)


@pytest.mark.parametrize(
    ("dimension", "p", "y_t", "y_h"),
    [
        (2, P_SYMMETRIC, 1.0008789338586659, 1.875315811205513),
        (3, P_CUBIC, 1.5898309034410232, 2.4646362696227557),
    ],
)
def test_exponents_of_the_symmetric_fixed_point(
    dimension: int, p: float, y_t: float, y_h: float
) -> None:
    """Recomputed independently: kadanoff_sym_d2, kadanoff_sym_d3; alpha = 0.0017 and delta = 15.04
    in d = 2 are Kadanoff's.
    """
    recursion = recursion_of(dimension, p, subspace="symmetric", K=0.3)
    point = critical(recursion, recursion.space.start).fixed_point
    assert point is not None
    even, odd = linearise(recursion, point)
    assert even.exponents[0] == pytest.approx(y_t, abs=1e-12)
    assert odd.exponents[0] == pytest.approx(y_h, abs=1e-12)
    assert abs(slope(recursion, point)) < 1e-13
    assert told_slope(recursion, point) == 0.0


@pytest.mark.parametrize(("dimension", "p"), [(3, P_CUBIC), (4, 0.25)])
def test_a_fixed_point_is_one_of_the_transform_site_by_site(dimension: int, p: float) -> None:
    """V' = V + constant for all 2^16 states, and two relevant exponents of mean-field size in d =
    4.
    """
    recursion = recursion_of(dimension, p, subspace="symmetric", K=0.1)
    point = critical(recursion, recursion.space.start).fixed_point
    assert point is not None
    n = 2**dimension
    flipped = np.indices((2,) * n).sum(axis=0)
    potential = recursion.space.potential(point)[flipped]
    change = site_by_site(potential, dimension, p) - potential
    assert np.ptp(change) < 1e-12
    even, odd = linearise(recursion, point)
    assert (even.exponents > 0).sum() == 1
    if dimension == 4:
        assert even.exponents[0] == pytest.approx(2, abs=0.05)
        assert odd.exponents[0] == pytest.approx(3, abs=0.05)


def test_newton_starts_outside_the_subspace() -> None:
    recursion = recursion_of(2, P_SYMMETRIC, subspace="symmetric")
    found = newton(recursion, np.array([0.3, 0.0, 0.0, 0.0, 0.0]))
    assert np.abs(recursion(found).couplings - found).max() < 1e-14
    assert np.abs(recursion.space.nearest(found) - found).max() < 1e-14


def test_a_flow_that_begins_in_the_subspace_stays_there() -> None:
    """With equal pair couplings the critical flow comes to the fixed point with two relevant
    directions: symmetry keeps it from the second.
    """
    recursion = cell_recursion(
        BACKEND, space_of(spec_of(2, SQUARE, K=0.28, L=0.14, Q=0.0, h=0.0, T=0.0)), [P_SYMMETRIC]
    )
    point = critical(recursion, recursion.space.start).fixed_point
    assert point is not None
    spectrum = linearise(recursion, point)[0]
    assert (np.abs(spectrum.values) > 1).sum() == 2
    assert spectrum.exponents[:2] == pytest.approx(
        [1.0008789338586648, 0.20332105522440894], abs=1e-12
    )


# -- the flow --------------------------------------------------------------------------------------

FLOW = """
parameters {{ K = {K}, L = 0, h = 0 }}
lattice square
spins s: ising
hamiltonian
  - K * sum(<i,j>) s[i]*s[j]
  - L * sum(<<i,j>>) s[i]*s[j]
  - h * sum(i) s[i]
block kadanoff(2, p={p})
flow lower_bound({options})
"""


def answer_of(p: str, options: str, K: float = 0.4) -> rgc.compiler.Answer:  # type: ignore[name-defined]
    return rgc.compile(rgc.load(FLOW.format(K=K, p=p, options=options)), backend="reference").run()


@pytest.mark.parametrize(
    "name",
    [
        "kadanoff_square",
        "kadanoff_square_symmetric",
        "kadanoff_square_transverse",
        "kadanoff_square_exchange",
        "kadanoff_cubic",
    ],
)
def test_specs_give_what_they_expect(name: str) -> None:
    answer = rgc.compile(SPECS / f"{name}.rgc", backend="reference").run()
    assert answer.passed, [check for check in answer.checks if not check.passed]


def test_a_schedule_is_taken_in_turn() -> None:
    result = answer_of("[0.6, 0.8]", "steps=3").result
    recursion = recursion_of(2, 0.6, 0.8)
    couplings = recursion.space.start
    for step in range(3):
        couplings = recursion(couplings, step).couplings
        assert result.levels[step + 1].couplings["K"].value == pytest.approx(
            couplings[0], abs=1e-15
        )
    assert [level.observables["block.p"].value for level in result.levels[1:]] == [0.6, 0.8, 0.6]
    assert "block.p" not in result.fixed_point


def test_the_ledger_is_a_bound_at_every_level() -> None:
    """F >= constant + F_n: with the bound of the renormalised couplings it is the bound of the
    first ones.
    """
    result = answer_of("0.7", "steps=3").result
    bound = result.free_energy[0]
    assert bound.kind == "lower bound"
    recursion = recursion_of(2, 0.7)
    for level in result.levels:
        names = {"K": "K", "L": "k2_11", "h": "k1"}
        couplings = np.zeros(len(recursion.names))
        for name, each in level.couplings.items():
            couplings[recursion.names.index(names.get(name, name))] = each.value
        rest = free_energy(recursion, couplings).value / 4**level.level
        assert level.observables["constant"].value + rest == pytest.approx(bound.value, abs=1e-14)


def test_the_symmetric_subspace_warns_and_gives_no_bound() -> None:
    result = answer_of("0.766", "subspace=symmetric, steps=2").result
    assert any("nearest" in warning for warning in result.warnings)
    assert not result.free_energy
    assert "constant" not in result.levels[0].observables
    assert "symmetric" in result.provenance["subspace"]
    inside = FLOW.replace("L = 0", "L = 0.2").format(
        K=0.4, p=0.766, options="subspace=symmetric, steps=2"
    )
    result = rgc.compile(rgc.load(inside), backend="reference").run().result
    assert not result.warnings
    assert result.free_energy[0].value is not None


def test_no_tightest_bound_outside_the_subspace() -> None:
    with pytest.raises(SpecError, match="outside the symmetric subspace"):
        answer_of("free", "subspace=symmetric")


def test_where_there_is_no_transition_there_is_no_stationary_p() -> None:
    with pytest.raises(SpecError, match="no p makes the bound stationary"):
        answer_of("free", "find=fixed_point", K=-0.3)


def test_the_subspace_stands_in_the_rule() -> None:
    result = answer_of("0.766", "subspace=symmetric, find=fixed_point, steps=1").result
    assert "number of flipped spins" in result.exponents["y_t"].rule
    result = answer_of("0.766", "find=fixed_point, steps=1").result
    assert "all products" in result.exponents["y_t"].rule


def test_a_flow_goes_on_from_its_state() -> None:
    """A state that was written and read goes on to the same digits."""
    from copy import deepcopy

    from rgc.runner import run

    loaded = rgc.load(FLOW.format(K=0.4, p="free", options="find=fixed_point, steps=2"))
    flow = rgc.compile(loaded, backend="reference").flow({}, 0)
    state = flow.start()
    while state.done < flow.steps:
        state = flow.step(deepcopy(state))
    assert flow.finish(state).exponents == run(flow).exponents


def test_a_flow_that_creeps_is_followed_to_its_fixed_point() -> None:
    """On the cubic lattice at p = 0.41 the second exponent is -0.04, so that bisection to the last
    digit does not hold the flow for long enough.
    """
    text = """lattice cubic
parameters { K = 0.2, h = 0, p = 0.41 }
spins s: ising
hamiltonian
  - K * sum(<i,j>) s[i]*s[j]
  - h * sum(i) s[i]
block kadanoff(2, p=p)
flow lower_bound(find=fixed_point)
"""
    result = rgc.compile(rgc.load(text), backend="reference").run().result
    assert result.exponents["y_t"].value == pytest.approx(1.624745224209348, rel=1e-9)
    assert result.exponents["y_h"].value == pytest.approx(2.465834506355268, rel=1e-9)
    assert result.exponents["gamma"].value is not None
