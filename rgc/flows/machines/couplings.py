"""The couplings of the effective Hamiltonian of one side, of any order and at any size.

In signs, the Hamiltonian of the visible side of a machine with two-state units is

    -H(s) = b.s + sum_j ln 2cosh(c_j + sum_i W_ij s_i) = sum_A kappa_A prod_(i in A) s_i,

and kappa_A is the average of -H(s) prod_(i in A) s_i over all states. With

    ln cosh x = int_0^inf (1 - cos xt) / (t sinh(pi t / 2)) dt

the average over 2^n states is a product of cosines, one hidden unit at a time. For example
kappa_ik is the integral of

    cos(ct) sin(w_i t) sin(w_k t) prod_(l != i, k) cos(w_l t) / (t sinh(pi t / 2)).

The integrands are even and analytic in |Im t| < 2, so that the trapezoidal rule converges
exponentially, and all pairs of a hidden unit are one matrix product.

Potts units have a coupling for each state. In the zero-sum gauge it is what remains of the average
of -H with some units held fixed after the averages over each of them are taken away, and the same
integral gives it with e^(i w t) in place of cos and sin.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log, pi
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.flows.machines.machine import Machine, in_signs, two_values
from rgc.flows.machines.sides import Gaussian

Floats = NDArray[np.float64]

DIGITS = 38.0
"""Natural logarithm of the accuracy of the quadrature, as a positive number."""

STRIP = np.linspace(0.1, 1.9, 37)
"""Half-widths of the strip around the real axis at which the quadrature's error is bounded."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Couplings:
    """Couplings of the visible side in signs: the constant, one body float64[n], and two bodies,
    float64[n, n], symmetric and with zeros on the diagonal.
    """

    constant: float
    fields: Floats
    pairs: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Nodes:
    """The quadrature of one hidden unit.

    `wave[q]` is weight * e^(ict) prod_l cos(w_l t) at the nodes, `tangents[i, q]` is tan(w_i t).
    A product without some of its units is `wave` over their cosines, so that each sine brings a
    tangent. For units of any states, `tangents[i, state, q]` is e^(i w t) over its average, less
    one.
    `constant` is the average of ln 2cosh over all states.
    """

    wave: NDArray[np.complex128]
    constant: float
    tangents: NDArray[Any]

    def amplitudes(self, bodies: int) -> Floats:
        """-Re(i^bodies wave): what multiplies the product of the tangents of so many units."""
        return -np.real(1j**bodies * self.wave)


def couplings(machine: Machine) -> Couplings:
    """All couplings of up to two bodies between visible units, exact but for rounding.

    Real hidden units give pairs only: the integral over each is a square. Raises `ValueError` for
    units of other alphabets that have not two states.
    """
    signs = in_signs(machine)
    if isinstance(signs.hidden, Gaussian):
        return _of_squares(signs, signs.hidden)
    signs = in_signs(signs.turned).turned
    number = signs.visible.number
    constant, fields = -signs.constant, signs.visible_bias.copy()
    pairs = np.zeros((number, number))
    for nodes in _all_nodes(signs):
        constant += nodes.constant
        fields += nodes.tangents @ nodes.amplitudes(1)
        pairs += (nodes.tangents * nodes.amplitudes(2)) @ nodes.tangents.T
    return _gathered(constant, fields, pairs)


def _of_squares(signs: Machine, hidden: Gaussian) -> Couplings:
    """-H = b.s + sum_j ((c_j + (sW)_j)^2 / g_j + ln(2 pi / g_j)) / 2."""
    scaled = signs.weights / hidden.precision
    pairs = scaled @ signs.weights.T
    constant = hidden.log_sums(signs.hidden_bias).sum() + np.trace(pairs) / 2 - signs.constant
    return _gathered(constant, signs.visible_bias + scaled @ signs.hidden_bias, pairs)


def _gathered(constant: float, fields: Floats, pairs: Floats) -> Couplings:
    np.fill_diagonal(pairs, 0.0)
    return Couplings(constant=float(constant), fields=fields, pairs=(pairs + pairs.T) / 2)


