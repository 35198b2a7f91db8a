"""Fixed points, critical points and manifolds of maps where they are known."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray

import rgc
from rgc.analysis.fixed_points import critical, distinct, sink
from rgc.analysis.linearised_map import linearise
from rgc.analysis.manifolds import critical_line, renormalised_trajectory
from rgc.analysis.newton import PointNotFound, newton
from rgc.analysis.recursion import free_energy, invariant_projector, keep_symmetry, trajectory
from tests.core.toy_maps import (
    BENT,
    CENTRE,
    CREEPING,
    HALVED,
    ODD,
    RELEVANT,
    STEEP,
    WAVES,
    Toy,
    curve,
    straight,
    toy,
    turning,
)

Floats = NDArray[np.float64]


def start(*values: float) -> Floats:
    return np.array(values)


def test_the_bent_map_is_what_it_says() -> None:
    for x in np.random.default_rng(0).uniform(-0.5, 1.5, (20, 2)):
        assert curve(straight(x)) == pytest.approx(x, rel=1e-14)
        step = 1e-6
        columns = [
            (BENT(x + step * e).couplings - BENT(x - step * e).couplings) / (2 * step)
            for e in np.eye(2)
        ]
        assert BENT.jacobian(x) == pytest.approx(np.array(columns).T, abs=1e-8)


# -- critical points -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "direction", [(1.0, 0.0), (0.3, 0.2), (0.9, -0.5), (5.0, 1.0), (0.01, 0.003)]
)
def test_the_critical_point_of_a_ray_lies_on_the_critical_surface(
    direction: tuple[float, float],
) -> None:
    found = critical(BENT, start(*direction))
    assert straight(found.couplings)[0] == pytest.approx(0, abs=2e-15)
    assert found.couplings == pytest.approx(found.factor * start(*direction))
    assert found.fixed_point == pytest.approx([CENTRE, 0], abs=1e-14)


def test_without_a_fixed_point_bisection_finds_the_same_point() -> None:
    """The flow of the critical couplings goes on for ever: one of them grows by 1 a step while the
    other stays at its critical value.
    """

    def move(x: Floats) -> Floats:
        y = x[0] - CENTRE
        ended = abs(y) > 0.9
        return np.array(
            [CENTRE + np.tanh(STEEP * y) / np.tanh(STEEP), 0.3 * x[1] if ended else x[1] + 1]
        )

    def slope(x: Floats) -> Floats:
        y = x[0] - CENTRE
        return np.diag([RELEVANT / np.cosh(STEEP * y) ** 2, 0.3 if abs(y) > 0.9 else 1.0])

    found = critical(toy(move, slope, 2), start(0.3, 0.2))
    assert found.fixed_point is None
    assert found.couplings[0] == pytest.approx(CENTRE, rel=1e-15)


def test_of_several_phases_the_boundary_next_to_the_start_is_found() -> None:
    found = critical(WAVES, start(2.2))
    assert found.couplings == pytest.approx([2.5], rel=1e-14)
    assert found.fixed_point == pytest.approx([2.5], rel=1e-14)
    assert critical(WAVES, start(0.4)).couplings == pytest.approx([0.5], rel=1e-14)


def test_a_start_at_the_critical_point_itself_is_found() -> None:
    found = critical(WAVES, start(1.5))
    assert found.couplings == pytest.approx([1.5], rel=1e-14)


def test_one_phase_has_no_critical_point() -> None:
    with pytest.raises(PointNotFound, match="flow to one phase"):
        critical(HALVED, start(1.0, 0.2))


def test_couplings_that_are_zero_show_no_direction() -> None:
    with pytest.raises(PointNotFound, match="no direction"):
        critical(BENT, start(0.0, 0.0))


def test_a_flow_that_creeps_is_no_phase() -> None:
    assert sink(CREEPING, start(1.0)).settled
    assert not sink(CREEPING, start(9.0)).settled
    assert not sink(CREEPING, start(40.0)).settled
    with pytest.raises(PointNotFound, match="flow to one phase"):
        critical(CREEPING, start(1.0))


def test_a_rotation_ends_nowhere() -> None:
    assert not sink(turning(1.0), start(1.0, 0.5)).settled
    with pytest.raises(PointNotFound):
        critical(turning(1.0), start(1.0, 0.5))
    inward, outward = sink(turning(0.8), start(1.0, 0.5)), sink(turning(1.3), start(1.0, 0.5))
    assert inward.settled
    assert not inward.away
    assert outward.away


def test_sinks_are_told_by_where_they_are() -> None:
    left, right = (sink(BENT, start(x, 0.1)) for x in (CENTRE - 0.2, CENTRE + 0.2))
    assert left.couplings == pytest.approx(curve(start(-1.0, 0.0)), abs=1e-9)
    assert right.couplings == pytest.approx(curve(start(1.0, 0.0)), abs=1e-9)
    assert not left.same(right)
    assert left.same(sink(BENT, start(CENTRE - 0.7, -0.4)))


# -- Newton's method -------------------------------------------------------------------------------


def test_newton_finds_the_fixed_point_to_rounding() -> None:
    assert newton(BENT, start(CENTRE + 0.1, 0.2)) == pytest.approx([CENTRE, 0], abs=1e-15)


def test_newton_moves_within_the_sectors_of_its_start() -> None:
    assert newton(ODD, start(CENTRE + 0.1, 0.2, 0.0))[2] == 0.0
    assert newton(ODD, start(CENTRE + 0.1, 0.2, 0.3)) == pytest.approx([CENTRE, 0, 0], abs=1e-15)


def test_newton_says_where_it_comes_to_a_stop() -> None:
    shifted = toy(lambda x: x + 1 + x**2, lambda x: np.diag(1 + 2 * x), 1)
    with pytest.raises(PointNotFound, match="came to a stop"):
        newton(shifted, start(0.3))


def test_distinct_points_are_kept_once() -> None:
    points = [start(1.0, 2.0), start(1.0, 2.0 + 1e-12), start(1.0, 2.1)]
    assert [list(each) for each in distinct(points)] == [[1.0, 2.0], [1.0, 2.1]]


# -- the linearised map ----------------------------------------------------------------------------


def test_the_spectrum_comes_sector_by_sector() -> None:
    even, odd = linearise(ODD, start(CENTRE, 0.0, 0.0))
    assert (even.sector, odd.sector) == ("even", "odd")
    assert even.values == pytest.approx([RELEVANT, 0.3], rel=1e-14)
    assert odd.values == pytest.approx([1.9], rel=1e-14)
    assert odd.exponents == pytest.approx(np.log2([1.9]), rel=1e-14)
    for each in (even, odd):
        assert each.left @ each.right == pytest.approx(np.eye(len(each.values)), abs=1e-14)
        jacobian = ODD.jacobian(start(CENTRE, 0.0, 0.0))
        assert jacobian @ each.right == pytest.approx(each.right * each.values, abs=1e-14)
        assert each.left @ jacobian == pytest.approx(each.values[:, None] * each.left, abs=1e-14)
    assert even.leading == pytest.approx(np.array([1, 0.3, 0]) / np.hypot(1, 0.3), abs=1e-14)


def test_a_spiral_has_a_pair_of_eigenvalues() -> None:
    (spectrum,) = linearise(turning(1.3), start(0.0, 0.0))
    assert spectrum.values == pytest.approx(1.3 * np.exp(1j * np.array([0.7, -0.7])), rel=1e-14)
    assert spectrum.exponents == pytest.approx(np.log2([1.3, 1.3]), rel=1e-14)
    assert spectrum.left @ spectrum.right == pytest.approx(np.eye(2), abs=1e-14)


# -- manifolds -------------------------------------------------------------------------------------


def test_the_renormalised_trajectory_is_the_unstable_manifold_from_end_to_end() -> None:
    point = newton(BENT, start(CENTRE + 0.1, 0.1))
    (spectrum,) = linearise(BENT, point)
    line = renormalised_trajectory(BENT, point, spectrum.leading, RELEVANT)
    fields = np.array([straight(x) for x in line])
    assert np.abs(fields[:, 1]).max() < 1e-10
    assert fields[[0, -1], 0] == pytest.approx([-1, 1], abs=1e-6)
    assert (np.diff(fields[:, 0]) > -1e-12).all()
    assert np.diff(fields[:, 0]).max() < 0.05
    assert any(np.array_equal(x, point) for x in line)


def test_the_critical_line_crosses_every_ray_that_meets_it() -> None:
    angles = np.linspace(-1.5, 1.5, 7)
    rays = [start(np.cos(a), np.sin(a)) for a in angles] + [start(-1.0, 0.1)]
    line = critical_line(partial(critical, BENT), np.array(rays))
    assert len(line) == len(angles)
    assert np.abs([straight(x)[0] for x in line]).max() < 1e-14


# -- trajectories and the ledger -------------------------------------------------------------------


def test_constants_add_up_site_by_site() -> None:
    recursion = Toy(
        lambda x: x / 2,
        lambda x: np.eye(1) / 2,
        1,
        {"invariant": np.eye(1)},
        constant=lambda x: float(x[0]),
    )
    couplings, constants = trajectory(recursion, start(1.0), 3)
    assert couplings.ravel().tolist() == [1, 0.5, 0.25, 0.125]
    assert constants.tolist() == [0, 1, 1 + 0.5 / 4, 1 + 0.5 / 4 + 0.25 / 16]
    found = free_energy(recursion, start(1.0))
    assert found.value == pytest.approx(1 / (1 - 1 / 8), abs=found.error)
    assert 0 < found.error < 1e-14


def test_a_ledger_that_cannot_go_on_says_how_much_is_left() -> None:
    growing = toy(lambda x: 1e80 * x if x[0] < 1e200 else x + np.inf, lambda x: 1e80 * np.eye(1), 1)
    found = free_energy(growing, start(1.0))
    assert found.error == pytest.approx(4.0**-found.steps, rel=1e-12)
    assert found.steps < 10


def test_rounding_does_not_break_a_symmetry() -> None:
    projector = invariant_projector(ODD.sectors)
    assert keep_symmetry(projector, start(1.0, 0.0, 0.0), start(1.0, 0.5, 1e-17)).tolist() == [
        1.0,
        0.5,
        0.0,
    ]
    assert keep_symmetry(projector, start(1.0, 0.0, 1e-3), start(1.0, 0.5, 2e-3)).tolist() == [
        1.0,
        0.5,
        2e-3,
    ]


def test_a_map_that_is_not_finite_is_not_handed_to_lapack(
    capfd: pytest.CaptureFixture[str],
) -> None:
    endless = toy(lambda x: x * np.inf, lambda x: np.full((1, 1), np.inf), 1)
    with pytest.raises(PointNotFound, match="not finite"):
        newton(endless, start(1.0))
    assert capfd.readouterr() == ("", "")


def test_a_point_that_only_rounding_tells_is_none() -> None:
    """Potts antiferromagnets of three states with moved bonds: u' = (u^4 + 2)/(2 u^2 + 1) of
    u = exp(-K) is 2 at u = 0, and that is the critical fixed point.
    """
    answer = rgc.compile(
        "parameters { K = 1 }\nlattice square\nspins s: potts(3)\n"
        "hamiltonian + K * sum(<i,j>) delta(s[i], s[j])\n"
        "flow migdal_kadanoff(b=2, find=separatrix)\n",
        backend="reference",
    ).run()
    assert not answer.points[0].result.critical
    assert any("no finite coupling is critical" in text for text in answer.warnings)
