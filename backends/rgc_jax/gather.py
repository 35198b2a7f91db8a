"""Programs on canonical fields u64[site, word] with tables of neighbours: any program, any lattice,
no layout.

Stages of one body, cut where they are long, are entries of one set of tables, so that they are
compiled once. Entries that are shorter than the longest are filled up with sites that are not
there: what they store is dropped, what they tally is 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from math import prod

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from rgc.program.lattice.cells import cell_table
from rgc.program.lattice.nodes import Load, Store
from rgc.program.lattice.outlining import Outlined, outline
from rgc.program.lattice.program import Field, Program
from rgc_jax.call import Call, Fields, Totals, turns
from rgc_jax.compaction import evaluate_compacted
from rgc_jax.devices import Share
from rgc_jax.rule import Place
from rgc_jax.tallies import BYTE, by_lane, in_bytes, targets

Ints = NDArray[np.int64]
TABLES = "numbers", "loads", "stores", "kept", "slots", "sites"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Walk:
    """Stages of one body.

    - `numbers` u64[entry, site] are the canonical numbers of the sites, and `sites` int64[entry]
      how many there are.
    - `loads` and `stores` int64[entry, load, site] are rows of fields. Those of stores lie beyond
      the end for sites that are not there.
    - `kept` int64[entry, array, site] is the position along the kept axes.
    - `slots` int64[entry, slot] are those of weights that are apart.
    """

    body: int
    numbers: NDArray[np.uint64]
    loads: Ints
    stores: Ints
    kept: Ints
    slots: Ints
    sites: Ints


class Gather:
    """A program and its tables for patches of at most so many sites."""

    def __init__(self, program: Program, most: int) -> None:
        self.program = program
        self._put: dict[Share, list[dict[str, jax.Array]]] = {}
        self.bodies, outlined = outline(program)
        pieces: dict[int, list[tuple[Outlined, Ints]]] = {}
        order: list[tuple[int, tuple[int, int]]] = []
        for stage, rule, cells in _pieces(program, outlined, most):
            alike = pieces.setdefault(rule.body, [])
            order.append((stage, (list(pieces).index(rule.body), len(alike))))
            alike.append((rule, cells))
        self.turns = turns(program, order)
        self.walks = [self._walk(alike) for alike in pieces.values()]

    def _walk(self, pieces: list[tuple[Outlined, Ints]]) -> Walk:
        program = self.program
        longest = max(len(cells) for _, cells in pieces)

        def filled(rows: list[list[Ints]], fill: Ints) -> Ints:
            table = np.array(
                [[np.append(row, fill[len(row) :]) for row in entry] for entry in rows], np.int64
            )
            return table.reshape(len(rows), -1, longest)

        zeros = np.zeros(longest, np.int64)
        ends = np.arange(longest) + max(self.sites(field) for field in program.fields)
        numbers = [
            [_flat(cells, program.shape) * program.letters + rule.letter] for rule, cells in pieces
        ]
        return Walk(
            body=pieces[0][0].body,
            numbers=filled(numbers, zeros)[:, 0].astype(np.uint64),
            loads=filled(
                [[self._row(load, cells) for load in rule.loads] for rule, cells in pieces], zeros
            ),
            stores=filled(
                [[self._row(store, cells) for store in rule.stores] for rule, cells in pieces], ends
            ),
            kept=filled(
                [
                    [self._position(array.axes, cells) for array in program.tallies]
                    for _, cells in pieces
                ],
                zeros,
            ),
            slots=np.array([rule.slots for rule, _ in pieces], np.int64),
            sites=np.array([len(cells) for _, cells in pieces]),
        )

    def on(self, share: Share) -> list[dict[str, jax.Array]]:
        """The tables of every walk on the devices."""
        if share not in self._put:
            self._put[share] = [
                {name: share.everywhere(getattr(walk, name)) for name in TABLES}
                for walk in self.walks
            ]
        return self._put[share]

    def empty(self, words: int) -> Totals:
        """What tallies have counted before anything is: int64[row, position, lane]."""
        return [
            jnp.zeros(
                (array.rows, prod(self.program.shape[axis] for axis in array.axes), 64 * words),
                jnp.int64,
            )
            for array in self.program.tallies
        ]

    def joined(self, totals: Totals) -> Totals:
        """int64[row, *kept axes, lane] of totals."""
        return [
            total.reshape(array.rows, *(self.program.shape[axis] for axis in array.axes), -1)
            for array, total in zip(self.program.tallies, totals, strict=True)
        ]

    @staticmethod
    def sites(field: Field) -> int:
        """Sites of a field, plane by plane: rows of its array."""
        return field.planes * prod(field.shape) * field.letters

    def _row(self, load: Load, cells: Ints) -> Ints:
        field = self.program.fields[load.field]
        stride = np.array(load.stride or (1,) * len(field.shape))
        target = (cells * stride + np.array(load.offset)) % np.array(field.shape)
        return (
            load.plane * prod(field.shape) + _flat(target, field.shape)
        ) * field.letters + load.letter

    def _position(self, axes: tuple[int, ...], cells: Ints) -> Ints:
        shape = tuple(self.program.shape[axis] for axis in axes)
        return _flat(cells[:, axes], shape) if axes else np.zeros(len(cells), np.int64)


def _pieces(
    program: Program, outlined: tuple[Outlined, ...], most: int
) -> Iterator[tuple[int, Outlined, Ints]]:
    """The rules and cells of all stages, in pieces, and the number of the stage."""
    for n, stage in enumerate(program.schedule):
        cells = cell_table(stage.cells, program.shape)
        number = -(-len(cells) // most)
        yield from (
            (n, outlined[stage.rule], part) for part in np.array_split(cells, number) if number
        )


def _flat(cells: Ints, shape: tuple[int, ...]) -> Ints:
    return np.asarray(np.ravel_multi_index(tuple(cells.T), shape), dtype=np.int64)


class Gathering:
    """One walk of a call. `stores` are the fields that it stores to."""

    def __init__(
        self, gather: Gather, walk: Walk, tables: dict[str, jax.Array], call: Call
    ) -> None:
        self._walk, self._program, self._words = walk, gather.program, call.words
        self._body = gather.bodies[walk.body]
        self._fields = {
            node.offset[0]: node.field for node in self._body.nodes if isinstance(node, Load)
        }
        self.stores = [node.field for node in self._body.nodes if isinstance(node, Store)]
        self._shape = (walk.numbers.shape[1], call.words)
        self._targets = targets(self._body)
        self._limits = call.limits(lambda table: table)
        self._tables = tables

    def entry(
        self, call: Call, n: jax.Array, fields: Fields, totals: Totals
    ) -> tuple[Fields, Totals]:
        """The fields and tallies after entry n."""
        return self._entry(
            call, {name: table[n] for name, table in self._tables.items()}, fields, totals
        )

    def _entry(
        self, call: Call, table: dict[str, jax.Array], fields: Fields, totals: Totals
    ) -> tuple[Fields, Totals]:
        outcome = evaluate_compacted(
            self._body,
            self._all(call, table, fields),
            partial(self._some, call, table, fields),
            first=call.first,
            planes=call.program.planes,
            held=call.held,
        )
        for field, row, word in zip(self.stores, table["stores"], outcome.stores, strict=True):
            stored = fields[field].at[row].set(word, mode="drop", unique_indices=True)
            fields = [*fields[:field], stored, *fields[field + 1 :]]
        there = jnp.arange(self._shape[0]) < table["sites"]
        words = [jnp.where(there[:, None], word, np.uint64(0)) for word in outcome.tallies]
        return fields, self._counted(table["kept"], words, totals)

    def _all(self, call: Call, table: dict[str, jax.Array], fields: Fields) -> Place:
        words = jnp.arange(self._words, dtype=jnp.uint64)
        counter = call.counter(table["numbers"][:, None], words[None, :])

        def load(number: int) -> jax.Array:
            return (
                fields[self._fields[number]]
                .at[table["loads"][number]]
                .get(mode="promise_in_bounds")
            )

        return Place(
            self._shape,
            load,
            lambda draw: call.stream(draw, counter),
            self._limits,
            lambda slot: self._weights(call, table, slot),
        )

    def _some(
        self, call: Call, table: dict[str, jax.Array], fields: Fields, positions: jax.Array
    ) -> Place:
        site, word = positions // self._words, positions % self._words
        counter = call.counter(table["numbers"][site], word.astype(jnp.uint64))

        def load(number: int) -> jax.Array:
            row = table["loads"][number][site]
            return fields[self._fields[number]].at[row, word].get(mode="promise_in_bounds")

        return Place(
            positions.shape,
            load,
            lambda draw: call.stream(draw, counter),
            call.limits(lambda table: table[..., word]),
            lambda slot: self._weights(call, table, slot)[word],
        )

    def _weights(self, call: Call, table: dict[str, jax.Array], slot: int) -> jax.Array:
        return call.weights[table["slots"][slot] if self._body.apart else slot]

    def _counted(self, kept: jax.Array, words: list[jax.Array], totals: Totals) -> Totals:
        """The totals int64[row, position, lane] with the words u64[site, word] of an entry."""
        totals = [*totals]
        for (array, row), numbers in self._targets.items():
            mine = [words[n] for n in numbers]
            if self._program.tallies[array].axes:
                lanes = by_lane(in_bytes(mine))
                totals[array] = totals[array].at[row, kept[array]].add(lanes)
            else:
                totals[array] = totals[array].at[row, 0].add(_summed(mine))
        return totals


def _summed(words: list[jax.Array]) -> jax.Array:
    """int64[lane]: bits of words u64[site, word] over sites."""
    batch = BYTE // len(words)
    sites, width = words[0].shape
    spare = -sites % batch
    parts = [jnp.pad(word, ((0, spare), (0, 0))).reshape(-1, batch, width) for word in words]
    return by_lane(jnp.sum(in_bytes(parts), axis=2, dtype=jnp.uint64), (0,))
