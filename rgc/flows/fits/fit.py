"""`fit`: a curve with unknown numbers, fitted to a column of data and in the same way to series
without what it looks for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.projected import Projected, lowest
from rgc.errors import Problem, SpecError, listing
from rgc.flows.data.clouds import make_cloud
from rgc.flows.data.files import first_place
from rgc.flows.fits.curves import Fitting, columns, value_of
from rgc.flows.fits.fit_result import fit_result
from rgc.flows.fits.series import nulls
from rgc.flows.flow import Account, State
from rgc.flows.request import Request
from rgc.language.values import CallValue
from rgc.model.curve import Curve
from rgc.model.data import File
from rgc.model.point_clouds import Points, Simplex
from rgc.model.spec import Spec
from rgc.results.result import Result

Floats = NDArray[np.float64]

BATCH = 64
"""Points of the grid at which one step looks."""

REFINED = 8
"""The largest number of starts from which the fit of the data descends."""

OF_A_NULL = 4
"""The same of another series."""

TOGETHER = 64
"""Other series that are fitted in one step."""

POINTS = 17
"""Points of a profile that are tabulated."""

MOST_NAMED = 4
"""Columns whose values a message shows."""

BISECTIONS = 40
"""Halvings that find the end of an interval, and doublings that go beyond it."""


@dataclass(frozen=True, slots=True, eq=False)
class Fit(Fitting):
    """The fits of a curve at one point of a scan. In the state are

    - `squares` [point of the grid, s], what is left at the points of the grid;
    - `found` [s, nonlinear] and `left` [s], the best fit of each series, and `ways` [k, nonlinear +
      1], the other ends of descents for the data with their sums of squares;
    - `ends` [nonlinear, 2], the interval of each, NaN where it has no end in the grid, and
      `profiles` [nonlinear, POINTS, 2], values and what is left at least with them.
    """

    @property
    def points(self) -> int:
        """The number of points of the grid."""
        return prod(len(axis) for axis in self.axes)

    @property
    def steps(self) -> int:
        return ceil(self.points / BATCH) + self._descents + 3 * len(self.axes)

    @property
    def _descents(self) -> int:
        """The steps of fits: one for the data, and one for so many of the other series."""
        return 1 + ceil((len(self.series.T) - 1) / TOGETHER)

    def start(self) -> State:
        count, unknown = self.series.shape[1], len(self.axes)
        arrays: dict[str, NDArray[Any]] = {
            "squares": np.full((self.points, count), np.inf),
            "found": np.full((count, unknown), np.nan),
            "left": np.full(count, np.inf),
            "ways": np.full((REFINED, unknown + 1), np.nan),
            "ends": np.full((unknown, 2), np.nan),
            "profiles": np.full((unknown, POINTS, 2), np.nan),
        }
        return State(0, arrays, {}, fixed=True)

    def step(self, state: State) -> State:
        looks = ceil(self.points / BATCH)
        number, after = state.done - looks, state.done - looks - self._descents
        if state.done < looks:
            self._look(state.done, state.arrays)
        elif number == 0:
            self._descend(state.arrays)
        elif after < 0:
            first = 1 + (number - 1) * TOGETHER
            self._descend_others(range(first, first + TOGETHER), state.arrays)
        elif after < 2 * len(self.axes):
            self._end(after // 2, after % 2, state.arrays)
        else:
            self._profile(after - 2 * len(self.axes), state.arrays)
        state.done += 1
        return state

    def accounts(self) -> Sequence[Account]:
        curve, rows = self.curve, len(self.series)
        lines = {
            "curve": str(curve),
            "data": f"{rows} rows, and {self.series.shape[1] - 1} other series",
            "linear": f"{len(curve.linear)} unknown numbers, by projection [{rows}, "
            f"{len(curve.linear)}]",
            "nonlinear": f"{len(curve.nonlinear)} unknown numbers, on {self.points} points, then "
            f"from at most {REFINED} of them",
        }
        self.projected.squares(self._at(0), self.series[:, :1])
        return (Account(f"{self.scheme}: least squares", lines),)

    def finish(self, state: State) -> Result:
        return fit_result(self, state.arrays)

    def _at(self, point: int) -> Floats:
        """The nonlinear unknowns at a point of the grid."""
        shape = tuple(len(axis) for axis in self.axes)
        where = np.unravel_index(point, shape) if shape else ()
        return np.array([axis[k] for axis, k in zip(self.axes, where, strict=True)], dtype=float)

    def _look(self, batch: int, arrays: Mapping[str, NDArray[Any]]) -> None:
        for point in range(batch * BATCH, min((batch + 1) * BATCH, self.points)):
            with np.errstate(all="ignore"):
                arrays["squares"][point] = self.projected.squares(self._at(point), self.series)

    def _lowest(self, number: int, squares: Floats, most: int) -> list[Floats]:
        """The lowest points of the grid for a series."""
        own = squares[:, number].reshape([len(axis) for axis in self.axes])
        return [self._at(point) for point in lowest(own, most)]

    def _descend(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """The best fit of the data, from the lowest points of the grid."""
        for k, start in enumerate(self._lowest(0, arrays["squares"], REFINED)):
            with np.errstate(all="ignore"):
                at, left = self.projected.descended(start, self.series[:, 0])
            arrays["ways"][k] = *at, left
            if left < arrays["left"][0]:
                arrays["found"][0], arrays["left"][0] = at, left

    def _descend_others(self, numbers: range, arrays: Mapping[str, NDArray[Any]]) -> None:
        """The best fits of other series, likewise, all descents together."""
        pairs = [
            (number, start)
            for number in numbers
            if number < self.series.shape[1]
            for start in self._lowest(number, arrays["squares"], OF_A_NULL)
        ]
        if not pairs:
            return
        own, starts = zip(*pairs, strict=True)
        with np.errstate(all="ignore"):
            found, left = self.projected.descended_together(
                np.array(starts), self.series[:, list(own)]
            )
        for number, at, squares in zip(own, found, left, strict=True):
            if squares < arrays["left"][number]:
                arrays["found"][number], arrays["left"][number] = at, squares

    def _least(self, unknown: int, value: float, near: Floats) -> tuple[Floats, float]:
        """The best fit of the data with an unknown held, near another fit."""
        with np.errstate(all="ignore"):
            return self.projected.descended(near, self.series[:, 0], {unknown: value})

    def _end(self, unknown: int, side: int, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Where the profile of an unknown rises by one error of the sum of squares, on one side."""
        best, least = arrays["found"][0], float(arrays["left"][0])
        if not np.isfinite(least):
            return
        most = self.most(least)
        edge = float((self.projected.low, self.projected.high)[side][unknown])
        inside, near, share = float(best[unknown]), best, 1e-4
        outside = inside
        for _ in range(BISECTIONS):
            outside = inside + min(share, 1.0) * (edge - float(best[unknown]))
            outside = min(outside, edge) if side else max(outside, edge)
            at, left = self._least(unknown, outside, near)
            if left > most:
                break
            if outside == edge:
                return
            inside, near, share = outside, at, 2 * share
        for _ in range(BISECTIONS):
            middle = (inside + outside) / 2
            if abs(outside - inside) <= 1e-3 * abs(middle - float(best[unknown])):
                break
            at, left = self._least(unknown, middle, near)
            if left > most:
                outside = middle
            else:
                inside, near = middle, at
        arrays["ends"][unknown, side] = (inside + outside) / 2

    def _profile(self, unknown: int, arrays: Mapping[str, NDArray[Any]]) -> None:
        """What is left at least with values of an unknown, from the best fit outwards."""
        best = arrays["found"][0]
        if not np.isfinite(best).all():
            return
        low, high = self._window(unknown, arrays)
        values = np.linspace(low, high, POINTS)
        for side in (1, -1):
            near = best
            for k in np.argsort(side * values):
                if side * (values[k] - best[unknown]) >= 0:
                    at, left = self._least(unknown, float(values[k]), near)
                    near = at if np.isfinite(left) else near
                    arrays["profiles"][unknown, k] = values[k], left

    def _window(self, unknown: int, arrays: Mapping[str, NDArray[Any]]) -> tuple[float, float]:
        """Twice the interval, within the range."""
        edges = float(self.projected.low[unknown]), float(self.projected.high[unknown])
        best, ends = float(arrays["found"][0][unknown]), arrays["ends"][unknown]
        low, high = (
            edge if np.isnan(end) else best + 2 * (float(end) - best)
            for edge, end in zip(edges, ends, strict=True)
        )
        return max(low, edges[0]), min(high, edges[1])


