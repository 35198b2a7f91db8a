"""Compiled dense programs, called: steps in a loop, on the first device."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from numpy.typing import NDArray

from rgc.backend import Arguments
from rgc.program.dense import Dense, Put, Take, Tally
from rgc.program.dense.arguments import at_step
from rgc.program.dense.show import show
from rgc.program.dense.verify import verify
from rgc.program.dense.yields import tally_shape, yields
from rgc.program.draws import Words
from rgc_jax.dense.products import ways_of
from rgc_jax.dense.step import Given, Step
from rgc_jax.devices import Platform
from rgc_jax.session import session
from rgc_jax.state import Packed

Counts = NDArray[np.int64]
Array = jax.Array

STEPS = 64
"""Steps of a call of compiled code, at most. It is always handed so many keys and told how many
count."""

NAMES = ("rows", "numbers", "scales")


@lru_cache(maxsize=64)
def compile_dense(program: Dense, platform: Platform) -> DenseKernel:
    """The kernel of a program. Equal ones are shared as long as Python runs."""
    return DenseKernel(program, platform)


class DenseKernel:
    """A program as one jitted loop."""

    def __init__(self, program: Dense, platform: Platform) -> None:
        verify(program)
        self._program, self._platform = program, platform
        self._yields = yields(program)
        self._shapes = [
            tally_shape(self._yields, node) for node in program.nodes if isinstance(node, Tally)
        ]
        written = {node.field for node in program.nodes if isinstance(node, Put)}
        taken = {node.field for node in program.nodes if isinstance(node, Take)}
        self._data = [k for k in taken - written if not program.fields[k].numbers]
        self.ways = ways_of(platform)
        self._jitted: Callable[..., Any] = platform.jit(self._steps, donate_argnums=0)

    @property
    def source(self) -> str:
        """The program, and what JAX makes of a step."""
        with session():
            state = [
                jax.ShapeDtypeStruct(field.shape, np.int32)
                if field.numbers
                else jax.ShapeDtypeStruct((prod(field.shape[:2]), field.words), np.uint64)
                for field in self._program.fields
            ]
            state += [
                jax.ShapeDtypeStruct(each.shape, np.dtype(each.dtype))
                for each in self._program.parameters
            ]
            program = self._program
            given = (
                np.zeros((1, program.rows), np.int32),
                np.zeros((1, program.numbers), np.int64),
                np.zeros((1, program.scales, 1), np.int32),
            )
            keys = np.zeros((STEPS, program.draws, 2), np.uint64)
            code = jax.make_jaxpr(self._steps)(state, {}, given, keys, np.int32(1), np.uint64(0))
        return f"{show(program)}\n\n{code}\n"

    def __call__(
        self, state: Sequence[Any], arguments: Arguments, keys: Words, word0: int = 0
    ) -> tuple[list[Any], list[Counts]]:
        """One step for each row of `keys`; see `rgc.backend.Kernel`."""
        found: list[list[Any]] = []
        with session():
            by_row = {k: state[k].form("by row", partial(by_row_of, state[k])) for k in self._data}
            arrays = [None if k in by_row else self._array(x) for k, x in enumerate(state)]
            for first in range(0, len(keys), STEPS):
                count = min(STEPS, len(keys) - first)
                given = tuple(_some(arguments[name], first) for name in NAMES)
                chosen = _filled(keys[first : first + STEPS])
                arrays, tallies = self._jitted(
                    arrays, by_row, given, chosen, np.int32(count), np.uint64(word0)
                )
                found.append([each[:count] for each in tallies])
            packed = [self._packed(each, array) for each, array in zip(state, arrays, strict=True)]
            return packed, self._together(found)

    def _array(self, each: Packed | Array) -> Array:
        """An array of the state on the first device."""
        if not isinstance(each, Packed):
            return each
        array = each.in_layout(None)
        if len(each.share.devices) > 1:
            array = jax.device_put(array, self._platform.devices[0])
        return array[:, : each.share.words]

    def _packed(self, each: Packed | Array, array: Array | None) -> Packed | Array:
        if array is None:
            return each
        if not isinstance(each, Packed):
            return array
        share = each.share
        if share.padded != share.words:
            array = jnp.pad(array, [(0, 0), (0, share.padded - share.words)])
        if len(share.devices) > 1:
            array = jax.device_put(array, share.sharding(2))
        return Packed(array, each.shape, share)

    def _together(self, found: list[list[Any]]) -> list[Counts]:
        if not found:
            return [np.zeros((0, *shape), np.int64) for shape in self._shapes]
        return [np.concatenate([*map(np.array, parts)]) for parts in zip(*found, strict=True)]

    def _steps(
        self,
        state: list[Array | None],
        by_row: dict[int, Array],
        given: tuple[Any, ...],
        keys: Array,
        count: Any,
        word0: Any,
    ) -> tuple[list[Array | None], list[Array]]:
        tallies = [jnp.zeros((STEPS, *shape), jnp.int64) for shape in self._shapes]
        step = partial(self._step, by_row, given, keys, word0)
        return lax.fori_loop(0, count, step, (state, tallies))

    def _step(
        self,
        by_row: dict[int, Array],
        given: tuple[Any, ...],
        keys: Array,
        word0: Any,
        n: Array,
        carried: tuple[list[Array | None], list[Array]],
    ) -> tuple[list[Array | None], list[Array]]:
        state, tallies = carried
        rows, numbers, scales = (at_step(each, n) for each in map(jnp.asarray, given))
        handed = Given(
            key=jnp.asarray(keys)[n],
            rows=rows,
            numbers=numbers,
            scales=scales,
            word0=jnp.asarray(word0),
            by_row=by_row,
        )
        program = self._program
        new, found = Step(program, self._yields, self.ways, state, handed).run()
        return new, [all_.at[n].set(one) for all_, one in zip(tallies, found, strict=True)]


def by_row_of(field: Packed) -> NDArray[np.uint8]:
    """The bits of units by rows, u8[row, plane, octet], of a field of data."""
    octets = field.canonical().astype("<u8").view(np.uint8)
    bits = np.moveaxis(np.unpackbits(octets, axis=-1, bitorder="little"), -1, 0)
    return np.packbits(bits, axis=-1, bitorder="little")


def _some(array: NDArray[Any], first: int) -> NDArray[Any]:
    """An argument for some steps, filled up, or for all."""
    return np.array(array) if len(array) == 1 else _filled(array[first : first + STEPS])


def _filled(array: NDArray[Any]) -> NDArray[Any]:
    """A copy of what is handed for some steps, filled up."""
    filled = np.zeros((STEPS, *array.shape[1:]), array.dtype)
    filled[: len(array)] = array
    return filled
