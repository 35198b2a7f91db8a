"""The linearised map of a Gaussian toy whose matrix is known, and the rule of the headline on
made-up levels.
"""

from __future__ import annotations

import numpy as np
import pytest

from rgc.analysis.eigenvalues import (
    Correlations,
    eigenvectors,
    exponents,
    leading_spectra,
    linearised,
    spectrum,
)
from rgc.analysis.exponents import Headline, LevelSpectrum, derived, extrapolate, headline
from rgc.analysis.statistics import jackknife, resample


def correlations(coarse: np.ndarray, fine: np.ndarray) -> Correlations:
    """Of samples [group, sample, operator]."""
    counts = np.full(len(coarse), coarse.shape[1])
    return Correlations(
        resample(coarse.sum(axis=1), counts),
        resample(fine.sum(axis=1), counts),
        resample(np.einsum("gka,gkb->gab", coarse, coarse), counts),
        resample(np.einsum("gka,gkb->gab", coarse, fine), counts),
    )


def gaussian(matrix: np.ndarray, samples: int = 4000) -> Correlations:
    """S = T^t S' + noise, for which <S' S'>_c T = <S' S>_c."""
    random = np.random.default_rng(5)
    coarse = random.normal(2.0, 1.0, size=(32, samples, len(matrix))) @ random.normal(
        size=(len(matrix),) * 2
    )
    fine = coarse @ matrix + 0.1 * random.normal(size=coarse.shape)
    return correlations(coarse, fine)


def test_the_matrix_is_recovered_whatever_the_means() -> None:
    matrix = np.array([[2.0, 0.3], [0.1, 0.5]])
    value, error = jackknife(linearised(gaussian(matrix), [0, 1]))
    assert np.all(np.abs(value - matrix) < 5 * error)
    assert np.all(error < 0.01)


def test_scaling_an_operator_changes_no_eigenvalue() -> None:
    found = gaussian(np.array([[2.0, 0.3], [0.1, 0.5]]))
    scale = np.array([1.0, 1000.0])
    scaled = Correlations(
        found.coarse * scale,
        found.fine * scale,
        found.coarse_coarse * scale[:, None] * scale,
        found.coarse_fine * scale[:, None] * scale,
    )
    one, other = (spectrum(linearised(each, [0, 1])) for each in (found, scaled))
    assert np.allclose(one, other, rtol=1e-9)


def test_an_operator_that_does_not_fluctuate_gives_nan() -> None:
    fine = np.random.default_rng(1).normal(size=(4, 10, 1))
    assert np.isnan(linearised(correlations(np.ones_like(fine), fine), [0])).all()


def test_spectra_are_sorted_by_modulus_and_may_be_complex() -> None:
    rotation = np.array([[[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, -2.0]]])
    assert np.allclose(spectrum(rotation), [[-2, 1j, -1j]])
    assert np.allclose(exponents(spectrum(rotation), 2.0), [[1, 0, 0]])
    found = leading_spectra(gaussian(np.diag([3.0, 2.0, 1.0])), [2, 0, 1], (1, 3))
    assert {n: each.shape for n, each in found.items()} == {1: (33, 1), 3: (33, 3)}


def test_left_and_right_eigenvectors_are_dual() -> None:
    matrix = np.array([[0.5, 0.3], [0.1, 2.0]])
    values, right, left = eigenvectors(matrix)
    assert abs(values[0]) > abs(values[1])
    assert np.allclose(right @ np.diag(values) @ left, matrix)
    assert np.allclose(left @ right, np.eye(2))


def level(
    number: int, *exponent: float, wrapped: bool = False, noise: float = 1e-9
) -> LevelSpectrum:
    """Leading exponents with 1, 2, ... operators, each a shell of its own; the groups scatter with
    a standard error `noise`.
    """
    random = np.random.default_rng(number)
    spectra = []
    for y in exponent:
        others = random.normal(size=32)
        others = (others - others.mean()) / others.std() * noise / np.sqrt(31)
        spectra.append(np.concatenate([[y], y + others])[:, None])
    ranges = tuple(float(n) for n in range(1, len(exponent) + 1))
    values = {n: np.exp(each).astype(complex) for n, each in enumerate(spectra, 1)}
    return LevelSpectrum(number, np.e, wrapped, ranges, values)


