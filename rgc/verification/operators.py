"""Part a: sums of operators, block spins and measures of a record, against direct counting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import inf, isnan
from typing import TYPE_CHECKING, Any

import numpy as np

from rgc.errors import SpecError
from rgc.flows.request import Request
from rgc.flows.sampling.levels import Blocking
from rgc.flows.sampling.observables import (
    averages_in,
    of_configuration,
    of_ensemble,
    tallies_in,
)
from rgc.flows.sampling.sample import Sample, make_sample
from rgc.model.observables import Average, Tally, tallies
from rgc.model.spins import Species
from rgc.program.lattice.nodes import Bernoulli, Weigh
from rgc.program.lattice.program import Program
from rgc.verification.averages import Averages
from rgc.verification.blocks import Map
from rgc.verification.certificate import Finding, judged, unchecked, within
from rgc.verification.chances import outcomes
from rgc.verification.counting import counted
from rgc.verification.energies import UNIT
from rgc.verification.evaluator import Unreadable
from rgc.verification.instances import describe
from rgc.verification.learned import read_maps
from rgc.verification.quenched import realised, sums_of
from rgc.verification.schedule import sites, writes
from rgc.verification.states import States, every_state, pack, unpack
from rgc.verification.subject import Subject
from rgc.verification.trace import Station, stations

if TYPE_CHECKING:
    from rgc.backend import Backend

BLOCKS = 64
"""The number of block spins of each level whose probability is checked."""

ALLOWED = 2.0**-36
"""The allowed relative difference of averages over all states, which covers some roundings for each
of at most 2^18 states, and differences of moments.
"""


def check_operators(subject: Subject) -> Iterator[Finding]:
    """Check every sum that a record tallies, at every level of the user's lattice after 32 sweeps,
    replica by replica.
    """
    trace, levels = subject.trace(subject.reference), stations(subject.own)
    complaints, number = [], 0
    for level, (station, fields, sums) in enumerate(
        zip(levels, trace.levels, trace.sums, strict=True)
    ):
        kinds = [*subject.model.kinds]
        if getattr(subject.own, "copies", False):
            kinds = [*kinds, kinds[0]]
            fields = [*fields, _other_copy(subject, fields[0])]
        for tally, tallied in station.recorder.by_tally(sums).items():
            number += tallied.size
            exact = counted(tally, station.lattice, fields, kinds)
            apart = abs(tallied - exact) > (ALLOWED if tallied.dtype.kind == "f" else 0)
            if apart.any():
                at = tuple(np.argwhere(apart)[0])
                complaints.append(
                    f"level {level}, {title(tally)}, replica {at[-1]}: tallied {tallied[at]}, "
                    f"counted {exact[at]}"
                )
    claim = "every sum that a record tallies is the one counted bit by bit"
    complaint = f"{complaints[0]}; {len(complaints)} sums are wrong" if complaints else ""
    yield judged(
        "a", "operators", claim, spanned(levels), level="L2", complaint=complaint, sums=number
    )


def _other_copy(subject: Subject, field: Any) -> Any:
    """The words of the next copy of each realisation, and of one realisation alone the other of
    lanes 2k and 2k + 1.
    """
    copies = subject.sampler.plan.copies
    if not copies:
        bits = unpack(field)
        lanes = np.arange(bits.shape[-1]) ^ 1
        return np.stack(pack(bits[..., lanes]))
    words = range(field.shape[-1])
    return field[..., [k - k % copies + (k + 1) % copies for k in words]]


def spanned(levels: Sequence[Station]) -> str:
    """The lattices of all levels, in words."""
    first, last = describe(levels[0].lattice), describe(levels[-1].lattice)
    return first if len(levels) == 1 else f"{len(levels)} levels, {first} to {last}"


def title(tally: Tally) -> str:
    """The name of what a tally sums."""
    name = getattr(tally.operator, "name", "") or "+".join(
        name for name, _ in getattr(tally.operator, "coefficients", ())
    )
    return f"operator {name}" + ("" if tally.axis is None else f" along axis {tally.axis + 1}")


# -- block maps ------------------------------------------------------------------------------------


def check_blocks(subject: Subject) -> Iterator[Finding]:
    """Compare, at every level, the probability that a block spin is -1 of the compiled rule with
    that of the section `block`.
    """
    levels = stations(subject.own)
    if len(levels) == 1:
        return
    try:
        written = read_maps(subject, subject.model.lattice)
    except Unreadable as reason:
        yield unchecked("a", "block maps", "block spins as the text says", "L3", str(reason))
        return
    claim = "block spins are made as the text says"
    difference, bound, lost, species = 0.0, 0.0, [], len(subject.spec.species)
    for level, (fine, station) in enumerate(pairwise(levels), start=1):
        blocking = station.blocking
        assert blocking is not None  # noqa: S101  (levels above 0 have one)
        here = _difference(subject, fine, station, blocking, written[(level - 1) % len(written)])
        difference, bound = max(difference, here), max(bound, _resolution(blocking.map.program))
        if not _written_once(blocking.map.program, species):
            lost.append(f"not every block spin of level {level} is written once")
    finding = within(
        "a",
        "block maps",
        claim,
        spanned(levels),
        difference=difference,
        bound=bound,
        maps=len(levels) - 1,
    )
    yield finding.failing(lost[0]) if lost else finding


def _resolution(program: Program) -> float:
    """The deviation of the chances of a block that rounding allows.

    It counts 2^-P for each threshold; for a sum of n weights 2^-21 kT each, of which a chance
    changes by a quarter, and 2^-29 for the exponential.
    """
    bound = 8 * UNIT
    for node in (node for rule in program.rules[:1] for node in rule.nodes):
        if isinstance(node, Bernoulli):
            bound += 2.0**-program.planes
        elif isinstance(node, Weigh):
            bound += (1 + len(node.masks)) * 2.0**-23 + 2.0**-29
    return bound


def _difference(
    subject: Subject, fine: Station, station: Station, blocking: Blocking, wanted: Map
) -> float:
    """The largest difference of the probability of block spins.

    Some blocks and random configurations are looked at. The difference is infinite for a rule that
    does not store each block spin once, in order.
    """
    program, states, species = (
        blocking.map.program,
        subject.random(fine.lattice),
        subject.spec.species,
    )
    shape = (*station.lattice.cells, len(station.lattice.basis), states.number)
    coarse = [np.zeros((kind.bits, *shape), dtype=bool) for kind in species]
    every = [
        (len(species) + k, plane) for k, kind in enumerate(species) for plane in range(kind.bits)
    ]
    difference = 0.0
    for rule, _, cell in sites(program, BLOCKS):
        stores, joint = outcomes(program, rule, cell, blocking.arguments, [*states.planes, *coarse])
        if [(store.field, store.plane) for store in stores] != every:
            return inf
        apart = np.abs(_by_codes(joint, species) - wanted.chances(states, cell, rule.letter))
        difference = max(difference, float(apart.max()))
    return difference


def _by_codes(joint: Any, species: Sequence[Species]) -> Any:
    """The chances [digits of the codes of the species, configuration] from those of the planes,
    plane 0 of a species the highest. A code that is no state has the chance infinity if any.
    """
    for kind in species:
        planes, q = kind.bits, len(kind.codes)
        split = joint.reshape(*(2,) * planes, -1, joint.shape[-1])
        codes = np.transpose(split, [*reversed(range(planes)), planes, planes + 1])
        codes = codes.reshape(1 << planes, -1, joint.shape[-1])
        lost = codes[q:].sum(axis=0)
        joint = np.moveaxis(np.where(lost > 0, inf, codes[:q]), 0, 1)
        joint = joint.reshape(-1, joint.shape[-1])
    return joint


def _written_once(program: Program, species: int) -> bool:
    """Whether a step writes every coarse spin once and no fine one."""
    return all(
        (counts == int(number >= species)).all() for number, counts in enumerate(writes(program))
    )


# -- measures --------------------------------------------------------------------------------------


def check_measures(subject: Subject) -> Iterator[Finding]:
    """Compare the average of each measure over every configuration of the small instance by the
    compiler's sums with that by the text.
    """
    small, claim = subject.small, "measures, averaged over every configuration"
    if isinstance(small, str):
        yield unchecked("a", "measures", claim, "L3", small)
        return
    states = realised(small.sampler, every_state(small.lattice, small.spec.species))
    exact = Averages(small.spec.document, small.spec, states)
    try:
        flow = make_sample(
            Request(
                spec=small.spec,
                backend=subject.reference,
                seed=subject.seed,
                point={},
                zero=subject.zero,
            )
        )
        compiled = averaged(flow, states, exact.weights, subject.reference)
        wanted = {name: exact.measure(name) for name in compiled}
    except (SpecError, Unreadable) as reason:
        yield unchecked("a", "measures", claim, "L3", str(reason))
        return
    if not compiled:
        yield unchecked("a", "measures", claim, "L3", "all of them are of two copies")
        return
    where = f"{small.name}, all {states.number} configurations"
    apart = {name: _apart(compiled[name], wanted[name]) for name in compiled}
    worst = max(apart, key=lambda name: apart[name])
    finding = within(
        "a",
        "measures",
        claim,
        where,
        difference=apart[worst],
        bound=ALLOWED,
        measures=len(compiled),
    )
    complaint = f"{worst}: {compiled[worst]!r}, by the text {wanted[worst]!r}"
    yield finding if finding.verdict == "passed" else finding.saying(complaint)


def _apart(compiled: float, wanted: float) -> float:
    """The difference of two values of a measure, relative to 1 + its size. Two values that do not
    exist are equal.
    """
    if isnan(compiled) or isnan(wanted):
        return 0.0 if isnan(compiled) and isnan(wanted) else 1.0
    return abs(compiled - wanted) / (1 + abs(wanted))


def averaged(flow: Sample, states: States, weights: Any, backend: Backend) -> dict[str, float]:
    """The observables of a flow where each state has its weight, but those of two copies."""
    estimator, kinds = flow.estimator, flow.sampler.model.kinds
    of_one = [average for average in estimator.averages if not _of_copies(average, len(kinds))]
    sums = sums_of(flow.sampler, tallies_in(of_one), states, backend)
    averages = {
        average: np.asarray(weights @ (of_configuration(average.of, sums) + 0 * weights))
        for average in of_one
    }
    return {
        observable.name: float(of_ensemble(observable, averages))
        for observable in estimator.observables
        if all(average in averages for average in averages_in([observable]))
    }


def _of_copies(average: Average, copy: int) -> bool:
    products = (product for tally in tallies(average.of) for product in tally.operator.products)
    return any(spin.species == copy for product in products for spin in product)
