"""Tallies: bits counted for each replica. Words are added up in the eight bytes of eight words, and
those now and then in integers.

Replicas are summed, where a tally does not keep them, at the very end.
"""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from rgc.program.lattice.outlining import Body, tallied
from rgc.program.lattice.program import Program
from rgc_jax.devices import Share

SHIFTS = np.arange(8, dtype=np.uint64)
BYTES = np.uint64(0x0101010101010101)
EVEN = np.uint64(0x00FF00FF00FF00FF)
BYTE = 255
"""The most that a byte counts."""

Target = tuple[int, int]
"""Tally array and row."""

Bytes = list[jax.Array]
"""For each target of a body the words `in_bytes` so far."""


def targets(body: Body) -> dict[Target, list[int]]:
    """For each row of an array, which of the body's tallies count for it."""
    found: dict[Target, list[int]] = {}
    for number, node in enumerate(tallied(body)):
        found.setdefault((node.array, node.row), []).append(number)
    return found


def capacity(body: Body) -> int:
    """How often the words of a site can be added before a byte may be full."""
    return BYTE // max((len(each) for each in targets(body).values()), default=1)


def in_bytes(words: Sequence[jax.Array]) -> jax.Array:
    """u64[8, ...] of words u64[...]: byte b of entry k counts lane 8 b + k. At most `BYTE` words
    may be added up."""
    shifts = SHIFTS.reshape(8, *[1] * words[0].ndim)
    total = (words[0] >> shifts) & BYTES
    for word in words[1:]:
        total = total + ((word >> shifts) & BYTES)
    return total


def by_lane(total: jax.Array, axes: tuple[int, ...] = ()) -> jax.Array:
    """int64[..., 64 * word] of u64[8, ..., word] counted `in_bytes`, summed over the given axes of
    what is between.

    Along the last of them bytes are added up in 16 bits, which is a quarter of the work.
    """
    halves = (total >> np.array([0, 8], np.uint64).reshape(2, *[1] * total.ndim)) & EVEN
    where = [axis + 2 for axis in axes]
    if axes:
        size = halves.shape[where[-1]]
        part = max(n for n in range(1, BYTE + 1) if size % n == 0)
        split = (*halves.shape[: where[-1]], size // part, part, *halves.shape[where[-1] + 1 :])
        halves = jnp.sum(halves.reshape(split), axis=where[-1] + 1, dtype=jnp.uint64)
    each = (halves[..., None] >> (np.arange(4, dtype=np.uint64) * np.uint64(16))) & np.uint64(
        0xFFFF
    )
    summed = jnp.sum(each.astype(jnp.int64), axis=tuple(where))
    moved = jnp.moveaxis(summed, (0, 1), (-2, -1))  # [..., word, pair of bytes, byte, shift]
    return moved.reshape(*moved.shape[:-4], -1)


class Sums:
    """What a body counts, on patches of cells with as many axes as the lattice, or one more in
    front where it has one only.

    The totals of an array are int64[row, *cells, *residues, lane], cells and residues along the
    axes that it keeps.
    """

    def __init__(self, program: Program, body: Body) -> None:
        self._program, self.rows = program, targets(body)
        spare = int(len(program.shape) == 1)
        arrays = sorted({array for array, _ in self.rows})
        self._kept = {n: tuple(axis + spare for axis in program.tallies[n].axes) for n in arrays}

    @property
    def along_first(self) -> bool:
        """Whether cells that differ along the first axis of a patch are counted apart."""
        return any(0 in axes for axes in self._kept.values())

    def start(self, shape: tuple[int, ...]) -> Bytes:
        return [jnp.zeros((8, *shape), jnp.uint64) for _ in self.rows]

    def add(self, sums: Bytes, words: Sequence[jax.Array]) -> Bytes:
        """The sums with the words that a rule has tallied on a patch."""
        return [
            total + in_bytes([words[n] for n in numbers])
            for total, numbers in zip(sums, self.rows.values(), strict=True)
        ]

    def flush(
        self, sums: Bytes, totals: Sequence[jax.Array], first: jax.Array, residue: jax.Array
    ) -> list[jax.Array]:
        """The totals with the sums u64[8, *cells, word] of a patch that begins at cell `first` of
        the sublattice of a residue."""
        found = dict(zip(self.rows, sums, strict=True))
        return [
            self._flushed(n, total, found, first, residue) if n in self._kept else total
            for n, total in enumerate(totals)
        ]

    def _flushed(
        self,
        array: int,
        total: jax.Array,
        found: dict[Target, jax.Array],
        first: jax.Array,
        residue: jax.Array,
    ) -> jax.Array:
        kept = self._kept[array]
        cells = next(iter(found.values())).ndim - 2
        others = tuple(axis for axis in range(cells) if axis not in kept)
        counted = {row: by_lane(sums, others) for (n, row), sums in found.items() if n == array}
        nothing = jnp.zeros_like(next(iter(counted.values())))
        block = jnp.stack([counted.get(row, nothing) for row in range(total.shape[0])])
        block = jnp.expand_dims(block, tuple(range(1 + len(kept), 1 + 2 * len(kept))))
        zero = jnp.int32(0)
        start = [zero, *(first[axis] for axis in kept), *(residue[axis] for axis in kept), zero]
        there = lax.dynamic_slice(total, start, block.shape)
        return lax.dynamic_update_slice(total, there + block, start)


def empty(program: Program, modulus: tuple[int, ...], words: int) -> list[jax.Array]:
    """The totals of every array before anything is counted, for a layout with a supercell of
    `modulus` cells."""
    return [
        jnp.zeros(
            (
                array.rows,
                *(-(-program.shape[axis] // modulus[axis]) for axis in array.axes),
                *(modulus[axis] for axis in array.axes),
                64 * words,
            ),
            jnp.int64,
        )
        for array in program.tallies
    ]


def joined(program: Program, totals: Sequence[jax.Array]) -> list[jax.Array]:
    """int64[row, *kept axes, lane] of totals in sublattices: coordinate = modulus * cell +
    residue."""
    out = []
    for array, total in zip(program.tallies, totals, strict=True):
        n = len(array.axes)
        order = [axis for k in range(n) for axis in (1 + k, 1 + n + k)]
        moved = jnp.transpose(total, (0, *order, 1 + 2 * n))
        sizes = [
            a * b
            for a, b in zip(total.shape[1 : 1 + n], total.shape[1 + n : 1 + 2 * n], strict=True)
        ]
        whole = moved.reshape(total.shape[0], *sizes, total.shape[-1])
        out.append(whole[(slice(None), *(slice(program.shape[axis]) for axis in array.axes))])
    return out


def finish(
    program: Program, totals: Sequence[jax.Array], share: Share, first: jax.Array
) -> list[jax.Array]:
    """int64[row, *kept] of each array from int64[row, *kept axes, lane], on one device, whose words
    begin at `first`: where replicas are not kept, the sum over those that mean something, on all
    devices."""
    live = share.live(first)
    out = []
    for array, total in zip(program.tallies, totals, strict=True):
        if not array.replica:
            lanes = total if live is None else total * jnp.repeat(live, 64)
            total = share.total(jnp.sum(lanes, axis=-1, dtype=jnp.int64))
        out.append(total)
    return out
