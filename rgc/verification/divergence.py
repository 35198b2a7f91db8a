"""Where two backends first differ: sweep, site set, site and bit plane, or the sum of a record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rgc.model.sites import Cells
from rgc.program.draws import step_keys
from rgc.program.lattice.program import Field, Program
from rgc.text import letter as name_of
from rgc.verification.operators import title
from rgc.verification.states import unpack
from rgc.verification.trace import Trace, empty, stations

if TYPE_CHECKING:
    from rgc.backend import Arguments, Backend, Words


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Two backends that should agree. The first one is right."""

    right: Backend
    other: Backend

    def run(
        self, program: Program, fields: Sequence[Words], arguments: Arguments, keys: Words
    ) -> tuple[list[Words], list[Words]]:
        """The canonical fields after a program, by each of them."""
        after = []
        for backend in (self.right, self.other):
            kernel = backend.compile(program, constant=arguments)
            state, _ = kernel([backend.pack(field) for field in fields], arguments, keys)
            after.append([backend.unpack(field) for field in state])
        return after[0], after[1]


def first_difference(pair: Pair, right: Trace, other: Trace) -> str:
    """A description of where the traces diverge, or the empty string where they are equal."""
    last = 0
    for mark in sorted(right.history.keys() & other.history.keys()):
        if not equal(right.history[mark], other.history[mark]):
            return _in_sweeps(pair, right, last, mark)
        last = mark
    before = right.fields
    for level, station in enumerate(stations(right.flow)):
        blocking = station.blocking
        if blocking is not None and not equal(right.levels[level], other.levels[level]):
            fields = [*before, *(empty(right.levels[level][0].shape) for _ in before)]
            where = in_step(
                pair, blocking.map.program, fields, blocking.arguments, blocking.keys(0, 1)
            )
            return f"block map to level {level}, {where}"
        for tallies, a, b in zip(
            station.recorder.tallies, right.sums[level], other.sums[level], strict=True
        ):
            if not np.array_equal(a, b):
                return f"record of level {level}, " + _in_sums(pair, tallies, a, b)
        before = right.levels[level]
    return ""


def _in_sweeps(pair: Pair, right: Trace, first: int, last: int) -> str:
    """The first difference between traces that are equal after `first` sweeps and differ after
    `last`.
    """
    sampler, fields = right.flow.sampler, right.history[first]
    moves = [("sweep", "update", sampler)]
    if sampler.clusters is not None:
        moves.insert(0, ("clusters of sweep", "clusters", sampler.clusters))
    for sweep in range(first, last):
        for name, purpose, move in moves:
            program = move.update.program
            own = [empty(shape_of(field, fields[0].shape[-1])) for field in program.fields]
            state = [*fields, *own[len(fields) :]]
            keys = step_keys(sampler.key(purpose), sweep, 1, program.draws)
            after = pair.run(program, state, move.arguments, keys)
            if not equal(*after):
                where = in_step(pair, program, state, move.arguments, keys)
                return f"{name} {sweep + 1}, {where}"
            fields = after[0][: len(fields)]
    calls = f"sweeps {first + 1} to {last} in one call" if last > first + 1 else f"sweep {last}"
    return f"{calls}, though not when it is run again by itself"


def shape_of(field: Field, words: int) -> tuple[int, ...]:
    """The shape of a canonical field."""
    return (field.planes, *field.shape, field.letters, words)


def in_step(
    pair: Pair, program: Program, fields: Sequence[Words], arguments: Arguments, keys: Words
) -> str:
    """The stage after which two backends differ, and the first site that does.

    It is found with programs that are cut after 1, 2, ... stages.
    """
    for number, stage in enumerate(program.schedule):
        cut = replace(program, schedule=program.schedule[: number + 1])
        after = pair.run(cut, fields, arguments, keys)
        if not equal(*after):
            sets = stage.cells
            kind = f"{len(sets)} cells" + (
                " of residues" if isinstance(sets, Cells) else " by list"
            )
            return (
                f"site set {number + 1} of {len(program.schedule)} (rule {stage.rule}, {kind}), "
                + _site(pair, program, *after)
            )
    return "in no site set by itself"


def _site(pair: Pair, program: Program, right: Sequence[Words], other: Sequence[Words]) -> str:
    for field, a, b in zip(program.fields, right, other, strict=True):
        differ = np.argwhere((a != b).any(axis=-1))
        if len(differ):
            plane, *cell, letter = sorted(
                map(tuple, differ.tolist()), key=lambda at: (*at[1:], at[0])
            )[0]
            place = (plane, *cell, letter)
            replicas = np.flatnonzero(unpack(a[place]) != unpack(b[place]))
            name = f"{field.name}.{name_of(letter)}" if field.letters > 1 else field.name
            bits = (int(unpack(field[place])[replicas[0]]) for field in (a, b))
            values = ", ".join(
                f"{who.name} has {bit}"
                for who, bit in zip((pair.right, pair.other), bits, strict=True)
            )
            where = f"site ({', '.join(map(str, cell))}) of {name}, plane {plane}"
            return (
                f"{where}: {len(replicas)} of {64 * a.shape[-1]} replicas differ, the first is "
                f"{replicas[0]}, where {values}"
            )
    return "no field"


def _in_sums(pair: Pair, rows: Sequence[Any], right: Any, other: Any) -> str:
    row, *kept, replica = np.argwhere(right != other)[0].tolist()
    axis = f", coordinate {kept[0]}" if kept else ""
    at = (row, *kept, replica)
    return (
        f"{title(rows[row])}{axis}, replica {replica}: {pair.right.name} has {right[at]}, "
        f"{pair.other.name} has {other[at]}"
    )


def equal(right: Sequence[Any], other: Sequence[Any]) -> bool:
    """Whether all arrays are equal."""
    return all(np.array_equal(a, b) for a, b in zip(right, other, strict=True))
