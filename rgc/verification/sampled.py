"""Part e: averages of the user's flow on a small instance against enumeration, corrected for their
number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rgc.compiler import flow
from rgc.errors import SpecError
from rgc.kernel_cache import KernelCache
from rgc.model.lattice import Lattice
from rgc.program.draws import stream, uniforms
from rgc.verification.averages import Averages
from rgc.verification.blocks import Map
from rgc.verification.certificate import Finding, judged, unchecked
from rgc.verification.counting import counted
from rgc.verification.evaluator import Unreadable
from rgc.verification.instances import Instance
from rgc.verification.learned import read_maps
from rgc.verification.quenched import realised
from rgc.verification.states import States, every_state, pack
from rgc.verification.subject import Subject

RUN = {"replicas": 4096, "thermalise": 10, "sweeps": 50, "every": 5}
"""Replicas are independent and start in equilibrium, so that few sweeps are enough."""

LEVEL = 1e-3
"""The probability that a correct code fails, whatever the number of averages."""

Averaged = Mapping[str, tuple[float, float, float, float]]
"""For each name the sampled average, its error from groups of replicas, the exact one, and the
probability that a state has another value than the sampled average.
"""


def check_sampled(subject: Subject) -> Iterator[Finding]:
    """Compare the averages of a run with the exact ones.

    Each replica starts from a state drawn with its Boltzmann weight, which the update must
    preserve, so that slow updates are not mistaken for wrong ones. The run is on the reference
    backend, whose bits the others share. Each average is judged by Student's t, with Holm's
    correction over all.
    """
    claim = f"sampled averages are those of enumeration (Holm-corrected p above {LEVEL:g})"
    instance = subject.sampled
    if isinstance(instance, str) and subject.has_small_run:
        yield unchecked(
            "e",
            "sampled averages",
            "averages of block spins are those of enumeration",
            "L4",
            instance,
        )
        instance = subject.small
    if isinstance(instance, str):
        yield unchecked("e", "sampled averages", claim, "L4", instance)
        return
    try:
        averages = sampled(subject, instance)
    except (SpecError, Unreadable) as reason:
        yield unchecked("e", "sampled averages", claim, "L4", str(reason))
        return
    p = {name: p_value(*average) for name, average in averages.items()}
    worst = min(p, key=lambda name: p[name])
    value, error, exact, _ = averages[worst]
    complaint = (
        "" if holm(p) > LEVEL else f"{worst} is {value:.6g} +- {error:.2g}, exactly {exact:.6g}"
    )
    where = f"{instance.name}, {RUN['replicas']} replicas, {RUN['sweeps']} sweeps"
    figures = {"averages": len(p), "corrected_p": holm(p), "smallest_p": p[worst], "of": worst}
    yield judged("e", "sampled averages", claim, where, level="L4", complaint=complaint, **figures)


def p_value(value: float, error: float, exact: float, others: float = 1.0) -> float:
    """The two-sided p-value of Student's t with 31 degrees of freedom, since errors come from 32
    groups.

    A sum that never changes must be exact, or its other values so rare, with the probability
    `others`, that none of the independent replicas need have started with one.
    """
    from scipy.stats import t

    if error <= 1e-12 * (1 + abs(exact)):
        same = abs(value - exact) <= 1e-9 * (1 + abs(exact))
        return 1.0 if same else float((1 - min(others, 1.0)) ** RUN["replicas"])
    return float(2 * t.sf(abs(value - exact) / error, 31))


def holm(p: Mapping[str, float]) -> float:
    """The smallest p-value after Holm's correction (1979), which multiplies the smallest by their
    number.
    """
    return min(1.0, len(p) * min(p.values())) if p else 1.0


def sampled(subject: Subject, instance: Instance) -> Averaged:
    """The averages of a short run of the instance's flow.

    Raises `SpecError` and `Unreadable` for what cannot be measured.
    """
    spec = instance.spec
    assert spec.flow is not None  # noqa: S101  (it was given one)
    spec = replace(spec, flow=replace(spec.flow, options={**spec.flow.options, **RUN}))
    made: Any = flow(
        spec,
        KernelCache(subject.reference, general=False),
        seed=subject.seed,
        point={},
        zero=subject.zero,
    )
    states = realised(made.sampler, every_state(instance.lattice, spec.species))
    exact = Averages(spec.document, spec, states)
    state = made.start()
    state.arrays |= {
        f"spins_{k}": field for k, field in enumerate(_drawn(states, exact.weights, subject.seed))
    }
    for _ in range(made.steps):
        state = made.step(state)
    averages: dict[str, tuple[float, float, float, float]] = {}
    arrays = made.estimator.by_group(state.arrays)
    for name, estimate in made.estimator.estimates(arrays).items():
        if estimate.value is not None and estimate.error is not None:
            averages[name] = estimate.value, estimate.error, exact.measure(name), 1.0
    return averages | (
        _operators(subject, made, arrays, states, exact.weights) if hasattr(made, "levels") else {}
    )


def _drawn(states: States, weights: Any, seed: int) -> list[Any]:
    """Canonical fields of states drawn with their weights."""
    numbers = uniforms(stream(seed, {}, "data", 1), RUN["replicas"])
    which = np.searchsorted(np.cumsum(weights), numbers).clip(max=states.number - 1)
    moving = states.planes[: len(states.species)]
    return [np.stack(pack(planes[..., which])) for planes in moving]


# -- operators at every level ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class WeightedStates:
    """Every configuration of a level and its weight."""

    states: States
    weights: Any


def _operators(
    subject: Subject, made: Any, arrays: Mapping[str, Any], states: States, weights: Any
) -> dict[str, tuple[float, float, float, float]]:
    """For each operator the average of its sum over the lattice, level by level."""
    averages: dict[str, tuple[float, float, float, float]] = {}
    levels = [WeightedStates(states, weights)]
    for block, level in zip(
        read_maps(subject, states.lattice), made.levels.levels[1:], strict=False
    ):
        levels.append(_blocked(levels[-1], block, level.lattice))
    count = made.sampler.plan.records * made.sampler.plan.replicas / 32
    for level, exact in zip(made.levels.levels, levels, strict=True):
        for sector, tallies in level.tallies.items():
            groups = arrays[f"sum_{level.number}_{sector}"] / count
            called = made.levels.names[sector]
            for operator, tally, means in zip(called, tallies, groups.T, strict=True):
                fields, kinds = exact.states.fields, exact.states.species
                sums = counted(tally, level.lattice, fields, kinds)[: exact.states.number]
                error = float(means.std(ddof=1) / np.sqrt(len(means)))
                name = f"{operator} ({sector}) at level {level.number}"
                mean, true = float(means.mean()), float(sums @ exact.weights)
                others = float(exact.weights[np.abs(sums - mean) > 1e-9].sum())
                averages[name] = mean, error, true, others
    return averages


def _blocked(fine: WeightedStates, block: Map, lattice: Lattice) -> WeightedStates:
    """The block spins of a level: every configuration, with the weight that it gets from all fine
    ones.
    """
    coarse = every_state(lattice, fine.states.species)
    kinds, *cells, letters = coarse.codes.shape[:-1]
    places = [(at, letter) for at in np.ndindex(*cells) for letter in range(letters)]
    joint = fine.weights[:, None]
    for at, letter in places:
        chances = block.chances(fine.states, at, letter).T
        joint = (joint[:, :, None] * chances[:, None, :]).reshape(len(joint), -1)
    counts = [len(spin.codes) for spin in coarse.species]
    by_site = joint.sum(axis=0).reshape(counts * len(places))
    axes = [place * kinds + kind for kind in range(kinds) for place in range(len(places))]
    return WeightedStates(coarse, np.transpose(by_site, axes[::-1]).ravel())
