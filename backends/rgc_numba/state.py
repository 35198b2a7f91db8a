"""Packed fields: the canonical array, a private layout of it, or both. Each is made when it is
first asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise, product
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.program.lattice.sublattices import NOTHING, FieldLayout
from rgc_numba.cache import load
from rgc_numba.source import LINE, PREAMBLE

Words = NDArray[np.uint64]
Cuts = tuple[int, ...]
"""Where the words are cut into shares, one or more for each thread: 0, ..., words."""

MOVE = '''

@compiled
def move(target, target_cells, target_first, source, source_cells, source_first, words):
    """Copy words of every site from one array u64[site, word] to another; the cells say where each
    keeps a site."""
    for n in range(target_cells.shape[0]):
        to, since = target_cells[n], source_cells[n]
        for w in range(words):
            target[to, target_first + w] = source[since, source_first + w]
'''


class Packed:
    """One field. At least one of its forms is up to date, and whoever changes a form says so."""

    def __init__(self, canonical: Words) -> None:
        self.words = canonical.shape[-1]
        self._shape = canonical.shape
        self._canonical: Words | None = canonical
        self._private: tuple[FieldLayout, Cuts, list[Words]] | None = None
        self._forms: dict[str, Words] = {}

    @property
    def nbytes(self) -> int:
        return 8 * prod(self._shape)

    @property
    def cuts(self) -> Cuts:
        """Where the words of the private form are cut. It is empty if there is none."""
        return self._private[1] if self._private is not None else ()

    def canonical(self) -> Words:
        """u64[planes, *shape, letters, word], shared, not copied."""
        if self._canonical is None:
            field = np.empty(self._shape, dtype=np.uint64)
            sites = np.arange(prod(self._shape[:-1]))
            self._copy(field.reshape(-1, self.words), sites, 0, (0, self.words))
            self._canonical = field
        return self._canonical

    def private(self, layout: FieldLayout, cuts: Cuts) -> list[Words]:
        """The flat private array of every share, shared, not copied. Halos are not filled."""
        if layout == NOTHING:
            return [np.zeros(0, dtype=np.uint64)] * (len(cuts) - 1)
        if self._private is None or self._private[:2] != (layout, cuts):
            shares = []
            for share in pairwise(cuts):
                target = aligned((layout.columns, share[1] - share[0]))
                self._copy(target, canonical_order(layout), share[0], share)
                shares.append(target.reshape(-1))
            self._private = (layout, cuts, shares)
        return self._private[2]

    def layout(self, cuts: Cuts) -> FieldLayout | None:
        """The layout of the private form, if there is one with these shares."""
        return self._private[0] if self._private is not None and self._private[1] == cuts else None

    def form(self, name: str, make: Callable[[], Words]) -> Words:
        """Another form of the field, made once until the field changes."""
        if name not in self._forms:
            self._forms[name] = make()
        return self._forms[name]

    def changed_canonical(self) -> None:
        self._private = None
        self._forms.clear()

    def changed_private(self) -> None:
        self._canonical = None
        self._forms.clear()

    def _copy(
        self, target: Words, cells: NDArray[np.int64], first: int, wanted: tuple[int, int]
    ) -> None:
        """Copy the wanted words from whatever form there is. `first` is the number of the target's
        first word."""
        move = load(PREAMBLE + MOVE).move
        if self._canonical is not None:
            source = np.ascontiguousarray(self._canonical).reshape(-1, self.words)
            sites = np.arange(len(source))
            move(target, cells, wanted[0] - first, source, sites, wanted[0], wanted[1] - wanted[0])
            return
        if self._private is None:
            raise RuntimeError("a packed field without a form")
        layout, cuts, shares = self._private
        for (a, b), share in zip(pairwise(cuts), shares, strict=True):
            low, high = max(a, wanted[0]), min(b, wanted[1])
            if low < high:
                source = share.reshape(-1, b - a)
                move(
                    target, cells, low - first, source, canonical_order(layout), low - a, high - low
                )


@lru_cache(maxsize=32)
def canonical_order(layout: FieldLayout) -> NDArray[np.int64]:
    """Where a private array keeps each site, plane by plane in canonical order."""
    numbers = np.empty((layout.planes, *layout.shape, layout.letters), dtype=np.int64)
    cells: NDArray[np.int64] = np.moveaxis(np.indices(layout.shape), 0, -1)
    for residue in product(*map(range, layout.modulus)):
        steps: tuple[Any, ...] = tuple(
            slice(r, None, m) for r, m in zip(residue, layout.modulus, strict=True)
        )
        inner = cells[steps] // np.array(layout.modulus)
        for plane, letter in product(range(layout.planes), range(layout.letters)):
            found = layout.addresses((plane, letter, residue), inner.reshape(-1, inner.shape[-1]))
            there = (plane, *steps, letter)
            numbers[there] = found.reshape(inner.shape[:-1])
    flat = numbers.reshape(-1)
    return flat


def aligned(shape: tuple[int, ...]) -> Words:
    """Zeros from a boundary of a cache line on: a vector that lies across two of them takes twice
    as long to load."""
    size = prod(shape)
    whole = np.zeros(size + LINE, np.uint64)
    first = -(whole.ctypes.data // whole.itemsize) % LINE
    return whole[first : first + size].reshape(shape)


def aligned_copy(array: NDArray[Any]) -> NDArray[Any]:
    """A copy of an array that starts at a boundary of a cache line."""
    words = aligned((-(-array.nbytes // 8),))
    copy = words.view(np.uint8)[: array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy
