"""A bias on block spins: the joint weight of all levels against the text of the spec, the bits of
its sweeps, and averages under the exact bias against enumeration.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from rgc.ast_to_model import build
from rgc.compiler import flow
from rgc.errors import SpecError
from rgc.flows.sampling.recorder import make_recorder, taken
from rgc.flows.variational.biased_level import BiasedLevel
from rgc.kernel_cache import KernelCache
from rgc.model.followers import Follower
from rgc.model.lattice import Lattice, Site
from rgc.model.observables import Tally
from rgc.program.draws import stream, uniforms
from rgc.syntax.parse import parse_expression
from rgc.syntax.read import make_source
from rgc.verification.certificate import Finding, judged, unchecked, within
from rgc.verification.counting import counted
from rgc.verification.documents import on_lattice, with_flow
from rgc.verification.energies import MOST_SITES, hamiltonian, rounding
from rgc.verification.evaluator import Unreadable
from rgc.verification.instances import describe
from rgc.verification.joint import following, of_text, standing
from rgc.verification.learned import read_maps
from rgc.verification.matrix import broken
from rgc.verification.sampled import LEVEL, holm, p_value
from rgc.verification.schedule import conflict, writes
from rgc.verification.states import States, every_state, random_states
from rgc.verification.subject import SMALL, Subject

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SWEEPS = 32
"""Sweeps that are compared between backends."""

CUTS = (5, 18, SWEEPS)
"""The sweeps at which calls of the second run of a backend end."""

RUN = {"replicas": "4096", "sweeps": "10", "steps": "1", "basis": "operators(range=1.5, bodies=4)"}
"""The options of the run whose averages are compared: replicas start in equilibrium."""


# -- part a ----------------------------------------------------------------------------------------


def check_joint(subject: Subject) -> Iterator[Finding]:
    """Compare the energy of all levels together, of random configurations, with H of the text, the
    logarithms of the chances of the block maps of the text, and a bias of directly counted
    operators. Both lack a constant.
    """
    claim = "H - ln p(block spins) + bias of the text = the compiler's groups of products, tallied"
    for level in subject.own.levels.levels:
        where = f"level {level.number}, crystal of {describe(level.unfolded.lattice)}"
        if level.unfolded.levels[0].sites > MOST_SITES:
            reason = f"energies are evaluated on up to {MOST_SITES} sites"
            yield unchecked("a", "joint weights", claim, "L3", reason)
            continue
        key = stream(subject.seed, {}, "data", level.number)
        states = random_states(level.unfolded.lattice, subject.spec.species, 1, key)
        bias = uniforms(stream(subject.seed, {}, "data", 64), len(level.invariant)) - 0.5
        try:
            states = following(subject, level, states)
            text = of_text(subject, level, states, bias)
        except Unreadable as reason:
            yield unchecked("a", "joint weights", claim, "L3", str(reason))
            continue
        compiled, bound = _compiled(subject, level, states, bias)
        apart = compiled - text
        yield within(
            "a",
            "joint weights",
            claim,
            f"{where}, {states.number} random configurations",
            difference=float(np.ptp(apart)),
            bound=2 * bound,
            span_of_H=float(np.ptp(text)),
        )


def _compiled(
    subject: Subject, level: BiasedLevel, states: States, bias: Floats
) -> tuple[Floats, float]:
    """The energy of the compiler's groups, and a bound on its rounding."""
    model, joint = level.sampler.model, level.joint.at(1.0, bias.tolist())
    groups, values = model.merged.groups, model.merged.coefficients(joint)
    recorder = make_recorder(
        model.lattice,
        model.species,
        [Tally(group) for group in groups],
        subject.reference,
        -(-states.number // 64),
    )
    fields = [subject.reference.pack(field) for field in states.fields]
    sums = recorder.by_tally(recorder(fields)[1])
    energy = sum(float(c) * sums[Tally(g)] for c, g in zip(values, groups, strict=True))
    of_term = {term.name: term.coefficient for term in joint.terms}
    bound = rounding(model.merged, of_term, prod(model.lattice.cells))
    return np.asarray(energy)[: states.number], bound


# -- part b ----------------------------------------------------------------------------------------


def check_sweeps(subject: Subject) -> Iterator[Finding]:
    """Check that programs keep the invariants of programs, and that a sweep visits every spin of
    every level once, in sets of independent spins. A block spin that follows its cell is visited
    with every spin that may turn it.
    """
    for level in subject.own.levels.levels:
        sweep, record = level.sampler.update.program, level.recorder.record.program
        visited = np.concatenate([counts.ravel() for counts in writes(sweep)])
        wanted = np.concatenate([counts.ravel() for counts in _visits(level)])
        complaint = broken(sweep) or broken(record) or conflict(sweep)
        if (visited != wanted).any():
            worst = int(np.argmax(visited != wanted))
            complaint = f"a sweep writes a spin {visited[worst]} times, not {wanted[worst]}"
        yield judged(
            "b",
            "schedule",
            "a sweep visits every spin of every level once, in sets that do not read themselves",
            f"level {level.number}, crystal of {describe(level.unfolded.lattice)}",
            level="L1",
            complaint=complaint,
            spins=len(visited),
            site_sets=len(sweep.schedule),
        )


def _visits(level: BiasedLevel) -> list[Any]:
    """How often each spin int[plane, *cells, letter] of each species may turn in a sweep: once, or
    with each of the free spins that may turn it.
    """
    lattice, followers = level.unfolded.lattice, level.unfolded.followers
    out = []
    for kind in range(len(level.sampler.model.species)):
        times = np.ones((1, *lattice.cells, len(lattice.basis)), dtype=int)
        for each in (each for each in followers if each.species == kind):
            with_tie = [*each.cell, *([] if each.tie is None else [each.tie])]
            times[..., each.letter] = times[..., with_tie].sum(axis=-1)
        out.append(times)
    return out


# -- part c ----------------------------------------------------------------------------------------


def check_biased_bits(subject: Subject) -> Iterator[Finding]:
    """Compare sweeps under a bias, and a record, of every level and backend with the reference, and
    every backend with itself in other pieces.
    """
    right = _ran(subject, subject.reference, (SWEEPS,))
    for backend in subject.backends[1:] or subject.backends:
        other = subject.alone.get(backend.name, backend)
        runs = {"reference": right, "whole": _ran(subject, backend, (SWEEPS,))}
        runs["in pieces"] = _ran(subject, other, CUTS)
        differ = [name for name, arrays in runs.items() if not _same(arrays, right)]
        yield judged(
            "c",
            "bit identity",
            f"{backend.name} = {subject.reference.name} over {SWEEPS} sweeps and a record of every "
            "level under a bias, in calls of other lengths too",
            describe(subject.own.model.lattice),
            level="L2",
            complaint=f"{' and '.join(differ)}: other bits" if differ else "",
            sweeps=SWEEPS,
        )


def _same(one: Sequence[Any], two: Sequence[Any]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))


