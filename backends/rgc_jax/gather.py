"""Programs on canonical fields u64[site, word] with tables of neighbours: any program, any lattice,
no layout.

Stages of one body, cut where they are long, are entries of one set of tables, so that they are
compiled once. Entries that are shorter than the longest are filled up with sites that are not
there: what they store is dropped, what they tally is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from rgc.program.lattice.cells import cell_table
from rgc.program.lattice.nodes import Couple, Load, Store
from rgc.program.lattice.outlining import Outlined, outline
from rgc.program.lattice.program import Field, Program
from rgc_jax.call import Call, Fields, Totals, turns
from rgc_jax.compaction import evaluate_compacted
from rgc_jax.devices import Share
from rgc_jax.rule import Place
from rgc_jax.tallies import BYTE, by_lane, in_bytes, targets

Ints = NDArray[np.int64]
Piece = list[tuple[Outlined, Ints]]
"""What is visited at once: rules of one body, and the cells on which each is run."""

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
        pieces: dict[int, list[Piece]] = {}
        order: list[tuple[int, tuple[int, int]]] = []
        found = _pieces(program, outlined, most)
        for stage, piece in self._joined_stages(found) if program.single else found:
            body = piece[0][0].body
            alike = pieces.setdefault(body, [])
            order.append((stage, (list(pieces).index(body), len(alike))))
            alike.append(piece)
        self.turns = turns(program, order)
        self.walks = [self._walk(alike) for alike in pieces.values()]

    def _joined_stages(self, pieces: Iterator[tuple[int, Piece]]) -> Iterator[tuple[int, Piece]]:
        """Pieces that follow each other as one, where they have the same body and weights and
        neither reads nor writes what another writes: then their order means nothing."""
        stage, joined = -1, list[tuple[Outlined, Ints]]()
        read, written = set[tuple[int, int]](), set[tuple[int, int]]()
        for number, piece in pieces:
            loads, stores = self._places(piece, "loads"), self._places(piece, "stores")
            apart = not (stores & (read | written) or loads & written)
            if joined and apart and _alike(joined[0][0], piece[0][0]):
                joined += piece
                read, written = read | loads, written | stores
                continue
            if joined:
                yield stage, joined
            stage, joined, read, written = number, [*piece], loads, stores
        if joined:
            yield stage, joined

    def _places(self, piece: Piece, which: Literal["loads", "stores"]) -> set[tuple[int, int]]:
        """Field and row of everything that a piece loads, or stores."""
        everywhere = {
            (node.field, node.plane * self.program.sites + site)
            for rule, _ in piece
            for node in self.bodies[rule.body].nodes
            if isinstance(node, Couple) and which == "loads"
            for site in range(self.program.sites)
        }
        return everywhere | {
            (place.field, row)
            for rule, cells in piece
            for place in getattr(rule, which)
            for row in self._row(place, cells).tolist()
        }

    def _walk(self, pieces: list[Piece]) -> Walk:
        program = self.program
        longest = max(map(_sites, pieces))

        def filled(rows: Callable[[Outlined, Ints], list[Ints]], fill: Ints) -> Ints:
            entries = []
            for piece in pieces:
                columns = zip(*(rows(rule, cells) for rule, cells in piece), strict=True)
                joined = [np.concatenate(column) for column in columns]
                entries.append([np.append(row, fill[len(row) :]) for row in joined])
            return np.array(entries, np.int64).reshape(len(pieces), -1, longest)

        def numbers(rule: Outlined, cells: Ints) -> list[Ints]:
            return [_flat(cells, program.shape) * program.letters + rule.letter]

        zeros = np.zeros(longest, np.int64)
        ends = np.arange(longest) + max(self.sites(field) for field in program.fields)
        return Walk(
            body=pieces[0][0][0].body,
            numbers=filled(numbers, zeros)[:, 0].astype(np.uint64),
            loads=filled(lambda rule, at: [self._row(load, at) for load in rule.loads], zeros),
            stores=filled(lambda rule, at: [self._row(store, at) for store in rule.stores], ends),
            kept=filled(
                lambda _, at: [self._position(array.axes, at) for array in program.tallies], zeros
            ),
            slots=np.array([piece[0][0].slots for piece in pieces], np.int64),
            sites=np.array([_sites(piece) for piece in pieces]),
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
) -> Iterator[tuple[int, Piece]]:
    """The rules and cells of all stages, in pieces, and the number of the stage."""
    for n, stage in enumerate(program.schedule):
        cells = cell_table(stage.cells, program.shape)
        number = -(-len(cells) // most)
        yield from (
            (n, [(outlined[stage.rule], part)]) for part in np.array_split(cells, number) if number
        )


def _sites(piece: Piece) -> int:
    return sum(len(cells) for _, cells in piece)


def _alike(one: Outlined, other: Outlined) -> bool:
    return (one.body, one.slots) == (other.body, other.slots)


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
            lambda node: self._couplings(call, node, fields, table["numbers"][:, None], words),
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
            lambda node: self._couplings(call, node, fields, table["numbers"][site], word),
        )

    def _weights(self, call: Call, table: dict[str, jax.Array], slot: int) -> jax.Array:
        return call.weights[table["slots"][slot] if self._body.apart else slot]

    def _couplings(
        self, call: Call, node: Couple, fields: Fields, own: jax.Array, word: jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        """What `Place.couple` yields for sites u64[...] and words [...], which are broadcast."""
        sites = self._program.sites
        every = jnp.swapaxes(fields[node.field][node.plane * sites :][:sites], 0, 1)
        matrix = call.couplings[node.matrix]
        at = call.blocks[word] if matrix.shape[-1] > 1 else 0
        return every[word], matrix[own, :, at]

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
