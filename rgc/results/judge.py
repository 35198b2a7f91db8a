"""From finished points to an answer: measures of the scan, checks, warnings and provenance."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from rgc.results.checks import CheckedExpectation, NotFound, check
from rgc.results.scan import measure
from rgc.version import __version__

if TYPE_CHECKING:
    from rgc.model.spec import Spec
    from rgc.results.answer import Answer
    from rgc.results.answer_data import Point
    from rgc.results.result import Estimate

LIBRARIES = ("numpy", "scipy", "numba", "jax")


def judge(
    answer: Answer, specs: Sequence[Spec], warnings: Sequence[str], *, provenance: Mapping[str, Any]
) -> Answer:
    """The answer with the measures of the scan, the checks, every warning once, and the provenance.

    `specs` holds one spec for each point.
    """
    spec = specs[0]
    scanned = [
        (measured.name, measured.of_scan)
        for measured in spec.measures
        if measured.of_scan is not None
    ]
    over = {name: measure(asked, answer.axes, answer.points) for name, asked in scanned}
    said = dict.fromkeys(
        (*warnings, *(text for point in answer.points for text in point.result.warnings))
    )
    choices = answer.points[0].result.provenance
    return replace(
        answer,
        observables=over,
        checks=tuple(_check(k, specs, answer.points, over) for k in range(len(spec.expectations))),
        warnings=tuple(said),
        provenance={**provenance, **choices},
    )


def _check(
    k: int, specs: Sequence[Spec], points: Sequence[Point], over: Mapping[str, Estimate]
) -> CheckedExpectation:
    """The k-th check, against a measure of the scan or at the one point that its selectors
    choose.
    """
    expectation = specs[0].expectations[k]
    name = ".".join(expectation.path)
    if name in over:
        return check(expectation, points[0].result, over[name])
    scanned = set(points[0].parameters)
    wanted = {key: value for key, value in expectation.selectors if key in scanned}
    rest = tuple((key, value) for key, value in expectation.selectors if key not in scanned)
    matching = [
        n
        for n, point in enumerate(points)
        if all(_same(point.parameters[key], value) for key, value in wanted.items())
    ]
    if len(matching) != 1:
        example = ", ".join(f"{key}={value:g}" for key, value in points[0].parameters.items())
        reason = f"{len(matching)} points of the scan match; one is chosen as in {name}[{example}]"
        return CheckedExpectation(expectation, None, None, False, reason)
    there = specs[matching[0]].expectations[k]  # the expected value may depend on the parameters
    return check(replace(there, selectors=rest), points[matching[0]].result)


def _same(parameter: float, value: object) -> bool:
    return isinstance(value, int | float) and abs(parameter - value) <= 1e-9 * max(
        1.0, abs(parameter)
    )


def provenance(backend: str, threads: int | None) -> dict[str, Any]:
    """The versions, the machine and the threads that a run used."""
    return {
        "versions": {"rgc": __version__, "python": platform.python_version(), **_versions()},
        "backend": backend,
        "device": f"{platform.machine()} {platform.system()}",
        "threads": threads or len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
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
