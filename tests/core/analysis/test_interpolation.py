"""Curves through points against curves that are known, with and without noise."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from scipy.special import ndtri

from rgc.analysis import square_ising
from rgc.analysis.interpolation import Curve, integral
from rgc.program.draws import uniforms
from tests.core.analysis.tori import torus
from tests.square_ising import kaufman

Floats = np.ndarray


def sampled(curve: Callable[[float], float], x: Floats, error: float = 0.0, seed: int = 0) -> Curve:
    noise = error * ndtri(uniforms((seed, 7), len(x)) + 2.0**-54)
    return Curve(x, np.array([curve(float(at)) for at in x]) + noise, np.full(len(x), error))


def slope(size: int) -> Callable[[float], float]:
    """<dH/dK>/N of the torus."""

    def at(coupling: float) -> float:
        _, energy = square_ising.kaufman(coupling, coupling, size, size)
        return energy / (coupling * size**2) if coupling else 0.0

    return at


def test_a_cubic_is_exact() -> None:
    curve = sampled(lambda x: x**3 - 2 * x, np.array([0.0, 0.3, 0.5, 1.1, 1.4, 2.0]))
    at = np.linspace(0, 2, 9)
    assert curve(at) == pytest.approx(at**3 - 2 * at, abs=1e-13)
    assert curve(at, 1) == pytest.approx(3 * at**2 - 2, abs=1e-12)
    assert integral(curve)[0] == pytest.approx(0.0, abs=1e-13)


def test_two_points_say_nothing_about_what_lies_between() -> None:
    curve = sampled(np.exp, np.array([0.0, 1.0]))
    assert curve.interpolation(np.array([0.5])) is None
    assert integral(curve) == (pytest.approx((1 + np.e) / 2), 0.0, None)


def test_three_points_count_their_curvature() -> None:
    curve = sampled(np.exp, np.array([0.0, 0.5, 1.0]))
    off = curve.interpolation(np.array([0.25, 0.5]))
    assert off is not None
    assert abs(curve(np.array([0.25]))[0] - np.exp(0.25)) < off[0]
    assert off[1] == pytest.approx(0.0, abs=1e-15)


def test_statistical_errors_are_those_of_the_points() -> None:
    """Over many draws the integral scatters by its error, and so does the curve."""
    x, at = np.linspace(0, 1, 9), np.array([0.07, 0.5, 0.81])
    curves = [sampled(np.exp, x, 1e-2, seed) for seed in range(400)]
    found = np.array([integral(curve)[0] for curve in curves])
    assert found.std() == pytest.approx(integral(curves[0])[1], rel=0.12)
    assert np.std([curve(at) for curve in curves], axis=0) == pytest.approx(
        curves[0].statistical(at), rel=0.15
    )


def test_points_that_go_together_have_the_larger_of_both_errors() -> None:
    """Between points a shift of all of them counts in full, far outside single points do."""
    x = np.linspace(0, 1, 5)
    apart = Curve(x, x**2, np.full(5, 0.1))
    together = Curve(x, x**2, np.full(5, 0.1), together=True)
    at = np.array([0.0, 0.6, 3.0])
    assert apart.statistical(at)[1] < 0.095
    assert together.statistical(at)[:2] == pytest.approx([0.1, 0.1])
    assert together.statistical(at)[2] == pytest.approx(apart.statistical(at)[2])


def test_noise_is_not_counted_twice() -> None:
    """Where statistics dominate, the error of the quadrature is a small part of the error."""
    x = np.linspace(0, 1, 9)
    z = []
    for seed in range(300):
        value, statistical, off = integral(sampled(np.exp, x, 1e-2, seed))
        assert off is not None
        z.append((value - np.e + 1) / np.hypot(statistical, off))
    assert 0.85 < np.std(z) < 1.1


def test_a_change_that_passes_through_zero() -> None:
    """With five values from 0 to .48 the splines through all and through every second value agree
    to 1e-4 of what both are wrong by.
    """
    curve = sampled(slope(8), np.linspace(0, 0.48, 5))
    value, _, off = integral(curve)
    wrong = abs(value - np.log(2) - kaufman(0.48, 8))
    assert wrong > 4e-3
    assert off is not None
    assert wrong < 2 * off


def quality(ratios: Sequence[float]) -> tuple[float, float, float]:
    """The share of numbers that lie within one and two errors, and the median of the error over
    what a number is really wrong by.
    """
    r = np.array(ratios)
    return float(np.mean(r < 1)), float(np.mean(r < 2)), float(np.median(1 / r))


@pytest.mark.slow
def test_errors_of_integrals_cover() -> None:
    ratios = []
    for size in (4, 8, 16, 32):
        for end in (0.2, 0.3, 0.36, 0.4, 0.42, 0.44, 0.46, 0.48, 0.5, 0.55, 0.6, 0.7):
            exact = np.log(2) + kaufman(end, size)
            for points in (5, 6, 7, 8, 9, 11, 13, 17, 25):
                curve = sampled(slope(size), np.linspace(0, end, points))
                value, _, off = integral(curve)
                assert off is not None
                ratios.append(abs(value - exact) / off)
    one, two, median = quality(ratios)
    print(f"integrals of {len(ratios)} grids: {one:.3f} {two:.3f}, too large by {median:.1f}")
    assert one > 0.9
    assert two > 0.95
    assert median < 20
    assert torus(4, 4).free_energy(0.4) == pytest.approx(kaufman(0.4, 4), abs=1e-13)
