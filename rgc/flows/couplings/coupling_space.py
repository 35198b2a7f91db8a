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


@dataclass(frozen=True, slots=True, eq=False)
class CouplingSpace:
    """-H = sum_c k_c sum over the products of class c, k = `basis` [n, n] @ K: the column of a term
    of the spec is what its coupling adds to each class, that of any other coupling is one class.
    `inverse` reads K from k. `start`: the couplings of the spec.

    `sectors`: the directions of K that the symmetry of the spins leaves as they are, and others;
    `projector` [n, n] on the first along the rest. `classes[name]`: the class that completes the
    basis under this name.
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
    """`columns` of the terms, none a combination of others, with their `couplings`; all `classes`
    by name, in the order in which those that are missing complete the basis; the sector of every
    class.
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
        dict.fromkeys(sectors), key=lambda each: (each not in ("even", "invariant"), each)
    )
    spanned = {name: inverse[:, [each == name for each in sectors]] for name in order}
    return CouplingSpace(
        tuple(chosen), basis, inverse, start, spanned, invariant_projector(spanned), free
    )


def _sum(column: Mapping[int, float], unit: Floats) -> Floats:
    return np.asarray(sum(weight * unit[k] for k, weight in column.items()))


def _missing(
    columns: Sequence[Floats], classes: Mapping[str, int], unit: Floats
) -> Iterator[tuple[str, int]]:
    """The classes that are no combination of the columns and of classes before them."""
    span: list[Floats] = []
    for vector in columns:
        _add(span, vector)
    for name, number in classes.items():
        if _add(span, unit[number]):
            yield name, number


def _add(span: list[Floats], vector: Floats) -> bool:
    """Orthonormalise, twice for rounding; False where nothing is left."""
    rest = vector / np.linalg.norm(vector)
    for _ in range(2):
        for each in span:
            rest = rest - (each @ rest) * each
    size = float(np.linalg.norm(rest))
    if size > _SMALL:
        span.append(rest / size)
    return size > _SMALL


def sectors_of_classes(
    classes: Sequence[Sequence[Product]], levels: Sequence[Sectors]
) -> tuple[str, ...]:
    """The sector of each class under the flips of the fine lattice, `levels[0]`, and those that
    they induce on the block spins.

    Where the flips are uniform and induce themselves, sectors have the names of their characters;
    else classes that change are in one sector, `charged`, since the map may carry one character
    into another. Where the block spins keep another symmetry there is one sector.
    """
    found = [[_characters(each, level) for each in classes] for level in levels[:2]]
    unchanged = [[not any(map(any, each)) for each in level] for level in found]
    if unchanged[0] != unchanged[-1]:
        return ("invariant",) * len(classes)
    fine, coarse = levels[0], levels[-1]
    if (
        fine == coarse
        and all(m == 1 for m in fine.modulus)
        and all(len(each) == 1 for each in found[0])
    ):
        return tuple(fine.name(next(iter(each))) for each in found[0])
    return tuple("invariant" if same else "charged" for same in unchanged[0])


def _characters(products: Sequence[Product], sectors: Sectors) -> set[tuple[int, ...]]:
    return {sectors.character(each, at) for each in products for at in sectors.residues}
