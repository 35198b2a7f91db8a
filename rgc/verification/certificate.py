"""What was checked and what came out: findings, and the certificate that they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
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
"""What a certificate is made of, as the letters of findings say."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One claim and its verdict. `where`: the instance it was checked on; `level`: the level of
    reproducibility at which it holds (L3 within `bound`, L4 in distribution); `figures`: numbers by
    name; `detail`: what is wrong, or why it was not checked.
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
        """With other words for what is wrong."""
        return replace(self, detail=detail)

    def failing(self, detail: str) -> Finding:
        """As failed, and why."""
        return replace(self, verdict="failed", detail=detail)


def judged(
    part: Part, check: str, claim: str, where: str, level: Level, complaint: str, **figures: Any
) -> Finding:
    """Passed without a complaint, else failed."""
    return Finding(
        part, check, claim, where, "failed" if complaint else "passed", level, figures, complaint
    )


def within(
    part: Part, check: str, claim: str, where: str, difference: float, bound: float, **figures: Any
) -> Finding:
    """Passed where a difference is within its derived bound. L3."""
    good = difference <= bound
    detail = "" if good else f"the difference {difference:.3g} is beyond the bound {bound:.3g}"
    figures = {"difference": float(difference), "bound": float(bound), **figures}
    return Finding(part, check, claim, where, "passed" if good else "failed", "L3", figures, detail)


def unchecked(part: Part, check: str, claim: str, level: Level, reason: str) -> Finding:
    """What could not be checked, and why."""
    return Finding(part, check, claim, "", "not checked", level, {}, reason)


@dataclass(frozen=True, slots=True)
class Certificate:
    """All findings about a spec at one of its `points`, where its parameters are `parameters`.
    `lattice`: the user's, in words; `instances`: the small ones by what they are for; `missing`:
    installed backends that cannot run here, and why.
    """

    title: str
    sha256: str
    seed: int
    scheme: str
    lattice: str
    parameters: Mapping[str, float]
    points: int
    backends: tuple[str, ...]
    missing: Mapping[str, str]
    instances: Mapping[str, str]
    findings: tuple[Finding, ...]
    provenance: Mapping[str, Any]

    @property
    def passed(self) -> bool:
        """Whether nothing failed. What was not checked has not failed, and is not counted as
        passed.
        """
        return not self.count("failed")

    @property
    def seconds(self) -> float:
        return sum(finding.seconds for finding in self.findings)

    def count(self, verdict: Verdict) -> int:
        return sum(finding.verdict == verdict for finding in self.findings)

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
            "points": self.points,
            "instances": dict(self.instances),
            "passed": self.passed,
            "findings": [_document(finding) for finding in self.findings],
            "seconds": round(self.seconds, 3),
            "provenance": dict(self.provenance),
        }


def certify(subject: Subject, findings: Sequence[Finding]) -> Certificate:
    """The findings with what they are about."""
    from rgc.results.judge import provenance

    loaded, machine = subject.loaded, provenance("", None)
    return Certificate(
        loaded.title,
        loaded.sha256,
        subject.seed,
        subject.scheme,
        subject.lattice,
        dict(subject.point),
        len(loaded.points),
        tuple(backend.name for backend in subject.backends),
        subject.missing,
        subject.instances,
        tuple(findings),
        {
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
    """A number that is not finite is null."""
    return None if isinstance(value, float) and not isfinite(value) else value
