"""Random couplings, as spins that never move."""

from __future__ import annotations

from dataclasses import dataclass

from rgc.model.lattice import Site


@dataclass(frozen=True, slots=True)
class Quenched:
    """A field of random couplings called `name`: of Ising spins that no rule stores, which are
    their signs, or of the numbers themselves.

    bonds[letter] holds the sites, relative to the cell, that the coupling joins which stands at
    that letter. They are sorted, and none where no coupling stands there.
    """

    name: str
    bonds: tuple[tuple[Site, ...], ...]
