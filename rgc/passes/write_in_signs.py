"""From products of two-state spins as declared to products of their signs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from math import prod

from rgc.model.operators import Product
from rgc.model.spins import Species


def write_in_signs(
    weight: float, product: Product, species: Sequence[Species]
) -> Iterator[tuple[float, Product]]:
    """The product of spins s = offset + scale * t, multiplied out: its parts as weights of products
    of the signs t.

    A spin without an offset is in every part. Of n others there are 2^n parts, those with few of
    them first.
    """
    kinds = [species[spin.species] for spin in product]
    kept = [k for k, kind in enumerate(kinds) if not kind.offset]
    shifted = [k for k, kind in enumerate(kinds) if kind.offset]
    for size in range(len(shifted) + 1):
        for chosen in combinations(shifted, size):
            inside = (*kept, *chosen)
            factors = (kind.scale if k in inside else kind.offset for k, kind in enumerate(kinds))
            yield weight * prod(factors), tuple(product[k] for k in inside)
