"""Thermometers: the temperature at which a model has a measured average, read off a curve that was
measured too, with the errors of both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.statistics import jackknife

Floats = NDArray[np.float64]

APART = 4.0
"""Standard errors by which neighbouring knots of a curve differ at least."""

TOLD = 2.0
"""Standard errors by which an inverse temperature must differ from 0 to be a temperature."""


@dataclass(frozen=True, slots=True, eq=False)
class Thermometer:
    """A curve that rises with the inverse temperature, at knots that differ by `APART` of their
    errors: `betas` float64[knot] and `values` float64[1 + group, knot], resampled as
    `rgc.analysis.statistics.resample` does. `flaw` says why there is no such curve.
    """

    betas: Floats
    values: Floats
    flaw: str = ""

    def read(self, seen: Floats) -> Reading:
        """The temperature at which the curve has a value float64[1 + group], resampled likewise.

        Both are resampled together, so that the error is that of the value and of the curve.
        Between knots the inverse of the curve is a monotone cubic (Fritsch and Butland 1984).
        """
        from scipy.interpolate import PchipInterpolator

        if self.flaw:
            return Reading(reason=self.flaw)
        if not np.isfinite(seen).all() or (seen > self.values[:, -1]).any():
            coldest = 1 / float(self.betas[-1])
            return Reading(reason=f"no warmer than {coldest:.3g}, where the thermometer ends")
        if (seen < self.values[:, 0]).any():
            return Reading(reason="no colder than an infinite temperature, within its error")
        pairs = zip(self.values, seen, strict=True)
        found = [float(PchipInterpolator(curve, self.betas)(value)) for curve, value in pairs]
        beta, error = map(float, jackknife(np.array(found)))
        if beta < TOLD * error:
            return Reading(reason="not told from an infinite temperature")
        return Reading(1 / beta, error / beta**2)


@dataclass(frozen=True, slots=True)
class Reading:
    """A temperature and its standard error, or the reason why there is none."""

    temperature: float | None = None
    error: float | None = None
    reason: str = ""


def thermometer(betas: Floats, values: Floats, name: str) -> Thermometer:
    """The thermometer of measured values float64[1 + group, beta] at rising inverse temperatures
    from 0, of a quantity of that name which should rise with them.

    Its knots are chosen one after the other, each the next that lies `APART` errors above the one
    before. It has a flaw where that is only one, and where values beyond fall below a knot by as
    much, so that one value belongs to several temperatures.
    """
    knots = [0]
    for k in range(1, len(betas)):
        rise, error = jackknife(values[:, k] - values[:, knots[-1]])
        if rise > APART * error and np.isfinite(rise):
            knots.append(k)
        elif rise < -APART * error:
            flaw = f"the {name} does not rise as the temperature falls, so that it tells none"
            return Thermometer(betas, values, flaw)
    flaw = "" if len(knots) > 1 else f"the {name} does not depend on the temperature"
    return Thermometer(betas[knots], values[:, knots], flaw)
