"""The configurations that a run starts from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product as cartesian
from typing import TYPE_CHECKING, Any

from rgc.model.followers import Follower
from rgc.model.groups import Group, Sign, Signs, present
from rgc.model.lattice import Lattice
from rgc.model.operators import Product
from rgc.model.sectors import Sectors
from rgc.model.spins import Species
from rgc.model.weighed import CLOSE
from rgc.program.draws import Generator
from rgc.program.lattice.program import Field

if TYPE_CHECKING:
    from rgc.backend import Words
    from rgc.program.draws import Key

HOT = 0x5555_5555_5555_5555
"""The lanes of a word that start hot: the even replicas."""

FLIPPED = (
    "even replicas hot (independent fair spins), odd ones cold "
    "(all up or all down, whichever is lower, times a random symmetry)"
)
"""How replicas of two-state spins start, in words."""

BY_COPY = FLIPPED.replace("replicas", "copies of every realisation")
"""How copies of realisations of random couplings start, in words."""

UNIFORM = (
    "even replicas hot (independent spins, all states equally likely), odd ones cold "
    "(a random one of the uniform states of lowest energy)"
)
"""How replicas of other spins start, in words."""


def start_fields(
    key: Key,
    fields: Sequence[Field],
    words: int,
    *,
    lattice: Lattice,
    species: Sequence[Species],
    groups: Sequence[Group | Signs],
    coefficients: Sequence[float],
    sectors: Sectors,
    generator: Generator,
    word0: int = 0,
    copies: int = 0,
) -> list[Words]:
    """Canonical fields u64[planes, *shape, letters, word], one for each species, of the words from
    `word0` on.

    Half of the replicas start hot and half cold, interleaved. A hot start alone leaves stripes and
    other long-lived walls in large ordered systems, and a cold start alone keeps the symmetry
    broken. Where both halves have come to the same averages the run has forgotten how it began,
    which is checked.

    A cold replica of two-state spins is all up or all down, whichever has the lower energy, times
    an element of the group of `sectors` drawn at random, so that cold replicas are spread over the
    states that the symmetry relates. Where each lane is a realisation of random couplings, every
    second one of its `copies` is cold. A product with a random sign, which is a spin of no species,
    says nothing about which is lower. One of other spins is in a random one of those states of
    lowest energy in which every spin of a species has the same value.
    """
    import numpy as np

    from rgc.program.draws import SLOT, fold
    from rgc.program.lattice.start import random_field

    folded = [fold(np.array(key, dtype=np.uint64), SLOT, k) for k in range(len(fields) + 1)]
    keys = [(int(high), int(low)) for high, low in folded[:-1]]
    inside = [
        (part, coefficient)
        for group, coefficient in zip(groups, coefficients, strict=True)
        for part in _inside(group, lattice)
        if all(spin.species < len(species) for spin in _spins(part))
    ]
    cold = (
        _flipped(folded[-1], fields, words, word0, inside, sectors, generator)
        if all(kind.two_states for kind in species)
        else _uniform(
            (int(folded[-1][0]), int(folded[-1][1])), fields, words, word0, inside, generator
        )
    )
    hot = np.full(words, HOT, dtype=np.uint64)
    if copies:
        even = (word0 + np.arange(words)) % copies % 2 == 0
        hot = np.where(even, np.uint64(0xFFFF_FFFF_FFFF_FFFF), np.uint64(0))
    return [
        (random_field(of, field, words, word0, generator) & hot) | (ground & ~hot)
        for of, field, ground in zip(keys, fields, cold, strict=True)
    ]


def following(fields: Sequence[Words], followers: Sequence[Follower]) -> list[Words]:
    """The fields with every follower, in their order, as those before it decide."""
    import numpy as np

    out = [field.copy() for field in fields] if followers else list(fields)
    for each in followers:
        field = out[each.species][0]
        exactly = [np.bitwise_not(np.zeros_like(field[..., 0, :]))]
        for letter in each.cell:
            own = field[..., letter, :]
            zero = np.zeros_like(own)
            pairs = zip([*exactly, zero], [zero, *exactly], strict=True)
            exactly = [(same & ~own) | (fewer & own) for same, fewer in pairs]
        made = np.zeros_like(exactly[0])
        for words, minus in zip(exactly, each.minus, strict=True):
            if minus is None:
                made |= words & field[..., each.tie, :]
            elif minus:
                made |= words
        field[..., each.letter, :] = made
    return out


Inside = Sequence[tuple[Any, float]]
"""Products or signs that exist far from open edges, with their coefficients."""


def _flipped(
    key: Words,
    fields: Sequence[Field],
    words: int,
    word0: int,
    inside: Inside,
    sectors: Sectors,
    generator: Generator,
) -> list[Words]:
    """The cold fields of two-state spins."""
    import numpy as np

    up, down = (sum(c * float(spin) ** len(product) for product, c in inside) for spin in (1, -1))
    flips, out = _flips(key, sectors, words, word0, generator), []
    for species, field in enumerate(fields):
        cold = _empty(field, words) | np.uint64(0xFFFF_FFFF_FFFF_FFFF if down < up else 0)
        for flip, word in zip(sectors.flips, flips, strict=True):
            for spin in flip:
                if spin.species == species:
                    cells = (
                        slice(x, None, m) for x, m in zip(spin.cell, sectors.modulus, strict=True)
                    )
                    place: Any = (slice(None), *cells, spin.letter)
                    cold[place] ^= word
        out.append(cold)
    return out


def _uniform(
    key: Key,
    fields: Sequence[Field],
    words: int,
    word0: int,
    inside: Inside,
    generator: Generator,
) -> list[Words]:
    """The cold fields of spins with any number of states."""
    import numpy as np

    from rgc.program.lattice.start import random_field

    counts = [field.states or 1 << field.planes for field in fields]
    energies = {codes: _energy(inside, codes, counts) for codes in cartesian(*map(range, counts))}
    least, size = min(energies.values()), sum(abs(coefficient) for _, coefficient in inside)
    lowest = [codes for codes, energy in energies.items() if energy - least <= CLOSE * size]
    bits = max(1, (len(lowest) - 1).bit_length())
    one = Field("ground", (1,), planes=bits, periodic=(True,), states=len(lowest))
    chosen = random_field(key, one, words, word0, generator)[:, 0, 0]
    out = [_empty(field, words) for field in fields]
    for number, codes in enumerate(lowest):
        here = np.bitwise_and.reduce(
            [plane if number >> k & 1 else ~plane for k, plane in enumerate(chosen)]
        )
        for cold, code in zip(out, codes, strict=True):
            for k, plane in enumerate(cold):
                plane |= here if code >> k & 1 else np.uint64(0)
    return out


def _empty(field: Field, words: int) -> Words:
    import numpy as np

    return np.zeros((field.planes, *field.shape, field.letters, words), dtype=np.uint64)


def _energy(inside: Inside, codes: Sequence[int], counts: Sequence[int]) -> float:
    """H per cell, but for a constant, of the state in which spins of species n have codes[n]."""
    total = 0.0
    for sign, coefficient in inside:
        state = 0
        for spin in sign.spins:
            state = state * counts[spin.species] + codes[spin.species]
        total += -coefficient if sign.negative[state] else coefficient
    return total


def _flips(
    key: Words, sectors: Sectors, words: int, word0: int, generator: Generator
) -> list[Words]:
    """For each generator of the group the replicas in which it is applied, u64[word]."""
    import numpy as np

    from rgc.program.draws import counters, word

    at = counters(0, np.arange(word0, word0 + words))
    return [word(key, at + np.uint64(k), generator) for k in range(len(sectors.flips))]


def _spins(part: Product | Sign) -> Product:
    return (*part.spins, *part.numbers) if isinstance(part, Sign) else part


def _inside(group: Group | Signs, lattice: Lattice) -> Iterator[Product | Sign]:
    """The products or signs of a group that exist in the middle of the lattice."""
    middle = tuple(size // 2 for size in lattice.cells)
    parts: tuple[Product | Sign, ...] = group.products if isinstance(group, Group) else group.signs
    for part, reach in zip(parts, group.reaches, strict=True):
        if present(reach, middle, lattice.shape, lattice.boundary):
            yield part
