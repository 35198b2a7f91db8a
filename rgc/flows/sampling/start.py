"""The configurations that a run starts from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rgc.model.groups import Group, present
from rgc.model.lattice import Lattice
from rgc.model.sectors import Sectors
from rgc.program.draws import Generator
from rgc.program.lattice.program import Field

if TYPE_CHECKING:
    from rgc.backend import Words
    from rgc.program.draws import Key

HOT = 0x5555_5555_5555_5555
"""The lanes of a word that start hot: the even replicas."""

RULE = (
    "even replicas hot (independent fair spins), odd ones cold "
    "(all up or all down, whichever is lower, times a random symmetry)"
)


def start_fields(
    key: Key,
    fields: Sequence[Field],
    words: int,
    *,
    lattice: Lattice,
    energies: Sequence[tuple[Group, float]],
    sectors: Sectors,
    generator: Generator,
) -> list[Words]:
    """Canonical fields u64[1, *shape, letters, word], one for each species.

    Half of the replicas start hot and half cold, interleaved. A hot start alone leaves stripes and
    other long-lived walls in large ordered systems, and a cold start alone keeps the symmetry
    broken. Where both halves have come to the same averages the run has forgotten how it began,
    which is checked.

    A cold replica is all up or all down, whichever has the lower energy (`energies` holds the
    groups with their coefficients), times an element of the group of `sectors` drawn at random, so
    that cold replicas are spread over the states that the symmetry relates.
    """
    import numpy as np

    from rgc.program.draws import SLOT, fold
    from rgc.program.lattice.start import random_field

    down = _energy(energies, lattice, -1) < _energy(energies, lattice, 1)
    keys = [fold(np.array(key, dtype=np.uint64), SLOT, k) for k in range(len(fields) + 1)]
    flips = _flips(keys[-1], sectors, words, generator)
    out = []
    for species, ((high, low), field) in enumerate(zip(keys, fields, strict=False)):
        hot = random_field((int(high), int(low)), field, words, 0, generator)
        cold = np.full_like(hot, np.uint64(0xFFFF_FFFF_FFFF_FFFF if down else 0))
        for flip, word in zip(sectors.flips, flips, strict=True):
            for spin in flip:
                if spin.species == species:
                    cells = (
                        slice(x, None, m) for x, m in zip(spin.cell, sectors.modulus, strict=True)
                    )
                    place: Any = (slice(None), *cells, spin.letter)
                    cold[place] ^= word
        out.append((hot & np.uint64(HOT)) | (cold & ~np.uint64(HOT)))
    return out


def _flips(key: Words, sectors: Sectors, words: int, generator: Generator) -> list[Words]:
    """For each generator of the group the replicas in which it is applied, u64[word]."""
    import numpy as np

    from rgc.program.draws import counters, word

    at = counters(0, np.arange(words))
    return [word(key, at + np.uint64(k), generator) for k in range(len(sectors.flips))]


def _energy(energies: Sequence[tuple[Group, float]], lattice: Lattice, spin: int) -> float:
    """H per cell of the state in which every spin is `spin`, far from open edges."""
    inside = tuple(size // 2 for size in lattice.cells)
    return sum(
        coefficient * float(spin) ** len(product)
        for group, coefficient in energies
        for product, reach in zip(group.products, group.reaches, strict=True)
        if present(reach, inside, lattice.shape, lattice.boundary)
    )
