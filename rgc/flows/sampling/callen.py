"""Couplings of spins on a lattice from their configurations, by Callen's equations.

The spins are block spins of a level (`mcrg(couplings=callen)`) or hidden units of a layer
(`train(couplings=callen)`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rgc.analysis.callen import Surroundings, callen_couplings
from rgc.analysis.level_spectra import shells
from rgc.analysis.statistics import GROUPS, jackknife
from rgc.model.operators import Operator, Spin
from rgc.results.result import Estimate, Result

if TYPE_CHECKING:
    from numpy.typing import NDArray

HEAD = "callen"
"""What the names of tables of these couplings begin with."""

RULE = (
    "Callen's equations, which are those of the largest pseudo-likelihood, with the operators of "
    "the basis; the error is statistical, by jackknife over {independent}, and does not hold what "
    "operators outside the basis would change"
)

MOVED = 5.0
"""Standard errors by which the first coupling may move with the last shell of the basis."""

Operators = Sequence[Operator]


@dataclass(frozen=True, slots=True, eq=False)
class Configurations:
    """Configurations int8[each, *shape, letters] of spins -1 and 1, the group of the jackknife that
    each belongs to, int64[each], and how often each counts, float64[each]; None: all alike.
    """

    spins: NDArray[np.int8]
    group: NDArray[np.int64]
    weights: NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The couplings of the operators `names` and their errors, float64[size, a], with the first
    `sizes[size]` of them, which are whole shells; NaN beyond, and where there are none.

    Of configurations different ones of what `independent` names know nothing of each other, and
    `note` is what is said of every coupling.
    """

    names: Sequence[str]
    sizes: tuple[int, ...]
    value: NDArray[np.float64]
    error: NDArray[np.float64]
    independent: str
    note: str = ""

    def estimates(self) -> dict[str, Estimate]:
        """The couplings of the largest basis by name."""
        rule = RULE.format(independent=self.independent)
        return {
            name: Estimate(
                float(x), float(dx), "truncated", statistical=float(dx), rule=rule, note=self.note
            )
            if np.isfinite([x, dx]).all()
            else Estimate(None, None, note="no configuration speaks against any value of it")
            for name, x, dx in zip(self.names, self.value[-1], self.error[-1], strict=True)
        }

    def moved(self, where: str) -> tuple[str, ...]:
        """A warning where the first coupling moves by more than its errors with the last shell."""
        if len(self.value) < 2:
            return ()
        by = self.value[-1, 0] - self.value[-2, 0]
        noise = float(np.hypot(self.error[-1, 0], self.error[-2, 0]))
        if not abs(by) > MOVED * noise:
            return ()
        return (
            f"{self.names[0]} of {where} moves by {by:+.2g} with the last operators of the basis: "
            "couplings by Callen's equations are those of the basis, not of the "
            f"{where.split()[0]}",
        )


def with_couplings(
    result: Result, found: Mapping[int, Found], level: str = "level", table: str = "{name}_{number}"
) -> Result:
    """A result with the couplings of some of its levels. `level` is what a level is called, and
    `table` how tables of one are named.
    """
    tables: dict[str, NDArray[Any]] = {}
    labels: dict[str, Mapping[int, Sequence[str]]] = {}
    for number, own in found.items():
        axes = {0: [f"{size} operators" for size in own.sizes], 1: own.names}
        for name, values in ((HEAD, own.value), (f"{HEAD}_error", own.error)):
            named = table.format(name=name, number=number)
            tables[named], labels[named] = values, axes
    known = {number: own.estimates() for number, own in found.items() if own.sizes}
    return replace(
        result,
        levels=tuple(
            replace(each, couplings=known.get(each.level, each.couplings)) for each in result.levels
        ),
        tables={**result.tables, **tables},
        labels={**result.labels, **labels},
        warnings=(
            *result.warnings,
            *(said for number, own in found.items() for said in own.moved(f"{level} {number}")),
        ),
    )


def found_couplings(
    parts: Iterable[Configurations],
    operators: Operators,
    ranges: Sequence[float],
    independent: str,
    note: str = "",
) -> Found:
    """The couplings of operators, of these ranges, with every number of them that completes a
    shell.
    """
    seen, sizes = surroundings(parts, operators), shells(ranges)
    value, error = (np.full((len(sizes), len(operators)), np.nan) for _ in range(2))
    for row, size in enumerate(sizes):
        value[row, :size], error[row, :size] = jackknife(callen_couplings(seen.only(size)))
    names = [each.name for each in operators]
    return Found(names, tuple(sizes), value, error, independent, note)


def surroundings(parts: Iterable[Configurations], operators: Operators) -> Surroundings:
    """What every spin of all configurations stands among."""
    merged: dict[bytes, NDArray[Any]] = {}
    for part in parts:
        for letter in range(part.spins.shape[-1]):
            vectors = np.stack([_around(part.spins, each, letter) for each in operators], axis=-1)
            _count(merged, vectors, part, letter)
    fields = np.array([np.frombuffer(key, np.int16) for key in merged], np.int64)
    counts = np.array(list(merged.values()))
    return Surroundings(fields, counts[:, :, 0].T, counts[:, :, 1].T)


def _around(own: NDArray[np.int8], operator: Operator, letter: int) -> NDArray[np.int16]:
    """What multiplies every spin of a letter in an operator, [each, *shape]."""
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
    merged: dict[bytes, NDArray[Any]],
    vectors: NDArray[np.int16],
    part: Configurations,
    letter: int,
) -> None:
    """Add to `merged` [group, up or down] how often each vector was seen, in place."""
    flat = np.ascontiguousarray(vectors.reshape(-1, vectors.shape[-1]))
    _, first, index = np.unique(_codes(flat), return_index=True, return_inverse=True)
    distinct = flat[first]
    own = part.spins[..., letter]
    side = (own.reshape(-1) < 0).astype(np.int64)
    of_group = np.repeat(part.group, own[0].size)
    where = (index.ravel() * GROUPS + of_group) * 2 + side
    weights = None if part.weights is None else np.repeat(part.weights, own[0].size)
    counted = np.bincount(where, weights, minlength=len(distinct) * GROUPS * 2)
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
