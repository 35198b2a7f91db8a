"""The table of checks, by scheme, and running them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

from rgc.errors import SpecError
from rgc.program.family import ProgramError
from rgc.progress import Progress
from rgc.verification.arrays import check_agreement, check_enumeration, check_jacobian, check_ledger
from rgc.verification.bits import check_bits
from rgc.verification.certificate import Finding, Part, judged, unchecked
from rgc.verification.differences import check_differences
from rgc.verification.energies import check_energies
from rgc.verification.floats import check_floats
from rgc.verification.matrix import check_balance, check_programs
from rgc.verification.operators import check_blocks, check_measures, check_operators
from rgc.verification.sampled import check_sampled
from rgc.verification.subject import Subject


@dataclass(frozen=True, slots=True)
class Check:
    """One check: findings about a subject, each with its own verdict. What it raises, but for a `SpecError`, is a failed finding."""

    part: Part
    name: str
    find: Callable[[Subject], Iterable[Finding]]


LATTICE = (
    Check("a", "energies", check_energies),
    Check("a", "energy differences", check_differences),
    Check("a", "operators", check_operators),
    Check("a", "block maps", check_blocks),
    Check("a", "measures", check_measures),
    Check("b", "programs", check_programs),
    Check("b", "balance", check_balance),
    Check("c", "bit identity", check_bits),
    Check("d", "floats", check_floats),
    Check("e", "sampled averages", check_sampled),
)
"""Those of a flow that samples spins by lattice programs."""

ARRAYS = (
    Check("a", "jacobian", check_jacobian),
    Check("a", "ledger", check_ledger),
    Check("d", "agreement", check_agreement),
)
"""Those of a flow that computes with arrays."""

CHECKS: Mapping[str, Sequence[Check]] = {
    "sample": LATTICE,
    "mcrg": LATTICE,
    "enumerate": (Check("a", "enumeration", check_enumeration), *ARRAYS),
}
"""Schemes with checks of their own; every other one has `ARRAYS`."""


def run(checks: Sequence[Check], subject: Subject, progress: Progress) -> Iterator[Finding]:
    """Every finding, with the seconds that it took. Where a program breaks its own rules nothing else can be checked."""
    progress.start("verify", len(checks))
    broken = ""
    for number, check in enumerate(checks):
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
                "L2",
                str(error),
            )
        progress.advance(number + 1)
    progress.finish()


def _timed(check: Check, subject: Subject, claim: str) -> Iterator[Finding]:
    began = perf_counter()
    try:
        for finding in check.find(subject):
            yield replace(finding, seconds=perf_counter() - began)
            began = perf_counter()
    except (SpecError, ProgramError):
        raise
    except Exception as error:
        detail = f"{type(error).__name__}: {error}"
        yield Finding(
            check.part, check.name, claim, "", "failed", "L0", {}, detail, perf_counter() - began
        )
