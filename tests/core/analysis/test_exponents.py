"""The linearised map of a Gaussian toy whose matrix is known, and exponents that follow from
others.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rgc.analysis.eigenvalues import (
    Correlations,
    eigenvectors,
    estimated,
    exponents,
    leading_spectra,
    linearised,
    spectrum,
)
from rgc.analysis.exponents import Headline, derived, no_critical_point, not_derivable
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


def near_crossing(seed: int, gap: float = 0.04) -> np.ndarray:
    """Resampled 3 x 3 matrices [33, 3, 3] of eigenvalues 2, 0.2 and 0.2 + gap, which scatter by
    more than the gap.
    """
    random = np.random.default_rng(seed)
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    groups = turn @ np.diag([2.0, 0.2 + gap, 0.2]) @ turn.T + 0.2 * random.normal(size=(32, 3, 3))
    return np.concatenate([groups.mean(axis=0)[None], (groups.sum(axis=0) - groups) / 31])


def test_the_error_of_an_eigenvalue_that_nearly_meets_another_covers_its_scatter() -> None:
    """Sorted by modulus in each resample, the second and third would have errors of two thirds of
    that.
    """
    found = [estimated(spectrum(near_crossing(seed)).real) for seed in range(200)]
    values = np.array([value for value, _ in found])
    errors = np.array([error for _, error in found])
    assert np.all(values.std(axis=0) < 1.1 * np.sqrt((errors**2).mean(axis=0)))


def test_eigenvalues_are_followed_from_resample_to_resample() -> None:
    """Two that change places in modulus keep their eigenvectors, whatever the scale of
    operators.
    """
    first, other = np.diag([3.0, 1.01, 1.0]), np.diag([3.0, 0.99, 1.0])
    scale = np.diag([1.0, 1e3, 1e-3])
    matrices = np.stack([scale @ each @ np.linalg.inv(scale) for each in (first, other)])
    assert np.allclose(spectrum(matrices), [[3, 1.01, 1], [3, 0.99, 1]])


def test_left_and_right_eigenvectors_are_dual() -> None:
    matrix = np.array([[0.5, 0.3], [0.1, 2.0]])
    values, right, left = eigenvectors(matrix)
    assert abs(values[0]) > abs(values[1])
    assert np.allclose(right @ np.diag(values) @ left, matrix)
    assert np.allclose(left @ right, np.eye(2))


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


def test_scaling_holds_for_a_relevant_temperature_and_an_order_parameter_alone() -> None:
    found = derived(known(-0.2, 1e-3, 1e-3), known(1.9, 1e-3, 1e-3), 2)
    assert {name for name, each in found.items() if each.value is not None} == {"eta", "delta"}
    assert "not relevant" in found["nu"].note
    found = derived(known(1.0, 1e-3, 1e-3), known(0.6, 1e-3, 1e-3), 2)
    assert {name for name, each in found.items() if each.value is not None} == {"nu", "alpha"}
    assert "order parameter" in found["gamma"].note
    assert set(not_derivable(-0.2, 0.6, 2)) == {"t", "h"}


def test_trivial_fixed_points_have_no_exponents() -> None:
    hot = no_critical_point(known(-0.1, 0.05, 0.05), known(1.2, 0.01, 0.01), 2)
    assert "y_t = -0.1 +- 0.071 is not seen to be relevant" in hot
    assert no_critical_point(known(0.05, 0.05, 0.05), None, 2)
    cold = replace(known(1.998, 1e-4, 4e-3), moved=0.003)
    assert "phase with order" in no_critical_point(known(1.04, 0.01, 0.05), cold, 2)
    mixed = known(0.6, 0.01, 0.01)
    assert "nothing orders" in no_critical_point(mixed, mixed, 2)
    assert not no_critical_point(known(1.0, 0.01, 0.01), known(1.875, 0.001, 0.01), 2)
    assert not no_critical_point(known(1.0, 0.01, None), None, 2)
    still = Headline(level=3, note="an operator does not fluctuate", resampled=np.full(2, np.nan))
    assert no_critical_point(known(1.0, 0.01, 0.01), still, 2) == still.note
