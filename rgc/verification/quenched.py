"""Configurations with random couplings: the fields of signs that a run has, sums with its numbers,
and the overlaps of two copies.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rgc.flows.sampling.random_couplings import Couplings, make_weighed_sums
from rgc.flows.sampling.recorder import make_recorder
from rgc.model.observables import Tally
from rgc.verification.drawn import Drawn
from rgc.verification.evaluator import Unreadable
from rgc.verification.states import States, unpack

if TYPE_CHECKING:
    from rgc.backend import Backend
    from rgc.flows.sampling.sampler import Sampler


def realised(sampler: Sampler, states: States) -> States:
    """Configurations together with the first realisation of the random couplings of a sampler."""
    model = sampler.model
    if not (sampler.couplings.signs or model.quenched or model.pairs):
        return states
    signs = tuple(unpack(field[..., :1])[..., 0] for field in sampler.couplings.signs)
    drawn = Drawn(
        model.lattice, sampler.seed, sampler.couplings.point, tuple(model.draws), model.given
    )
    return states.with_quenched(signs, drawn)


def sums_of(
    sampler: Sampler, tallies: Sequence[Tally], states: States, backend: Backend
) -> dict[Tally, Any]:
    """The sums of some tallies in each configuration, by a record like that of the sampler."""
    model, words = sampler.model, -(-states.number // 64)
    numbered = model.numbered(tallies)
    counted = [tally for tally in tallies if tally not in numbered]
    recorder = make_recorder(model.lattice, model.kinds, counted, backend, words)
    packed, counts = recorder([backend.pack(field) for field in states.fields])
    found: dict[Tally, Any] = dict(recorder.by_tally(counts))
    if numbered:
        weighed = make_weighed_sums(
            numbered,
            model.lattice,
            model.kinds,
            first=model.first,
            couplings=first_realisation(sampler, words),
            backend=backend,
        )
        found |= weighed(packed)[1]
    return {tally: sums[..., : states.number] for tally, sums in found.items()}


def first_realisation(sampler: Sampler, words: int) -> Couplings:
    """The numbers of the first realisation of a sampler in all replicas of so many words."""
    numbers = (
        np.broadcast_to(field[..., :1], (*field.shape[:-1], 64 * words))
        for field in sampler.couplings.numbers
    )
    return Couplings(numbers=tuple(numbers))


def overlaps(states: States, weights: Any) -> Any:
    """P(q) of two copies of two-state spins -1/+1 of the first species, as arrays q and P.

    The overlap of two states is given by the bits in which they differ, and the distribution of
    these is a convolution, a product after a Walsh-Hadamard transform. Raises `Unreadable` for
    other spins.
    """
    first = states.species[0]
    if not first.two_states or first.offset:
        raise Unreadable("the independent evaluator has overlaps of spins -1/+1 only")
    sites = int(np.prod(states.codes.shape[1:-1]))
    marginal = weights.reshape(-1, 1 << sites).sum(axis=0)
    for k in range(sites):
        marginal = _turned(marginal, k)
    marginal = marginal**2
    for k in range(sites):
        marginal = _turned(marginal, k)
    differing = np.bitwise_count(np.arange(1 << sites, dtype=np.uint64))
    return 1 - 2 * differing / sites, marginal / (1 << sites)


def _turned(values: Any, bit: int) -> Any:
    pairs = values.reshape(-1, 2, 1 << bit)
    return np.stack([pairs[:, 0] + pairs[:, 1], pairs[:, 0] - pairs[:, 1]], axis=1).ravel()
