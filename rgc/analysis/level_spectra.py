"""Exponents level by level, and what their changes show about the distance from a fixed point."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.eigenvalues import Complex, exponents
from rgc.analysis.statistics import jackknife
from rgc.analysis.systematic import Change, between

Floats = NDArray[np.float64]

SEEN = 3.0
"""Standard errors beyond which a change is no noise."""

FALLING = 1.5
"""The exponent of b by which corrections to scaling are taken to fall from level to level. It lies
between that of the Ising model in three dimensions, 0.83, and that of analytic ones in two, 2.
"""

NO_CHANGE = 1e-4
"""A change of an exponent below this is none. Levels that p=free makes agree differ by what is left
of the interpolation.
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


def changes(found: Chain, growing: float | None) -> tuple[Change, ...]:
    """What other levels and bases say about the full basis at the last of at least two levels that
    do not wrap.

    They are the change from the level before with the two largest bases of whole shells, the change
    from one shell less at either level, the change to the wrapped level after with both bases, and
    of the change one level earlier what corrections to scaling leave of it (`remaining`). Where the
    flow does not settle, or two levels do not tell, `growing` is the exponent with which it leaves,
    and what that makes of the changes counts too (`leaving`).
    """
    *earlier, before, last = found.unwrapped
    out = [between(last.full, before.full)]
    largest = last.reaches[-2:]
    for reach in largest[:-1]:
        out.append(between(last.within(reach), before.within(reach)))
        out += [between(level.full, level.within(reach)) for level in (last, before)]
    if found.after is not None:
        out += [between(last.within(reach), found.after.within(reach)) for reach in largest]
    if earlier:
        out.append(between(before.full, earlier[-1].full, remaining(last.scale, 1)))
    if growing is not None:
        out.append(Change(leaving(*_changes(found), last.scale, growing)))
    return tuple(out)


def settles(found: Chain) -> bool:
    """Whether nothing speaks against a flow that comes to a fixed point.

    What an irrelevant direction adds to an exponent keeps its sign and falls from level to level.
    A change that is seen to exceed b^(-1/2) times the one before, or to turn, belongs to a relevant
    direction, or to several that have not separated. The change to a wrapped level must exceed the
    whole of the one before, since wrapping alone changes an exponent.
    """
    return not any(_seen_to_leave(found))


def _seen_to_leave(found: Chain) -> Iterator[bool]:
    full = [level.full for level in found.unwrapped]
    if len(full) > 2:
        first, second = (b - a for a, b in pairwise(full[-3:]))
        yield _exceeds(second, first, found.last.scale**-0.5) or _turns(second, first)
    if len(full) > 1 and found.after is not None:
        yield _exceeds(found.after.full - full[-1], full[-1] - full[-2], 1.0)


def two_levels_that_do_not_tell(found: Chain) -> bool:
    """Whether there are only two levels that do not wrap, and the change to the wrapped one is not
    seen to be smaller than theirs.
    """
    if len(found.unwrapped) != 2 or found.after is None:
        return False
    before, after = _changes(found)
    fallen, error = jackknife(_sign(before) * before - _sign(after) * after)
    return not fallen > SEEN * error


def _exceeds(after: Floats, before: Floats, ratio: float) -> bool:
    """Whether |after| is seen to exceed a multiple of |before|."""
    excess, error = jackknife(_sign(after) * after - ratio * _sign(before) * before)
    return bool(excess > SEEN * error)


def _turns(after: Floats, before: Floats) -> bool:
    """Whether two changes are seen to have opposite signs."""
    down, error = jackknife(-_sign(before) * after)
    seen, spread = jackknife(_sign(before) * before)
    return bool(down > NO_CHANGE and down > SEEN * error and seen > SEEN * spread)


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


def remaining(scale: float, levels: int = 0) -> float:
    """What corrections to scaling that fall by r = b^-FALLING a level still add to an exponent,
    that many levels after a change, in units of it: r^(1 + levels)/(1 - r).
    """
    ratio = scale**-FALLING
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
