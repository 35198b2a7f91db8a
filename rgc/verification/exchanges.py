"""Exchanges between the values of a parameter: part b, that they keep the weights of both values,
and part c, that every backend makes the same ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from rgc.ast_to_model import build
from rgc.compiler import flow
from rgc.flows.sampling.exchange import BITS, Exchange, make_exchange
from rgc.flows.sampling.model import make_model
from rgc.flows.sampling.tempering import Tempering, temper
from rgc.kernel_cache import KernelCache
from rgc.model.spec import Axis
from rgc.program.draws import stream
from rgc.verification.certificate import Finding, judged, unchecked, within
from rgc.verification.documents import at_point
from rgc.verification.energies import UNIT, rounding
from rgc.verification.evaluator import Evaluator
from rgc.verification.instances import Instance, describe
from rgc.verification.quenched import first_realisation, realised
from rgc.verification.states import States, every_state, unpack
from rgc.verification.subject import Subject

if TYPE_CHECKING:
    from rgc.backend import Backend
    from rgc.syntax.ast import Document

TRIES = 64
"""Exchanges of a pair that are decided, of every configuration with another one."""

FEW = 3
"""Values of the parameter at which backends are compared, at most."""

SWEEPS = 6
"""Sweeps of that comparison."""

SURE = 25.0
"""The least variance of a count that is judged by itself."""

ALIKE = 16
"""Groups of chances that are judged together, each as wide as the others."""

APART = 5.0
"""Standard deviations by which a count may differ from its mean."""


def check_exchanges(subject: Subject) -> Iterator[Finding]:
    """Check the chances of exchanges on a tiny instance against energies of the syntax tree, what
    is decided against these chances, and what is exchanged against what was decided, on every
    backend. Nothing without tempering.
    """
    axis = next((axis for axis in subject.loaded.axes if axis.tempered), None)
    if axis is None:
        return
    claim = "an exchange keeps the product of the weights of its two values"
    tiny = subject.tiny
    if isinstance(tiny, str):
        yield unchecked("b", "exchange", claim, "L3", tiny)
    else:
        small = _Small(subject, axis, tiny)
        yield _balance(small, claim)
        yield _decided(small)
    for backend in subject.backends:
        yield _exchanged(subject, axis, backend)
    reference = _run(_ladder(subject, axis, subject.reference))
    for backend in subject.backends[1:]:
        found = _run(_ladder(subject, axis, backend))
        apart = [name for name, each in reference.items() if not np.array_equal(each, found[name])]
        claim = f"{backend.name} = {subject.reference.name} over {SWEEPS} sweeps with exchanges"
        complaint = f"{', '.join(apart)} differ" if apart else ""
        where = describe(subject.model.lattice)
        yield judged("c", "exchange", claim, where, level="L2", complaint=complaint, sweeps=SWEEPS)


class _Small:
    """A tiny instance at every value: its states, energies from the syntax tree, and exchanges."""

    def __init__(self, subject: Subject, axis: Axis, tiny: Instance) -> None:
        documents = [at_point(tiny.spec.document, {axis.name: value}) for value in axis.values]
        models = [make_model(build(each)[0], subject.zero) for each in documents]
        states = every_state(tiny.lattice, tiny.spec.species)
        self.name, self.states = tiny.name, realised(tiny.sampler, states)
        self.energies = [_energies(each, self.states) for each in documents]
        words = -(-self.states.number // 64)
        self.exchange = make_exchange(
            models,
            subject.reference,
            key=stream(subject.seed, {}, "exchange"),
            words=words,
            word0=0,
            couplings=first_realisation(tiny.sampler, words),
        )
        packed = [subject.reference.pack(field) for field in self.states.fields]
        self.sums = self.exchange.sums(packed)[1][:, : self.states.number]
        terms = [{t.name: t.coefficient for t in model.hamiltonian.terms} for model in models]
        cells = prod(tiny.lattice.cells)
        self.rounded = max(
            rounding(model.merged, of_term, cells)
            for model, of_term in zip(models, terms, strict=True)
        )

    def chances(self, pair: int) -> Any:
        """P[a, b] that a at the one value and b at the next are exchanged."""
        return self.exchange.chances(pair, self.sums[:, None, :] - self.sums[:, :, None])[0]


def _energies(document: Document, states: States) -> Any:
    section, written = document.section("hamiltonian"), states.as_written
    evaluator = Evaluator(document, written.lattice, written.values, drawn=states.drawn)
    return evaluator(section.body if section else None) + np.zeros(states.number)


def _balance(small: _Small, claim: str) -> Finding:
    """min(1, exp(-dH)) itself, and p(a) p'(b) P(a, b) = p(b) p'(a) P(b, a)."""
    worst = 0.0
    for pair, (here, there) in enumerate(pairwise(small.energies)):
        chances, change = small.chances(pair), here - there
        exact = np.exp(-np.maximum(change[None, :] - change[:, None], 0))
        weights = [np.exp(each.min() - each) for each in (here, there)]
        joint = np.outer(*(each / each.sum() for each in weights)) * chances
        worst = max(worst, float(abs(chances - exact).max()), float(abs(joint - joint.T).sum() / 2))
    bound = 4 * small.rounded + 16 * UNIT * small.states.number + 2.0**-BITS
    where = f"{small.name}, {small.states.number} states, {len(small.energies)} values"
    return within("b", "exchange", claim, where, difference=worst, bound=bound)


def _decided(small: _Small) -> Finding:
    """How often exchanges are decided for, against the sum of their chances, for each chance."""
    exchange, number = small.exchange, small.states.number
    numbers, apart = np.arange(64 * exchange.words) % number, 0.0
    for pair in range(len(exchange.falls)):
        chances, accepted, p = small.chances(pair), [], []
        for turn in range(TRIES):
            other = (numbers * 5 + 1 + turn) % number
            accepted.append(
                exchange.decide(turn, pair, small.sums[:, numbers], small.sums[:, other])
            )
            p.append(chances[numbers, other])
        apart = max(apart, _apart(np.concatenate(accepted), np.concatenate(p)))
    complaint = f"counts are {apart:.3g} standard deviations off" if apart > APART else ""
    claim = "exchanges are decided for as often as their chances say"
    return judged("b", "exchange", claim, small.name, level="L4", complaint=complaint, apart=apart)


def _apart(accepted: Any, chances: Any) -> float:
    """The largest difference of a count from its mean, in standard deviations or, of those that are
    less than 1, in units: of the tries of each chance, those of fewer than `SURE` together with
    others of about the same chance.
    """
    p, which, tries = np.unique(chances, return_inverse=True, return_counts=True)
    spread = tries * p * (1 - p)
    kept = (spread >= SURE) | (spread == 0)
    alike = len(p) + np.minimum(ALIKE * p, ALIKE - 1).astype(int)
    groups = np.where(kept, np.arange(len(p)), alike)[which]
    count, mean, variance = (
        np.bincount(groups, each, len(p) + ALIKE)
        for each in (accepted, chances, chances * (1 - chances))
    )
    return float((abs(count - mean) / np.sqrt(np.maximum(variance, 1))).max())


def _exchanged(subject: Subject, axis: Axis, backend: Backend) -> Finding:
    """Whether two sets of configurations are exchanged in the replicas that were decided for, and
    in no other.
    """
    exchange: Exchange = _ladder(subject, axis, backend).exchange
    lattice, count = subject.model.lattice, 64 * exchange.words
    codes = realised(subject.sampler, subject.random(lattice)).planes
    first, second = (
        [
            np.roll(planes, shift, axis=-1)[..., np.arange(count) % planes.shape[-1]]
            for planes in codes
        ]
        for shift in (0, 7)
    )
    states = [[backend.pack(_words(each)) for each in both] for both in (first, second)]
    here, there, accepted = exchange(0, 0, *states)
    complaint = ""
    for before, other, after in (
        *zip(first, second, map(backend.unpack, here), strict=True),
        *zip(second, first, map(backend.unpack, there), strict=True),
    ):
        if not np.array_equal(unpack(after), np.where(accepted, other, before)):
            complaint = "other spins are exchanged than those that were decided for"
    claim = f"{backend.name} exchanges whole configurations where that was decided, and no others"
    figures = {"exchanged": int(accepted.sum()), "replicas": count}
    where = describe(lattice)
    return judged("c", "exchange", claim, where, level="L1", complaint=complaint, **figures)


def _words(planes: Any) -> Any:
    octets = np.ascontiguousarray(np.packbits(planes, axis=-1, bitorder="little"))
    return octets.view("<u8").astype(np.uint64)


def _ladder(subject: Subject, axis: Axis, backend: Backend) -> Tempering:
    """The flow of the spec at its first few values, with as many replicas as `Subject.spec` has."""
    place, values = subject.loaded.places[0], axis.values[:FEW]
    machine, samples = KernelCache(backend, general=True), []
    for value in values:
        document = at_point(subject.document, {axis.name: value})
        made: Any = flow(
            subject.with_few_replicas(build(document, folder=subject.loaded.folder)[0]),
            machine,
            seed=subject.seed,
            point={**place, axis.name: value},
            zero=subject.zero,
            drawn_at=place,
        )
        samples.append(made)
    return temper(axis.name, values, samples, place)


def _run(made: Tempering) -> dict[str, Any]:
    """The arrays after a few sweeps."""
    state = made.start()
    while state.done < min(SWEEPS, made.steps):
        state.most = SWEEPS - state.done
        state = made.step(state)
    return state.arrays
