"""Couplings of the levels of a Monte Carlo RG from their configurations, by Callen's equations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rgc.analysis.callen import Surroundings, callen_couplings
from rgc.analysis.level_spectra import shells
from rgc.analysis.statistics import GROUPS, jackknife
from rgc.flows.sampling.mcrg_spectra import kept
from rgc.flows.sampling.saved import Saver, spins
from rgc.model.operators import Operator, Spin
from rgc.results.result import Estimate, Level, Result

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rgc.flows.sampling.levels import Levels
    from rgc.flows.sampling.sampler import Sampler

MOST_KEPT = 32
"""Configurations of each replica, at most, from which couplings are found."""

HEAD = "callen"

RULE = (
    "Callen's equations, which are those of the largest pseudo-likelihood, with the operators of "
    "the basis; the error is statistical, by jackknife over replicas, and does not hold what "
    "operators outside the basis would change"
)

Operators = Sequence[Operator]


@dataclass(frozen=True, slots=True, eq=False)
class Callen:
    """Keeps block spins of some records, and finds the couplings of every level at the end."""

    levels: Levels
    saver: Saver

    def result(self, found: Result, arrays: Mapping[str, NDArray[Any]]) -> Result:
        """The answer of the run with the couplings of every level."""
        tables: dict[str, NDArray[Any]] = {}
        labels: dict[str, Mapping[int, Sequence[str]]] = {}
        levels: list[Level] = []
        warnings: list[str] = []
        for level in found.levels:
            if not level.level:
                levels.append(level)
                continue
            names, sizes, solved = self._of_level(level.level, arrays)
            value, error = (np.full((len(sizes), len(names)), np.nan) for _ in range(2))
            for row, (size, resampled) in enumerate(zip(sizes, solved, strict=True)):
                value[row, :size], error[row, :size] = jackknife(resampled)
            tables |= {f"{HEAD}_{level.level}": value, f"{HEAD}_error_{level.level}": error}
            axes = {0: [f"{size} operators" for size in sizes], 1: names}
            labels |= dict.fromkeys((f"{HEAD}_{level.level}", f"{HEAD}_error_{level.level}"), axes)
            levels.append(_with(level, names, value, error))
            warnings += _moved(level.level, names, value, error)
        return replace(
            found,
            levels=tuple(levels),
            tables={**found.tables, **tables},
            labels={**found.labels, **labels},
            warnings=(*found.warnings, *warnings),
        )

    def _of_level(
        self, number: int, arrays: Mapping[str, NDArray[Any]]
    ) -> tuple[list[str], tuple[int, ...], list[NDArray[np.float64]]]:
        """The operators of a level, the numbers of them that are whole shells, and the couplings
        with each of these [1 + group, a].
        """
        sector = self.levels.basis.invariant
        index = kept(self.levels, number, sector)
        names = [self.levels.names[sector][k] for k in index]
        by_name = {each.name: each for each in self.levels.basis.operators}
        operators = [each for name in names if isinstance(each := by_name[name], Operator)]
        fields = arrays[f"{HEAD}_{number}_0"]
        seen = surroundings(spins(fields, (1, -1)), operators)
        sizes = shells([self.levels.basis.ranges[sector][k] for k in index])
        return names, sizes, [callen_couplings(seen.only(size)) for size in sizes]


def surroundings(configurations: NDArray[np.int8], operators: Operators) -> Surroundings:
    """What every spin of the configurations int8[replica, count, *shape, letters] stands among.

    Replicas belong to the groups of the jackknife in their order.
    """
    replicas = len(configurations)
    group = np.arange(replicas) * GROUPS // replicas
    letters = configurations.shape[-1]
    merged: dict[bytes, NDArray[np.int64]] = {}
    for k in range(configurations.shape[1]):
        for letter in range(letters):
            own = configurations[:, k]
            vectors = np.stack([_around(own, each, letter) for each in operators], axis=-1)
            _count(merged, vectors, own[..., letter], group)
    fields = np.array([np.frombuffer(key, np.int16) for key in merged], np.int64)
    counts = np.array(list(merged.values()))
    return Surroundings(fields, counts[:, :, 0].T, counts[:, :, 1].T)


def _around(own: NDArray[np.int8], operator: Operator, letter: int) -> NDArray[np.int16]:
    """What multiplies every spin of a letter in an operator, [replica, *shape]."""
    out = np.zeros(own.shape[:-1], np.int16)
    for product in operator.products:
        for spin in product:
            if spin.letter == letter:
                out += _others(own, product, spin)
    return out


def _others(own: NDArray[np.int8], product: Sequence[Spin], spin: Spin) -> NDArray[np.int8]:
    """The product of the other spins, seen from where this one stands."""
    out = np.ones(own.shape[:-1], np.int8)
    axes = tuple(range(1, own.ndim - 1))
    for other in product:
        if other != spin:
            shift = tuple(y - x for x, y in zip(other.cell, spin.cell, strict=True))
            out *= np.roll(own[..., other.letter], shift, axes)
    return out


def _count(
    merged: dict[bytes, NDArray[np.int64]],
    vectors: NDArray[np.int16],
    own: NDArray[np.int8],
    group: NDArray[np.int64],
) -> None:
    """Add to `merged` [group, up or down] how often each vector was seen, in place."""
    flat = np.ascontiguousarray(vectors.reshape(-1, vectors.shape[-1]))
    _, first, index = np.unique(_codes(flat), return_index=True, return_inverse=True)
    distinct = flat[first]
    side = (own.reshape(-1) < 0).astype(np.int64)
    of_group = np.repeat(group, own[0].size)
    where = (index.ravel() * GROUPS + of_group) * 2 + side
    counted = np.bincount(where, minlength=len(distinct) * GROUPS * 2)
    for key, counts in zip(distinct, counted.reshape(-1, GROUPS, 2), strict=True):
        name = key.tobytes()
        merged[name] = merged[name] + counts if name in merged else counts


def _codes(vectors: NDArray[np.int16]) -> NDArray[Any]:
    """One number, or as many bytes, for each vector, so that equal ones are found."""
    radix = 2 * int(np.abs(vectors).max(initial=0)) + 1
    width = vectors.shape[1]
    if radix**width < 2**62:
        return vectors.astype(np.int64) @ radix ** np.arange(width, dtype=np.int64)
    return vectors.view(np.dtype((np.void, width * vectors.itemsize))).ravel()


def _with(level: Level, names: Sequence[str], value: NDArray[Any], error: NDArray[Any]) -> Level:
    """A level with its couplings, those of the largest basis."""
    if not len(value):
        return level
    found = {
        name: Estimate(float(x), float(dx), "truncated", statistical=float(dx), rule=RULE)
        if np.isfinite([x, dx]).all()
        else Estimate(None, None, note="no configuration speaks against any value of it")
        for name, x, dx in zip(names, value[-1], error[-1], strict=True)
    }
    return replace(level, couplings=found)


def _moved(
    number: int, names: Sequence[str], value: NDArray[Any], error: NDArray[Any]
) -> Iterator[str]:
    """A warning where the first coupling moves by more than its errors with the last shell."""
    if len(value) < 2:
        return
    moved, noise = value[-1, 0] - value[-2, 0], float(np.hypot(error[-1, 0], error[-2, 0]))
    if abs(moved) > 5 * noise:
        yield (
            f"{names[0]} of level {number} moves by {moved:+.2g} with the last operators of the "
            "basis: couplings by Callen's equations are those of the basis, not of the level"
        )


def make_callen(sampler: Sampler, levels: Levels) -> Callen | None:
    """What finds the couplings that the option `couplings` asks for, or None."""
    if "couplings" not in sampler.model.options:
        return None
    count = min(sampler.plan.records, MOST_KEPT)
    coarse = [level.lattice for level in levels.levels[1:]]
    return Callen(levels, Saver(sampler, count, {}, coarse, HEAD, fine=False))
