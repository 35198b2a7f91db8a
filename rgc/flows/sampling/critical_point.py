"""The critical couplings from two lattices whose blocks match, and why there are none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rgc.analysis.headline import ONE_CHANGE
from rgc.analysis.level_spectra import FALLING, SLOWEST, remaining
from rgc.analysis.matching import Blocks, Match, match
from rgc.analysis.statistics import GROUPS, compare_halves, jackknife, resample
from rgc.analysis.systematic import FEWEST, Change, between, systematic
from rgc.flows.sampling.critical_bracket import Bracket
from rgc.flows.sampling.halves import CHANCE
from rgc.flows.sampling.mcrg_spectra import kept
from rgc.results.result import Estimate, Result

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rgc.flows.sampling.mcrg import Mcrg

    Floats = NDArray[np.float64]

RULE = (
    "where operators of block spins have the same averages on the lattice of the spec and, after "
    "one step less, on one that is smaller by the scale of the block map; statistical error by "
    "jackknife over replicas; systematic error the largest that several changes say beyond their "
    "statistics: from the pairs of levels before, by what irrelevant fields leave of them, and "
    "what the last step of Newton's method neglects"
)

MAGNETIC = "no symmetry keeps single spins out of the sector whose field is to vanish"
"""Why nothing is found in a field: its leading direction is magnetic."""

ELSEWHERE = (
    "start from other couplings, such as half of these or twice as large, and far into the ordered "
    "phase with update=wolff where it suits the spins"
)
"""What helps a search that was on one side all the way, or stood in domains that single spins do
not leave."""

CONVERGED = 0.25
"""The last step of Newton's method may go so far, in widths of the transition on the lattice."""


@dataclass(frozen=True, slots=True, eq=False)
class Sampled:
    """A lattice that was sampled: its flow, and the sums over its records by group."""

    flow: Mcrg
    arrays: Mapping[str, NDArray[Any]]

    def blocks(self, number: int, names: Sequence[str]) -> Blocks:
        """The block spins of a level, by the operators that are named."""
        levels = self.flow.levels
        sector = levels.basis.invariant
        index = [levels.names[sector].index(name) for name in names]

        def average(array: NDArray[Any]) -> Floats:
            return resample(array, np.full(GROUPS, self._samples))

        sums, squares, driven = (
            average(self.arrays[f"{kind}_{number}_{sector}"][0])
            for kind in ("sum", "square", "driven")
        )
        own = sums[:, index]
        pushed = average(self.arrays["driver"])[:, None]
        sites = self.flow.sampler.model.lattice.sites
        return Blocks(
            own,
            -sites * (driven[:, index, 0] - own * pushed),
            squares[:, index, index] - own**2,
        )

    def halves(self, number: int, names: Sequence[str]) -> Floats:
        """The averages of replicas that started hot, and of those that started cold, by group:
        [group, a, 2].
        """
        levels = self.flow.levels
        sector = levels.basis.invariant
        index = [levels.names[sector].index(name) for name in names]
        hot = self.arrays[f"hot_{number}_{sector}"][0][:, index]
        whole = self.arrays[f"sum_{number}_{sector}"][0][:, index]
        return np.stack([hot, whole - hot], axis=-1) / (self._samples / 2)

    @property
    def _samples(self) -> int:
        plan = self.flow.sampler.plan
        return plan.records * plan.replicas // GROUPS


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """A level of the larger lattice, and the one of the smaller with as many block spins."""

    level: int
    names: tuple[str, ...]
    larger: Sampled
    smaller: Sampled
    match: Match

    @property
    def sector(self) -> str:
        """The one that no symmetry changes."""
        return self.larger.flow.levels.basis.invariant

    @property
    def scale(self) -> float:
        """b of the block map."""
        blocking = self.larger.flow.levels.levels[self.level].blocking
        assert blocking is not None  # noqa: S101  (only level 0 has none)
        return blocking.block.scale

    @property
    def remembers(self) -> bool:
        """Whether replicas that started hot and cold would give different critical points."""
        here = self.larger.blocks(self.level, self.names)
        weights = np.nan_to_num(here.slope[0] / here.variance[0])
        apart = self.larger.halves(self.level, self.names)
        apart = apart - self.smaller.halves(self.level - 1, self.names)
        told = np.einsum("a,gah->gh", weights, apart)
        return bool(compare_halves(told[None], CHANCE).apart[0])


def pairs(larger: Sampled, smaller: Sampled) -> tuple[Pair, ...]:
    """The pairs of levels with an operator that stays in both, the deepest last."""
    out = []
    for level in larger.flow.levels.levels[1:]:
        names = _common(larger, smaller, level.number)
        if names:
            blocks = larger.blocks(level.number, names), smaller.blocks(level.number - 1, names)
            out.append(Pair(level.number, names, larger, smaller, match(*blocks)))
    return tuple(out)


def _common(larger: Sampled, smaller: Sampled, number: int) -> tuple[str, ...]:
    """The invariant operators that stay in the bases of both levels."""
    sector = larger.flow.levels.basis.invariant
    here, there = (
        [each.flow.levels.names[sector][k] for k in kept(each.flow.levels, level, sector)]
        for each, level in ((larger, number), (smaller, number - 1))
    )
    return tuple(name for name in here if name in there)