def test_the_last_unwrapped_level_and_the_larger_change() -> None:
    found = headline(
        [
            level(1, 0.9, 0.95),
            level(2, 0.99, 1.0),
            level(3, 1.0, 1.002),
            level(4, 0.9, 0.9, wrapped=True),
        ]
    )
    assert found.level == 3
    assert found.value == pytest.approx(1.002)
    assert found.systematic == pytest.approx(0.002, abs=1e-6)
    found = headline([level(2, 0.99, 1.0), level(3, 0.97, 1.002)])
    assert found.systematic == pytest.approx(0.032, abs=1e-6)


def test_a_change_counts_at_least_its_own_error() -> None:
    found = headline([level(2, 0.9, 1.0, noise=0.003), level(3, 1.0, 1.0, noise=0.004)])
    assert found.statistical == pytest.approx(0.004, rel=1e-6)
    assert found.systematic is not None
    assert found.systematic >= 0.003
    assert found.error == pytest.approx(np.hypot(found.statistical or 0, found.systematic))


def test_one_unwrapped_level_has_no_error() -> None:
    found = headline([level(1, 0.9, 0.95), level(2, 0.9, 0.9, wrapped=True)])
    assert found.value == pytest.approx(0.95)
    assert found.error is None
    assert "larger lattice" in found.note


def test_no_level_at_all() -> None:
    found = headline([])
    assert found.value is None
    assert found.note


def test_what_is_not_finite_has_no_value() -> None:
    for y in (np.nan, -np.inf):
        found = headline([level(1, 0.9), level(2, y)])
        assert found.value is None
        assert found.error is None
        assert "level 2" in found.note


def test_extrapolation_of_a_geometric_approach_is_exact() -> None:
    levels = [level(n, 1.2 - 0.5**n, 1.3 - 0.4**n) for n in (1, 2, 3)]
    found = extrapolate(levels)
    assert found is not None
    assert found.value == pytest.approx(1.3, abs=1e-6)
    assert found.systematic == pytest.approx(0.1, abs=1e-6)


def test_extrapolation_needs_three_levels_that_converge() -> None:
    assert extrapolate([level(1, 1.0), level(2, 1.1)]) is None
    found = extrapolate([level(1, 1.0), level(2, 1.1), level(3, 1.3)])
    assert found is not None
    assert found.value is None
    assert found.error is None


def known(value: float, statistical: float, systematic: float | None) -> Headline:
    others = np.random.default_rng(0).normal(size=32)
    others = (others - others.mean()) / others.std() * statistical / np.sqrt(31)
    note = "" if systematic is not None else "no second level"
    return Headline(
        value=value,
        statistical=statistical,
        systematic=systematic,
        level=3,
        note=note,
        resampled=np.concatenate([[value], value + others]),
    )


def test_derived_exponents_of_the_square_ising_model() -> None:
    found = derived(known(1.0, 1e-6, 1e-5), known(15 / 8, 1e-6, 1e-5), 2)
    exact = {"nu": 1, "eta": 1 / 4, "alpha": 0, "beta": 1 / 8, "gamma": 7 / 4, "delta": 15}
    assert {name: each.value for name, each in found.items()} == pytest.approx(exact, abs=1e-6)
    assert found["nu"].systematic == pytest.approx(1e-5)
    assert found["eta"].statistical == pytest.approx(2e-6, rel=1e-3)
    assert found["gamma"].systematic == pytest.approx(np.hypot(1.75e-5, 2e-5), rel=1e-3)


def test_an_unknown_error_stays_unknown() -> None:
    found = derived(known(1.0, 1e-6, None), known(15 / 8, 1e-6, 1e-5), 2)
    assert found["beta"].error is None
    assert "no second level" in found["beta"].note
    assert found["delta"].error is not None
    assert set(derived(known(1.0, 1e-6, None), None, 2)) == {"nu", "alpha"}
