"""A check of complex powers: F by the text near the fixed point, against its power series and its
amplitudes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.polynomial.polynomial import polyval

from rgc.analysis.koenigs import Linearised
from rgc.analysis.log_periodic import Amplitudes, amplitudes
from rgc.analysis.recursion import Floats
from rgc.flows.maps.log_periodic import LogPeriodicFlow
from rgc.model.map import MOST_HARMONICS
from rgc.results.result import Estimate
from rgc.verification.arrays import ROUNDINGS, result_on
from rgc.verification.certificate import Finding, unchecked, within
from rgc.verification.energies import UNIT
from rgc.verification.maps import map_of, sum_of_the_text
from rgc.verification.subject import Subject

POINTS = 7
"""The number of points of one period at which F is compared."""

CLAIM = "F = its power series and z^m sum_k A_k exp(2 pi i k ln z / ln lambda)"


def check_powers(subject: Subject) -> Iterator[Finding]:
    """Compare F at points near the fixed point; nothing where no amplitudes are asked for."""
    flow, inner = subject.own, map_of(subject)
    if not isinstance(flow, LogPeriodicFlow) or flow.harmonics is None or inner is None:
        return
    result = result_on(subject, 0)
    leading = result.values["A0"]
    if leading.value is None:
        yield unchecked("a", "powers", CLAIM, "L3", leading.note)
        return
    points = [value for each in result.fixed_points for value in _numbers(each.couplings)]
    near = flow.expanded(points)
    found = amplitudes(near, MOST_HARMONICS)
    if not found.angles:
        reason = "F is nowhere smooth, and no few harmonics make it up"
        yield unchecked("a", "powers", CLAIM, "L3", reason)
        return
    z = near.radius / near.eigenvalue ** np.linspace(0, 1, POINTS)
    together, bound = _together(near, found, z)
    differences = [abs(found.values[0].real - leading.value)]
    for x, value in zip(polyval(z, near.inverse), together, strict=True):
        total, rest, _ = sum_of_the_text(subject, inner, np.array([x]))
        differences.append(abs(total - value))
        bound += rest / POINTS
    where = f"{POINTS} points of one period"
    yield within("a", "powers", CLAIM, where, difference=max(differences), bound=bound)


def _numbers(couplings: Mapping[str, Estimate]) -> list[float]:
    return [each.value for each in couplings.values() if each.value is not None]


def _together(near: Linearised, found: Amplitudes, z: Floats) -> tuple[Floats, float]:
    """F from its series and amplitudes, and a bound on its rounding and on what is left out."""
    k = np.arange(len(found.values))
    waves = found.values[:, None] * np.exp(2j * np.pi * k[:, None] * np.log(z) / near.period)
    periodic = waves[0].real + 2 * waves[1:].real.sum(axis=0)
    values = polyval(z, near.regular) + z**near.exponent * periodic
    power = z.max() ** near.exponent
    size = polyval(z.max(), np.abs(near.regular)) + power * np.abs(periodic).max()
    left = 4 * power * (found.errors.sum() + abs(found.values[-1]))
    return values, float(ROUNDINGS * UNIT * size + left)
