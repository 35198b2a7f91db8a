"""Findings, and the certificate that they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal

from rgc.schemes.checks import Part
from rgc.version import __version__

if TYPE_CHECKING:
    from rgc.verification.subject import Subject

Verdict = Literal["passed", "failed", "not checked"]
Level = Literal["L0", "L1", "L2", "L3", "L4"]

PARTS: Mapping[Part, str] = {
    "a": "energies, energy differences and operators",
    "b": "the transition matrix of the update",
    "c": "bit identity of the backends",
    "d": "kernels in floating point",
    "e": "sampled averages",
}
"""The parts of a certificate by the letters of its findings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One claim and its verdict.

    - `where` is the instance on which the claim was checked.
    - `level` is the level of reproducibility at which it holds (L3 within `bound`, L4 in
      distribution).
    - `figures` are numbers by name.
    - `detail` says what is wrong, or why the claim was not checked.
    """

    part: Part
    check: str
    claim: str
    where: str
    verdict: Verdict
    level: Level
    figures: Mapping[str, Any] = field(default_factory=dict)
    detail: str = ""
    seconds: float = 0.0

    def saying(self, detail: str) -> Finding:
        """The finding with another text about what is wrong."""
        return replace(self, detail=detail)

    def failing(self, detail: str) -> Finding:
        """The finding as failed, with the reason."""
        return replace(self, verdict="failed", detail=detail)


def judged(
    part: Part,
    check: str,
    claim: str,
    where: str,
    *,
    level: Level,
    complaint: str,
    **figures: Any,
) -> Finding:
    """A finding that passed if there is no complaint, and failed otherwise."""
    return Finding(
        part=part,
        check=check,
        claim=claim,
        where=where,
        verdict="failed" if complaint else "passed",
        level=level,
        figures=figures,
        detail=complaint,
    )


def within(
    part: Part,
    check: str,
    claim: str,
    where: str,
    *,
    difference: float,
    bound: float,
    **figures: Any,
) -> Finding:
    """A finding of level L3 that passed if the difference is within its derived bound."""
    good = difference <= bound
    detail = "" if good else f"the difference {difference:.3g} is beyond the bound {bound:.3g}"
    figures = {"difference": float(difference), "bound": float(bound), **figures}
    return Finding(
        part=part,
        check=check,
        claim=claim,
        where=where,
        verdict="passed" if good else "failed",
        level="L3",
        figures=figures,
        detail=detail,
    )


def unchecked(part: Part, check: str, claim: str, level: Level, reason: str) -> Finding:
    """A finding about what could not be checked, with the reason."""
    return Finding(
        part=part,
        check=check,
        claim=claim,
        where="",
        verdict="not checked",
        level=level,
        figures={},
        detail=reason,
    )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Certificate:
    """All findings about a spec at one of its `points`, where its parameters are `parameters`.

    `stand_ins` holds those parameters among them that other specs will answer, with the paths of
    these: no other spec is run, and the values are what `check` takes for them.
    `lattice` describes the user's lattice, and is empty where there is none. `instances` describes
    the small ones by their purpose. `missing` holds the installed backends that cannot run here,
    with the reason.
    """

    title: str
    sha256: str
    seed: int
    scheme: str
    lattice: str
    parameters: Mapping[str, float]
    stand_ins: Mapping[str, str]
    points: int
    backends: tuple[str, ...]
    missing: Mapping[str, str]
    instances: Mapping[str, str]
    findings: tuple[Finding, ...]
    provenance: Mapping[str, Any]

    @property
    def passed(self) -> bool:
        """Whether nothing failed. What was not checked has not failed, but does not count as passed
        either.
        """
        return not self.count("failed")

    @property
    def seconds(self) -> float:
        return sum(finding.seconds for finding in self.findings)

    def count(self, verdict: Verdict) -> int:
        return sum(finding.verdict == verdict for finding in self.findings)

    def __repr__(self) -> str:
        verdicts: tuple[Verdict, ...] = ("passed", "failed", "not checked")
        counts = ", ".join(f"{self.count(verdict)} {verdict}" for verdict in verdicts)
        return f"<Certificate {self.title!r}: {counts}>"

    def _repr_html_(self) -> str:
        """A table with a row for each finding."""
        cells = (
            (PARTS[one.part], one.claim, one.where, one.verdict, one.level, one.detail)
            for one in self.findings
        )
        rows = "".join(
            f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in cells
        )
        head = (
            "<tr><th>part</th><th>claim</th><th>where</th><th>verdict</th><th>level</th><th></th>"
        )
        return f"<p>{escape(repr(self))}</p><table>{head}</tr>{rows}</table>"

    def document(self) -> dict[str, Any]:
        """The certificate as JSON values."""
        return {
            "rgc": __version__,
            "spec": {"title": self.title, "sha256": self.sha256},
            "backends": list(self.backends),
            "missing": dict(self.missing),
            "seed": self.seed,
            "scheme": self.scheme,
            "lattice": self.lattice,
            "parameters": dict(self.parameters),
            "stand_ins": dict(self.stand_ins),
            "points": self.points,
            "instances": dict(self.instances),
            "passed": self.passed,
            "findings": [_document(finding) for finding in self.findings],
            "seconds": round(self.seconds, 3),
            "provenance": dict(self.provenance),
        }


def certify(subject: Subject, findings: Sequence[Finding]) -> Certificate:
    """The certificate of the findings about a subject."""
    from rgc.results.judge import provenance

    loaded, machine = subject.loaded, provenance("", None)
    return Certificate(
        title=loaded.title,
        sha256=loaded.sha256,
        seed=subject.seed,
        scheme=subject.scheme,
        lattice=subject.lattice,
        parameters={**loaded.given, **subject.point},
        stand_ins={
            each.name: each.path for each in loaded.spec.taken if each.name not in loaded.settled
        },
        points=len(loaded.points),
        backends=tuple(backend.name for backend in subject.backends),
        missing=subject.missing,
        instances=subject.instances,
        findings=tuple(findings),
        provenance={
            "versions": machine["versions"],
            "device": machine["device"],
            "threads": machine["threads"],
        },
    )


def _document(finding: Finding) -> dict[str, Any]:
    return {
        "part": finding.part,
        "check": finding.check,
        "claim": finding.claim,
        "where": finding.where,
        "verdict": finding.verdict,
        "level": finding.level,
        "figures": {name: _plain(value) for name, value in finding.figures.items()},
        "detail": finding.detail,
        "seconds": round(finding.seconds, 3),
    }


def _plain(value: Any) -> Any:
    """The value with null in place of numbers that are not finite."""
    return None if isinstance(value, float) and not isfinite(value) else value