def _ran(subject: Subject, backend: Any, marks: Sequence[int]) -> list[Any]:
    """The fields and counts of every level after some sweeps."""
    out: list[Any] = []
    for level in subject.flow(backend).levels.levels:
        bias = np.round((uniforms(stream(subject.seed, {}, "data", 64), len(level.invariant))) * 64)
        sampler, done = level.biased(1.0, (bias / 256).tolist()), 0
        fields = [backend.pack(field) for field in sampler.start()]
        for mark in marks:
            fields, done = sampler.sweep(fields, done, mark - done), mark
        fields, counts = level.recorder(fields)
        out += [*(backend.unpack(field) for field in fields), *counts]
    return out


# -- part e ----------------------------------------------------------------------------------------


def check_uniform(subject: Subject) -> Iterator[Finding]:
    """Check that the exact Hamiltonian of block spins, as a bias, makes them uniform.

    On a small lattice -H' = ln W(t) is summed from the text, and projected on the basis so that all
    its averages under the bias are 0. Replicas start with their exact weights and are swept: the
    averages of every operator, of the level and of the one before, are then those of enumeration.
    """
    claim = f"averages under the exact bias are those of enumeration (corrected p above {LEVEL:g})"
    try:
        made = _small(subject)
        averages = _averages(subject, made)
    except (SpecError, Unreadable) as reason:
        yield unchecked("e", "uniform block spins", claim, "L4", str(reason))
        return
    p = {name: p_value(*average) for name, average in averages.items()}
    worst = min(p, key=lambda name: p[name])
    value, error, exact = averages[worst]
    complaint = "" if holm(p) > LEVEL else f"{worst} is {value:.6g} +- {error:.2g}, not {exact:.6g}"
    where = f"{describe(made.model.lattice)}, {RUN['replicas']} replicas"
    figures = {"averages": len(p), "corrected_p": holm(p), "of": worst}
    yield judged(
        "e", "uniform block spins", claim, where, level="L4", complaint=complaint, **figures
    )


def _small(subject: Subject) -> Any:
    """The flow on two blocks along each axis. Raises `SpecError`, and `Unreadable` where there are
    too many states.
    """
    spec = subject.spec
    assert isinstance(spec.lattice, Lattice)  # noqa: S101  (it has blocks)
    cells = tuple(2 * f for f in spec.blocks[0].factor)
    kinds = len(spec.species) * len(spec.lattice.basis)
    if kinds * prod(cells) > SMALL:
        raise Unreadable(f"two blocks along each axis have more than 2^{SMALL} states")
    options = {name: parse_expression(make_source("<small>", text)) for name, text in RUN.items()}
    document = with_flow(subject.document, subject.scheme, **options)
    built, _ = build(on_lattice(document, cells, spec.lattice.boundary))
    backend = KernelCache(subject.reference, general=False)
    return flow(built, backend, seed=subject.seed, point={}, zero=subject.zero)


