"""Whether couplings join no spins, so that a fixed point with them is none of a transition.

A field on free spins may well be a relevant direction: a block spin of four that decides by the
majority feels one and a half times their field.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rgc.analysis.recursion import Floats

UNCOUPLED = "no bond couples its spins at this fixed point, so that nothing orders"

SEPARATE = 1e-9
"""The part of an energy below which the difference from a sum over single spins is rounding."""


def uncoupled(bonds: Floats, couplings: Floats) -> str:
    """The reason why couplings K belong to no critical point: bonds K = 0, where `bonds` [m, n] are
    weights of products of several spins. Empty where it is not.
    """
    joint = np.abs(bonds @ couplings).max(initial=0.0)
    return UNCOUPLED if joint <= SEPARATE * max(1.0, np.abs(couplings).max(initial=0.0)) else ""


def uncoupled_pair(functions: Floats, couplings: Floats) -> str:
    """The same where u(a, b) = sum_k K_k f_k(a, b), of every axis where functions are
    f[k, ..., a, b], is a function of a plus one of b.
    """
    u = np.tensordot(couplings, functions, 1)
    rows, columns = u.mean(axis=-1, keepdims=True), u.mean(axis=-2, keepdims=True)
    joint = np.abs(u - rows - columns + u.mean(axis=(-2, -1), keepdims=True)).max()
    return UNCOUPLED if joint <= SEPARATE * max(1.0, float(np.abs(u).max())) else ""


def uncoupled_states(radices: Sequence[int], sums: Floats, couplings: Floats) -> str:
    """The same where sum_k K_k `sums`[k, state] is a sum over the spins, which have so many states
    each, the last the fastest.
    """
    energy = couplings @ sums
    rest, left, right = energy - energy[0], 1, energy.size
    for radix in radices:
        right //= radix
        alone = energy[np.arange(radix) * right] - energy[0]
        rest = rest - np.tile(np.repeat(alone, right), left)
        left *= radix
    joint = np.abs(rest).max()
    return UNCOUPLED if joint <= SEPARATE * max(1.0, float(np.abs(energy).max())) else ""
