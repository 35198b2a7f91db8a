"""A cumulant expansion of a block-spin map as data: which averages over cells multiply which
couplings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rgc.model.operators import Product

CONSTANT = -1
"""The target of what multiplies no block spin."""


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """<prod of `spins` of a cell>_0 as a function of its block spins: the coefficient of the
    product of `blocks` in it.

    Both are bit masks. Spin k of n is bit n - 1 - k, counted species after species, in the order of
    the cell's sites. Of m block spins that of species k is bit m - 1 - k.
    """

    letter: int
    spins: int
    blocks: int


@dataclass(frozen=True, slots=True)
class Inside:
    """H_0 holds, `count` times within each cell of this basis site, the product of `spins` with the
    coupling of a class.
    """

    letter: int
    spins: int
    coupling: int
    count: int


@dataclass(frozen=True, slots=True)
class Contribution:
    """weight * prod K[coupling] * prod moments, a contribution to the coupling `target`.

    The target `CONSTANT` stands for -H' per coarse unit cell.
    """

    target: int
    weight: float
    couplings: tuple[int, ...]
    moments: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CellShare:
    """The coefficient of the product of `blocks` in ln Z_0 of a cell contributes to `target`."""

    target: int
    letter: int
    blocks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Expansion:
    """-H' = ln Z_0 + <W>_0 + (<W^2>_0 - <W>_0^2)/2 with W = -V, up to `order`, as the numbers that
    make each coupling K'.

    - `classes[c]` holds the products that the coupling K_c multiplies in -H, one for each
      translation class, on the fine as on the coarse lattice.
    - `orders[c]` is the order at which it first appears. Contributions have couplings of total
      order at most `order`.
    - `columns[name][c]` is what a coupling 1 of a term of the spec adds to the class.
    - `shares` says where ln Z_0 of each kind of cell contributes.
    """

    order: int
    classes: tuple[tuple[Product, ...], ...]
    orders: tuple[int, ...]
    columns: Mapping[str, Mapping[int, float]]
    moments: tuple[Moment, ...]
    inside: tuple[Inside, ...]
    shares: tuple[CellShare, ...]
    contributions: tuple[Contribution, ...]
