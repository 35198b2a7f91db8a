"""The checks of matrices and of complex powers pass, and fail where one of them is wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rgc.analysis.log_periodic import amplitudes
from rgc.flows.maps import log_periodic
from rgc.flows.matrices import diffusion, linear, matrix_result
from rgc.verification import complex_powers, verify

LINEAR = "parameters { C = [[0.9, 1/10], [0.2, 0.8]] }\nmap linear(C)\nflow iterate\n"
PROGRAM = "data simplex(12, 3)\nmap convex_nmf(3, variant=lp)\nflow iterate\n"
UPDATES = "data simplex(12, 3)\nmap convex_nmf(3, iterations=9)\nflow iterate\n"
WALK = (
    "parameters { s = 3, u ~ normal(0, 1), v ~ normal(0, 1) }\ndata points(30, [u, v])\n"
    "map diffusion(scale=s)\nflow iterate\nscan { s = [0.7, 1] }\n"
)
POWERS = (
    "parameters { phi(x) = ((x^2 + 1)/(2*x))^2, g(x) = log(2*x)/2 }\nmap scale(phi, g, mu=4)\n"
    "flow iterate(find=fixed_point, starts=[3], oscillations=1, range=[1, 3])\n"
)


def verdicts(text: str, check: str) -> list[str]:
    found = [finding for finding in verify(text, backends=[]).findings if finding.check == check]
    assert found
    return [finding.verdict for finding in found]


@pytest.mark.parametrize("text", [LINEAR, PROGRAM, UPDATES, WALK])
def test_matrices_pass(text: str) -> None:
    assert set(verdicts(text, "matrix")) == {"passed"}


def test_a_matrix_is_not_asked_what_concerns_quantities() -> None:
    found = verify(LINEAR, backends=[]).findings
    assert [each.check for each in found] == ["matrix", "matrix"]


def test_a_matrix_that_is_not_that_of_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = property(lambda self: np.array(self.map.matrix).T)
    monkeypatch.setattr(linear.Linear, "matrix", wrong)
    assert verdicts(LINEAR, "matrix") == ["failed", "passed"]


@pytest.mark.parametrize("text", [PROGRAM, UPDATES])
def test_a_matrix_that_does_not_keep_the_data(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = matrix_result._tables

    def wrong(matrix: Any, found: Any) -> Any:
        return right(matrix + 1e-6, found)

    monkeypatch.setattr(matrix_result, "_tables", wrong)
    assert "failed" in verdicts(text, "matrix")


def test_a_limit_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    right = matrix_result.iterated
    monkeypatch.setattr(
        matrix_result, "iterated", lambda matrix: replace(right(matrix), limit=matrix)
    )
    assert verdicts(LINEAR, "matrix") == ["passed", "failed"]


def test_a_walk_with_other_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    right = diffusion.walk
    monkeypatch.setattr(diffusion, "walk", lambda points, scale: right(points, scale * (1 + 1e-9)))
    assert verdicts(WALK, "matrix") == ["failed"]


def test_complex_powers_pass() -> None:
    assert verdicts(POWERS, "powers") == ["passed"]
    rough = POWERS.replace("((x^2 + 1)/(2*x))^2", "2*x").replace("log(2*x)/2", "1 - cos(x)")
    assert verdicts(rough.replace("mu=4", "mu=3"), "powers") == ["not checked"]


@pytest.mark.parametrize("place", [log_periodic, complex_powers])
def test_amplitudes_that_are_wrong(place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(near: Any, harmonics: int) -> Any:
        found = amplitudes(near, harmonics)
        return replace(found, values=found.values * (1 + 1e-6))

    monkeypatch.setattr(place, "amplitudes", wrong)
    assert verdicts(POWERS, "powers") == ["failed"]
