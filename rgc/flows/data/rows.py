"""Rows of data: the state of every site in every row, as programs and as people take it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.statistics import GROUPS, resample
from rgc.errors import Problem, SpecError, listing
from rgc.flows.data.files import first_place, place
from rgc.model.data import File, kept_apart
from rgc.model.lattice import Cell, Lattice
from rgc.model.spins import Species
from rgc.model.supercells import order_as_written
from rgc.program.draws import SLOT, Key, fold, word
from rgc.program.units import MEAN

Words = NDArray[np.uint64]
States = NDArray[np.uint8]

VALIDATION, SITES, ROWS, FIELD, PATTERNS, FRESH, LADDER = range(7)
"""What a stream of data is for: which rows are kept for validation, permutations of sites and of
rows, Gaussian fields, patterns, fresh samples to validate with, samples at many temperatures.
Numbers of draws are keyed by them, so they never change."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Rows:
    """Rows of spins of one species.

    `states` uint8[row, site] holds the numbers of the states, 0 the lowest value; of real spins it
    is float64[row, site] and holds the values. With `means` they are int32[row, feature], averages
    of features in units of 1 / 2^15. Sites are numbered as in canonical fields. `weights`
    float64[row] say how often each row counts; None: all alike. `cells` is the shape of a lattice
    whose translations leave the distribution of the rows unchanged, if there is one. `chains`
    int64[row] says which rows may depend on each other, those of one number; None: none do. `notes`
    are what is to be said of how they were made.
    """

    species: Species
    states: NDArray[Any]
    weights: NDArray[np.float64] | None = None
    means: bool = False
    cells: Cell | None = None
    chains: NDArray[np.int64] | None = None
    notes: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        return len(self.states)

    @property
    def sites(self) -> int:
        return int(self.states.shape[1])

    def at(self, rows: NDArray[np.intp]) -> Rows:
        """Some of the rows."""
        weights = None if self.weights is None else self.weights[rows]
        chains = None if self.chains is None else self.chains[rows]
        return replace(self, states=self.states[rows], weights=weights, chains=chains)

    def first(self, count: int) -> Rows:
        """The first rows, at most so many."""
        return self.at(np.arange(min(count, self.count)))

    def spread(self, count: int) -> Rows:
        """At most so many of the rows, evenly spaced, so that each of several sets that follow one
        another has its share.
        """
        chosen = min(count, self.count)
        return self.at(np.arange(chosen) * self.count // max(chosen, 1))

    @property
    def shares(self) -> NDArray[np.float64]:
        """How often each row counts, float64[row], as a share of all."""
        if self.weights is None:
            return np.full(self.count, 1 / self.count)
        return np.asarray(self.weights / self.weights.sum())

    @property
    def groups(self) -> NDArray[np.intp]:
        """The group of the jackknife that each row belongs to, int[row]: rows of one chain are in
        one group, and other rows with those before and after them, which may be alike. There are
        `GROUPS`, or one for each chain or row where these are fewer.
        """
        each = np.arange(self.count)
        if self.chains is not None:
            each = np.unique(self.chains, return_inverse=True)[1]
        independent = int(each.max()) + 1
        return np.asarray(each * min(GROUPS, independent) // independent)

    def resampled(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The average of values[row] over the rows, each as often as it counts, and those over all
        but one group, float64[1 + group].
        """
        groups, shares = self.groups, self.shares
        return resample(np.bincount(groups, shares * values), np.bincount(groups, shares))

    @property
    def values(self) -> NDArray[np.float64]:
        """The spins as declared, float64[row, site], or averages of features."""
        if self.means:
            return np.asarray(self.states / MEAN)
        if self.species.states is None:
            return np.asarray(self.states, dtype=np.float64)
        return np.asarray(np.array(self.species.values, dtype=np.float64)[self.states])

    @property
    def field(self) -> Words | NDArray[np.int32]:
        """The canonical field u64[planes, site, word] of which row r is lane r mod 64 of word
        r // 64; lanes beyond the rows are 0. Means and real spins, in units of 1 / 2^15, are
        int32[row, feature].

        Bit 1 is the lower value of a two-state spin. Of other spins plane k is bit k of the number
        of the state.
        """
        if self.means:
            return np.asarray(self.states, dtype=np.int32)
        if self.species.states is None:
            return np.asarray(np.rint(self.states * MEAN), dtype=np.int32)
        numbers = 1 - self.states if self.species.two_states else self.states
        planes = [_words((numbers >> k & 1).astype(np.uint8)) for k in range(self.species.bits)]
        return np.stack(planes)


def _words(bits: States) -> Words:
    """u64[site, word] of uint8[row, site]."""
    padded = np.zeros((bits.shape[1], -(-len(bits) // 64) * 64), dtype=np.uint8)
    padded[:, : len(bits)] = bits.T
    octets = np.ascontiguousarray(np.packbits(padded, axis=-1, bitorder="little"))
    return np.asarray(octets.view("<u8").astype(np.uint64))


def states_in(field: NDArray[Any], species: Species, count: int) -> NDArray[Any]:
    """The numbers of the states uint8[row, site] of the first `count` lanes of a canonical field
    u64[planes, ..., word], whose axes between are taken together; of real spins their values."""
    if species.states is None:
        return np.asarray(field[:count] / MEAN)
    planes = field.reshape(len(field), -1, field.shape[-1])
    octets = np.ascontiguousarray(planes.astype("<u8")).view(np.uint8)
    bits = np.unpackbits(octets, axis=-1, bitorder="little")[..., :count]
    numbers = sum((plane << k for k, plane in enumerate(bits)), np.zeros_like(bits[0]))
    return np.ascontiguousarray((1 - numbers if species.two_states else numbers).T)


def states_as_written(states: NDArray[Any], lattice: Lattice) -> NDArray[Any]:
    """States[row, site] of the sites of a lattice, in the order that a spec writes them."""
    return states if lattice.supercell is None else states[:, order_as_written(lattice)]


def states_of(values: NDArray[Any], species: Species, file: File) -> NDArray[Any]:
    """The states of the numbers of a file, as `Rows` has them.

    With a threshold values above it are the upper of two states. Raises `SpecError` (not-a-state)
    for the first value that no state has.
    """
    if file.threshold is not None:
        return (values > file.threshold).astype(np.uint8)
    if species.states is None:
        return np.asarray(values, dtype=np.float64)
    allowed = np.array(species.values)
    numbers = np.clip(np.searchsorted(allowed, values), 0, len(allowed) - 1)
    wrong = allowed[numbers] != values
    if wrong.any():
        raise _no_state(values, wrong, species, file)
    return numbers.astype(np.uint8)


def _no_state(
    values: NDArray[Any], wrong: NDArray[np.bool_], species: Species, file: File
) -> SpecError:
    at = first_place(wrong)
    states = species.values
    few = listing(states) if len(states) < 4 else f"{states[0]}, {states[1]}, ..., {states[-1]}"
    message = (
        f"'{file.path}' holds {values[at]:g} in {place(*at)}: {species.alphabet} spins are {few}"
    )
    hint = ""
    if species.two_states:
        middle = (float(values.min()) + float(values.max())) / 2
        hint = f"threshold={middle:g} makes the values above it the upper state"
    return SpecError([Problem("not-a-state", message, file.span, hint=hint)])


# -- draws -----------------------------------------------------------------------------------------


def key_of(key: Key, purpose: int, number: int = 0) -> Key:
    """The key of one of the uses of a stream of data, and of its part of that number."""
    child = fold(fold(np.array(key, dtype=np.uint64), SLOT, purpose), SLOT, number)
    return int(child[0]), int(child[1])


def permutation(key: Key, count: int) -> NDArray[np.intp]:
    """The numbers below `count` in the order of the random words of a key."""
    return np.argsort(word(key, np.arange(count, dtype=np.uint64)), kind="stable")


def split(rows: Rows, share: float | None, key: Key) -> tuple[Rows, Rows | None]:
    """The rows to train on, and those that a share for validation keeps apart; each in the order
    that they had. Which rows are kept apart is drawn."""
    apart = kept_apart(rows.count, share)
    if not apart:
        return rows, None
    order = permutation(key_of(key, VALIDATION), rows.count)
    return rows.at(np.sort(order[apart:])), rows.at(np.sort(order[:apart]))


def evened(rows: Rows) -> Rows:
    """As many rows that count alike: each as often as its weight says, rounded so that the numbers
    of rows up to any row are within one of theirs (systematic resampling)."""
    if rows.weights is None:
        return rows
    upper = np.cumsum(rows.weights)
    marks = (np.arange(rows.count) + 0.5) * (upper[-1] / rows.count)
    chosen = np.minimum(np.searchsorted(upper, marks, side="right"), rows.count - 1)
    return replace(rows.at(chosen), weights=None)


def constant_sites(rows: Rows) -> NDArray[np.intp]:
    """The numbers of the sites that have the same state in every row."""
    return np.flatnonzero((rows.states == rows.states[:1]).all(axis=0))
