"""The limit b -> 1 of moving and decimating bonds that differ from axis to axis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import e
from typing import TYPE_CHECKING

import numpy as np

from rgc.analysis.recursion import Floats
from rgc.flows.couplings.axis_recursion import bounds
from rgc.flows.couplings.axis_space import AxisSpace
from rgc.flows.couplings.bond_flow import Integrated, decimation

if TYPE_CHECKING:
    from rgc.backend import Backend

HOT = 1e-3
"""Bonds of less strength decay, whatever the axes are stretched by."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AxisFlow(Integrated):
    """du_x/dl = (r - r_x) u_x + r_x (W ln W)/W, W = exp(u_x), where lengths along x change by the
    factor exp(r_x l) and r = sum_x r_x = d. All r_x are 1, in whatever order the axes are taken.

    With `balanced`, r_x is in proportion to the strength of the bonds along x, their deviation from
    the mean: as of `StrongestFirst` the axes then stay alike. A step of the recursion
    (`rgc.analysis.recursion.Recursion`) integrates over l = 1.
    """

    backend: Backend
    space: AxisSpace
    balanced: bool = False

    @property
    def scale(self) -> float:
        return e

    @property
    def sites(self) -> float:
        return float(e**self.space.axes)

    @property
    def dimension(self) -> float:
        return self.space.axes

    @property
    def account(self) -> Mapping[str, str]:
        return {
            "a step": "integrates over l = ln b from 0 to 1, by scipy's solve_ivp (DOP853)",
            "formula": f"du/dl = {self.space.axes - 1} u + (W ln W)(a, b)/W(a, b), W = exp(u), "
            "along each axis",
            "arrays": self.space.account,
        }

    def bounds(self, couplings: Floats) -> tuple[float, float]:
        return bounds(self.space, couplings)

    def rate(self, couplings: Floats, *, tangent: bool = True) -> tuple[Floats, Floats]:
        space, along = self.space, self.space.functions if tangent else self.space.functions[:0]
        u, (r, turning) = space.bonds(couplings), self._stretches(couplings)
        added, slopes = decimation(self.backend, u, along)
        moved, stretch = (space.axes - r)[:, None, None], r[:, None, None]
        change = moved * along + stretch * slopes
        change = change + turning[: len(along), :, None, None] * (added - u)
        return space.inverse @ (moved * u + stretch * added).ravel(), space.read(change).T

    def _stretches(self, couplings: Floats) -> tuple[Floats, Floats]:
        """r_x [d] and their derivatives [n, d]."""
        space, d = self.space, self.space.axes
        functions = space.functions - space.functions.mean(axis=(2, 3), keepdims=True)
        u = np.tensordot(couplings, functions, 1)
        size = np.sqrt((u**2).sum(axis=(1, 2)))
        if not self.balanced or size.max() < HOT or not size.all():
            return np.ones(d), np.zeros((len(couplings), d))
        slope = np.einsum("kxab,xab->kx", functions, u) / size
        whole = size.sum()
        return d * size / whole, d * (slope / whole - size * slope.sum(1)[:, None] / whole**2)
