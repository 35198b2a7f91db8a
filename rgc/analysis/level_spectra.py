"""Exponents level by level, and what their changes show about the distance from a fixed point."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.eigenvalues import Complex, exponents
from rgc.analysis.statistics import jackknife
from rgc.analysis.systematic import RESOLVED, Change, between

Floats = NDArray[np.float64]

SEEN = 3.0
"""Standard errors beyond which a change is no noise."""

SLOW, FALLING, FAST = 0.8, 1.5, 2.0
"""Exponents of b by which corrections to scaling are taken to fall from level to level, the less is
known of a flow the more slowly: those of the Potts model of three states, 4/5, and of the Ising
model in three dimensions, 0.83; between the two others; those of analytic ones in two dimensions.
"""

SLOWEST = 0.5
"""Changes that fall by a smaller exponent of b than this do not settle, and corrections that seem
to fall by a smaller one are taken to fall by this.
"""

NO_CHANGE = 1e-4
"""A change of an exponent below this is none. Levels that p=free makes agree differ by what is left
of the interpolation.
"""

LOGARITHMIC = 0.6
"""Below this exponent of b, corrections may fall as slowly as logarithms do: the Potts model of
four states seems to have 0.5 where it has none.
"""

MARGINAL = 0.2
"""Up to here a second exponent of the invariant sector may be that of a marginal direction: the one
of the Ashkin-Teller model is at -0.13 on the first level, and at -0.04 on the next ones.
"""

_CLOSE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class LevelSpectrum:
    """The spectra of the map from level - 1 to `level` in one sector.

    - `scale` is b of this step.
    - `spectra[n]` [1 + group, n] belongs to the leading n operators, at least for every n in
      `shells`.
    - `ranges` are those of all operators of the sector.
    - `wrapped` says that the coarse lattice is too small for the range.
    """

    level: int
    scale: float
    wrapped: bool
    ranges: tuple[float, ...]
    spectra: Mapping[int, Complex]

    def leading(self, operators: int) -> Floats:
        """The leading exponent [1 + group] with that many operators."""
        return exponents(self.spectra[operators][:, 0], self.scale)

    def within(self, reach: float) -> Floats:
        """The leading exponent [1 + group] with the operators of at most that range, and of the
        first shell at least.
        """
        inside = [n for n in self.shells if self.ranges[n - 1] <= reach + _CLOSE]
        return self.leading(max(inside, default=self.shells[0]))

    @property
    def full(self) -> Floats:
        """The leading exponent [1 + group] with the full basis."""
        return self.leading(len(self.ranges))

    def place(self, k: int) -> Floats | None:
        """Exponent number k [1 + group] with the full basis, by the moduli of eigenvalues; None
        where there is none.
        """
        if not self.ranges or self.spectra[len(self.ranges)].shape[1] <= k:
            return None
        values = self.spectra[len(self.ranges)][:, k]
        if not np.isfinite(values).all() or not values.all():
            return None
        return exponents(values, self.scale)

    @property
    def second(self) -> float | None:
        """The second exponent with the full basis, by the modulus of its eigenvalue; None where
        there is none.
        """
        values = self.spectra[len(self.ranges)][0] if self.ranges else np.empty(0)
        if len(values) < 2 or not np.isfinite(values[1]) or values[1] == 0:
            return None
        return float(np.log(abs(values[1])) / np.log(self.scale))

    @property
    def shells(self) -> tuple[int, ...]:
        return shells(self.ranges)

    @property
    def reaches(self) -> tuple[float, ...]:
        """The ranges of the shells, rising."""
        return tuple(self.ranges[n - 1] for n in self.shells)


def shells(ranges: Sequence[float]) -> tuple[int, ...]:
    """The numbers of operators that complete a shell of equal range, rising. The last one is the
    full basis.
    """
    ends = [n for n, (a, b) in enumerate(pairwise(ranges), 1) if b - a > _CLOSE]
    return (*ends, len(ranges)) if ranges else ()


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """The levels of one sector that have operators.

    `unwrapped` are those that hold the range, in rising order, at least one, and `after` is the
    wrapped one that follows, where its operators fluctuate.
    """

    unwrapped: tuple[LevelSpectrum, ...]
    after: LevelSpectrum | None

    @property
    def last(self) -> LevelSpectrum:
        return self.unwrapped[-1]


def chain(levels: Sequence[LevelSpectrum]) -> Chain | None:
    """The chain of levels in rising order, or None where no level holds the range."""
    usable = [level for level in levels if level.ranges]
    unwrapped = tuple(level for level in usable if not level.wrapped)
    if not unwrapped:
        return None
    later = [level for level in usable if level.level > unwrapped[-1].level]
    after = later[0] if later and np.isfinite(later[0].full).all() else None
    return Chain(unwrapped, after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Directions:
    """How a flow leaves its fixed point, and how it comes to it.

    - `growing` is the exponent of the relevant direction, None where it is not known.
    - `falling` is the exponent of b by which corrections to scaling fall: the second eigenvalue of
      the invariant sector is b^-falling. It is None where that was not measured, and where that
      direction does not fall, so that it is none of corrections to scaling.
    - `leaves` says that the flow is seen not to settle.
    """

    growing: float | None = None
    falling: float | None = None
    leaves: bool = False


def directions(levels: Sequence[LevelSpectrum], growing: float | None, leaves: bool) -> Directions:
    """The directions that the spectra of the invariant sector show, at the last level that holds
    the range.
    """
    found = chain(levels)
    second = None if found is None else found.last.second
    falling = None if second is None or second >= 0 else -second
    return Directions(growing=growing, falling=falling, leaves=leaves)


def changes(found: Chain, flow: Directions) -> tuple[Change, ...]:
    """What other levels and bases say about the full basis at the last of at least two levels that
    do not wrap.

    - The change from the level before, and to the wrapped level after, with the two largest bases
      of whole shells. They count by what corrections to scaling leave of them (`_left`). Where two
      levels are all there is, that from the level before counts with every basis.
    - The change from one shell less at the last two levels.
    - The change one level earlier, by what is left if corrections fall fast. It speaks where the
      last change passes through zero.
    - Where the flow does not settle, or two levels do not tell, what the exponent with which it
      leaves makes of the changes (`leaving`).
    """
    *earlier, before, last = found.unwrapped
    left, (*smaller, whole) = _left(found, flow.falling), last.reaches[-2:]
    alone = not earlier and found.after is None
    compared = last.reaches if alone else (*smaller, whole)
    out = [between(last.within(reach), before.within(reach), left) for reach in compared]
    for reach in smaller:
        out += [between(level.full, level.within(reach)) for level in (last, before)]
    for reach in (*smaller, whole):
        if found.after is not None:
            out.append(between(last.within(reach), found.after.within(reach), left))
        if earlier:
            fast = remaining(last.scale, 1, FAST)
            out.append(between(before.within(reach), earlier[-1].within(reach), fast))
    away = flow.leaves or two_levels_that_do_not_tell(found)
    if away and flow.growing is not None:
        out.append(Change(leaving(*_changes(found), last.scale, flow.growing)))
    return tuple(out)


def agreements(last: LevelSpectrum, earlier: Sequence[Floats]) -> tuple[Change, ...]:
    """What earlier agreements say about the last level, which a block map was chosen to make agree
    with the one before.

    Their own change is 0 then and says nothing. The exponent [1 + group] at which the levels before
    agree is another estimate of it, without what the size of the last lattice, the smallest, does
    to the level and to the place of the agreement. Two of them show how such estimates converge.
    """
    if len(earlier) < 2:
        return ()
    first, second = earlier[-2:]
    left = rest(second - first, last.full - second, last.scale)
    return (between(last.full, second, left),)


def _left(found: Chain, falling: float | None) -> float:
    """What corrections to scaling still add to the exponent of the last level, in units of the last
    change.

    Two levels do not show how fast corrections fall. The second eigenvalue of the invariant sector
    does: it is that of the leading irrelevant direction. It is not believed where it says that they
    fall faster than is usual, or more slowly than anything settles, for a direction that only
    changes what blocks look like may have any eigenvalue.

    Three levels do (`rest`).
    """
    scale = found.last.scale
    if len(found.unwrapped) == 2:
        usual = SLOW if found.after is None else FALLING
        slow = usual if falling is None else min(max(falling, SLOWEST), usual)
        return remaining(scale, falls=slow)
    return rest(*_changes(found), scale)


def rest(before: Floats, after: Floats, scale: float) -> float:
    """What corrections to scaling still add after two successive changes [1 + group], in units of
    the last one.

    It is the rest of their geometric series, with the largest ratio that two of their errors allow,
    and at least that of corrections that fall fast.
    """
    (first, of_first), (last, of_last) = map(jackknife, (before, after))
    if first * last < 0 and _seen(before) and _seen(after):
        return remaining(scale, falls=FAST)
    most, least = abs(last) + RESOLVED * of_last, abs(first) - RESOLVED * of_first
    falls = np.log(least / most) / np.log(scale) if least > 0 else SLOWEST
    return remaining(scale, falls=float(min(max(falls, SLOWEST), FAST)))


def settles(found: Chain, seen: float = SEEN) -> bool:
    """Whether nothing speaks against a flow that comes to a fixed point, by more than `seen`
    standard errors.

    What an irrelevant direction adds to an exponent keeps its sign and falls from level to level.
    A change that is seen to exceed b^-SLOWEST times the one before, or to turn, belongs to a
    relevant direction, or to several that have not separated. The change to a wrapped level must
    exceed the whole of the one before, since wrapping alone changes an exponent.
    """
    return not any(_seen_to_leave(found, seen))


def agree(found: Chain) -> bool:
    """Whether the last two levels that do not wrap are not seen to differ."""
    full = [level.full for level in found.unwrapped[-2:]]
    return len(full) < 2 or not _seen(full[1] - full[0])


def second_relevant(found: Chain) -> Floats | None:
    """The second exponent [1 + group] of the last level that holds the range, where it is relevant:
    seen to exceed `MARGINAL` there and at the level before, if there is one.
    """
    seconds = [level.place(1) for level in found.unwrapped[-2:]]
    for second in seconds:
        if second is None:
            return None
        value, error = jackknife(second)
        if not value - RESOLVED * error > MARGINAL:
            return None
    return seconds[-1]


def may_be_logarithmic(found: Chain, flow: Directions) -> bool:
    """Whether corrections seem to fall so slowly that they may be logarithms: by the second
    eigenvalue of the invariant sector, and by its last two changes, which are seen, fall, and are
    not seen to fall faster than b^-SLOW.
    """
    if flow.falling is None or flow.falling > LOGARITHMIC:
        return False
    if len(found.unwrapped) + (found.after is not None) < 3:
        return False
    before, after = (_sign(change) * change for change in _changes(found))
    fallen, error = jackknife(found.last.scale**-SLOW * before - after)
    slowly = after[0] < before[0] and fallen < RESOLVED * error
    return bool(slowly and _seen(before) and _seen(after))


def _seen_to_leave(found: Chain, seen: float) -> Iterator[bool]:
    full = [level.full for level in found.unwrapped]
    if len(full) > 2:
        first, second = (b - a for a, b in pairwise(full[-3:]))
        slowest = found.last.scale**-SLOWEST
        yield _exceeds(second, first, slowest, seen) or _turns(second, first, seen)
    if len(full) > 1 and found.after is not None:
        yield _exceeds(found.after.full - full[-1], full[-1] - full[-2], 1.0, seen)


def two_levels_that_do_not_tell(found: Chain) -> bool:
    """Whether there are only two levels that do not wrap, and the change to the wrapped one is not
    seen to be smaller than theirs.
    """
    if len(found.unwrapped) != 2 or found.after is None:
        return False
    before, after = _changes(found)
    fallen, error = jackknife(_sign(before) * before - _sign(after) * after)
    return not fallen > SEEN * error


def _exceeds(after: Floats, before: Floats, ratio: float, seen: float) -> bool:
    """Whether |after| is seen to exceed a multiple of |before|."""
    excess, error = jackknife(_sign(after) * after - ratio * _sign(before) * before)
    return bool(excess > seen * error)


def _turns(after: Floats, before: Floats, seen: float) -> bool:
    """Whether two changes are seen to have opposite signs."""
    down, error = jackknife(-_sign(before) * after)
    size, spread = jackknife(_sign(before) * before)
    return bool(down > NO_CHANGE and down > seen * error and size > seen * spread)


def _seen(change: Floats) -> bool:
    """Whether a change is no noise."""
    size, error = jackknife(change)
    return bool(abs(size) > SEEN * error)


def _sign(values: Floats) -> float:
    return float(np.sign(values[0]))


def _changes(found: Chain) -> tuple[Floats, Floats]:
    """The last two changes [1 + group] of the full basis between levels that do not wrap, or that
    and the one to the wrapped level, 0 where there is none.
    """
    full = [level.full for level in found.unwrapped]
    if len(full) == 2:
        full.append(full[-1] if found.after is None else found.after.full)
    return full[-2] - full[-3], full[-1] - full[-2]


def remaining(scale: float, levels: int = 0, falls: float = FALLING) -> float:
    """What corrections to scaling that fall by r = b^-falls a level still add to an exponent, that
    many levels after a change, in units of it: r^(1 + levels)/(1 - r).
    """
    ratio = scale**-falls
    return float(ratio ** (1 + levels) / (1 - ratio))


def leaving(before: Floats, after: Floats, scale: float, growing: float) -> float:
    """How far an exponent may be from its fixed point after two successive changes [1 + group].

    They are the sum of a part that falls by b^-FALLING a level and of one that grows by b^growing,
    as the distance from a critical point does. The first still has its geometric series before it,
    the second behind it. Both count without their signs, and at least their jackknife errors.
    """
    falls, grows = scale**-FALLING, scale**growing
    falling = (before - after / grows) / (1 / falls - 1 / grows)
    rising = after - falling
    ahead, behind = _at_least_its_error(falling), _at_least_its_error(rising)
    return float(ahead * remaining(scale) + behind * grows / (grows - 1))


def _at_least_its_error(part: Floats) -> float:
    size, error = jackknife(part)
    return float(max(abs(size), error))
