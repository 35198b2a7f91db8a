"""Products of spins as a sum over the lattice in the language."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rgc.model.lattice import Lattice
from rgc.model.operators import Product, Spin
from rgc.model.spec import Spec
from rgc.text import letter

_AXES = "xyzw"


def sum_text(products: Sequence[tuple[float, Product]], spec: Spec) -> str:
    """`sum(i) (s[i]*s[i+x] + s[i]*s[i+y])`, by cells and letters on a lattice with a basis.

    The index is a name that the spec does not use. A product of no spins ends the sum with a blank,
    behind which what is summed can be written.
    """
    by_letters = isinstance(spec.lattice, Lattice) and len(spec.lattice.basis) > 1
    called = [species.name for species in spec.species]
    index = free_name("c" if by_letters else "i", {*called, *spec.parameters})
    parts = []
    for weight, product in products:
        places = [_place(spin, index, by_letters) for spin in product]
        spins = "*".join(
            f"{called[spin.species]}[{place}]" for spin, place in zip(product, places, strict=True)
        )
        parts.append(spins if weight == 1 else f"{weight!r}*{spins}")
    body = " + ".join(parts)
    domain = f"{index} in cells" if by_letters and body else index
    return f"sum({domain}) " + (f"({body})" if len(parts) > 1 else body)


def free_name(name: str, taken: Collection[str]) -> str:
    """The name, with as many `_` behind it as it takes to be a new one."""
    while name in taken:
        name += "_"
    return name


def _place(spin: Spin, index: str, by_letters: bool) -> str:
    start = f"{index}.{letter(spin.letter)}" if by_letters else index
    if len(spin.cell) > len(_AXES):
        return start + f"+({','.join(map(str, spin.cell))})"
    for axis, x in zip(_AXES, spin.cell, strict=False):
        if x:
            start += ("+" if x > 0 else "-") + (axis if abs(x) == 1 else f"{abs(x)}*{axis}")
    return start
