"""Leading eigenvalues of a matrix, also where the iteration does not converge."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse.linalg
from scipy.sparse.linalg import ArpackNoConvergence

from rgc.errors import SpecError
from rgc.flows.free_energies import strip_spectrum
from rgc.flows.free_energies.strip_spectrum import Apply, arnoldi

SIZE = 300
TRIED: list[int | None] = []


def positive() -> tuple[np.ndarray, Apply]:
    matrix = np.random.default_rng(4).uniform(0.1, 1.0, (SIZE, SIZE))
    return matrix, lambda vector: matrix @ vector


def fail(until: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """ARPACK does not converge in its first attempts."""
    right = scipy.sparse.linalg.eigs
    TRIED.clear()

    def eigs(*given: Any, ncv: int | None, **more: Any) -> Any:
        TRIED.append(ncv)
        if len(TRIED) <= until:
            raise ArpackNoConvergence("no convergence", np.zeros(0), np.zeros((SIZE, 0)))
        return right(*given, ncv=ncv, **more)

    monkeypatch.setattr(scipy.sparse.linalg, "eigs", eigs)


@pytest.mark.parametrize("failures", [0, 1, 3])
def test_where_iteration_fails_it_is_given_more_vectors_then_all(
    failures: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    matrix, apply = positive()
    fail(failures, monkeypatch)
    values, vectors = arnoldi(apply, np.ones(SIZE), k=1, which="LR")
    assert [None, 24, 28][: failures + 1] == TRIED
    first = int(values.real.argmax())
    assert values[first].real == pytest.approx(np.linalg.eigvals(matrix).real.max(), rel=1e-13)
    assert matrix @ vectors[:, first] == pytest.approx(values[first] * vectors[:, first])


def test_a_large_matrix_that_does_not_converge_has_no_spectrum(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fail(3, monkeypatch)
    monkeypatch.setattr(strip_spectrum, "MOST_DENSE", 100)
    with pytest.raises(SpecError, match="300 rows do not converge"):
        arnoldi(positive()[1], np.ones(SIZE), k=1, which="LR")
