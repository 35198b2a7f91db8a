"""Fixed points of recursions: sinks of flows, and critical points between two sinks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from rgc.analysis.linearised_map import linearise
from rgc.analysis.newton import PointNotFound, newton, search_space
from rgc.analysis.recursion import MOST_STEPS, UNIT, Floats, Recursion

FAR = 1e3
"""A flow whose couplings exceed this value goes to zero temperature."""

_STILL = 1e-10
_ALIKE = 1e-3
_CONTRACTS = 1e-7
_DOUBLINGS = 8
_LEAST, _MOST = 2.0**-_DOUBLINGS, 2.0**_DOUBLINGS
_TOGETHER = 0.1
_BESIDE = 1e-14
_BISECTIONS = (8, 8, 16)
_TO_THE_END = 60
_WARM_UP = 2
_TELLS = 1e-6
_LOST = 64 * UNIT
_MOST_REFINEMENTS = 120
_CREEPS, _CREEP, _STRIDE = 12, 40, 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Sink:
    """Where a flow ends: at the fixed point `couplings`, or, if `away`, at infinity in that
    direction.

    `settled` is false where the flow tells no phase: it still creeps on, or it stands still at a
    point that does not attract its neighbours.
    """

    couplings: Floats
    away: bool
    settled: bool = True

    def same(self, other: Sink) -> bool:
        """Whether two flows end in one phase.

        Phases are identified by their sinks and not by the size of the couplings, since a sink of
        high temperature need not be at zero.
        """
        if self.away != other.away:
            return False
        if self.away:
            return float(self.couplings @ other.couplings) > 0.5
        distance = np.abs(self.couplings - other.couplings).max()
        return bool(distance <= _ALIKE * (1 + np.abs(other.couplings).max()))


@dataclass(frozen=True, slots=True, eq=False)
class CriticalPoint:
    """A critical point on the ray through the start.

    `factor` multiplies the start and gives the critical `couplings`. `fixed_point` is where their
    flow goes, or None where Newton's method finds no fixed point near that flow.
    """

    factor: float
    couplings: Floats
    fixed_point: Floats | None


def sink(recursion: Recursion, start: Floats) -> Sink:
    """The sink of the flow from `start`.

    A flow ends at a fixed point when it moves ever less and the map contracts around the point, and
    at infinity when it is beyond `FAR` and grows. A flow that passes a critical point also moves
    little there, but leaves it again.
    """
    couplings, before, checked = np.asarray(start, dtype=np.float64), 0.0, np.inf
    for step in range(MOST_STEPS):
        moved = recursion(couplings, step).couplings
        size = float(np.linalg.norm(moved))
        if not size < max(FAR, float(np.linalg.norm(couplings))):
            finite = moved if np.isfinite(moved).all() else couplings
            return Sink(finite / np.linalg.norm(finite), True)
        change = float(np.abs(moved - couplings).max())
        if change <= min(_STILL * (1 + size), checked / 2) and change <= 0.9 * before:
            if _attracts(recursion, moved):
                return Sink(moved, False)
            checked = change
        couplings, before = moved, change
        if change == 0:
            break
    return Sink(couplings, False, settled=bool(change == 0 and _attracts(recursion, couplings)))


def _attracts(recursion: Recursion, point: Floats) -> bool:
    """Whether the map contracts around a fixed point, within the sectors in which the point
    lies.
    """
    span = search_space(recursion, point)
    values = np.linalg.eigvals(np.linalg.pinv(span) @ recursion.jacobian(point) @ span)
    return bool(np.abs(values).max(initial=0.0) < 1 - _CONTRACTS)


def critical(recursion: Recursion, start: Floats) -> CriticalPoint:
    """The critical point on the ray t * start, between factors t whose flows end in different
    phases.

    The search bisects a few times, finds the fixed point near the flow that stays longest, and
    refines the factor until the relevant scaling field vanishes after ever more steps. Where that
    fails it bisects to the last digit. If the flow from the resulting point comes nearer to another
    fixed point, that one is taken.

    Raises `PointNotFound` if all factors from 2^-8 to 2^8 whose flows come to an end lead to one
    phase, or to ends that change gradually with the factor, or if rounding alone tells phases
    apart.
    """
    direction = np.asarray(start, dtype=np.float64)
    for low, high, ends in _brackets(recursion, direction):
        point = _critical_between(recursion, direction, low, high, ends)
        if point is not None:
            _check_that_it_tells(recursion, point.couplings)
            return point
    reach = f"anything from {_LEAST:g} to {_MOST:g}"
    raise PointNotFound(
        f"the couplings, multiplied by {reach}, flow to one phase, as far as they come to an end"
    )


def _check_that_it_tells(recursion: Recursion, couplings: Floats) -> None:
    """Raise `PointNotFound` where a change of the couplings by `_TELLS` of them is lost in the
    rounding of one step: there phases are told by rounding. So it is where a flow is critical in
    the limit of infinite couplings.
    """
    after = recursion(couplings).couplings
    change = _TELLS * np.abs(recursion.jacobian(couplings) @ couplings).max()
    if change <= _LOST * max(1.0, np.abs(after).max()):
        raise PointNotFound(
            "the flow of ever larger couplings comes to a critical one, and no finite coupling is "
            f"critical: at {np.abs(couplings).max():.3g} a change is lost in the rounding of a step"
        )


def _critical_between(
    recursion: Recursion, direction: Floats, low: float, high: float, ends: Sink
) -> CriticalPoint | None:
    """The critical point between two factors, or None.

    It is None where the sinks of neighbouring flows approach each other as the factors do, as in a
    field, which every flow follows in the end.
    """
    factor = point = None
    for times in (*_BISECTIONS, _TO_THE_END):
        low, high = _bisected(recursion, direction, low, high, ends, times=times)
        if sink(recursion, low * direction).same(sink(recursion, high * direction)):
            return None
        point = _fixed_point_near(recursion, low * direction, high * direction)
        factor = None if point is None else _refined(recursion, direction, low, high, point)
        if factor is not None:
            break
    factor = low if factor is None else factor
    beside = factor * (1 - _BESIDE) * direction, factor * (1 + _BESIDE) * direction
    nearer = _fixed_point_near(recursion, *beside)
    if nearer is not None and (point is None or len(distinct([point, nearer])) > 1):
        point, factor = nearer, _refined(recursion, direction, low, high, nearer) or factor
    if point is None:
        point = _crept(recursion, _closest(recursion, *beside))
    return CriticalPoint(factor, factor * direction, point)


def _bisected(
    recursion: Recursion, direction: Floats, low: float, high: float, ends: Sink, *, times: int
) -> tuple[float, float]:
    """The bracket after some bisections. The flow from `low` still ends in the sink `ends`."""
    for _ in range(times):
        middle = (low + high) / 2
        if not min(low, high) < middle < max(low, high):
            break
        if sink(recursion, middle * direction).same(ends):
            low = middle
        else:
            high = middle
    return low, high


def _fixed_point_near(recursion: Recursion, low: Floats, high: Floats) -> Floats | None:
    """The fixed point that Newton's method finds from where the flows on both sides of it stay
    longest.

    It must have one relevant direction. A point with more of them counts only if the flow comes
    very close to it, as it does where a symmetry that the sectors do not know keeps it there.
    Otherwise the result is None.
    """
    closest = _closest(recursion, low, high)
    try:
        point = newton(recursion, closest)
    except PointNotFound:
        return None
    relevant = linearise(recursion, point)[0].relevant
    distance = np.abs(closest - point).max(initial=0.0)
    reached = distance <= _ALIKE * (1 + np.abs(point).max(initial=0.0))
    return point if relevant == 1 or (relevant > 1 and reached) else None


def _crept(recursion: Recursion, start: Floats) -> Floats | None:
    """The critical fixed point to which a flow creeps that bisection cannot hold for long enough,
    or None.

    The leading component takes the steps of Newton's method and all others those of the map
    (Shroff and Keller 1993), so that the iteration stays on the critical surface. From time to time
    Newton's method tries to finish.
    """
    couplings = start
    for _ in range(_CREEPS):
        for _ in range(_CREEP):
            change = recursion(couplings).couplings - couplings
            if not np.isfinite(change).all():
                return None
            try:
                spectrum = linearise(recursion, couplings)[0]
            except np.linalg.LinAlgError:
                return None
            share = spectrum.values[0] / (1 - spectrum.values[0])
            change = change + (share * (spectrum.left[0] @ change) * spectrum.right[:, 0]).real
            longest = float(np.abs(change).max(initial=0.0))
            couplings = couplings + change * min(1.0, _STRIDE / max(longest, _STRIDE))
        try:
            point = newton(recursion, couplings)
        except PointNotFound:
            continue
        return point if linearise(recursion, point)[0].relevant == 1 else None
    return None


def _refined(
    recursion: Recursion, direction: Floats, low: float, high: float, point: Floats
) -> float | None:
    """The factor within the bracket from which the flow goes to the fixed point.

    It is the factor at which, after n steps, the leading left eigenvector at the fixed point finds
    no relevant component, with n growing until the factor no longer changes. The result is None if
    the factor leaves the bracket.
    """
    field = linearise(recursion, point)[0].left[0].real

    def relevant(factor: float, steps: int) -> float:
        couplings = factor * direction
        for step in range(steps):
            couplings = recursion(couplings, step).couplings
        return float(field @ (couplings - point))

    factor, before, width = (low + high) / 2, np.inf, abs(high - low)
    for steps in range(_MOST_REFINEMENTS):
        refined = _secant(partial(relevant, steps=steps), factor, width / 4)
        if refined is None or not min(low, high) - width <= refined <= max(low, high) + width:
            if steps > _WARM_UP:
                return None
            continue
        change = abs(refined - factor)
        if steps > _WARM_UP and (
            change <= 4e-16 * abs(refined) or (change >= before and change <= 1e-13)
        ):
            return refined
        factor, before = refined, change
    return None


def _secant(function: Callable[[float], float], start: float, width: float) -> float | None:
    """A zero of the function near `start`, or None where the secant method does not converge."""
    a, b = start, start + width * 1e-3
    fa, fb = function(a), function(b)
    for _ in range(12):
        if not np.isfinite([fa, fb]).all() or fa == fb:
            return b if fb == 0 or abs(b - a) <= 4e-16 * abs(b) else None
        a, fa, b = b, fb, b - fb * (b - a) / (fb - fa)
        if abs(b - start) > 4 * width:
            return None
        if abs(b - a) <= 2e-16 * abs(b):
            return b
        fb = function(b)
    return b if abs(b - a) <= 1e-13 * abs(b) else None


def _brackets(recursion: Recursion, direction: Floats) -> Iterator[tuple[float, float, Sink]]:
    """Neighbouring factors whose flows end differently, those nearest to 1 first, and the sink of
    the first of the two.

    Raises `PointNotFound` if the direction is zero.
    """
    if not np.any(direction):
        raise PointNotFound(
            "all couplings are 0: there is no direction in which to look for a critical point"
        )
    first = sink(recursion, direction)
    last, signs, across = {1: (1.0, first), -1: (1.0, first)}, [1, -1], not first.settled
    for k in range(1, _DOUBLINGS + 1):
        for sign in tuple(signs):
            factor, (before, ended) = 2.0 ** (sign * k), last[sign]
            reached = sink(recursion, factor * direction)
            if not reached.settled:
                signs.remove(sign)
                continue
            last[sign] = factor, reached
            if ended.settled and not reached.same(ended):
                yield before, factor, ended
        (below, low), (above, high) = last[-1], last[1]
        if across and low.settled and high.settled:
            across = False
            if not low.same(high):
                yield below, above, low


def _closest(recursion: Recursion, low: Floats, high: Floats) -> Floats:
    """The point at which two flows on either side of the critical surface move least while they are
    together.
    """
    best, least = low, np.inf
    for step in range(200):
        ends = [recursion(couplings, step).couplings for couplings in (low, high)]
        change = float(np.linalg.norm(ends[0] - low))
        apart = np.abs(high - low).max() > _TOGETHER * (1 + np.abs(low).max())
        if not np.isfinite(ends).all() or apart:
            break
        if change < least:
            best, least = (low + high) / 2, change
        low, high = ends
    return best


def distinct(points: Sequence[Floats]) -> list[Floats]:
    """The points without those that repeat an earlier one."""
    kept: list[Floats] = []
    for point in points:
        if not any(
            np.abs(point - other).max() <= 1e-8 * (1 + np.abs(other).max()) for other in kept
        ):
            kept.append(point)
    return kept
