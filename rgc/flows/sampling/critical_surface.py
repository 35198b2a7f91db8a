"""The tangent of the critical surface, from how the couplings of every level follow those of the
spec.

Far along the flow only the relevant direction is left, so that the rows of dK(n)_a/dK(0)_b become
proportional to the normal of the critical surface (Swendsen 1984). The relevant scaling field of a
level is phi dK(n), with phi the leading left eigenvector of the map that leads to it, and
irrelevant directions are no part of it: so couplings that change by dK_b stay critical where

    sum_ab phi_a (dK(n)_a/dK(0)_b) dK_b = 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rgc.analysis.eigenvalues import linearised, scaling_fields
from rgc.analysis.headline import ONE_CHANGE
from rgc.analysis.level_spectra import remaining, shells
from rgc.analysis.statistics import jackknife
from rgc.analysis.systematic import Change, between, systematic
from rgc.flows.sampling.mcrg_spectra import Arrays, correlations, kept
from rgc.results.result import Estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rgc.flows.sampling.levels import Levels, SampledLevel

TANGENT = "critical_tangent"

RULE = (
    "how the relevant scaling field of the last level that holds the range without wrapping "
    "changes with K_b over how it changes with K_1, phi dK(n)/dK_b over phi dK(n)/dK_1; "
    "statistical error by jackknife over replicas; systematic error the largest that several "
    "changes say beyond their statistics: from the two levels before and with one shell less"
)

Ratios = Mapping[str, "NDArray[np.float64]"]
"""phi dK(n)/dK_b over phi dK(n)/dK_1 for every operator b but the first, [1 + group]."""


@dataclass(frozen=True, slots=True, eq=False)
class Tangents:
    """`critical_tangent.<operator>`: how much the first coupling must fall where that of the
    operator rises, so that the Hamiltonian stays critical.

    `by_level[n]` are those that level n shows, with statistical errors, and `headline` is the
    answer.
    """

    by_level: Mapping[int, Mapping[str, Estimate]]
    headline: Mapping[str, Estimate]


def critical_tangents(levels: Levels, arrays: Arrays, samples: int, reason: str) -> Tangents:
    """The tangents, or null for a reason that speaks against a critical point."""

    def ratios(level: SampledLevel, less: int = 0) -> Ratios:
        basis = _basis(levels, level, less)
        return _ratios(levels, level, arrays, samples, basis) if basis else {}

    found = {level: ratios(level) for level in levels.levels[1:] if not level.wrapped}
    usable = [level for level, own in found.items() if own]
    if not usable:
        return Tangents({}, {})
    last, rising = usable[-1], [found[level] for level in usable]
    if reason:
        null = Estimate(None, None, note=reason)
        return Tangents({}, {f"{TANGENT}.{name}": null for name in found[last]})
    assert last.blocking is not None  # noqa: S101  (only level 0 has none)
    scale, smaller = last.blocking.block.scale, ratios(last, less=1)
    return Tangents(
        {
            level.number: {f"{TANGENT}.{name}": _estimate(r) for name, r in found[level].items()}
            for level in usable
        },
        {
            f"{TANGENT}.{name}": _estimate(r, _changes(name, rising, smaller, scale), last.number)
            for name, r in found[last].items()
        },
    )


def _basis(levels: Levels, level: SampledLevel, less: int) -> list[int]:
    """The operators of the invariant sector without so many of the last shells."""
    sector = levels.basis.invariant
    basis = kept(levels, level.number, sector) if sector in levels.names else []
    sizes = shells([levels.basis.ranges[sector][k] for k in basis])
    return basis[: sizes[-1 - less]] if len(sizes) > less else []


def _ratios(
    levels: Levels, level: SampledLevel, arrays: Arrays, samples: int, basis: Sequence[int]
) -> Ratios:
    sector = levels.basis.invariant
    before = correlations(arrays, level.number, (sector,), samples)
    origin = correlations(arrays, level.number, (sector,), samples, kind="origin")
    _, phi = scaling_fields(linearised(before, basis))
    moved = np.einsum("ra,rab->rb", phi, linearised(origin, basis))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = moved[:, 1:] / moved[:, :1]
    names = [levels.names[sector][k] for k in basis[1:]]
    return dict(zip(names, ratios.T, strict=True))


def _changes(
    name: str, rising: Sequence[Ratios], smaller: Ratios, scale: float
) -> tuple[Change, ...]:
    """What the levels before and the smaller basis say about the last level."""
    own = [ratios[name] for ratios in rising if name in ratios]
    out = [between(own[-1], own[-2])] if len(own) > 1 else []
    if len(own) > 2:
        out.append(between(own[-2], own[-3], remaining(scale, 1)))
    if name in smaller:
        out.append(between(own[-1], smaller[name]))
    return tuple(out)


def _estimate(
    ratio: NDArray[np.float64], said: Sequence[Change] | None = None, level: int = 0
) -> Estimate:
    """With its statistical error alone, or also with what is `said` about the systematic one."""
    value, statistical = map(float, jackknife(ratio))
    if not np.isfinite([value, statistical]).all():
        return Estimate(None, None, note="no operator tells the relevant direction")
    if said is None:
        return Estimate(value, statistical)
    error = systematic(said)
    return Estimate(
        value,
        None if error is None else float(np.hypot(statistical, error)),
        statistical=statistical,
        systematic=error,
        rule=f"{RULE}; level {level}",
        note=ONE_CHANGE if error is None else "",
    )
