"""`expect`: judging what came out."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from rgc.model.target import SIDES, article
from rgc.results.find import NotFound, find
from rgc.results.result import Estimate, Result

if TYPE_CHECKING:
    from rgc.model.target import ExpectedValue, Tolerance


@dataclass(frozen=True, slots=True)
class CheckedExpectation:
    """An expectation and how it came out.

    `within` is the tightest tolerance in the units of the value, or None where there is none or it
    could not be determined. `reason` says why the check failed. `word` is the verdict that came
    out, where one is expected.
    """

    expectation: ExpectedValue
    found: Estimate | None
    within: float | None
    passed: bool
    reason: str = ""
    word: str = ""


def check(
    expectation: ExpectedValue, result: Result, found: Estimate | None = None
) -> CheckedExpectation:
    """The verdict on one expectation. `found` passes a value that is not in the result itself, such
    as a measure of a scan.

    The check passes if the value obeys every tolerance and its error is known. A lower bound can
    show that something is `above` a limit, and an upper bound that it is `below` one, but not the
    reverse.
    """
    try:
        estimate = found if found is not None else find(expectation, result)
    except NotFound as error:
        return CheckedExpectation(expectation, None, None, False, str(error))
    reason = unusable(estimate)
    if reason:
        return CheckedExpectation(expectation, estimate, None, False, reason)
    if expectation.relation != "=":
        reason = _one_sided(expectation, estimate)
        return CheckedExpectation(expectation, estimate, None, not reason, reason)
    widths = [
        _width(tolerance, expectation.value, estimate) for tolerance in expectation.within
    ] or [0.0]
    deviation = abs(_value(estimate) - expectation.value)
    if None in widths:
        return CheckedExpectation(
            expectation,
            estimate,
            None,
            False,
            "its error is 0, so that a tolerance in sigma means nothing",
        )
    within = min(width for width in widths if width is not None)
    passed = deviation <= within
    return CheckedExpectation(
        expectation,
        estimate,
        within,
        passed,
        "" if passed else f"off by {deviation:.3g}, more than {within:.3g}",
    )


def _value(estimate: Estimate) -> float:
    assert estimate.value is not None  # noqa: S101  (`unusable` has looked)
    return estimate.value


def unusable(estimate: Estimate) -> str:
    """The reason why an estimate is no number with an error, or the empty string."""
    if estimate.value is None or not isfinite(estimate.value):
        return "it has no value" + (f": {estimate.note}" if estimate.note else "")
    if estimate.error is None or not isfinite(estimate.error):
        return "its error is not known" + (f": {estimate.note}" if estimate.note else "")
    return ""


def wrong_side(expectation: ExpectedValue, estimate: Estimate) -> str:
    """The reason why a bound cannot show what is expected, or the empty string."""
    if SIDES.get(expectation.relation) != estimate.kind:
        return ""
    limit = f"{expectation.relation} {expectation.value:g}"
    return f"{article(estimate.kind)} cannot show that it is {limit}"


def _one_sided(expectation: ExpectedValue, estimate: Estimate) -> str:
    value, limit = _value(estimate), expectation.value
    if reason := wrong_side(expectation, estimate):
        return reason
    holds = value < limit if expectation.relation == "below" else value > limit
    return "" if holds else f"{value:g} is not {expectation.relation} {limit:g}"


def _width(tolerance: Tolerance, expected: float, estimate: Estimate) -> float | None:
    if tolerance.unit == "percent":
        return tolerance.value / 100 * abs(expected)
    if tolerance.unit == "sigma":
        return tolerance.value * estimate.error if estimate.error else None
    return tolerance.value