def at_critical_point(
    found: Result,
    matched: Sequence[Pair],
    couplings: Mapping[str, float],
    x: float,
    bracket: Bracket,
) -> Result:
    """The answer of the run at the last x, with the critical couplings.

    `couplings` are those of the spec that x multiplies.
    """
    reason = _reason(matched, couplings, x, bracket)
    null = Estimate(None, None, note=reason)
    factor = null if reason else _factor(matched, x, _falls(found, matched[-1].sector))
    by_level = {} if reason else {pair.level: _statistical(pair, x) for pair in matched}
    levels = tuple(
        replace(level, values={**level.values, **_named(by_level[level.level], couplings)})
        if level.level in by_level
        else level
        for level in found.levels
    )
    critical = {name: times(factor, value) for name, value in couplings.items() if value}
    warnings = (f"no critical point: {reason}",) if reason else ()
    return replace(found, critical=critical, levels=levels, warnings=(*warnings, *found.warnings))


def _named(factor: Estimate, couplings: Mapping[str, float]) -> dict[str, Estimate]:
    return {f"critical.{name}": times(factor, value) for name, value in couplings.items() if value}


def times(factor: Estimate, coupling: float) -> Estimate:
    """A coupling from the factor that multiplies it."""
    if factor.value is None:
        return factor

    def of_coupling(error: float | None) -> float | None:
        return None if error is None else error * abs(coupling)

    return replace(
        factor,
        value=factor.value * coupling,
        error=of_coupling(factor.error),
        statistical=of_coupling(factor.statistical),
        systematic=of_coupling(factor.systematic),
    )


def _reason(
    matched: Sequence[Pair], couplings: Mapping[str, float], x: float, bracket: Bracket
) -> str:
    """Why a critical point is not known, or the empty string."""
    if not matched:
        return "no operator fits on the blocks of two levels: take fewer steps or a smaller range"
    if matched[-1].larger.flow.levels.basis.single:
        return f"{MAGNETIC}: search without a field, and with a block map that keeps the symmetry"
    last = matched[-1].match
    shift = float(last.shift[0])
    if not np.isfinite([shift, last.width]).all():
        return f"the operators of the last level do not fluctuate: {ELSEWHERE}"
    if not last.near and (bracket.low is None) != (bracket.high is None):
        more, end = ("less", bracket.low) if bracket.high is None else ("more", bracket.high)
        where = ", ".join(f"{name} = {value * (end or x):.3g}" for name, value in couplings.items())
        return (
            f"block spins of the larger lattice are {more} ordered as far as {where}, "
            f"so that no critical point was seen on the way: {ELSEWHERE}"
        )
    if not last.relevant:
        growth = float(jackknife(last.growth)[0])
        grows = f"from level to level the field grows by {growth:.3g}"
        return f"no direction is relevant, {grows}: {ELSEWHERE}"
    if abs(shift) > CONVERGED * last.width:
        return (
            f"the last step of Newton's method still goes over {abs(shift) / last.width:.2g} of "
            "the width of the transition: take more sweeps, or couplings nearer to critical"
        )
    if matched[-1].remembers:
        return (
            "replicas that started hot and cold give different critical points: take a larger "
            "thermalise, or update=wolff where it suits the spins"
        )
    return ""


def _statistical(pair: Pair, x: float) -> Estimate:
    value, error = map(float, jackknife(x + pair.match.shift))
    if not np.isfinite([value, error]).all():
        return Estimate(None, None, note="the operators of the level do not fluctuate")
    return Estimate(value, error, statistical=error)


def _factor(matched: Sequence[Pair], x: float, falls: float) -> Estimate:
    """The x where the line is critical, if irrelevant fields fall by b^-falls a level."""
    last = matched[-1]
    value, statistical = map(float, jackknife(x + last.match.shift))
    shifts = [x + pair.match.shift for pair in matched]
    said = _changes(shifts, last.match, last.scale, falls)
    neglected = Change(float(last.match.shift[0]) ** 2 / last.match.width)
    error = systematic([*said, neglected]) if len(said) >= FEWEST else None
    return Estimate(
        value,
        None if error is None else float(np.hypot(statistical, error)),
        statistical=statistical,
        systematic=error,
        rule=f"{RULE}; level {last.level}",
        note=ONE_CHANGE if error is None else "",
    )


def _changes(
    found: Sequence[Floats], last: Match, scale: float, falls: float
) -> tuple[Change, ...]:
    """What the pairs of levels before say about the last.

    What irrelevant fields add to the mismatch falls by b^-falls from pair to pair, while the
    relevant field grows by its factor.
    """
    power = falls + float(np.log(last.growth[0]) / np.log(scale))
    out = [between(found[-1], found[-2], remaining(scale, 0, power))] if len(found) > 1 else []
    if len(found) > 2:
        out.append(between(found[-2], found[-3], remaining(scale, 1, power)))
    return tuple(out)


def _falls(found: Result, sector: str) -> float:
    """The exponent of b by which irrelevant fields fall: the second of the invariant sector with
    the full basis at the last level that holds the range, but no faster than is usual.
    """
    own = [each for each in found.eigenvalues if each.sector == sector and not each.wrapped]
    last = max((each.level for each in own), default=0)
    full = max((each.operators for each in own if each.level == last), default=0)
    second = [
        -each.exponent
        for each in own
        if (each.level, each.operators, each.index) == (last, full, 2) and each.exponent is not None
    ]
    told = second[0] if second and np.isfinite(second[0]) else FALLING
    return float(min(max(told, SLOWEST), FALLING))
