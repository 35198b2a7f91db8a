"""The JSON document of an answer. Its keys are a contract: they are added to, never renamed."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rgc.results.verdict import Line, Verdict, bound
from rgc.version import __version__

if TYPE_CHECKING:
    from rgc.results.answer_data import AnswerData, Point
    from rgc.results.checks import CheckedExpectation
    from rgc.results.result import (
        Eigenvalue,
        Estimate,
        FixedPoint,
        FreeEnergy,
        IteratedChains,
        Level,
        Result,
    )


FORMAT = 1
"""The version of the document, which counts changes that a reader would stumble over."""


def document(answer: AnswerData) -> dict[str, Any]:
    """The answer as JSON values. Numbers that are not finite, and errors that are not known, are
    null.
    """
    head = {
        "format": FORMAT,
        "rgc": __version__,
        "spec": {"title": answer.title, "sha256": answer.sha256},
        "backend": answer.backend,
        "seed": answer.seed,
        "scheme": answer.points[0].result.scheme,
    }
    tail = {
        "checks": [_check(check) for check in answer.checks],
        "warnings": list(answer.warnings),
        "provenance": dict(answer.provenance),
    }
    if answer.runs:
        tail = _study(answer) | tail
    if not answer.axes:
        return _plain(head | _result(answer.result) | tail)
    points = [_point(point, answer.provenance) for point in answer.points]
    scan = {axis.name: list(axis.values) for axis in answer.axes}
    return _plain(
        head
        | {"scan": scan, "observables": _estimates(answer.observables), "points": points}
        | tail
    )


def _study(answer: AnswerData) -> dict[str, Any]:
    """The runs of a study by name, and its verdict where it has a claim."""
    runs = {name: _run(run, answer.folder) for name, run in answer.runs.items()}
    found = answer.verdict
    return {"runs": runs} if found is None else {"runs": runs, "verdict": _verdict(found)}


def _run(run: AnswerData, folder: Path | None) -> dict[str, Any]:
    """A run of a study, with its folder within that of the study."""
    return {
        "spec": {"title": run.title, "sha256": run.sha256},
        "seed": run.seed,
        "scheme": run.points[0].result.scheme,
        "points": len(run.points),
        "folder": _within(run.folder, folder),
        "passed": run.passed,
    }


def _within(path: Path | None, folder: Path | None) -> str | None:
    if path is None or folder is None or not path.is_relative_to(folder):
        return None
    return path.relative_to(folder).as_posix()


def _verdict(found: Verdict) -> dict[str, Any]:
    return {
        "claim": found.claim.text,
        "from": found.claim.source,
        "verdict": found.word,
        "because": found.because,
        "lines": [_line(line) for line in found.lines],
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "bearing": line.bearing,
        "runs": list(line.system),
        "name": line.expected.target,
        "asked": bound(line.expected),
        **({"value": None, "error": None} if line.found is None else _estimate(line.found)),
        "holds": line.holds,
        "reason": line.reason,
    }


def _point(point: Point, common: Mapping[str, Any]) -> dict[str, Any]:
    """A point of a scan, with its own warnings, and with what of its provenance differs from that
    of the whole, which is the first point's.
    """
    own = {
        key: value
        for key, value in point.result.provenance.items()
        if key not in common or _clean(common[key]) != _clean(value)
    }
    return {
        "parameters": dict(point.parameters),
        **_result(point.result),
        "warnings": list(point.result.warnings),
    } | ({"provenance": own} if own else {})


def _result(result: Result) -> dict[str, Any]:
    iterated = {"iterated": [_chains(each) for each in result.iterated]} if result.iterated else {}
    return iterated | {
        "exponents": _estimates(result.exponents),
        "fixed_point": _estimates(result.fixed_point),
        "fixed_points": [_fixed_point(point) for point in result.fixed_points],
        "levels": [_level(level) for level in result.levels],
        "eigenvalues": [_eigenvalue(eigenvalue) for eigenvalue in result.eigenvalues],
        "free_energy": [_free_energy(entry) for entry in result.free_energy],
        "observables": _estimates(result.observables),
    }


def _chains(chains: IteratedChains) -> dict[str, Any]:
    return {
        "start": chains.start,
        "temperature": chains.temperature,
        "step": chains.step,
        "observables": _estimates(chains.values),
    }


def _estimates(table: Mapping[str, Estimate]) -> dict[str, Any]:
    return {name: _estimate(estimate) for name, estimate in table.items()}


def _estimate(estimate: Estimate) -> dict[str, Any]:
    out: dict[str, Any] = {"value": estimate.value, "error": estimate.error, "kind": estimate.kind}
    if estimate.statistical is not None or estimate.systematic is not None:
        out |= {"statistical": estimate.statistical, "systematic": estimate.systematic}
    return out | {
        key: text for key, text in (("rule", estimate.rule), ("note", estimate.note)) if text
    }


def _level(level: Level) -> dict[str, Any]:
    return {
        "level": level.level,
        "shape": list(level.shape),
        "couplings": _estimates(level.couplings),
        "observables": _estimates(level.observables),
    }


def _eigenvalue(eigenvalue: Eigenvalue) -> dict[str, Any]:
    out = {
        "value": eigenvalue.value,
        "imag": eigenvalue.imag,
        "error": eigenvalue.error,
        "exponent": eigenvalue.exponent,
        "exponent_error": eigenvalue.exponent_error,
        "sector": eigenvalue.sector,
        "level": eigenvalue.level,
        "operators": eigenvalue.operators,
        "index": eigenvalue.index,
        "wrapped": eigenvalue.wrapped,
        "kind": eigenvalue.kind,
    }
    return out | ({"note": eigenvalue.note} if eigenvalue.note else {})


def _fixed_point(point: FixedPoint) -> dict[str, Any]:
    out = {
        "couplings": _estimates(point.couplings),
        "kind": point.kind,
        "eigenvalues": [_eigenvalue(eigenvalue) for eigenvalue in point.eigenvalues],
        "period": point.period,
    }
    if point.cycle:
        out["cycle"] = [_estimates(couplings) for couplings in point.cycle]
    return out | ({"note": point.note} if point.note else {})


def _free_energy(entry: FreeEnergy) -> dict[str, Any]:
    out = {
        "method": entry.method,
        "value": entry.value,
        "per": entry.per,
        "error": entry.error,
        "kind": entry.kind,
    }
    return out | ({"note": entry.note} if entry.note else {})


def _check(check: CheckedExpectation) -> dict[str, Any]:
    expected, measured = check.expectation, check.found
    return {
        "name": expected.target,
        "relation": expected.relation,
        "expected": expected.word or expected.value,
        "within": check.within,
        "tolerances": [
            {"value": tolerance.value, "unit": tolerance.unit} for tolerance in expected.within
        ],
        "source": expected.source,
        "value": measured.value if measured else check.word or None,
        "error": measured.error if measured else None,
        "passed": check.passed,
        "reason": check.reason,
    }


def _plain(table: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _clean(value) for key, value in table.items()}


def _clean(value: Any) -> Any:
    """Plain JSON values: numpy numbers unwrapped, what is not finite replaced by null."""
    if isinstance(value, Mapping):
        return {str(key): _clean(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(item) for item in value]
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return float(value) if isfinite(value) else None
    return _clean(
        value.item()
        if hasattr(value, "item") and getattr(value, "ndim", 0) == 0
        else _unknown(value)
    )


def _unknown(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else str(value)
