"""From energies to integer thresholds and weights: the one place where an exponential is taken.

Energies are exact sums (`Fraction`) of float64 couplings. `exp` is taken once, in decimal
arithmetic with 40 digits, so that every backend and every computer is handed the same integers. T /
2^planes is the probability, 0 <= T <= 2^planes, and T = 2^planes is "always".
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Context, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from rgc.passes.largest_flip import LIMIT
from rgc.program.exponentials import UNIT, too_large

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LAZY = Fraction(7, 8)
"""The factor of the lazy acceptance: where Metropolis would be periodic, as near K = 0."""

FREE = Fraction(1, 100)
"""kT: a flip that changes H by less is free, and Metropolis is lazy about it. Taken for certain,
free flips in a fixed order are a deterministic motion: the walls of an Ising ring without a field
would run left and right for ever and never turn."""

RARE = 1e-6
"""Below this acceptance 32 bits are no longer enough: 2^-32 would be 2e-4 of it."""

_CONTEXT = Context(prec=40, Emin=-(10**6), Emax=10**6)
_FAR = 200  # 2^64 exp(-200) < 1


def plain(energy: Fraction, planes: int) -> int:
    """floor(2^planes min(1, exp(-energy)))."""
    return 1 << planes if energy <= 0 else _boltzmann(energy, Fraction(1), planes)


def chances(energies: NDArray[np.float64]) -> NDArray[np.float64]:
    """min(1, exp(-energy)) in double precision, of many energies."""
    import numpy as np

    return np.asarray(np.exp(-np.maximum(energies, 0)))


def metropolis(energy: Fraction, planes: int) -> int:
    """The same, but 7/8 of it where the flip is free. The factor is the same for a flip and its
    reverse."""
    return lazy(energy, planes) if abs(energy) < FREE else plain(energy, planes)


def lazy(energy: Fraction, planes: int) -> int:
    """floor(2^planes 7/8 min(1, exp(-energy)))."""
    return _boltzmann(max(energy, Fraction(0)), LAZY, planes)


def bond(energy: Fraction, planes: int) -> int:
    """2^planes - floor(2^planes min(1, exp(-energy))): two spins are bound where Metropolis would
    refuse to part them."""
    return (1 << planes) - plain(energy, planes)


def heat_bath(energy: Fraction | float, planes: int) -> int:
    """floor(2^planes / (1 + exp(energy))), the probability of the state that lies `energy`
    higher."""
    if energy > _FAR:
        return 0
    if energy < -_FAR:
        return 1 << planes
    partition = _CONTEXT.add(Decimal(1), _CONTEXT.exp(_decimal(Fraction(energy))))
    return int(_CONTEXT.divide(Decimal(1 << planes), partition))


def chance(zeros: Sequence[Fraction], ones: Sequence[Fraction], planes: int) -> int:
    """floor(2^planes sum exp(b) / (sum exp(a) + sum exp(b))) over a of `zeros` and b of `ones`."""
    if len(zeros) == len(ones) == 1:
        return heat_bath(zeros[0] - ones[0], planes)
    top = max(*zeros, *ones)
    below, above = (_total([energy - top for energy in part]) for part in (zeros, ones))
    scaled = _CONTEXT.multiply(Decimal(1 << planes), above)
    return int(_CONTEXT.divide(scaled, _CONTEXT.add(below, above)))


def log_ratio(above: Sequence[Fraction], below: Sequence[Fraction]) -> Fraction:
    """ln of sum exp(a) / sum exp(b), exact where each sum has one term."""
    if len(above) == len(below) == 1:
        return above[0] - below[0]
    top = max(*above, *below)
    sums = [_CONTEXT.ln(_total([energy - top for energy in part])) for part in (above, below)]
    return Fraction(_CONTEXT.subtract(*sums))


def _total(energies: Sequence[Fraction]) -> Decimal:
    total = Decimal(0)
    for energy in energies:
        total = _CONTEXT.add(total, _CONTEXT.exp(_decimal(energy)))
    return total


def _boltzmann(energy: Fraction, factor: Fraction, planes: int) -> int:
    if energy > _FAR:
        return 0
    return int(_CONTEXT.multiply(_decimal(factor * (1 << planes)), _CONTEXT.exp(_decimal(-energy))))


def _decimal(value: Fraction) -> Decimal:
    return _CONTEXT.divide(Decimal(value.numerator), Decimal(value.denominator))


def half_weights(coefficients: Sequence[Fraction]) -> tuple[int, ...]:
    """2 c in units of 2^-20 kT, rounded to the nearest integer, of each coefficient c: half of what
    a flip costs."""
    return tuple(round(2 * c * UNIT) for c in coefficients)


def check_weights(sizes: Sequence[Sequence[int]], halves: Sequence[int]) -> None:
    """Refuse a site whose weights could sum to 2047 kT, for `sizes[rule][group]` products at a
    site.

    Raises `SpecError`: the couplings are too large for int32 lanes.
    """
    worst = max(
        (sum(n * 2 * abs(w) for n, w in zip(size, halves, strict=True)) for size in sizes),
        default=0,
    )
    if worst >= LIMIT * UNIT:
        raise too_large("flipping one spin may cost", worst / UNIT)
