"""Names of couplings: `k`, the number of spins, and the offsets of the further spins."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rgc.model.lattice import Cell
from rgc.model.operators import Product, Spin, product
from rgc.text import letter

_Key = tuple[int, tuple[int, ...], tuple[bool, ...], int, int]


def coupling_name(product: Product, *equivalent: Product, species: Sequence[str] = ("s",)) -> str:
    """The name of the class that holds `product` and the `equivalent` ones, such as `k2_10`,
    `k2_1m1`, `k4_10_01_11`.

    - The number of spins comes first, then the offset of each further spin from the first one, with
      a digit for each component and `m` for minus. Offsets with a component beyond 9 are joined by
      `c` (`k2_12c0`).
    - The letter of the basis site stands behind the offset unless it is a, and the name of the
      species in front of it unless it is the first: `k2_00b`, `k2_t00`.
    - Where the first spin is itself not letter a of the first species, it is written too, so that
      `k1_00b` and `k1_t00` are the fields of other sites and `k2_00b_10b` joins two b sites.
    - The constant is `k0`.

    Every product of the class is read from every one of its spins, and the smallest list names the
    class. Offsets are compared by length (sum of squared components), then by the position of their
    components (10 before 01), then positive before negative.
    """
    members = (product, *equivalent)
    readings = (reading for member in members for reading in _readings(member))
    spins = min(readings, key=lambda spins: [_key(spin) for spin in spins], default=())
    first_is_plain = bool(spins) and spins[0].letter == 0 and spins[0].species == 0
    offsets = [_offset(spin, species) for spin in (spins[1:] if first_is_plain else spins)]
    return "_".join([f"k{len(spins)}", *offsets])


def _readings(product: Product) -> Iterator[Product]:
    """The product seen from each of its spins of lowest species and letter, with that spin first
    and the others in order.
    """
    lowest = min(((spin.species, spin.letter) for spin in product), default=(0, 0))
    for spin in product:
        if (spin.species, spin.letter) == lowest:
            moved = [
                other.shifted(tuple(-x for x in spin.cell)) for other in product if other != spin
            ]
            origin = Spin((0,) * len(spin.cell), spin.letter, spin.species)
            yield (origin, *sorted(moved, key=_key))


def _key(spin: Spin) -> _Key:
    cell = spin.cell
    square = sum(x * x for x in cell)
    return (
        square,
        tuple(-abs(x) for x in cell),
        tuple(x < 0 for x in cell),
        spin.species,
        spin.letter,
    )


def _offset(spin: Spin, species: Sequence[str]) -> str:
    before = species[spin.species] if spin.species else ""
    return before + _digits(spin.cell) + (letter(spin.letter) if spin.letter else "")


def _digits(cell: Cell) -> str:
    parts = [f"m{-x}" if x < 0 else str(x) for x in cell]
    return ("c" if any(abs(x) > 9 for x in cell) else "").join(parts)


def product_named(
    name: str, dimension: int, letters: Sequence[str] = ("a",), species: Sequence[str] = ("s",)
) -> Product | None:
    """A product of the class that a name such as `k3_10_01` stands for, on a lattice of that many
    dimensions; None for a name that `coupling_name` gives to none.
    """
    first, *offsets = name.split("_")
    count = int(first[1:]) if re.fullmatch(r"k[1-9]\d{0,3}", first) else 0
    spins = [_read(offset, dimension, letters, species) for offset in offsets]
    if len(spins) == count - 1:
        spins.append(Spin((0,) * dimension))
    known = [spin for spin in spins if spin is not None]
    if not count or len(set(known)) != count:
        return None
    made = product(known)
    return made if coupling_name(made, species=species) == name else None


def _read(
    offset: str, dimension: int, letters: Sequence[str], species: Sequence[str]
) -> Spin | None:
    """The spin that a part of a name stands for."""
    for number, before in enumerate(["", *species[1:]]):
        found = re.fullmatch(f"{re.escape(before)}([0-9mc]*[0-9])([a-z]*)", offset)
        if found and (found[2] or "a") in letters:
            digits = found[1].split("c") if "c" in found[1] else re.findall(r"m?\d", found[1])
            cell = tuple(int(each.replace("m", "-")) for each in digits)
            if len(cell) == dimension:
                return Spin(cell, letters.index(found[2] or "a"), number)
    return None
