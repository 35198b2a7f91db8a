"""From finished points to an answer: measures of the scan, checks, warnings and provenance."""

from __future__ import annotations

import platform
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from rgc.model.observables import ScanMeasure
from rgc.results.checks import CheckedExpectation, check
from rgc.results.find import NotFound
from rgc.results.find_in_answer import find_in, place
from rgc.results.result import Estimate
from rgc.results.scan import ON_AXIS, measure
from rgc.results.widened import widened
from rgc.version import __version__

if TYPE_CHECKING:
    from rgc.model.expressions import Expression
    from rgc.model.spec import Axis, Spec
    from rgc.model.target import ExpectedValue
    from rgc.results.answer import Answer
    from rgc.results.answer_data import AnswerData, Point
    from rgc.results.verdict import Verdict

SHOWN = 3
"""The number of points that a warning names."""

NUMBER = re.compile(r"\d[\d.]*(?:e[-+]?\d+)?")
"""A number in a warning."""

FAILED = "this is a bug in rgc, which could not compute"

LIBRARIES = ("numpy", "scipy", "numba", "jax")


def judge(
    answer: Answer,
    specs: Sequence[Spec],
    warnings: Sequence[str],
    *,
    provenance: Mapping[str, Any],
    moved: Mapping[str, tuple[Sequence[Point], Sequence[Point]]] = MappingProxyType({}),
) -> Answer:
    """The answer with the measures of the scan, the checks, every warning once, and the provenance.

    `specs` holds one spec for each point. `moved` holds, by the name of each uncertain parameter,
    all points with it above and below, by which the errors grow (`rgc.results.widened`).
    """
    spec = specs[0]
    scanned = [(asked.name, asked.of_scan) for asked in spec.measures if asked.of_scan is not None]

    def measured(points: Sequence[Point]) -> tuple[tuple[Point, ...], dict[str, Estimate]]:
        over = {name: _over(name, asked, answer.axes, points) for name, asked in scanned}
        return tuple(points), over

    found = measured(answer.points)
    for name, (above, below) in moved.items():
        found = widened(found, measured(above), measured(below), name)
    points, over = found
    answer = replace(answer, points=points, over_scan=over)
    checks = tuple(_check(k, specs, answer) for k in range(len(spec.expectations)))
    reasons = (*(each.note for each in over.values()), *(each.reason for each in checks))
    bugs = [reason for reason in reasons if reason.startswith(FAILED)]
    said = dict.fromkeys((*warnings, *point_warnings(answer.points), *bugs))
    choices = answer.points[0].result.provenance
    return replace(
        answer,
        located={
            name: (asked.measure, asked.parameter)
            for name, asked in scanned
            if isinstance(asked, ScanMeasure) and asked.kind in ON_AXIS
        },
        checks=checks,
        warnings=tuple(said),
        provenance={**provenance, **choices},
    )


def _over(name: str, asked: Expression, axes: Sequence[Axis], points: Sequence[Point]) -> Estimate:
    """A measure of the scan. Where it fails the points are there all the same."""
    try:
        return measure(asked, axes, points)
    except Exception as error:
        return Estimate(None, None, note=f"{FAILED} '{name}': {type(error).__name__}: {error}")


def point_warnings(points: Sequence[Point]) -> list[str]:
    """The warnings of all points, those that differ only in numbers together.

    Those of a scan say at which points, of more than `SHOWN` the first, and have the numbers of the
    first point.
    """
    said: dict[tuple[str, int], dict[str, str]] = {}
    for point in points:
        where = ", ".join(f"{name} = {value:g}" for name, value in point.parameters.items())
        seen = Counter[str]()
        for text in dict.fromkeys(point.result.warnings):
            alike = NUMBER.sub("#", text)
            said.setdefault((alike, seen[alike]), {})[where] = text
            seen[alike] += 1
    return [_where(places, len(points)) for places in said.values()]


def _where(places: Mapping[str, str], count: int) -> str:
    """One warning of several points, whose texts stand by where they were said."""
    first, *others = places
    text = places[first]
    if not first:
        return text
    here = "" if set(places.values()) == {text} else f", with the numbers of {first}"
    if len(places) == count > 1:
        return f"at every point{here}: {text}"
    rest = len(places) - SHOWN
    more = f" and {rest} more point{'s' * (rest > 1)}" if rest > 0 else ""
    shown = "; ".join((first, *others[: SHOWN - 1]))
    return f"at {shown}{more}{here}: {text}"


def _check(k: int, specs: Sequence[Spec], answer: AnswerData) -> CheckedExpectation:
    """The k-th check. Where it fails to be made the numbers are there all the same."""
    try:
        return _made_check(k, specs, answer)
    except NotFound as error:
        return CheckedExpectation(specs[0].expectations[k], None, None, False, str(error))
    except Exception as error:
        reason = f"{FAILED} this check: {type(error).__name__}: {error}"
        return CheckedExpectation(specs[0].expectations[k], None, None, False, reason)


def _made_check(k: int, specs: Sequence[Spec], answer: AnswerData) -> CheckedExpectation:
    """The k-th check: of a verdict, of a number of a study, of a measure of the scan, or of a
    number at the one point that its selectors choose.
    """
    expectation, points = specs[0].expectations[k], answer.points
    if expectation.word and answer.verdict is not None:
        return _check_verdict(expectation, answer.verdict)
    if expectation.of_runs is not None or expectation.name in answer.over_scan:
        return check(expectation, points[0].result, find_in(expectation, answer))
    number, rest = place(expectation, points)
    there = specs[number].expectations[k]  # the expected value may depend on the parameters
    made = check(replace(there, selectors=rest), points[number].result)
    return replace(made, expectation=there)


def _check_verdict(expectation: ExpectedValue, found: Verdict) -> CheckedExpectation:
    passed = found.word == expectation.word
    reason = "" if passed else found.because
    return CheckedExpectation(expectation, None, None, passed, reason, word=found.word)


def provenance(backend: str, threads: int | None) -> dict[str, Any]:
    """The versions, the machine and the threads that a run may use, where the backend says them."""
    return {
        "versions": {"rgc": __version__, "python": platform.python_version(), **_versions()},
        "backend": backend,
        "device": f"{platform.machine()} {platform.system()}",
        "threads": threads,
    }


def _versions() -> dict[str, str]:
    versions = {}
    for name in LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions


__all__ = ["NotFound", "judge", "provenance"]
