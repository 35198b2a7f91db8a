"""Packed fields: the canonical array, private layouts of it, or both; each made when it is first asked for."""

from __future__ import annotations

from itertools import pairwise, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc_numba.layout import NOTHING, FieldLayout

Words = NDArray[np.uint64]
Cuts = tuple[int, ...]
"""Where the words are cut into shares, one for each thread: 0, ..., words."""


class Packed:
    """One field. At least one of its forms is up to date; whoever changes a form says so."""

    def __init__(self, canonical: Words) -> None:
        self.words = canonical.shape[-1]
        self._canonical: Words | None = canonical
        self._private: tuple[FieldLayout, Cuts, list[Words]] | None = None

    def canonical(self) -> Words:
        """u64[planes, *shape, letters, word], shared, not copied."""
        if self._canonical is None:
            self._canonical = self._gathered()
        return self._canonical

    def private(self, layout: FieldLayout, cuts: Cuts) -> list[Words]:
        """The flat private array of every share, shared, not copied. Halos are not filled."""
        if layout == NOTHING:
            return [np.zeros(0, dtype=np.uint64)] * (len(cuts) - 1)
        if self._private is None or self._private[:2] != (layout, cuts):
            shares = [_laid_out(self.canonical(), layout, a, b) for a, b in pairwise(cuts)]
            self._private = (layout, cuts, shares)
        return self._private[2]

    def layout(self, cuts: Cuts) -> FieldLayout | None:
        """The layout of the private form, if there is one with these shares."""
        return self._private[0] if self._private is not None and self._private[1] == cuts else None

    def changed_canonical(self) -> None:
        self._private = None

    def changed_private(self) -> None:
        self._canonical = None

    def _gathered(self) -> Words:
        if self._private is None:
            raise RuntimeError("a packed field without a form")
        layout, cuts, shares = self._private
        field = np.empty((layout.planes, *layout.shape, layout.letters, self.words), dtype=np.uint64)
        for (a, b), share in zip(pairwise(cuts), shares, strict=True):
            for outside, inside in _pairs(field[..., a:b], _inner(share, layout, b - a), layout):
                outside[...] = inside
        return field


def _laid_out(field: Words, layout: FieldLayout, first: int, last: int) -> Words:
    flat = np.zeros(layout.columns * (last - first), dtype=np.uint64)
    for outside, inside in _pairs(field[..., first:last], _inner(flat, layout, last - first), layout):
        inside[...] = outside
    return flat


def _inner(flat: Words, layout: FieldLayout, words: int) -> Words:
    """u64[plane, letter, residue number, *extent, word]: a private array without its halos."""
    residues = int(np.prod(layout.modulus))
    whole = flat.reshape(layout.planes, layout.letters, residues, *layout.padded, words)
    bounds = zip(layout.low, layout.extent, strict=True)
    inside: tuple[Any, ...] = (slice(None),) * 3 + tuple(slice(a, a + e) for a, e in bounds)
    view: Words = whole[inside]
    return view


def _pairs(field: Words, inner: Words, layout: FieldLayout) -> list[tuple[Words, Words]]:
    """Views of the same sites, canonical and private, one pair for each residue and letter."""
    pairs = []
    for number, residue in enumerate(product(*map(range, layout.modulus))):
        cells = tuple(slice(r, None, m) for r, m in zip(residue, layout.modulus, strict=True))
        for letter in range(layout.letters):
            there: tuple[Any, ...] = (slice(None), *cells, letter)
            outside = field[there]
            here: tuple[Any, ...] = (slice(None), letter, number, *(slice(0, n) for n in outside.shape[1:-1]))
            pairs.append((outside, inner[here]))
    return pairs
