"""From finished points to an answer: measures of the scan, checks, warnings and provenance."""

from __future__ import annotations

import platform
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from itertools import compress
from operator import not_
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from rgc.backend import cores
from rgc.model.observables import ScanMeasure
from rgc.model.spec import same_value
from rgc.results.checks import CheckedExpectation, NotFound, check, find
from rgc.results.result import Estimate
from rgc.results.scan import ON_AXIS, measure
from rgc.results.widened import widened
from rgc.version import __version__

if TYPE_CHECKING:
    from rgc.language.values import Value
    from rgc.model.expressions import Expression
    from rgc.model.spec import Axis, Spec, Target
    from rgc.results.answer import Answer
    from rgc.results.answer_data import AnswerData, Point

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
    checks = tuple(_check(k, specs, points, over) for k in range(len(spec.expectations)))
    reasons = (*(each.note for each in over.values()), *(each.reason for each in checks))
    bugs = [reason for reason in reasons if reason.startswith(FAILED)]
    said = dict.fromkeys((*warnings, *point_warnings(answer.points), *bugs))
    choices = answer.points[0].result.provenance
    return replace(
        answer,
        points=points,
        over_scan=over,
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


def _check(
    k: int, specs: Sequence[Spec], points: Sequence[Point], over: Mapping[str, Estimate]
) -> CheckedExpectation:
    """The k-th check. Where it fails to be made the numbers are there all the same."""
    try:
        return _made_check(k, specs, points, over)
    except Exception as error:
        reason = f"{FAILED} this check: {type(error).__name__}: {error}"
        return CheckedExpectation(specs[0].expectations[k], None, None, False, reason)


def _made_check(
    k: int, specs: Sequence[Spec], points: Sequence[Point], over: Mapping[str, Estimate]
) -> CheckedExpectation:
    """The k-th check, against a measure of the scan or at the one point that its selectors
    choose.
    """
    expectation = specs[0].expectations[k]
    if expectation.name in over:
        return check(expectation, points[0].result, over[expectation.name])
    try:
        number, rest = _place(expectation, points)
    except NotFound as error:
        return CheckedExpectation(expectation, None, None, False, str(error))
    there = specs[number].expectations[k]  # the expected value may depend on the parameters
    made = check(replace(there, selectors=rest), points[number].result)
    return replace(made, expectation=there)


def find_in(target: Target, answer: AnswerData) -> Estimate:
    """What a target names in an answer: a measure of the scan, or a number at the one point that
    its selectors choose. Raises `NotFound` with the reason.
    """
    if target.name in answer.over_scan:
        return answer.over_scan[target.name]
    number, rest = _place(target, answer.points)
    return find(replace(target, selectors=rest), answer.points[number].result)


def _place(target: Target, points: Sequence[Point]) -> tuple[int, tuple[tuple[str, Value], ...]]:
    """The number of the point that the selectors of a target choose, and those of them that choose
    something else. Raises `NotFound` unless there is one.
    """
    scanned = set(points[0].parameters)
    of_point = [key in scanned and not isinstance(value, str) for key, value in target.selectors]
    wanted = dict(compress(target.selectors, of_point))
    matching = [
        n
        for n, point in enumerate(points)
        if all(same_value(point.parameters[key], value) for key, value in wanted.items())
    ]
    if len(matching) != 1:
        example = ", ".join(f"{key}={value:g}" for key, value in points[0].parameters.items())
        raise NotFound(
            f"{len(matching)} points of the scan match; one is chosen as in "
            f"{target.name}[{example}]"
        )
    return matching[0], tuple(compress(target.selectors, map(not_, of_point)))


def provenance(backend: str, threads: int | None) -> dict[str, Any]:
    """The versions, the machine and the threads that a run used."""
    return {
        "versions": {"rgc": __version__, "python": platform.python_version(), **_versions()},
        "backend": backend,
        "device": f"{platform.machine()} {platform.system()}",
        "threads": threads or cores(),
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