def make_fit(request: Request) -> Fit:
    """The flow `fit` of a checked spec at one point.

    Raises `SpecError` for data that cannot be read, errors that are not above 0, and a curve that
    has no value anywhere on the grid.
    """
    made = fit_of_data(request.spec, request.seed)
    column = made.table[made.curve.column]
    others = nulls(request.options.values.get("null"), column, request.seed)
    return replace(made, series=np.concatenate([column[:, None], others], axis=1))


def fit_of_data(spec: Spec, seed: int) -> Fit:
    """The fit of the data of a spec alone. Raises like `make_fit`."""
    curve, source, flow = spec.map[0], spec.data, spec.flow
    if not isinstance(curve, Curve) or not isinstance(source, File | Points | Simplex) or not flow:
        raise ValueError("a fit has a curve and points")
    values = make_cloud(source, seed).values
    table = {name: values[:, k] for k, name in enumerate(curve.columns)}
    grid = flow.options.get("starts")
    listed = dict(grid.options) if isinstance(grid, CallValue) else {}
    axes = tuple(np.unique(np.atleast_1d(np.array(listed[name]))) for name in curve.nonlinear)
    projected = Projected(
        columns(curve, table),
        weights(spec, curve, table),
        np.array([axis[0] for axis in axes]),
        np.array([axis[-1] for axis in axes]),
    )
    made = Fit(
        flow.scheme,
        curve,
        projected,
        table,
        table[curve.column][:, None],
        axes,
        {"curve": str(curve), "data": str(source)},
    )
    with np.errstate(all="ignore"):
        left = (projected.squares(made._at(k), made.series) for k in range(made.points))
        if not any(np.isfinite(each[0]) for each in left):
            raise SpecError([_no_value(made, spec)])
    return made