def coupling_of(machine: Machine, sets: Sequence[Sequence[int]]) -> Floats:
    """The couplings of given sets of visible units, float64[set]. Sets of one size are one array.

    Raises `ValueError` for units that have not two states, for a unit twice in a set, and for sets
    of different sizes.
    """
    units = np.array(sets, dtype=np.int64)
    if units.ndim != 2 or any(len(set(row)) < units.shape[1] for row in units.tolist()):
        raise ValueError("every set holds the same number of different units")
    signs, bodies = in_signs(in_signs(machine).turned).turned, units.shape[1]
    total = signs.visible_bias[units[:, 0]] if bodies == 1 else np.zeros(len(units))
    for nodes in _all_nodes(signs):
        total = total + nodes.tangents[units].prod(axis=1) @ nodes.amplitudes(bodies)
    return total


def state_couplings(machine: Machine) -> Couplings:
    """The same for visible units of any states: one body float64[n * q] and two bodies
    float64[n * q, n * q], in the zero-sum gauge, with zeros between the states of one unit.

    Raises `ValueError` for real visible units, and for hidden units that have not two states.
    """
    side = machine.visible
    if isinstance(side, Gaussian):
        raise ValueError("real units have no couplings by state")
    number, states = side.number, side.states
    offset, scale = two_values(machine.hidden)
    own = side.exponents(machine.visible_bias + offset * machine.weights.sum(axis=1))
    fields = own - own.mean(axis=1, keepdims=True)
    constant = -machine.constant + own.mean(axis=1).sum() + offset * machine.hidden_bias.sum()
    pairs = np.zeros((number * states, number * states))
    for unit in range(machine.hidden.number):
        exponents = scale * side.exponents(machine.weights[:, unit])
        nodes = _state_nodes(exponents, scale * float(machine.hidden_bias[unit]))
        apart = nodes.tangents.reshape(number * states, -1)
        constant += nodes.constant
        fields -= np.real(apart @ nodes.wave).reshape(number, states)
        pairs -= np.real((apart * nodes.wave) @ apart.T)
    pairs *= 1 - np.kron(np.eye(number), np.ones((states, states)))
    return Couplings(
        constant=float(constant), fields=fields.reshape(-1), pairs=(pairs + pairs.T) / 2
    )


def _all_nodes(signs: Machine) -> Iterator[_Nodes]:
    for unit in range(signs.hidden.number):
        yield _nodes(signs.weights[:, unit], float(signs.hidden_bias[unit]))


def _nodes(weights: Floats, bias: float) -> _Nodes:
    """The quadrature of one hidden unit between signs."""
    t, kernel = _rule(np.abs(weights), bias)
    angles = np.outer(weights, t)
    wave = np.exp(1j * bias * t) * np.cos(angles).prod(axis=0)
    return _Nodes(kernel * wave, _constant(kernel, wave), np.tan(angles))


def _state_nodes(exponents: Floats, bias: float) -> _Nodes:
    """The quadrature of one hidden unit above units of any states, from float64[n, q]."""
    centre = exponents.mean(axis=1, keepdims=True)
    t, kernel = _rule(np.abs(exponents - centre).max(axis=1), bias + float(centre.sum()))
    waves = np.exp(1j * exponents[:, :, None] * t)
    means = waves.mean(axis=1, keepdims=True)
    wave = np.exp(1j * bias * t) * means.prod(axis=(0, 1))
    return _Nodes(kernel * wave, _constant(kernel, wave), waves / means - 1)


def _constant(kernel: Floats, wave: NDArray[np.complex128]) -> float:
    """The average of ln 2cosh over all states."""
    return float(np.log(2) + kernel @ (1 - wave.real))


def _rule(weights: Floats, bias: float) -> tuple[Floats, Floats]:
    """The nodes t = (k + 1/2) h of the trapezoidal rule and h / (t sinh(pi t / 2)) at them, for a
    product of functions that grow like cosh(weight * Im t).

    The rule's error is at most exp(G(d) - 2 pi d / h) for any d < 2, where exp(G(d)) bounds the
    product on |Im t| = d, so the largest h is taken at which some d gives `DIGITS`.
    """
    x = np.outer(STRIP, weights)
    growth = (x + np.log1p(np.exp(-2 * x)) - log(2)).sum(axis=1) + STRIP * abs(bias)
    step = float(np.max(2 * pi * STRIP / (DIGITS + growth)))
    t = step * (np.arange(int(2 * DIGITS / pi / step) + 1, dtype=np.float64) + 0.5)
    return t, step / (t * np.sinh(pi * t / 2))
