"""Part a: what a record makes of a configuration, sums of operators, block spins and measures, against plain counting."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from rgc.errors import SpecError
from rgc.flows.recorder import Row, make_recorder
from rgc.flows.sample import Sample, make_sample
from rgc.verify.averages import Averages
from rgc.verify.blocks import Map, maps
from rgc.verify.certificate import Finding, judged, unchecked, within
from rgc.verify.chances import stored
from rgc.verify.counting import counted
from rgc.verify.energies import UNIT
from rgc.verify.instances import describe
from rgc.verify.schedule import sites, writes
from rgc.verify.states import States, every_state
from rgc.verify.subject import Subject
from rgc.verify.trace import Station, stations

if TYPE_CHECKING:
    from rgc.backend import Backend

BLOCKS = 64
"""Block spins of each level whose probability is looked at."""

ALLOWED = 2.0**-36
"""Relative difference of averages over all states: some roundings for each of at most 2^18 states, and differences of moments."""


def check_operators(subject: Subject) -> Iterator[Finding]:
    """Every sum that a record tallies, at every level of the user's lattice after 32 sweeps, replica by replica."""
    found = subject.trace(subject.reference)
    for level, station in enumerate(stations(subject.own)):
        rows = station.recorder.by_row(found.sums[level])
        complaint = ""
        for row, sums in rows.items():
            exact = counted(row, station.lattice, found.levels[level])
            if not np.array_equal(sums, exact):
                *_, replica = np.argwhere(np.atleast_2d(sums != exact))[0]
                complaint = complaint or (
                    f"level {level}, {title(row)}, replica {replica}: tallied {np.atleast_2d(sums)[0, replica]}, "
                    f"counted {np.atleast_2d(exact)[0, replica]}"
                )
        claim, where = f"every sum of level {level} as counted bit by bit", describe(station.lattice)
        yield judged(
            "a",
            "operators",
            claim,
            where,
            "L2",
            complaint,
            sums=len(rows),
            replicas=subject.sampler.plan.replicas,
        )


def title(row: Row) -> str:
    """The name of what a row sums."""
    name = getattr(row.operator, "name", "") or "+".join(
        name for name, _ in getattr(row.operator, "coefficients", ())
    )
    return f"operator {name}" + ("" if row.axis is None else f" along axis {row.axis + 1}")


# -- block maps --------------------------------------------------------------------------------------------------------


def check_blocks(subject: Subject) -> Iterator[Finding]:
    """At every level the probability that a block spin is -1, from the compiled rule and from the section `block`."""
    levels = stations(subject.own)
    if len(levels) == 1:
        return
    try:
        written = maps(subject.document, subject.model.lattice)
    except NotImplementedError as reason:
        yield unchecked("a", "block maps", "block spins as the text says", "L3", str(reason))
        return
    for level, (fine, station) in enumerate(pairwise(levels), start=1):
        yield _blocks(subject, level, fine, station, written[(level - 1) % len(written)])


def _blocks(subject: Subject, level: int, fine: Station, station: Station, wanted: Map) -> Finding:
    assert station.blocking is not None  # noqa: S101  (levels above 0 have one)
    program, arguments = station.blocking.map.program, station.blocking.arguments
    states, species = subject.random(fine.lattice), len(subject.spec.species)
    coarse = np.zeros(
        (species, 1, *station.lattice.cells, len(station.lattice.basis), states.number), dtype=bool
    )
    difference = 0.0
    for rule, _, cell in sites(program, BLOCKS):
        for store, word in stored(program, rule, cell, arguments, [*states.bits[:, None], *coarse]):
            exact = wanted.chance(states.bits[store.field - species], cell, rule.letter)
            difference = max(difference, float(abs(word.chance - exact).max()))
    claim = f"block spins of level {level}: {wanted.rule}({wanted.b}) as the text says"
    where = f"{describe(fine.lattice)} to {describe(station.lattice)}"
    if not all((each == int(number >= species)).all() for number, each in enumerate(writes(program))):
        return judged("a", "block maps", claim, where, "L3", "not every block spin is written once")
    bound = 2.0**-program.planes + 8 * UNIT
    return within("a", "block maps", claim, where, difference, bound, configurations=states.number)


# -- measures ----------------------------------------------------------------------------------------------------------


def check_measures(subject: Subject) -> Iterator[Finding]:
    """Each measure averaged over every configuration of the small instance, by the compiler's sums and by the text."""
    small, claim = subject.small, "measures, averaged over every configuration"
    if isinstance(small, str):
        yield unchecked("a", "measures", claim, "L3", small)
        return
    states = every_state(small.lattice, small.spec.species)
    exact = Averages(small.spec.document, small.spec, states)
    try:
        flow = make_sample(small.spec, subject.reference, seed=subject.seed, point={}, zero=subject.zero)
        compiled = averaged(flow, states, exact.weights, subject.reference)
        wanted = {name: exact.measure(name) for name in compiled}
    except (SpecError, NotImplementedError) as reason:
        yield unchecked("a", "measures", claim, "L3", str(reason))
        return
    worst = max(compiled, key=lambda name: abs(compiled[name] - wanted[name]) / (1 + abs(wanted[name])))
    difference, bound = abs(compiled[worst] - wanted[worst]), ALLOWED * (1 + abs(wanted[worst]))
    found = within("a", "measures", claim, small.name, difference, bound, measures=len(compiled))
    yield (
        found
        if found.verdict == "passed"
        else found.saying(f"{worst}: {compiled[worst]!r}, by the text {wanted[worst]!r}")
    )


def averaged(flow: Sample, states: States, weights: Any, backend: Backend) -> dict[str, float]:
    """The quantities of a flow where each state has its weight."""
    recorder = make_recorder(
        states.lattice, states.species, flow.observer.rows, backend, -(-states.number // 64)
    )
    _, counts = recorder([backend.pack(field) for field in states.fields])
    sums = {row: each[..., : states.number] for row, each in recorder.by_row(counts).items()}
    averages = {
        leaf.name: np.array([weights @ (leaf.value(sums) + 0 * weights)]) for leaf in flow.observer.leaves
    }
    return {
        quantity.name: float(quantity.combine(*(averages[leaf.name] for leaf in quantity.leaves)).item())
        for quantity in flow.observer.quantities
    }
