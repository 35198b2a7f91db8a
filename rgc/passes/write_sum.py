"""Products of spins as a sum over the lattice in the language."""

from __future__ import annotations

from collections.abc import Sequence

from rgc.model.lattice import Lattice
from rgc.model.operators import Product, Spin
from rgc.model.spec import Spec

_AXES = "xyzw"


def sum_text(products: Sequence[tuple[float, Product]], spec: Spec) -> str:
    """`sum(i) (s[i]*s[i+x] + s[i]*s[i+y])`, by cells and letters on a lattice with a basis."""
    letters = isinstance(spec.lattice, Lattice) and len(spec.lattice.basis) > 1
    called = [species.name for species in spec.species]
    parts = []
    for weight, product in products:
        spins = "*".join(f"{called[spin.species]}[{_place(spin, letters)}]" for spin in product)
        parts.append(spins if weight == 1 else f"{weight!r}*{spins}")
    body = " + ".join(parts)
    return f"sum({'c in cells' if letters else 'i'}) " + (f"({body})" if len(parts) > 1 else body)


def _place(spin: Spin, letters: bool) -> str:
    start = f"c.{'abcdefghijklmnopqrstuvwxyz'[spin.letter]}" if letters else "i"
    if len(spin.cell) > len(_AXES):
        return start + f"+({','.join(map(str, spin.cell))})"
    for axis, x in zip(_AXES, spin.cell, strict=False):
        if x:
            start += ("+" if x > 0 else "-") + (axis if abs(x) == 1 else f"{abs(x)}*{axis}")
    return start
