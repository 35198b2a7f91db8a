"""Complex powers of a map with a constant: `oscillations=n` and `range=[a, b]` of `iterate`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.polynomial.polynomial import polyval

from rgc.analysis.koenigs import ORDER, Linearised, NoPowerLaw, linearised, refined
from rgc.analysis.log_periodic import POINTS, RESOLVED, Amplitudes, amplitudes
from rgc.analysis.recursion import Floats
from rgc.analysis.scale_equation import ScaleEquation
from rgc.analysis.series import NotAnalytic
from rgc.analysis.smoothed import NotResolved
from rgc.flows.flow import Account, Flow, State
from rgc.flows.maps.map_flow import MapFlow
from rgc.flows.request import Request
from rgc.flows.study.coupling_flow import CouplingFlow
from rgc.model.map import RecursionMap, complex_powers
from rgc.model.options import Options
from rgc.results.result import Estimate, Result

TABULATED = 1001
"""The number of points at which F is tabulated."""

SHOWN = 96
"""The number of points at which the oscillation is drawn, over `PERIODS` periods."""

PERIODS = 2


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LogPeriodicFlow:
    """The flow of a map, and after its steps one more for its scale equation.

    `harmonics` is the number of amplitudes besides A_0, None where none are asked for. `span` are
    the ends of the range where F is tabulated, None without one. Further arrays of the state are
    `amplitudes` [3, 1 + harmonics] (real and imaginary parts, errors), `power` [m, ln
    lambda], `oscillation` and `scale_function`, which become tables. The value `no_power` says why
    there are no amplitudes.
    """

    flow: MapFlow
    equation: ScaleEquation
    harmonics: int | None
    span: tuple[float, float] | None

    @property
    def scheme(self) -> str:
        return self.flow.scheme

    @property
    def steps(self) -> int:
        return self.flow.steps + 1

    @property
    def study(self) -> CouplingFlow:
        """The study of the map as a recursion."""
        return self.flow.study

    @property
    def provenance(self) -> Mapping[str, Any]:
        return self.flow.provenance

    def start(self) -> State:
        return self.flow.start()

    def step(self, state: State) -> State:
        if state.done < self.flow.steps:
            return self.flow.step(state)
        points = [float(point[0]) for point in state.arrays.get("fixed_points", ())]
        if self.harmonics is not None:
            try:
                self._find(state, points, self.harmonics)
            except (NoPowerLaw, NotResolved, NotAnalytic) as error:
                state.values["no_power"] = str(error)
        if self.span is not None:
            state.arrays["scale_function"] = _tabulated(self.equation, self.span)
        state.done += 1
        return state

    def _find(self, state: State, points: Sequence[float], harmonics: int) -> None:
        near = self.expanded(points)
        found = amplitudes(near, harmonics)
        parts = (found.values.real, found.values.imag, found.errors)
        state.arrays["power"] = np.array([near.exponent, near.period])
        state.arrays["amplitudes"] = np.stack(parts)
        state.arrays["oscillation"] = _oscillation(near, found)

    def expanded(self, points: Sequence[float]) -> Linearised:
        """The power series at the fixed point among some at which the map stretches.

        Raises `NoPowerLaw`.
        """
        point = _repelling(self.equation, points)
        side = -1 if self.span is not None and sum(self.span) / 2 < point else 1
        return linearised(self.equation, point, side)

    def accounts(self) -> Sequence[Account]:
        return (*self.flow.accounts(), *self._account())

    def _account(self) -> Iterator[Account]:
        if self.harmonics is not None:
            lines = {
                "series": f"x(z) and the regular part of F, {ORDER} coefficients each",
                "amplitudes": f"A_0 to A_{self.harmonics}, by FFT over {POINTS} points of each ray",
            }
            yield Account("complex powers of F", lines)

    def finish(self, state: State) -> Result:
        result = self.flow.finish(state)
        kept = ("oscillation", "scale_function")
        tables = {name: state.arrays[name] for name in kept if name in state.arrays}
        why = state.values.get("no_power", "")
        return replace(
            result,
            values={**result.values, **dict(self._values(state, why))},
            tables={**result.tables, **tables},
            warnings=(*result.warnings, *([f"no log-periodic power law: {why}"] if why else [])),
        )

    def _values(self, state: State, why: str) -> Iterator[tuple[str, Estimate]]:
        if self.harmonics is None:
            return
        if why:
            for name in complex_powers(self.harmonics):
                yield name, Estimate(None, None, "exact", note=why)
            return
        exponent, period = state.arrays["power"]
        real, imag, errors = state.arrays["amplitudes"]
        sizes = np.abs(real + 1j * imag)
        yield "m", Estimate(float(exponent), 0.0, "exact")
        yield "log_frequency", Estimate(1 / float(period), 0.0, "exact")
        relative = errors[:2] / sizes[:2]
        wave = 2 * sizes[1] / sizes[0]
        yield "oscillation", _resolved(wave, wave * relative.sum())
        yield "A0", _resolved(float(real[0]), float(errors[0]))
        for k in range(1, 1 + self.harmonics):
            yield f"A{k}", _resolved(float(sizes[k]), float(errors[k]))


def _resolved(value: float, error: float) -> Estimate:
    if abs(value) > RESOLVED * error:
        return Estimate(float(value), float(error), "exact")
    return Estimate(None, None, "exact", note=f"it is below its rounding, {error:.1g}")


def _repelling(equation: ScaleEquation, points: Sequence[float]) -> float:
    """The first of some fixed points at which the map stretches, or the first of all, whose reason
    against a power law is told then.
    """
    if not points:
        raise NoPowerLaw("no fixed point was found")
    slopes = [refined(equation, point)[1] for point in points]
    return next((x for x, slope in zip(points, slopes, strict=True) if slope > 1), points[0])


def _oscillation(near: Linearised, found: Amplitudes) -> Floats:
    """The ratio of the singular part to A_0 z^m, less 1 [3, points]: ln z / ln lambda, the ratio
    from F at single points of the real axis, and the ratio from the amplitudes.
    """
    u = np.linspace(-PERIODS, 0, SHOWN) + np.log(near.radius) / near.period
    z = np.exp(u * near.period)
    singular = near.equation.sums(polyval(z, near.inverse)) - polyval(z, near.regular)
    leading = found.values[0].real
    k = np.arange(1, len(found.values))
    waves = 2 * (found.values[1:, None] * np.exp(2j * np.pi * k[:, None] * u)).real.sum(axis=0)
    return np.stack([u, singular / (leading * z**near.exponent) - 1, waves / leading])


def _tabulated(equation: ScaleEquation, span: tuple[float, float]) -> Floats:
    """x and F(x) [2, points] over a range, NaN where the sum does not converge."""
    x = np.linspace(*span, TABULATED)
    return np.stack([x, equation.sums(x)])


def asks_for_oscillations(request: Request) -> bool:
    """Whether a spec asks for complex powers or for a table of F."""
    return "oscillations" in request.options or "range" in request.options


def with_oscillations(request: Request, flow: Flow) -> LogPeriodicFlow:
    """A flow, and behind it what the options `oscillations` and `range` ask of its map."""
    options, (step, *_) = request.options, request.spec.map
    if not isinstance(step, RecursionMap) or step.constant is None or step.sites is None:
        raise ValueError(f"'{step.name}' has no constant")
    if not isinstance(flow, MapFlow):
        raise TypeError(f"a map with a constant is made into a MapFlow, not {type(flow).__name__}")
    equation = ScaleEquation(step.updates[0][1], step.constant, step.sites)
    harmonics = options.integer("oscillations") if "oscillations" in options else None
    return LogPeriodicFlow(flow=flow, equation=equation, harmonics=harmonics, span=_span(options))


def _span(options: Options) -> tuple[float, float] | None:
    if "range" not in options:
        return None
    low, high = options.numbers("range")
    return low, high
