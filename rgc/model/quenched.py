"""Signs of random couplings, as spins that never move."""

from __future__ import annotations

from dataclasses import dataclass

from rgc.model.lattice import Site


@dataclass(frozen=True, slots=True)
class Quenched:
    """A field of Ising spins that no rule stores: the signs of random couplings called `name`.

    bonds[letter] holds the sites, relative to the cell, that the coupling joins whose sign stands
    at that letter. They are sorted, and none where no sign stands there.
    """

    name: str
    bonds: tuple[tuple[Site, ...], ...]
