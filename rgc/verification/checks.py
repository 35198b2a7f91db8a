"""Running the checks of `rgc verify`, which are listed in `rgc.schemes.checks`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pkgutil import resolve_name
from time import perf_counter

from rgc.errors import SpecError
from rgc.program.family import ProgramError
from rgc.progress import Progress
from rgc.schemes.checks import Check
from rgc.verification.certificate import Finding, judged, unchecked
from rgc.verification.subject import Subject


def run(checks: Sequence[Check], subject: Subject, progress: Progress) -> Iterator[Finding]:
    """Every finding, with the seconds that it took.

    If a program breaks its own rules, nothing else can be checked.
    """
    broken = ""
    for number, check in enumerate(checks):
        progress.start(f"verify {number + 1}/{len(checks)}, {check.name}", 1)
        claim = f"the check of {check.name} can be made"
        try:
            if broken:
                yield unchecked(check.part, check.name, claim, "L0", broken)
            else:
                yield from _timed(check, subject, claim)
        except ProgramError as error:
            broken = "a program breaks the rules of programs"
            yield judged(
                "b",
                "programs",
                "every program keeps the rules of programs",
                subject.lattice,
                level="L2",
                complaint=str(error),
            )
        progress.finish()


def _timed(check: Check, subject: Subject, claim: str) -> Iterator[Finding]:
    """The findings of one check. What it raises, but for a `SpecError`, is a failed finding."""
    began = perf_counter()
    try:
        for finding in resolve_name(check.find)(subject):
            yield replace(finding, seconds=perf_counter() - began)
            began = perf_counter()
    except (SpecError, ProgramError):
        raise
    except Exception as error:
        detail = f"{type(error).__name__}: {error}"
        yield Finding(
            part=check.part,
            check=check.name,
            claim=claim,
            where="",
            verdict="failed",
            level="L0",
            figures={},
            detail=detail,
            seconds=perf_counter() - began,
        )