def _averages(subject: Subject, made: Any) -> dict[str, tuple[float, float, float]]:
    (level,) = made.levels.levels
    fine_lattice, coarse_lattice = level.unfolded.levels
    fine = every_state(fine_lattice, made.model.species)
    coarse = every_state(coarse_lattice, made.model.species)
    chances = _kernel(subject, fine, coarse)
    energies = hamiltonian(subject, fine)
    weights = np.exp(energies.min() - energies)[:, None] * chances

    def sums(number: int, states: States, sector: str) -> Floats:
        tallies = made.levels.basis.tallies[number][sector]
        kept = [made.levels.basis.names[sector].index(name) for name in level.names[sector]]
        own = [counted(tallies[k], states.lattice, states.fields, states.species) for k in kept]
        return np.array(own, dtype=np.float64)[:, : states.number]

    bias = _exact(weights.sum(axis=0), sums(1, coarse, level.sector))
    weights *= np.exp(-bias @ sums(1, coarse, level.sector))
    weights /= weights.sum()
    joint = _drawn_jointly(level, fine, coarse, weights, subject.seed)
    sampler = level.biased(1.0, bias.tolist())
    packed = [sampler.backend.pack(field) for field in joint]
    counts = level.recorder(sampler.sweep(packed, 0, int(RUN["sweeps"])))[1][0]
    out = {}
    for sector in level.names:
        for what, number, states, shares, rows in (
            ("", 1, coarse, weights.sum(axis=0), level.own[sector]),
            (" before", 0, fine, weights.sum(axis=1), level.below[sector]),
        ):
            exact = sums(number, states, sector) @ shares
            groups = taken(rows, counts).reshape(len(exact), 32, -1).mean(axis=2)
            for name, own, true in zip(level.names[sector], groups, exact, strict=True):
                error = float(own.std(ddof=1) / np.sqrt(len(own)))
                out[f"{name} ({sector}){what}"] = float(own.mean()), error, float(true)
    return out


def _kernel(subject: Subject, fine: States, coarse: States) -> Floats:
    """p(t | s) of all states, [s, t]."""
    (made, *_) = read_maps(subject, fine.lattice)
    joint = np.ones((fine.number, coarse.number))
    for at in np.ndindex(*coarse.lattice.cells):
        for letter in range(len(coarse.lattice.basis)):
            code = np.zeros(coarse.number, dtype=np.int64)
            for codes in coarse.codes:
                code = 2 * code + codes[(*at, letter)]
            joint *= made.chances(fine, at, letter).T[:, code]
    return joint


def _exact(weights: Floats, sums: Floats) -> Floats:
    """The bias under which the averages of the operators are 0, by Newton's method."""
    bias = np.zeros(len(sums))
    for _ in range(100):
        shares = weights * np.exp(-bias @ sums)
        shares /= shares.sum()
        mean = sums @ shares
        covariance = (sums * shares) @ sums.T - np.outer(mean, mean)
        step = np.linalg.solve(covariance, mean)
        bias += step / max(1.0, 2 * float(np.abs(step).max()))
        if np.abs(step).max() < 1e-13:
            return bias
    raise Unreadable("no bias makes the block spins of the small lattice uniform")


def _drawn_jointly(
    level: BiasedLevel, fine: States, coarse: States, weights: Floats, seed: int
) -> list[Any]:
    """Fields of the crystal drawn with the weights [s, t]."""
    numbers = uniforms(stream(seed, {}, "data", 1), int(RUN["replicas"]))
    which = np.searchsorted(np.cumsum(weights.ravel()), numbers).clip(max=weights.size - 1)
    s, t = np.divmod(which, coarse.number)
    b = [n // m for n, m in zip(fine.lattice.cells, coarse.lattice.cells, strict=True)]
    shape = (len(fine.species), *coarse.lattice.cells, len(level.unfolded.lattice.basis), len(s))
    codes = np.empty(shape, np.uint8)
    letters = len(fine.lattice.basis)
    for letter, (at, one) in enumerate(product(product(*map(range, b)), range(letters))):
        cells = tuple(slice(x, None, f) for x, f in zip(at, b, strict=True))
        back = tuple(-x for x in level.unfolded.homes[0][Site(at, one)])
        own = fine.codes[..., one, :][(slice(None), *cells)][..., s]
        codes[..., letter, :] = standing(own, back)
    first = letters * prod(b)
    codes[..., first : first + letters, :] = coarse.codes[..., t]
    for each in level.unfolded.followers:
        if each.tie is not None:
            codes[each.species, ..., each.tie, :] = _deciding(each, codes[each.species], seed)
    return States(level.unfolded.lattice, fine.species, codes, False).fields


def _deciding(follower: Follower, codes: Any, seed: int) -> Any:
    """The spins that decide ties: the block spin where it is tied, elsewhere a fair one."""
    minus = sum(codes[..., letter, :].astype(int) for letter in follower.cell)
    tied = np.array([each is None for each in follower.minus])[minus]
    numbers = uniforms(stream(seed, {}, "data", 2 + follower.letter), minus.size)
    fair = np.reshape(numbers, minus.shape) < 0.5
    return np.where(tied, codes[..., follower.letter, :], fair)
