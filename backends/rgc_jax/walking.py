"""Walking the boxes of a program on the static layout: patch by patch, a rule on all sites of a
patch at once."""

from __future__ import annotations

from functools import partial
from math import prod

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from rgc.program.draws import SITE_SHIFT
from rgc.program.lattice.nodes import Load, Store
from rgc_jax.call import Call, Fields, Totals
from rgc_jax.compaction import evaluate_compacted
from rgc_jax.rows import Rows, Walk
from rgc_jax.rule import Place
from rgc_jax.tallies import Sums, capacity

Index = jax.Array
"""int32[]: a traced number."""


class Walking:
    """One walk of a call. `stores` are the fields that it stores to.

    A patch is `rows` lines of cells along the first axis, of shape [rows, cells, row * words].
    """

    def __init__(self, rows: Rows, walk: Walk, call: Call) -> None:
        self._rows, self._walk = rows, walk
        self._body, self._words = rows.bodies[walk.body], call.words
        self._fields = {
            node.offset[0]: node.field for node in self._body.nodes if isinstance(node, Load)
        }
        self.stores = [node.field for node in self._body.nodes if isinstance(node, Store)]
        self._height = self._patch_height(call)
        self._shape = (self._height, *walk.extent[1:-1], walk.extent[-1] * call.words)
        self._sums = Sums(rows.program, self._body)
        site, word = self._sites()
        self._ramp = call.counter(site, word)
        self._tiled = call.limits(lambda table: jnp.tile(table, walk.extent[-1]))

    def _patch_height(self, call: Call) -> int:
        """The largest divisor of the walk's height that keeps a patch small and no lower than the
        halos that it fills."""
        height, rest = self._walk.extent[0], prod(self._walk.extent[1:]) * self._words
        most = (call.patch if self.stores else call.slab) // rest
        layouts = [self._rows.layouts[field] for field in self.stores]
        least = max(
            (max(each.low[0], each.high[0]) for each in layouts if len(each.low) > 1), default=1
        )
        heights = [n for n in range(1, height + 1) if height % n == 0]
        fit = [n for n in heights if least <= n <= most]
        return fit[-1] if fit else next(n for n in heights if n >= least)

    def _sites(self) -> tuple[jax.Array, jax.Array]:
        """How far the canonical numbers of the sites of a patch are from the first, and the words:
        u64 of the patch's shape."""
        along = [
            lax.broadcasted_iota(jnp.uint64, self._shape, axis) for axis in range(len(self._shape))
        ]
        words = np.uint64(self._words)
        row, word = along[-1] // words, along[-1] % words
        steps = zip([*along[:-1], row], self._rows.paces, strict=True)
        return sum((x * np.uint64(pace) for x, pace in steps), jnp.zeros_like(row)), word

    def entry(self, call: Call, n: Index, fields: Fields, totals: Totals) -> tuple[Fields, Totals]:
        """The fields and tallies after box n: patches in batches, after each of which what they
        tallied joins the totals."""
        patches = self._walk.extent[0] // self._height
        most = 1 if self._sums.along_first else capacity(self._body) if self._sums.rows else patches
        batch = min(patches, most)
        batches = -(-patches // batch)

        def some(k: Index, state: tuple[Fields, Totals]) -> tuple[Fields, Totals]:
            first = k.astype(jnp.int32) * batch
            last = jnp.minimum(first + batch, patches) if patches % batch else first + batch
            step = partial(self._patch, call, n)
            here, sums = lax.fori_loop(first, last, step, (state[0], self._sums.start(self._shape)))
            return here, self._flush(n, first, sums, state[1])

        return lax.fori_loop(0, batches, some, (fields, totals))

    def _patch(
        self, call: Call, box: Index, n: Index, state: tuple[Fields, Fields]
    ) -> tuple[Fields, Fields]:
        """The fields and the counted bytes after patch n of a box."""
        fields, sums = state
        outcome = evaluate_compacted(
            self._body,
            self._all(call, box, n, fields),
            partial(self._some, call, box, n, fields),
            first=call.first,
            planes=call.program.planes,
            held=call.held,
        )
        for number, (field, word) in enumerate(zip(self.stores, outcome.stores, strict=True)):
            start = jnp.asarray(self._walk.stores)[box, number]
            fields = [
                *fields[:field],
                self._stored(field, fields[field], word, start, n),
                *fields[field + 1 :],
            ]
        return fields, self._sums.add(sums, outcome.tallies)

    def _all(self, call: Call, box: Index, n: Index, fields: Fields) -> Place:
        """Every site of a patch."""
        counter = self._ramp + self._base(box, n)

        def load(number: int) -> jax.Array:
            start = self._start(box, n, number)
            return lax.dynamic_slice(fields[self._fields[number]], list(start), (1, *self._shape))[
                0
            ]

        return Place(self._shape, load, lambda draw: call.stream(draw, counter), self._tiled)

    def _some(
        self, call: Call, box: Index, n: Index, fields: Fields, positions: jax.Array
    ) -> Place:
        """The words of a patch at some row-major positions."""
        counter = self._ramp.reshape(-1)[positions] + self._base(box, n)
        cells = jnp.unravel_index(positions, self._shape)

        def load(number: int) -> jax.Array:
            array = fields[self._fields[number]]
            sublattice, *start = self._start(box, n, number)
            address = sublattice.astype(jnp.int64)
            for size, cell, offset in zip(array.shape[1:], cells, start, strict=True):
                address = address * size + (cell + offset)
            return array.reshape(-1).at[address].get(mode="promise_in_bounds")

        limits = call.limits(lambda table: table[..., cells[-1] % self._words])
        return Place(positions.shape, load, lambda draw: call.stream(draw, counter), limits)

    def _base(self, box: Index, n: Index) -> jax.Array:
        """What the counters of a patch are ahead of the ramp."""
        site = jnp.asarray(self._walk.numbers)[box] + n.astype(jnp.uint64) * np.uint64(
            self._height * self._rows.paces[0]
        )
        return site << np.uint64(SITE_SHIFT)

    def _start(self, box: Index, n: Index, number: int) -> tuple[jax.Array, ...]:
        """Where a load of a patch begins in the array of its field."""
        sublattice, line, *cells, row = jnp.asarray(self._walk.loads)[box, number]
        return sublattice, line + n * self._height, *cells, row * self._words

    def _stored(
        self, field: int, array: jax.Array, word: jax.Array, start: jax.Array, n: Index
    ) -> jax.Array:
        """The array of a field with the words of a patch in it, and in every piece of a halo that
        continues them."""
        for signs in [(0,) * len(self._shape), *self._rows.halos[field]]:
            cut, at = word, [start[0]]
            for axis, sign in enumerate(signs):
                cut, place = self._piece(field, axis, sign, cut, start[1 + axis], n)
                at.append(place)
            array = lax.dynamic_update_slice(array, cut[None], at)
        return array

    def _piece(
        self, field: int, axis: int, sign: int, word: jax.Array, start: jax.Array, n: Index
    ) -> tuple[jax.Array, jax.Array]:
        """What of a patch goes to one side along an axis, and where to.

        Every patch writes its last lines below the first one, where those of the last patch remain.
        Its first lines go above the last one only from the first patch, and else where they are.
        """
        layout = self._rows.layouts[field]
        alone = len(layout.low) == 1
        unit = self._words if axis == word.ndim - 1 else 1
        low, high, extent = (
            (0, 0, 1)
            if alone and axis == 0
            else (each[axis - alone] for each in (layout.low, layout.high, layout.extent))
        )
        here = start * unit if axis else start + n * self._height
        if sign == 0:
            return word, here
        size = word.shape[axis]
        if sign < 0:
            return lax.slice_in_dim(word, size - low * unit, size, axis=axis), jnp.zeros_like(here)
        above = jnp.int32((low + extent) * unit)
        return lax.slice_in_dim(word, 0, high * unit, axis=axis), above if axis else jnp.where(
            n == 0, above, here
        )

    def _flush(self, box: Index, n: Index, sums: Fields, totals: Totals) -> Totals:
        """The totals with the bytes of patches that began with patch n."""
        cells = (*self._shape[:-1], self._walk.extent[-1], self._words)
        lower, residue = (jnp.asarray(each)[box] for each in (self._walk.lower, self._walk.residue))
        first = lower.at[0].add(n * self._height)
        return self._sums.flush([each.reshape(8, *cells) for each in sums], totals, first, residue)
