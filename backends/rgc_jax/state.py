"""Packed fields: an array on the devices, in canonical order or in the layout of a program."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from rgc.program.lattice.sublattices import FieldLayout
from rgc_jax.devices import Platform, Share
from rgc_jax.rows import lines
from rgc_jax.session import session

Words = NDArray[np.uint64]


class Packed:
    """One field. `array` is u64[site, word], or u64[sublattice, padded cells, padded row * words]
    where there is a layout, with the words of each device together and maybe some more that mean
    nothing."""

    def __init__(
        self,
        array: jax.Array,
        shape: tuple[int, ...],
        share: Share,
        layout: FieldLayout | None = None,
    ) -> None:
        self.array, self.shape, self.share, self.layout = array, shape, share, layout
        self._forms: dict[str, jax.Array] = {}

    def form(self, name: str, make: Callable[[], NDArray[Any]]) -> jax.Array:
        """Another form of the field on the first device, made once."""
        if name not in self._forms:
            self._forms[name] = jax.device_put(make(), self.share.devices[0])
        return self._forms[name]

    def in_layout(self, layout: FieldLayout | None) -> jax.Array:
        """The array in a layout. The array in another layout is given up."""
        if layout != self.layout:
            return _moved(self.share, self.layout, layout)(self.array)
        return self.array

    def canonical(self) -> Words:
        """A copy u64[planes, *shape, letters, word]."""
        with session():
            flat = np.array(self.in_layout(None))
        return np.ascontiguousarray(flat[:, : self.share.words]).reshape(self.shape)


def pack(field: Words, platform: Platform) -> Packed:
    """A copy of a canonical field on the devices."""
    share = platform.share(field.shape[-1])
    with session():
        array = share.put(np.asarray(field, dtype=np.uint64).reshape(-1, share.words))
    return Packed(array, field.shape, share)


def pack_integers(array: NDArray[Any], platform: Platform) -> jax.Array:
    """A copy of an array of integers on the first device."""
    with session():
        return jax.device_put(np.array(array), platform.devices[0])


@lru_cache(maxsize=64)
def _moved(
    share: Share, since: FieldLayout | None, to: FieldLayout | None
) -> Callable[[jax.Array], jax.Array]:
    def move(array: jax.Array) -> jax.Array:
        flat = array if since is None else leave(array, since, share.part)
        return flat if to is None else enter(flat, to, share.part)

    return jax.jit(share.mapped(move, (share.spec(axes_of(since)),), share.spec(axes_of(to))))


def axes_of(layout: FieldLayout | None) -> int:
    """How many axes the array of a field has."""
    return 2 if layout is None else 1 + len(lines(layout.shape, 1))


def enter(flat: jax.Array, layout: FieldLayout, words: int) -> jax.Array:
    """A canonical field u64[site, word] in a layout, halos not filled."""
    d = len(layout.shape)
    field = flat.reshape(layout.planes, *layout.shape, layout.letters, words)
    spare = [
        (0, e * m - n) for e, m, n in zip(layout.extent, layout.modulus, layout.shape, strict=True)
    ]
    field = jnp.pad(field, [(0, 0), *spare, (0, 0), (0, 0)])
    apart = [n for pair in zip(layout.extent, layout.modulus, strict=True) for n in pair]
    field = field.reshape(layout.planes, *apart, layout.letters, words)
    cells, residues = range(1, 1 + 2 * d, 2), range(2, 2 + 2 * d, 2)
    field = jnp.transpose(field, (0, 1 + 2 * d, *residues, *cells, 2 + 2 * d))
    field = field.reshape(layout.sublattices, *layout.extent, words)
    field = jnp.pad(field, [(0, 0), *zip(layout.low, layout.high, strict=True), (0, 0)])
    *outer, row = lines(layout.padded, 1)
    return field.reshape(layout.sublattices, *outer, row * words)


def leave(array: jax.Array, layout: FieldLayout, words: int) -> jax.Array:
    """The canonical field u64[site, word] of one in a layout."""
    d = len(layout.shape)
    field = array.reshape(layout.sublattices, *layout.padded, words)
    inner = [slice(a, a + e) for a, e in zip(layout.low, layout.extent, strict=True)]
    field = field[(slice(None), *inner)]
    field = field.reshape(layout.planes, layout.letters, *layout.modulus, *layout.extent, words)
    apart = [axis for k in range(d) for axis in (2 + d + k, 2 + k)]
    field = jnp.transpose(field, (0, *apart, 1, 2 + 2 * d))
    whole = [e * m for e, m in zip(layout.extent, layout.modulus, strict=True)]
    field = field.reshape(layout.planes, *whole, layout.letters, words)
    field = field[(slice(None), *(slice(n) for n in layout.shape))]
    return field.reshape(layout.planes * prod(layout.shape) * layout.letters, words)
