"""Part c: the user's run on every backend, bit for bit, on the user's lattice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rgc.verify.certificate import Finding, judged
from rgc.verify.divergence import Pair, first_difference
from rgc.verify.instances import describe
from rgc.verify.subject import Subject
from rgc.verify.trace import SWEEPS, Trace, stations, trace

if TYPE_CHECKING:
    from rgc.backend import Backend

CUTS = (5, 18)
"""Sweeps after which the second run of a backend is cut: calls of 5, 13 and 14 sweeps."""


def check_bits(subject: Subject) -> Iterator[Finding]:
    """The start of the run, 32 sweeps and a record: every spin of every level and every tally of every replica, on each backend as on
    the reference; and on each again, cut into calls."""
    where = f"{describe(subject.model.lattice)}, {subject.sampler.plan.replicas} replicas"
    right, levels = subject.trace(subject.reference), len(stations(subject.own))
    for backend in subject.backends[1:]:
        pair, found = Pair(subject.reference, backend), subject.trace(backend)
        claim = f"{backend.name} = {subject.reference.name} over {SWEEPS} sweeps and a record" + (
            f" of {levels} levels" if levels > 1 else ""
        )
        complaint = first_difference(pair, right, found, SWEEPS)
        tallies = sum(each.size for sums in found.sums for each in sums)
        spins = sum(field.size * 64 for fields in found.levels for field in fields)
        yield judged(
            "c", "bit identity", claim, where, "L2", complaint, sweeps=SWEEPS, spins=spins, tallies=tallies
        )
    for backend in subject.backends[1:] or subject.backends:
        yield _again(subject, backend, subject.trace(backend), where)


def _again(subject: Subject, backend: Backend, before: Trace, where: str) -> Finding:
    alone = subject.alone.get(backend.name)
    made = before.flow if alone is None else subject.flow(alone)
    again = trace(made, alone or backend, SWEEPS, CUTS)
    complaint = first_difference(Pair(backend, alone or backend), before, again, SWEEPS)
    threads = "" if alone is None else " on one thread"
    claim = f"{backend.name} again{threads}, in calls of 5, 13 and 14 sweeps: the same bits"
    return judged("c", "bit identity", claim, where, "L1", complaint, sweeps=SWEEPS)
