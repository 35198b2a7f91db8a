"""The functions of one state of which operators of spins with several states are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, pi
from typing import Literal

from rgc.model.block import Block
from rgc.model.hamiltonian import Table
from rgc.model.spins import Species
from rgc.passes.find_permutations import exchanges, find_permutations, orbits, turns


@dataclass(frozen=True, slots=True)
class Mark:
    """A function of one state: `values` over `Species.values`.

    - `letter` stands for it in names.
    - `kind` is how it changes: a number that is `odd` changes sign with the spin; a `vector` is
      taken to other components by renamings of the states; a `field` tells states apart that no
      renaming relates; the others are `even`.
    - `shared` says that several spins that are alike may have it together.
    """

    values: tuple[float, ...]
    letter: str
    kind: Literal["even", "odd", "vector", "field"]
    shared: bool = False


def marks(
    tables: Sequence[Table], species: Sequence[Species], kind: int, blocks: Sequence[Block]
) -> tuple[Mark, ...]:
    """The marks of a species.

    - Spins that are numbers have their powers s, s^2, ..., a two-state spin its sign.
    - Spins that are names have 1, and for a vector its first component: of a Potts spin q [s = 0] -
      1, of a clock spin 2 cos(2 pi s/q). Where the Hamiltonian or a block map does not treat states
      alike as a vector asks, they have [s in a set] instead, for all but the largest of the sets of
      states that are alike.
    """
    spin = species[kind]
    q = len(spin.values)
    if spin.two_states:
        return (Mark((-1.0, 1.0), "1", "odd"),)
    if spin.kind.vectors is None:
        return tuple(
            Mark(tuple(float(s**power) for s in spin.values), str(power), _parity(power))
            for power in range(1, q)
        )
    one, kept = (
        Mark((1.0,) * q, "", "even", shared=True),
        find_permutations(tables, species, kind, blocks),
    )
    vector, needed = {
        "simplex": ([float(q * (k == 0) - 1) for k in range(q)], exchanges(q)),
        "circle": ([round(2 * cos(2 * pi * k / q), 15) for k in range(q)], turns(q)),
    }[spin.kind.vectors]
    if {*kept}.issuperset(needed):
        return one, Mark(tuple(vector), "A", "vector", shared=True)
    sets = sorted(orbits(kept, q), key=len)[:-1]
    return (
        one,
        *(
            Mark(tuple(float(k in each) for k in range(q)), f"s{each[0]}", "field", shared=True)
            for each in sets
        ),
    )


def _parity(power: int) -> Literal["even", "odd"]:
    return "odd" if power % 2 else "even"