def _no_value(fit: Fit, spec: Spec) -> Problem:
    """Where the curve has no value at the first point of the grid."""
    functions, rest = fit.projected.columns(fit._at(0))
    finite = np.isfinite(functions).all(axis=-1) & np.isfinite(rest)
    row = int(first_place(~finite[:, None])[0])
    given = [f"{name} = {values[row]:g}" for name, values in fit.table.items()][:MOST_NAMED]
    where = f"in row {row} (counted from 0), where {listing(given)}"
    if fit.axes:
        at = zip(fit.curve.nonlinear, fit._at(0), strict=True)
        where += f", with {listing([f'{name} = {x:g}' for name, x in at])}"
        message = f"the curve has no real value at any point of the grid, such as {where}"
        hint = "a power of a negative number has none: look elsewhere, or leave such rows out"
        return Problem("wrong-start", message, spec.flow.span if spec.flow else None, hint=hint)
    hint = "leave such rows out, or write another curve"
    message = f"the curve has no real value {where}"
    return Problem("not-finite", message, spec.place("map"), hint=hint)


def weights(spec: Spec, curve: Curve, table: Mapping[str, Floats]) -> Floats:
    """What residuals are multiplied by: 1, or 1 / error."""
    rows = len(table[curve.column])
    if curve.error is None:
        return np.ones(rows)
    with np.errstate(all="ignore"):
        errors = np.broadcast_to(value_of(curve.error, table, {}), (rows,))
    wrong = ~(np.isfinite(errors) & (errors > 0))
    if wrong.any():
        row = int(first_place(wrong[:, None])[0])
        message = f"the error of row {row} (counted from 0) is {errors[row]:g}"
        place = spec.place("map")
        raise SpecError([Problem("out-of-range", message, place, hint="errors are above 0")])
    return np.asarray(1 / errors)
