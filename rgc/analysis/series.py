"""Truncated power series, as an array namespace for expressions of the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Series = NDArray[Any]
"""Coefficients [order, ...] of the powers t^0, t^1, ... at each of any number of points."""


class NotAnalytic(Exception):
    """A function has no power series."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} has no power series")


@dataclass(frozen=True, slots=True)
class PowerSeries:
    """Power series in t up to t^(order - 1), float64 or complex128 [order, ...].

    It has the functions of an array namespace that `rgc.model.expressions.evaluate` asks for, so
    that an expression is expanded by evaluating it. Functions of a series follow from their
    differential equations, coefficient by coefficient (Knuth, The Art of Computer Programming,
    volume 2, 4.7). Those with a kink or a jump raise `NotAnalytic`.
    """

    order: int

    def asarray(self, value: float) -> Series:
        """A constant."""
        return np.array([value] + (self.order - 1) * [0.0])

    def variable(self, points: Series) -> Series:
        """x + t at each of the points [...]."""
        out = np.zeros((self.order, *np.shape(points)), dtype=np.asarray(points).dtype)
        out[0] = points
        out[1:2] = 1.0
        return out

    def add(self, a: Series, b: Series) -> Series:
        a, b = _alike(a, b)
        return a + b

    def subtract(self, a: Series, b: Series) -> Series:
        a, b = _alike(a, b)
        return a - b

    def negative(self, a: Series) -> Series:
        return -a

    def multiply(self, a: Series, b: Series) -> Series:
        a, b = _alike(a, b)
        return np.array([(a[: k + 1] * b[k::-1]).sum(axis=0) for k in range(self.order)])

    def square(self, a: Series) -> Series:
        return self.multiply(a, a)

    def divide(self, a: Series, b: Series) -> Series:
        a, b = _alike(a, b)
        out = _empty(a, b)
        for k in range(self.order):
            out[k] = (a[k] - (out[:k] * b[k:0:-1]).sum(axis=0)) / b[0]
        return out

    def power(self, a: Series, b: Series) -> Series:
        """a^b: for a small whole number by products, for any other by a y' = b y a'."""
        if b[1:].any():
            return self.exp(self.multiply(b, self.log(a)))
        exponent = b[0]
        if b.ndim == 1 and exponent == round(exponent.real) and 0 <= exponent.real <= 64:
            return self._whole_power(a, round(exponent.real))
        a, b = _alike(a, b)
        out = _empty(a, b)
        out[0] = np.power(a[0], exponent)
        for k in range(1, self.order):
            j = _numbers(1, k + 1, a.ndim)
            terms = (exponent * j - (k - j)) * a[1 : k + 1] * out[k - 1 :: -1][:k]
            out[k] = terms.sum(axis=0) / (k * a[0])
        return out

    def _whole_power(self, a: Series, exponent: int) -> Series:
        if exponent < 2:
            return a if exponent else _alike(self.asarray(1.0), a)[0] + 0 * a
        half = self.square(self._whole_power(a, exponent // 2))
        return self.multiply(half, a) if exponent % 2 else half

    def sqrt(self, a: Series) -> Series:
        return self.power(a, self.asarray(0.5))

    def exp(self, a: Series) -> Series:
        out = _empty(a)
        out[0] = np.exp(a[0])
        for k in range(1, self.order):
            out[k] = _convolved(a, out, k)
        return out

    def log(self, a: Series) -> Series:
        return self._integral(a, self.asarray(1.0), a, np.log(a[0]))

    def sin(self, a: Series) -> Series:
        return self._circular(a, np.sin(a[0]), np.cos(a[0]), -1.0)[0]

    def cos(self, a: Series) -> Series:
        return self._circular(a, np.sin(a[0]), np.cos(a[0]), -1.0)[1]

    def sinh(self, a: Series) -> Series:
        return self._circular(a, np.sinh(a[0]), np.cosh(a[0]), 1.0)[0]

    def cosh(self, a: Series) -> Series:
        return self._circular(a, np.sinh(a[0]), np.cosh(a[0]), 1.0)[1]

    def tanh(self, a: Series) -> Series:
        """From y' = (1 - y^2) a', which does not overflow."""
        out, slope = _empty(a), _empty(a)
        out[0] = np.tanh(a[0])
        slope[0] = 1 - out[0] ** 2
        for k in range(1, self.order):
            out[k] = _convolved(a, slope, k)
            slope[k] = -(out[: k + 1] * out[k::-1]).sum(axis=0)
        return out

    def arctanh(self, a: Series) -> Series:
        below = self.subtract(self.asarray(1.0), self.square(a))
        return self._integral(a, self.asarray(1.0), below, np.arctanh(a[0]))

    def arcsinh(self, a: Series) -> Series:
        below = self.sqrt(self.add(self.square(a), self.asarray(1.0)))
        return self._integral(a, self.asarray(1.0), below, np.arcsinh(a[0]))

    def arccosh(self, a: Series) -> Series:
        below = self.sqrt(self.subtract(self.square(a), self.asarray(1.0)))
        return self._integral(a, self.asarray(1.0), below, np.arccosh(a[0]))

    def abs(self, a: Series) -> Series:
        raise NotAnalytic("abs")

    def minimum(self, a: Series, b: Series) -> Series:
        raise NotAnalytic("min")

    def maximum(self, a: Series, b: Series) -> Series:
        raise NotAnalytic("max")

    def mod(self, a: Series, b: Series) -> Series:
        raise NotAnalytic("mod")

    def equal(self, a: Series, b: Series) -> Series:
        raise NotAnalytic("delta")

    def _circular(
        self, a: Series, sine: Series, cosine: Series, sign: float
    ) -> tuple[Series, Series]:
        """The solution of s' = c a', c' = sign s a'."""
        s, c = _empty(a), _empty(a)
        s[0], c[0] = sine, cosine
        for k in range(1, self.order):
            s[k], c[k] = _convolved(a, c, k), sign * _convolved(a, s, k)
        return s, c

    def _integral(self, a: Series, above: Series, below: Series, start: Series) -> Series:
        """start + the integral of a' above / below."""
        slope = self.divide(self.multiply(self.derivative(a), above), below)
        out = _empty(slope)
        out[0] = start
        out[1:] = slope[:-1] / _numbers(1, self.order, slope.ndim)
        return out

    def derivative(self, a: Series) -> Series:
        """da/dt, whose last coefficient is lost and 0."""
        out = np.zeros_like(a)
        out[:-1] = a[1:] * _numbers(1, self.order, a.ndim)
        return out


def _numbers(first: int, end: int, dimensions: int) -> Series:
    """first, ..., end - 1 along the first axis."""
    return np.arange(first, end, dtype=np.float64).reshape(-1, *(dimensions - 1) * [1])


def _convolved(a: Series, b: Series, k: int) -> Series:
    """(a' b)_(k-1) / k = sum_j j a_j b_(k-j) / k."""
    j = _numbers(1, k + 1, a.ndim)
    return np.asarray((j * a[1 : k + 1] * b[k - 1 :: -1][:k]).sum(axis=0) / k)


def _alike(a: Series, b: Series) -> tuple[Series, Series]:
    """Both with the same number of axes: a constant [order] stands for every point."""
    dimensions = max(a.ndim, b.ndim)
    shaped = [x.reshape(*x.shape, *(dimensions - x.ndim) * [1]) for x in (a, b)]
    return shaped[0], shaped[1]


def _empty(*series: Series) -> Series:
    shape = np.broadcast_shapes(*(x.shape for x in series))
    return np.zeros(shape, dtype=np.result_type(*series, np.float64))
