"""The Ising model on the square lattice without a field, in closed form.

The bonds x and y along the two vectors are not negative. A bond that is negative everywhere along a
vector is the same as a positive one where every second spin along that vector is turned.

Onsager, Phys. Rev. 65, 117 (1944); Kaufman, Phys. Rev. 76, 1232 (1949); Yang, Phys. Rev. 85, 808
(1952), and for two unlike bonds Chang, Phys. Rev. 88, 1422 (1952).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

STEP = 1e-150
"""The relative imaginary step of a derivative. Nothing cancels in it, so that it is exact to
rounding.
"""

SMALL = 1e-100
"""Bonds below this change -ln z by less than its rounding."""

LARGE = 40.0
"""Beyond this value of gamma at q = 0 the bonds across change it by less than exp(-40)."""


def onsager(x: float, y: float) -> tuple[float, float]:
    """-ln z of a site of the infinite lattice, and <H> of a site.

    -ln z = -ln(2 sinh 2L)/2 - (1/2 pi) int_0^pi gamma(q) dq, with L the larger bond.
    """
    across, along = sorted((x, y))
    if along < SMALL:
        return -float(np.log(2)), 0.0
    kink = float(np.clip(abs(_distance(across, along)), 1e-12, 1.0))
    value = _integral(lambda q: _gamma(across, along, q), kink)
    scale = 1 + 1j * STEP
    slope = _integral(lambda q: _gamma(across * scale, along * scale, q).imag / STEP, kink)
    free = -(_prefactor(along) + value / np.pi) / 2
    energy = -(_prefactor(along * scale).imag / STEP + slope / np.pi) / 2
    return float(free), float(energy)


def spontaneous(x: float, y: float) -> float:
    """The order parameter of the infinite lattice, m^8 = 1 - (sinh 2x sinh 2y)^-2, which is 0 from
    the critical temperature on.
    """
    if min(x, y) < SMALL:
        return 0.0
    log = float(sum(_prefactor(k) for k in (x, y)) - 2 * np.log(2))
    return float((-np.expm1(-2 * log)) ** 0.125) if log > 0 else 0.0


def kaufman(x: float, y: float, columns: int, rows: int) -> tuple[float, float]:
    """ln Z of a torus of `columns` sites along x and `rows` along y, and <H> of all of it.

    Z = (2 sinh 2y)^(N/2)/2 [prod 2 cosh(rows gamma/2) + prod 2 sinh(rows gamma/2) over odd q,
    and prod 2 cosh - prod 2 sinh over even q], where q is an odd or an even multiple of pi/columns,
    and gamma at q = 0 is negative below the critical temperature. On a length of 2 every bond
    counts twice.
    """
    if x > y:
        return kaufman(y, x, rows, columns)
    if y < SMALL:
        return columns * rows * float(np.log(2)), 0.0
    scale = 1 + 1j * STEP
    energy = -_log_z(x * scale, y * scale, columns, rows).imag / STEP
    return float(_log_z(x + 0j, y + 0j, columns, rows).real), float(energy)


def _log_z(x: complex, y: complex, columns: int, rows: int) -> Any:
    """ln Z, where x is the smaller bond. It may be complex, for derivatives."""
    odd = rows / 2 * _gamma(x, y, np.pi * (2 * np.arange(columns) + 1) / columns)
    even = rows / 2 * _gamma(x, y, 2 * np.pi * np.arange(1, columns) / columns)
    zero = rows * _distance(x, y)
    first = _log_cosh(odd).sum() + np.log1p(np.exp(_log_tanh(odd).sum()))
    positive = zero if zero.real > 0 else -zero
    rest = _log_tanh(even).sum()
    if zero.real > 1:
        with np.errstate(divide="ignore"):  # far above the critical temperature nothing is left
            minus = np.log(-np.expm1(_log_tanh(zero) + rest))
    else:
        minus = np.log(1 - np.tanh(zero) * np.exp(rest))
    second = _log_cosh(even).sum() + _log_cosh(positive) + minus
    low, high = sorted((first, second), key=lambda log: float(log.real))
    bracket = high + np.log1p(np.exp(low - high))
    return columns * rows / 2 * _prefactor(y) - np.log(2) + bracket


def _distance(across: Any, along: Any) -> Any:
    """L* - K, half of gamma at q = 0, with exp(-2 L*) = tanh L. It vanishes at the critical
    temperature and is negative below.
    """
    decay = np.exp(-2 * along)
    return (np.log1p(decay) - np.log(-np.expm1(-2 * along))) / 2 - across


def _gamma(across: Any, along: Any, q: Any) -> Any:
    """cosh gamma = cosh 2(L* - K) + (sinh 2K / sinh 2L)(1 - cos q), gamma >= 0."""
    half = _distance(across, along)
    half = half if half.real > 0 else -half
    if half.real > LARGE / 2:
        return 2 * half + 0 * q
    ratio = np.exp(2 * (across - along)) * np.expm1(-4 * across) / np.expm1(-4 * along)
    return 2 * np.arcsinh(np.sqrt(np.sinh(half) ** 2 + ratio * np.sin(q / 2) ** 2))


def _prefactor(bond: Any) -> Any:
    """ln(2 sinh 2K)."""
    return 2 * bond + np.log(-np.expm1(-4 * bond))


def _log_cosh(a: Any) -> Any:
    """ln(2 cosh a) for a >= 0."""
    return a + np.log1p(np.exp(-2 * a))


def _log_tanh(a: Any) -> Any:
    """ln tanh a for a > 0."""
    return np.log(-np.expm1(-2 * a)) - np.log1p(np.exp(-2 * a))


def _integral(part: Callable[[float], Any], kink: float) -> float:
    """From 0 to pi, of a function that bends at `kink` and is smooth elsewhere."""
    from scipy.integrate import quad

    value, *_ = quad(
        part, 0, np.pi, points=(kink,), limit=500, epsabs=1e-15, epsrel=1e-15, full_output=1
    )
    return float(value)
