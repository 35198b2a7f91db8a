"""Part c: the user's run on every backend, bit for bit, on the user's lattice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from rgc.model.sites import flatten
from rgc.program.draws import counters, step_keys, word
from rgc.program.lattice.arguments import lattice_arguments
from rgc.program.lattice.nodes import Bernoulli
from rgc.program.lattice.program import Program
from rgc.program.lattice.thresholds import pack_thresholds
from rgc.verification.certificate import Finding, judged
from rgc.verification.divergence import Pair, equal, first_difference, in_step
from rgc.verification.instances import describe
from rgc.verification.schedule import sites
from rgc.verification.states import unpack
from rgc.verification.subject import Subject
from rgc.verification.trace import SWEEPS, Trace, later_words, stations, trace

if TYPE_CHECKING:
    from rgc.backend import Backend

CUTS = (5, 18, SWEEPS)
"""The sweeps at which calls of the second run of a backend end."""


def check_bits(subject: Subject) -> Iterator[Finding]:
    """Compare the start of the run, 32 sweeps and a record on each backend with the reference.

    Every spin of every level and every tally of every replica must be equal. Each backend then
    repeats the run in other pieces. A backend that raises has failed.
    """
    where = f"{describe(subject.model.lattice)}, {subject.sampler.plan.replicas} replicas"
    for backend in subject.backends[1:] or subject.backends:
        try:
            if backend is not subject.reference:
                yield _compared(subject, backend, where)
                yield from _last_plane(subject, Pair(subject.reference, backend))
            yield _again(subject, backend, subject.trace(backend), where)
        except Exception as error:
            complaint = f"{backend.name} stopped: {type(error).__name__}: {error}"
            yield judged(
                "c",
                "bit identity",
                f"{backend.name} runs the programs of this spec",
                where,
                level="L2",
                complaint=complaint,
            )


def _compared(subject: Subject, backend: Backend, where: str) -> Finding:
    right, levels = subject.trace(subject.reference), len(stations(subject.own))
    other = subject.trace(backend)
    of_levels = f" of {levels} levels" if levels > 1 else ""
    claim = (
        f"{backend.name} = {subject.reference.name} over {SWEEPS} sweeps and a record{of_levels}"
    )
    complaint = first_difference(Pair(subject.reference, backend), right, other)
    tallies = sum(counts.size for sums in other.sums for counts in sums)
    spins = sum(field.size * 64 for fields in other.levels for field in fields)
    figures = {"sweeps": SWEEPS, "spins": spins, "tallies": tallies}
    return judged("c", "bit identity", claim, where, level="L2", complaint=complaint, **figures)


def _last_plane(subject: Subject, pair: Pair) -> Iterator[Finding]:
    """Compare one sweep in which every threshold is T = u + 1, with u an even uniform that is drawn
    in it.

    Only the last bit plane then decides that u < T.
    """
    sampler, program = subject.sampler, subject.sampler.update.program
    rule = program.rules[program.schedule[0].rule]
    draws = [node.draw for node in rule.nodes if isinstance(node, Bernoulli)]
    if not draws:
        return
    keys = step_keys(sampler.key("update"), 0, 1, program.draws)
    _, _, cell = next(sites(program))
    site = flatten(cell, program.shape) * program.letters + rule.letter
    uniforms = drawn(keys[0, draws[0]], site, sampler.plan.words, program)
    replica, uniform = next((k, u) for k, u in enumerate(uniforms) if u % 2 == 0)
    table = pack_thresholds([uniform + 1] * program.slots, program.planes, sampler.plan.words)
    given = (sampler.arguments[name] for name in ("weights", "couplings", "blocks"))
    arguments = lattice_arguments(table, *given)
    after = pair.run(program, sampler.fields(), arguments, keys)
    complaint = "" if equal(*after) else in_step(pair, program, sampler.fields(), arguments, keys)
    claim = f"{pair.other.name} decides by the last of {program.planes} planes where it must"
    where = f"{describe(subject.model.lattice)}, site {cell}, replica {replica}"
    yield judged(
        "c", "bit identity", claim, where, level="L2", complaint=complaint, threshold=uniform + 1
    )


def drawn(key: Any, site: int, words: int, program: Program) -> list[int]:
    """The uniform of each replica at a site, as an integer of so many bit planes."""
    numbers = (
        counters(site, np.arange(words))[None, :]
        + np.arange(program.planes, dtype=np.uint64)[:, None]
    )
    bits = unpack(word(key, numbers, program.generator))
    return [
        sum(int(bit) << (program.planes - 1 - k) for k, bit in enumerate(column))
        for column in bits.T
    ]


def _again(subject: Subject, backend: Backend, before: Trace, where: str) -> Finding:
    """The second run: on one thread where possible, in calls of other lengths, and of a part of the
    replicas alone.
    """
    alone = subject.alone.get(backend.name)
    made = before.flow if alone is None else subject.flow(alone)
    again = trace(made, alone or backend, CUTS)
    complaint = first_difference(Pair(backend, alone or backend), before, again)
    parts = [*([] if alone is None else ["on one thread"]), "in calls of 5, 13 and 14 sweeps"]
    if subject.sampler.plan.words > 1:
        parts.append("the later replicas alone")
        share = later_words(made, alone or backend)
        first = subject.sampler.together
        same = all(
            np.array_equal(a[..., first:], b) for a, b in zip(before.fields, share, strict=True)
        )
        complaint = complaint or (
            "" if same else "replicas from 64 on, run without the first 64, have other spins"
        )
    claim = f"{backend.name} again, {', '.join(parts)}: the same bits"
    return judged("c", "bit identity", claim, where, level="L1", complaint=complaint, sweeps=SWEEPS)
