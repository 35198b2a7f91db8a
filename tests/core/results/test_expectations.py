"""What `expect` makes of an answer: targets, tolerances and verdicts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rgc.model.target import Tolerance
from rgc.results.checks import check
from rgc.results.judge import judge
from rgc.results.result import Estimate, Result
from tests.core.results.answers import (
    expectation,
    mcrg,
    scan_answer,
)

SIGMA, PERCENT = Tolerance(2, "sigma"), Tolerance(1, "percent")


@pytest.mark.parametrize(
    ("estimate", "value", "within", "relation", "passed", "reason"),
    [
        (Estimate(1.004, 0.1), 1, (Tolerance(0.005),), "=", True, ""),
        (Estimate(1.006, 0.1), 1, (Tolerance(0.005),), "=", False, "off by 0.006"),
        (Estimate(-2.01, 0.1), -2, (PERCENT,), "=", True, ""),
        (Estimate(-2.03, 0.1), -2, (PERCENT,), "=", False, "off by 0.03"),
        (Estimate(1.19, 0.1), 1, (SIGMA,), "=", True, ""),
        (Estimate(1.21, 0.1), 1, (SIGMA,), "=", False, "off by"),
        (Estimate(1.19, 0.1), 1, (SIGMA, PERCENT), "=", False, "off by"),
        (Estimate(1.0, 0.0), 1, (SIGMA,), "=", False, "sigma means nothing"),
        (
            Estimate(1.0, None, note="one level"),
            1,
            (Tolerance(1),),
            "=",
            False,
            "not known: one level",
        ),
        (
            Estimate(None, None, note="no crossing"),
            1,
            (Tolerance(1),),
            "=",
            False,
            "no value: no crossing",
        ),
        (Estimate(0.02, 0.1), 0.03, (), "below", True, ""),
        (Estimate(0.04, 0.1), 0.03, (), "below", False, "0.04 is not below 0.03"),
        (Estimate(0.02, 0.0, "upper bound"), 0.03, (), "below", True, ""),
        (Estimate(0.02, 0.0, "lower bound"), 0.03, (), "below", False, "a lower bound cannot show"),
        (
            Estimate(0.04, 0.0, "upper bound"),
            0.03,
            (),
            "above",
            False,
            "an upper bound cannot show",
        ),
        (Estimate(0.04, 0.0, "lower bound"), 0.03, (), "above", True, ""),
    ],
)
def test_verdicts(
    estimate: Estimate, value: float, within: Any, relation: str, passed: bool, reason: str
) -> None:
    verdict = check(
        expectation("x", value, *within, relation=relation),
        Result("sample", averages={"x": estimate}),
    )
    assert verdict.passed == passed
    assert reason in verdict.reason
    assert bool(verdict.reason) != passed


@pytest.mark.parametrize(
    ("target", "options", "value"),
    [
        ("y_t", {}, 1.001),
        ("energy", {}, -0.6232),
        ("K", {}, 0.44),
        ("K[level=0]", {"path": "K", "selectors": (("level", 0),)}, 0.44),
        ("energy[level=3]", {"path": "energy", "selectors": (("level", 3),)}, -0.57),
        (
            "free_energy[enumerate]",
            {"path": "free_energy", "selectors": (("method", "enumerate"),)},
            -0.93,
        ),
        (
            "y_t[level=2, operators=4]",
            {"path": "y_t", "selectors": (("level", 2), ("operators", 4))},
            0.9839,
        ),
        (
            "y_t[level=4]",
            {"path": "y_t", "selectors": (("level", 4),)},
            1 - 0.05 / 6 - 0.04 * 0.3**4,
        ),
        ("y_h[level=1]", {"path": "y_h", "selectors": (("level", 1),)}, 1.8505),
        (
            "eigenvalue[2, sector=even]",
            {"path": "eigenvalue", "index": 2, "selectors": (("sector", "even"),)},
            2 ** (-1.0094133),
        ),
        ("fixed_point.K", {}, 0.31),
        ("block.p", {}, 0.76),
    ],
)
def test_targets(target: str, options: dict[str, Any], value: float) -> None:
    fixed = {"K": Estimate(0.31, 0, "exact"), "block.p": Estimate(0.76, 0, "exact")}
    result = replace(mcrg(), fixed_point=fixed)
    verdict = check(expectation(target, value, Tolerance(1e-6), **options), result)
    assert verdict.passed, verdict.reason


@pytest.mark.parametrize(
    ("target", "options", "reason"),
    [
        ("nothing", {}, "the result holds no nothing; it holds K, energy"),
        (
            "K[level=9]",
            {"path": "K", "selectors": (("level", 9),)},
            "there is no level 9; the last is 4",
        ),
        ("free_energy", {}, "needs one of the methods enumerate, trg(16)"),
        ("nu[level=2]", {"path": "nu", "selectors": (("level", 2),)}, "takes no selectors"),
        ("fixed_point.K", {}, "found no fixed point"),
    ],
)
def test_targets_that_are_not_there(target: str, options: dict[str, Any], reason: str) -> None:
    verdict = check(expectation(target, 1, Tolerance(1e9), **options), mcrg())
    assert not verdict.passed
    assert reason in verdict.reason


def test_a_point_of_a_scan_is_selected_by_its_parameters() -> None:
    spec: Any = type("Spec", (), {})
    spec.measures = ()
    spec.expectations = (
        expectation(
            "U[K=0.43, L=8]", 0.52, Tolerance(1e-9), path="U", selectors=(("K", 0.43), ("L", 8))
        ),
        expectation("U[K=0.43]", 0.52, Tolerance(1e-9), path="U", selectors=(("K", 0.43),)),
    )
    judged = judge(scan_answer(), [spec] * 15, (), provenance={})
    assert [each.passed for each in judged.checks] == [True, False]
    assert "3 points of the scan match" in judged.checks[1].reason
