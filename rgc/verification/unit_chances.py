"""Part b of a spec that trains: the chances of its units, read off their decisions, and the sweep
that they make.

A decision is a function of a field and of a uniform U of 32 bits that changes with U once for each
state, so that bisection finds the exact number of U that lead to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.model.stack import Side
from rgc.model_to_program.training_update import units_of
from rgc.program import units as law
from rgc.program.dense import Units
from rgc.verification.certificate import Finding, unchecked, within
from rgc.verification.machines import Floats, Integers, Small, log_sum, machines
from rgc.verification.subject import Subject

Decide = Callable[[Any, Any], Any]
"""The states of units from their fields and uniforms of 32 bits."""

CHANCE = 2.0**-29
"""The most by which the chance of a state may be wrong."""

MEAN = 2.0**-16 + CHANCE
"""Half a unit of means, and what the chance is wrong by."""

QUANTILE = 2.0**-15
"""The most by which a normal number may be off its quantile: half a unit is rounding."""

FAR = 40 << 20
"""The largest field of the grid, in units of 2^-20 kT: beyond where a chance has no bit left."""

POINTS = 4097


def check_unit_chances(subject: Subject) -> Iterator[Finding]:
    """Compare the chance of every state of each kind of unit with the logistic function or the
    softmax over a grid of fields, and the mean of the unit with that of its chances.
    """
    sides = [side for small in machines(subject) for side in _sides(small)]
    for units in {(each.kind, each.states): each for each in map(units_of, sides)}.values():
        kind = units.kind
        if kind == "gaussian":
            yield from _normal()
            continue
        fields = _grid(units)
        exact = _exact(units, fields)
        where = f"{kind} units of {units.states} states, {len(fields)} fields up to 40 kT"
        difference = float(np.abs(chances(units, fields) - exact).max())
        claim = f"every chance is that of the {_function(kind)}"
        yield within(
            "b", "chances", claim, where, difference=difference, bound=CHANCE, fields=len(fields)
        )
        means, right, bound = _means(units, fields, exact)
        yield within(
            "b", "chances", "means of units are those of their chances", where,
            difference=float(np.abs(means - right).max()), bound=bound,
        )  # fmt: skip


def check_sweep(subject: Subject) -> Iterator[Finding]:
    """Compare the chances of v -> h -> v, from the decisions of all units in all states, with the
    distribution of the machine: they keep it, in detailed balance.
    """
    for small in machines(subject):
        if any(side.unit == "gaussian" for side in _sides(small)):
            claim = "v -> h -> v leaves the machine as it is"
            reason = "real units have no states; their draws and averages are compared in part e"
            yield unchecked("b", "balance", claim, "L3", reason)
            continue
        up, down = _conditional(small, upward=True), _conditional(small, upward=False)
        sweep = up @ down
        minus_h = log_sum(small.minus_energies, 1)
        p = np.exp(minus_h - log_sum(minus_h))
        flow = p[:, None] * sweep
        units = small.layer.visible.count + small.layer.hidden.count
        # the distance of a product of chances is at most the sum of the distances of its factors
        states = max(len(side.spins.values) for side in _sides(small))
        bound = units * states * CHANCE
        yield within(
            "b", "balance", "v -> h -> v is in detailed balance with exp(-H(v))", small.where,
            difference=float(np.abs(flow - flow.T).sum() / 2), bound=bound,
        )  # fmt: skip
        yield within(
            "b", "balance", "v -> h -> v leaves the machine as it is (total variation)",
            small.where, difference=float(np.abs(flow.sum(axis=0) - p).sum() / 2), bound=bound,
        )  # fmt: skip


def _normal() -> Iterator[Finding]:
    """Compare the numbers that real units draw with the quantiles of the normal distribution, over
    a grid of U with its ends, and their means with their fields.
    """
    half = np.linspace(0, (1 << 31) - 1, POINTS).astype(np.uint64)
    tails = np.concatenate([half, np.arange(POINTS, dtype=np.uint64)])
    exact = np.array([-NormalDist().inv_cdf((2 * int(u) + 1) / 2.0**33) for u in tails])
    upper, lower = (law.normal(tails | np.uint64(sign << 31)) / law.MEAN for sign in (0, 1))
    apart = max(np.abs(upper - exact).max(), np.abs(lower + exact).max())
    where = f"gaussian units, {2 * len(tails)} uniforms"
    yield within(
        "b", "chances", "the number that a U draws is its normal quantile", where,
        difference=float(apart), bound=QUANTILE,
    )  # fmt: skip
    fields = _grid(Units(1, "gaussian"))
    found = law.gaussian_mean(fields) / law.MEAN - fields / 2.0**20
    yield within(
        "b", "chances", "means of units are their fields", where,
        difference=float(np.abs(found).max()), bound=2.0**-16,
    )  # fmt: skip


def _sides(small: Small) -> tuple[Side, Side]:
    return small.layer.visible, small.layer.hidden


def _function(kind: str) -> str:
    return "softmax" if kind == "softmax" else "logistic function"


def _grid(units: Units) -> Integers:
    """Fields int64[point] of a unit of two states, int64[point, state] of others."""
    wide = np.linspace(-FAR, FAR, POINTS).astype(np.int64)
    near = np.linspace(-(1 << 20), 1 << 20, POINTS).astype(np.int64)
    grid = np.concatenate([wide, near])
    if units.kind != "softmax":
        return grid
    steps = 2 * np.arange(units.states) + 1
    return np.stack([np.roll(grid, int(step) * 611) for step in steps], axis=1)


def _exact(units: Units, fields: Integers) -> Floats:
    """The chance of each state, float64[..., state], the lowest value first."""
    x = fields / 2.0**20
    if units.kind == "softmax":
        weights = np.exp(x - x.max(axis=-1, keepdims=True))
        return np.asarray(weights / weights.sum(axis=-1, keepdims=True))
    span = 2.0 if units.kind == "ising" else 1.0
    return np.stack([1 / (1 + np.exp(span * x)), 1 / (1 + np.exp(-span * x))], axis=-1)


def _means(units: Units, fields: Integers, exact: Floats) -> tuple[Floats, Floats, float]:
    """Means as units have them, those of the exact chances, and the bound on the difference."""
    match units.kind:
        case "binary":
            return law.binary_mean(fields) / law.MEAN, exact[..., 1], MEAN
        case "ising":
            return law.ising_mean(fields) / law.MEAN, exact[..., 1] - exact[..., 0], 2 * MEAN
        case "softmax":
            return law.softmax_mean(fields) / law.MEAN, exact, MEAN
        case "gaussian":
            raise ValueError("real units have no chances")


def chances(units: Units, fields: Integers) -> Floats:
    """The chance of each state, float64[..., state], by counting the U that lead to it."""
    decide: Decide = getattr(law, units.kind)
    up_to = []
    for state in range(units.states - 1):
        # which side of the turn is which depends on x: of two states small U take the unlikelier
        first = decide(fields, _filled(fields, units, 0)).astype(np.int64) <= state
        up_to.append(_counted(decide, units, fields, state, first) / 2.0**32)
    ends = np.stack([np.zeros(up_to[0].shape), *up_to, np.ones(up_to[0].shape)], axis=-1)
    return np.diff(ends, axis=-1)


def _filled(fields: Integers, units: Units, value: int) -> NDArray[np.uint64]:
    shape = fields.shape[:-1] if units.kind == "softmax" else fields.shape
    return np.full(shape, value, dtype=np.uint64)


def _counted(
    decide: Decide, units: Units, fields: Integers, state: int, first: NDArray[np.bool_]
) -> Floats:
    """How many U lead to at most the state. `first` says whether U = 0 does."""
    low, high = _filled(fields, units, 0), _filled(fields, units, 1 << 32)
    for _ in range(32):  # the first U that decides otherwise lies in low + 1 ... high
        middle = (low + high) >> np.uint64(1)
        same = (decide(fields, middle).astype(np.int64) <= state) == first
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    turns = high.astype(np.float64)
    return np.where(first, turns, 2.0**32 - turns)


def _conditional(small: Small, *, upward: bool) -> Floats:
    """The chance of every state of one side given every state of the other, float64[from, to]."""
    layer = small.layer
    below, side = (layer.visible, layer.hidden) if upward else (layer.hidden, layer.visible)
    given, states = (small.visible, small.hidden) if upward else (small.hidden, small.visible)
    units = units_of(side)
    table = np.ones((len(given), len(states)))
    for unit in range(side.count):
        found = chances(units, _fields(small, below, given, unit, upward=upward))
        table *= found[:, states[:, unit]]
    return table


def _fields(small: Small, below: Side, given: Integers, unit: int, *, upward: bool) -> Integers:
    """The field of one unit in every state of the other side, in units of 2^-20 kT."""
    side = small.layer.hidden if upward else small.layer.visible
    weights = small.seen["weights"] if upward else small.seen["weights"].T
    wide = len(side.spins.values) if side.unit == "softmax" else 1
    columns = np.arange(unit * wide, (unit + 1) * wide)
    name = "hidden" if upward else "visible"
    bias = small.seen[name][columns] if small.layer.biases else np.zeros(wide)
    total = np.tile(bias, (len(given), 1))
    values = np.array(below.spins.values, dtype=np.float64)
    for other in range(below.count):
        if below.unit == "softmax":
            total += weights[other * len(values) + given[:, other]][:, columns]
        else:
            total += values[given[:, other], None] * weights[other, columns]
    fields = np.rint(total * 2.0**20).astype(np.int64)
    return fields if side.unit == "softmax" else fields[:, 0]
