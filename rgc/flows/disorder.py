"""Realisations of random couplings: one number for every set of sites, whatever else is drawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.quantiles import quantile
from rgc.array_files import cells
from rgc.errors import Problem, SpecError
from rgc.model.draw import Distribution, Given, Written
from rgc.model.graphs import Column
from rgc.model.lattice import Lattice, Site
from rgc.model.quenched import Quenched
from rgc.model.supercells import order_as_written
from rgc.passes.check_file import one_array
from rgc.program.draws import SLOT, STEP, fold, stream, word

Floats = NDArray[np.float64]
Words = NDArray[np.uint64]

LANES = 64
"""Realisations in one word."""


@dataclass(frozen=True, slots=True, eq=False)
class Realisation:
    """The random couplings of one realisation, and those that are `given` for all of them.

    `key` descends from the seed, the scanned parameters and the number of the realisation.
    """

    draws: Mapping[str, Distribution]
    lattice: Lattice
    seed: int
    point: Mapping[str, float]
    number: int
    given: Mapping[str, Floats | Column] = field(default_factory=dict)

    def value(self, name: str, sites: Iterable[int]) -> float:
        """The coupling of that name at a set of sites."""
        return float(self.values(name, np.array([sorted(set(sites))], dtype=np.int64))[0])

    def values(self, name: str, sites: NDArray[np.int64]) -> Floats:
        """The couplings of that name at sets of different sites, float64[set] from
        int64[set, site].
        """
        given = self.given.get(name)
        if isinstance(given, Column):
            return np.array([given.at(row) for row in sites.tolist()])
        if given is not None:
            return np.asarray(given[tuple(_as_written(sites, self.lattice).T)], dtype=np.float64)
        point = tuple(sorted(self.point.items()))
        key = _key(self.seed, point, self.number, sorted(self.draws).index(name))
        place = np.zeros(len(sites), dtype=np.uint64)
        for column in np.sort(sites, axis=1).T.astype(np.uint64):
            place = place * np.uint64(self.lattice.sites + 1) + column + np.uint64(1)
        u = (word(key, place) >> np.uint64(11)).astype(np.float64) * 2.0**-53
        return np.asarray(quantile(self.draws[name], u), dtype=np.float64)


def _as_written(sites: NDArray[np.int64], lattice: Lattice) -> NDArray[np.int64]:
    """The numbers of sites in the cells that a spec writes."""
    if lattice.supercell is None:
        return sites
    return np.asarray(np.argsort(order_as_written(lattice))[sites])


@lru_cache(maxsize=1 << 14)
def _key(seed: int, point: tuple[tuple[str, float], ...], number: int, rank: int) -> Words:
    """The key of the couplings with the rank-th name in realisation `number`."""
    key = fold(stream(seed, dict(point), "disorder"), STEP, number)
    return fold(key, SLOT, rank)


def bond_sites(bond: Sequence[Site], lattice: Lattice) -> NDArray[np.int64]:
    """The numbers of the sites of a bond in every cell, int64[cell, site].

    Across an open edge, where there is no such bond, they are those around a periodic one.
    """
    cells = np.indices(lattice.cells).reshape(lattice.dimension, -1)
    shape = np.array(lattice.cells)[:, None]
    columns = []
    for site in bond:
        at = (cells + np.array(site.cell, dtype=np.int64)[:, None]) % shape
        flat = np.ravel_multi_index(tuple(at), lattice.cells)
        columns.append(flat * len(lattice.basis) + site.letter)
    return np.stack(columns, axis=1)


def sign_fields(
    quenched: Sequence[Quenched], realisations: Sequence[Realisation], lattice: Lattice
) -> list[Words]:
    """The signs of random couplings as canonical fields u64[1, *cells, letter, word]: lane r of
    word w is that of realisation 64 w + r, bit 1 where the coupling is negative.
    """
    letters, words = len(lattice.basis), len(realisations) // LANES
    fields = [np.zeros((1, *lattice.cells, letters, words), np.uint64) for _ in quenched]
    for words_of, signs in zip(fields, quenched, strict=True):
        for letter, bond in enumerate(signs.bonds):
            if not bond:
                continue
            sites, column = bond_sites(bond, lattice), words_of[0, ..., letter, :]
            for number, realisation in enumerate(realisations):
                negative = realisation.values(signs.name, sites) < 0
                bits = negative.astype(np.uint64).reshape(lattice.cells)
                column[..., number // LANES] |= bits << np.uint64(number % LANES)
    return fields


def number_fields(
    quenched: Sequence[Quenched], realisations: Sequence[Realisation], lattice: Lattice
) -> list[Floats]:
    """Random couplings as float64[*cells, letter, realisation]."""
    letters = len(lattice.basis)
    fields = [np.zeros((*lattice.cells, letters, len(realisations))) for _ in quenched]
    for found, couplings in zip(fields, quenched, strict=True):
        for letter, bond in enumerate(couplings.bonds):
            if not bond:
                continue
            sites = bond_sites(bond, lattice)
            for number, realisation in enumerate(realisations):
                values = realisation.values(couplings.name, sites)
                found[..., letter, number] = values.reshape(lattice.cells)
    return fields


def read_given(given: Mapping[str, Given | Written | Column]) -> dict[str, Floats | Column]:
    """The couplings that files and lists hold, float64[site, ...], and columns of a graph.

    Raises `SpecError` for a file that is not there or not readable, for what is no finite number,
    and where a coupling of several sites depends on their order.
    """
    return {name: _array(of) if not isinstance(of, Column) else of for name, of in given.items()}


def _array(given: Given | Written) -> Floats:
    return _read(given) if isinstance(given, Given) else np.array(given.entries, dtype=np.float64)


def _read(file: Given) -> Floats:
    path = file.folder / file.path
    name, _ = one_array(file.folder, file.path, None, file.span)
    try:
        if path.suffix.lower() == ".csv":
            values = np.array([list(map(float, row)) for row in cells(path)])
            values = values[:, 0] if values.shape[1:] == (1,) else values
        else:
            kept = np.load(path, allow_pickle=False)
            values = np.asarray(kept[name] if name else kept, dtype=np.float64)
    except (ValueError, OSError) as error:
        message = f"'{file.path}' cannot be read: {error}"
        raise SpecError([Problem("unreadable-file", message, file.span)]) from None
    if not np.isfinite(values).all():
        at = ", ".join(map(str, np.argwhere(~np.isfinite(values))[0].tolist()))
        message = f"the coupling at ({at}) in '{file.path}' is no finite number"
        raise SpecError([Problem("not-finite", message, file.span)])
    for axis in range(1, values.ndim):
        turned = np.swapaxes(values, 0, axis)
        if not np.array_equal(values, turned):
            place = np.argwhere(values != turned)[0].tolist()
            there = place.copy()
            there[0], there[axis] = place[axis], place[0]
            message = (
                f"'{file.path}' holds {values[tuple(place)]:g} at {tuple(place)} and "
                f"{values[tuple(there)]:g} at {tuple(there)}: J[i,j] is J[j,i]"
            )
            hint = "take the mean of the array and its transpose"
            raise SpecError([Problem("not-symmetric", message, file.span, hint=hint)])
    return values
