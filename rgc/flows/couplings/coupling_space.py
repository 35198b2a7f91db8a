"""Coordinates for Hamiltonians of products of Ising spins: the terms of the spec, and what they do
not span.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rgc.analysis.recursion import Floats, invariant_projector
from rgc.model.operators import Product
from rgc.model.sectors import Sectors

_SMALL = 1e-9


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class CouplingSpace:
    """-H = sum_c k_c sum over the products of class c, with k = `basis` [n, n] @ K.

    - The column of a term of the spec is what its coupling adds to each class. That of any other
      coupling is one class.
    - `inverse` reads K from k, and `start` holds the couplings of the spec.
    - `sectors` gives the directions of K that are invariant under the symmetry of the spins, and
      the others. `projector` [n, n] projects on the first along the rest.
    - `classes[name]` is the class that completes the basis under this name.
    """

    names: tuple[str, ...]
    basis: Floats
    inverse: Floats
    start: Floats
    sectors: dict[str, Floats]
    projector: Floats
    classes: dict[str, int]


def coupling_space(
    columns: Mapping[str, Mapping[int, float]],
    couplings: Mapping[str, float],
    classes: Mapping[str, int],
    sectors: Sequence[str],
) -> CouplingSpace:
    """The space in which linearly independent terms have these `columns` and `couplings`.

    `classes` holds all classes by name, in the order in which those that are missing complete the
    basis. `sectors` holds the sector of every class.
    """
    unit = np.eye(len(sectors))
    chosen = {name: _sum(column, unit) for name, column in columns.items()}
    missing = dict(_missing(list(chosen.values()), classes, unit))
    free = {
        (name if name not in chosen else f"{name}_"): number for name, number in missing.items()
    }
    chosen |= {name: unit[number] for name, number in free.items()}
    basis = np.stack(list(chosen.values()), axis=1)
    inverse = np.asarray(np.linalg.inv(basis), dtype=np.float64)
    start = np.array([couplings.get(name, 0.0) for name in chosen])
    order = sorted(
        dict.fromkeys(sectors), key=lambda sector: (sector not in ("even", "invariant"), sector)
    )
    spanned = {name: inverse[:, [sector == name for sector in sectors]] for name in order}
    return CouplingSpace(
        names=tuple(chosen),
        basis=basis,
        inverse=inverse,
        start=start,
        sectors=spanned,
        projector=invariant_projector(spanned),
        classes=free,
    )


def _sum(column: Mapping[int, float], unit: Floats) -> Floats:
    return np.asarray(sum(weight * unit[k] for k, weight in column.items()))


def _missing(
    columns: Sequence[Floats], classes: Mapping[str, int], unit: Floats
) -> Iterator[tuple[str, int]]:
    """The classes that are no combination of the columns and of the classes before them."""
    span: list[Floats] = []
    for vector in columns:
        _add(span, vector)
    for name, number in classes.items():
        if _add(span, unit[number]):
            yield name, number


def _add(span: list[Floats], vector: Floats) -> bool:
    """Add a vector to an orthonormal set, orthogonalised twice because of rounding. The result is
    False where nothing is left.
    """
    rest = vector / np.linalg.norm(vector)
    for _ in range(2):
        for unit in span:
            rest = rest - (unit @ rest) * unit
    size = float(np.linalg.norm(rest))
    if size > _SMALL:
        span.append(rest / size)
    return size > _SMALL


def sectors_of_classes(
    classes: Sequence[Sequence[Product]], levels: Sequence[Sectors]
) -> tuple[str, ...]:
    """The sector of each class under the flips of the fine lattice, `levels[0]`, and those that
    they induce on the block spins.

    Where the flips are uniform and induce themselves, sectors have the names of their characters.
    Otherwise all classes that change are in one sector, `charged`, since the map may carry one
    character into another. Where the block spins have another symmetry there is one sector.
    """
    characters = [[_characters(products, level) for products in classes] for level in levels[:2]]
    unchanged = [[not any(map(any, of_class)) for of_class in level] for level in characters]
    if unchanged[0] != unchanged[-1]:
        return ("invariant",) * len(classes)
    fine, coarse = levels[0], levels[-1]
    if (
        fine == coarse
        and all(m == 1 for m in fine.modulus)
        and all(len(of_class) == 1 for of_class in characters[0])
    ):
        return tuple(fine.name(next(iter(of_class))) for of_class in characters[0])
    return tuple("invariant" if same else "charged" for same in unchanged[0])


def _characters(products: Sequence[Product], sectors: Sectors) -> set[tuple[int, ...]]:
    return {sectors.character(spins, at) for spins in products for at in sectors.residues}
