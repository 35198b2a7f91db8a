"""Crossings and maxima of curves that are known, with and without noise."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar

from rgc.analysis.curve_features import Absent, Feature, maximum, zero
from rgc.analysis.interpolation import Curve
from tests.core.analysis.test_interpolation import quality, sampled
from tests.core.analysis.tori import torus

Floats = np.ndarray
Known = Callable[[float], float]


def gap(first: tuple[int, int], second: tuple[int, int]) -> tuple[Known, float]:
    """The difference of two Binder cumulants, and where it is 0."""

    def at(coupling: float) -> float:
        return torus(*second).binder(coupling) - torus(*first).binder(coupling)

    return at, brentq(at, 0.3, 0.65)


def peak(size: tuple[int, int], name: str) -> tuple[Known, float]:
    """A response of a torus, and where it is largest."""
    of = getattr(torus(*size), name)
    where = minimize_scalar(
        lambda k: -of(k), bounds=(0.05, 1), method="bounded", options={"xatol": 1e-10}
    )
    return of, where.x


def test_cumulants_of_two_tori_cross_between_three_values() -> None:
    at, exact = gap((3, 3), (4, 4))
    assert exact == pytest.approx(0.4609850283757012, abs=1e-12)
    found = zero(sampled(at, np.array([0.3, 0.4, 0.5])))
    assert found.statistical == 0.0
    assert found.interpolation is not None
    assert abs(found.at - exact) < found.interpolation < 0.05
    fine = zero(sampled(at, np.arange(0.4, 0.53, 0.02)))
    assert fine.interpolation is not None
    assert abs(fine.at - exact) < fine.interpolation < 1e-4


def test_two_points_have_no_error() -> None:
    found = zero(sampled(lambda x: x - 0.3, np.array([0.0, 1.0])))
    assert found.at == pytest.approx(0.3)
    assert found.interpolation is None
    assert "two points" in found.note


def test_a_straight_line_is_exact() -> None:
    found = zero(sampled(lambda x: 2 * x - 0.6, np.array([0.0, 0.25, 1.0, 1.5, 2.0])))
    assert found.at == pytest.approx(0.3, abs=1e-14)
    assert found.interpolation == pytest.approx(0.0, abs=1e-13)


def test_curves_that_do_not_cross_once() -> None:
    x = np.linspace(0, 1, 7)
    with pytest.raises(Absent, match="they do not cross"):
        zero(Curve(x, 1 + x, 0.01 + 0 * x))
    with pytest.raises(Absent, match="cross 2 times"):
        zero(Curve(x, (x - 0.3) * (x - 0.8), 1e-4 + 0 * x))


def test_noise_around_zero_is_no_crossing() -> None:
    """Two cumulants that are both 0 at small couplings change places there by chance."""
    x = np.linspace(0, 1, 9)
    y = np.where(x < 0.5, [1e-3, -2e-3, 1e-3, -1e-3, 0, 0, 0, 0, 0], 2 * x - 1.6)
    found = zero(Curve(x, y, np.full(9, 1e-3)))
    assert found.at == pytest.approx(0.8, abs=0.02)


def test_a_maximum_at_the_end_is_none() -> None:
    with pytest.raises(Absent, match="at an end"):
        maximum(sampled(np.exp, np.linspace(0, 1, 5)))
    with pytest.raises(Absent, match="three points"):
        maximum(sampled(np.exp, np.linspace(0, 1, 2)))


def test_which_point_is_largest_is_drawn_again() -> None:
    """Five values that are equal within their errors do not tell where the largest is."""
    x = np.linspace(0.42, 0.44, 5)
    flat = maximum(Curve(x, np.array([1.00, 1.001, 1.003, 1.002, 1.001]), np.full(5, 0.01)))
    assert flat.statistical is None
    assert "lies at the end of the scan" in flat.note
    clear = maximum(Curve(x, np.array([0.8, 1.0, 1.05, 1.0, 0.8]), np.full(5, 0.01)))
    assert clear.statistical is not None
    assert 0 < clear.statistical < 0.001


# -- calibration -----------------------------------------------------------------------------------


def grids(seed: int, exact: float) -> Iterator[Floats]:
    """Grids of 4 to 13 points that hold a place somewhere inside."""
    rng = np.random.default_rng(seed)
    for points in (4, 5, 6, 7, 9, 11, 13):
        for spacing in (0.01, 0.02, 0.03, 0.04, 0.06, 0.1):
            first = exact - (points - 1) * spacing * (0.15 + 0.7 * rng.random())
            if first > 0.02:
                yield first + spacing * np.arange(points)


SIZES = ((3, 3), (3, 4), (4, 4))
GAPS = [(zero, gap(a, b)) for a, b in (((3, 3), (4, 4)), ((3, 4), (4, 4)), ((3, 3), (3, 4)))]
PEAKS = [
    (maximum, peak(size, name)) for size in SIZES for name in ("susceptibility", "specific_heat")
]


@pytest.mark.slow
@pytest.mark.parametrize("known", [GAPS, PEAKS], ids=["crossing", "maximum"])
def test_errors_of_exact_curves_cover(
    known: list[tuple[Callable[[Curve], Feature], tuple[Known, float]]],
) -> None:
    ratios = []
    for seed in range(4):
        for find, (curve, exact) in known:
            for x in grids(seed, exact):
                try:
                    found = find(sampled(curve, x))
                except Absent:
                    continue
                assert found.interpolation is not None
                ratios.append(abs(found.at - exact) / found.interpolation)
    one, two, median = quality(ratios)
    print(f"{len(ratios)} grids: {one:.3f} {two:.3f}, too large by {median:.1f}")
    assert one > 0.95
    assert two > 0.98
    assert median < 25


def test_where_points_go_together_a_crossing_moves_more_and_a_maximum_no_less() -> None:
    x = np.linspace(-1, 1, 7)
    for find, y, more in ((zero, x + 0.1, 1.05), (maximum, -((x - 0.1) ** 2), 1.0)):
        apart = find(Curve(x, y, np.full(7, 0.03)))
        together = find(Curve(x, y, np.full(7, 0.03), together=True))
        assert together.at == apart.at
        assert apart.statistical is not None
        assert together.statistical is not None
        assert together.statistical >= more * apart.statistical


@pytest.mark.slow
@pytest.mark.parametrize(
    ("known", "share"), [(GAPS, 0.003), (PEAKS, 0.01)], ids=["crossing", "maximum"]
)
def test_statistical_errors_cover_at_their_level(
    known: list[tuple[Callable[[Curve], Feature], tuple[Known, float]]], share: float
) -> None:
    """Where statistics dominate, deviations in errors have a width of 0.9 to 1.1."""
    z = []
    for seed in range(12):
        for number, (find, (curve, exact)) in enumerate(known):
            for x in grids(seed, exact):
                if len(x) * (x[1] - x[0]) < 0.1:
                    continue
                error = share * np.ptp([curve(float(at)) for at in x])
                try:
                    found = find(sampled(curve, x, error, 1000 * seed + 10 * number + len(x)))
                except Absent:
                    continue
                assert found.interpolation is not None
                if found.statistical is not None and found.statistical > 2 * found.interpolation:
                    total = np.hypot(found.statistical, found.interpolation)
                    z.append((found.at - exact) / total)
    r = np.abs(z)
    one, two = np.mean(r < 1), np.mean(r < 2)
    print(f"{len(z)} curves: width {np.std(z):.3f}, {one:.3f} {two:.3f}")
    assert 0.9 < np.std(z) < 1.1
    assert 0.63 < one < 0.75
    assert 0.93 < two < 0.98
