"""The figures of a scan: every quantity against a scanned parameter, or over the plane of two where
both have many values.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from statistics import fmean
from typing import TYPE_CHECKING, Any

from rgc.results.figures.labels import FREE, label, method_names
from rgc.results.figures.style import MEASURED, SHADES, curve_style, new_figure, shades, spread
from rgc.results.numbers import with_error
from rgc.results.result import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from rgc.model.spec import Axis
    from rgc.results.answer_data import AnswerData

FLAT = 1e-12  # relative differences up to this size are rounding
FEW = 6
"""The number of curves that colours and markers tell apart. More of them are coloured by value."""

Curve = list[tuple[float, float, float]]
"""Parameter, value and error, point by point."""


EXPECTED = "expected"

LETTERS = 15
"""Letters of a legend in an inch."""


@dataclass(frozen=True, slots=True)
class _Curves:
    """The curves of one quantity by the values of the parameters that are not on the axis, and the
    points of them that are upper bounds.
    """

    name: str
    parameter: str
    curves: Mapping[tuple[float, ...], Curve]
    bounds: Collection[tuple[tuple[float, ...], float]] = ()


def scan(answer: AnswerData) -> Figure | None:
    """Every exponent, average and other value on one sheet, a panel each. What is the same at every
    point is left out where something else is not.
    """
    every = quantities(answer)
    names = [name for name in every if not _is_flat(_values(answer, name))] or every
    if not names:
        return None
    columns = min(3, len(names))
    rows = -(-len(names) // columns)
    figure = new_figure(2.8 * columns + 0.4, 2.4 * rows + 0.2)
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes, name in zip(panels, names, strict=False):
        _draw(axes, answer, name)
    for axes in panels[len(names) :]:
        axes.set_visible(False)
    _legend(figure, panels, answer)
    return figure


def scan_of(answer: AnswerData, name: str) -> Figure:
    """One quantity alone."""
    figure = new_figure(4.2, 3.2)
    axes = figure.subplots()
    _draw(axes, answer, name)
    _legend(figure, [axes], answer)
    return figure


def quantities(answer: AnswerData) -> list[str]:
    """The names of the exponents, averages and values that are known at some point of the scan."""
    tables = _tables(answer)
    return list(
        dict.fromkeys(
            name for table in tables for name, each in table.items() if each.value is not None
        )
    )


def _values(answer: AnswerData, name: str) -> list[float]:
    """The values of a quantity at the points where it is known."""
    found = (table.get(name) for table in _tables(answer))
    return [each.value for each in found if each is not None and each.value is not None]


def _tables(answer: AnswerData) -> list[dict[str, Estimate]]:
    """The quantities of each point by name: exponents, averages and other values, and where several
    parameters are scanned free energies by their method. Those along one have a figure of their
    own.
    """
    name_of = method_names([[each.method for each in p.result.free_energy] for p in answer.points])
    tables = []
    for point in answer.points:
        free = point.result.free_energy if len(answer.axes) > 1 else ()
        named = {
            f"{FREE}{name_of(each.method)}": Estimate(each.value, each.error, each.kind)
            for each in free
        }
        tables.append({**point.result.exponents, **point.result.observables, **named})
    return tables


def _axes(answer: AnswerData) -> list[Axis]:
    """The scanned parameters, that of the horizontal axis first: the one of which a measure of the
    scan found a value, and otherwise the one with most values.
    """
    found = [parameter for _, parameter in answer.located.values()]
    return sorted(answer.axes, key=lambda axis: (axis.name not in found, -len(axis.values)))


def _draw(axes: Axes, answer: AnswerData, name: str) -> None:
    if _is_plane(answer):
        _plane(axes, answer, name)
        return
    made = _curves(answer, name)
    keys = list(made.curves)
    for key, curve in made.curves.items():
        x, y, error = zip(*sorted(curve), strict=True)
        style = _style(keys.index(key), len(keys))
        axes.errorbar(x, y, yerr=error, label=_named(answer, key) or None, **style)
        bounds = [(x, y) for x, y, _ in curve if (key, x) in made.bounds]
        for at in bounds:
            _upper_limit(axes, at, style["color"])
    _flat(axes, [point for curve in made.curves.values() for point in curve])
    _expected(axes, answer, name)
    _located(axes, answer, made)
    spread(axes, _axes(answer)[0].values)
    axes.set_xlabel(label(made.parameter))
    axes.set_ylabel(label(name))


def _curves(answer: AnswerData, name: str) -> _Curves:
    first = _axes(answer)[0].name
    curves: dict[tuple[float, ...], Curve] = {}
    bounds: set[tuple[tuple[float, ...], float]] = set()
    for point, table in zip(answer.points, _tables(answer), strict=True):
        key = tuple(value for other, value in point.parameters.items() if other != first)
        curve = curves.setdefault(key, [])
        measured = table.get(name)
        if measured is not None and measured.value is not None and isfinite(measured.value):
            curve.append((point.parameters[first], measured.value, measured.error or 0.0))
            if measured.kind == "upper bound" and name.startswith("tau_"):
                bounds.add((key, point.parameters[first]))
    return _Curves(name, first, {key: curve for key, curve in curves.items() if curve}, bounds)


def _style(k: int, count: int) -> dict[str, Any]:
    """Colour and marker of the k-th of several curves: of more than a few, a colour by order."""
    if count <= FEW:
        return curve_style(k)
    return {"color": shades(count)[k], "marker": ".", "linewidth": 0.9}


def _named(answer: AnswerData, key: Sequence[float]) -> str:
    names = [axis.name for axis in _axes(answer)[1:]]
    return ", ".join(f"{label(name)} = {value:g}" for name, value in zip(names, key, strict=True))


def _legend(figure: Figure, panels: Sequence[Axes], answer: AnswerData) -> None:
    """What the curves are, outside the panels: names, or a bar of colours where there are many."""
    if _is_plane(answer):
        return
    shown: dict[str, Any] = {}
    for each in panels:
        handles, names = each.get_legend_handles_labels()
        shown = {**dict(zip(names, handles, strict=True)), **shown}
    if len(answer.axes) == 2 and len(_axes(answer)[1].values) > FEW:
        _bar(figure, answer)
        shown = {name: handle for name, handle in shown.items() if name == EXPECTED}
    if shown:
        columns = max(1, min(3, int(figure.get_figwidth() * LETTERS / (8 + max(map(len, shown))))))
        figure.legend(
            list(shown.values()),
            list(shown),
            loc="outside upper center",
            ncols=columns,
            frameon=False,
        )


def _bar(figure: Figure, answer: AnswerData) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import BoundaryNorm, ListedColormap

    axis = _axes(answer)[1]
    values = sorted(axis.values)
    ends = [values[0] - (values[1] - values[0]) / 2, *map(fmean, pairwise(values))]
    ends.append(values[-1] + (values[-1] - values[-2]) / 2)
    colours = ListedColormap(shades(len(values)))
    shown = ScalarMappable(BoundaryNorm(ends, len(values)), colours)
    figure.colorbar(
        shown, ax=figure.axes, label=label(axis.name), spacing="proportional", ticks=values
    )


def _is_plane(answer: AnswerData) -> bool:
    return len(answer.axes) == 2 and min(len(axis.values) for axis in answer.axes) > FEW


def _plane(axes: Axes, answer: AnswerData, name: str) -> None:
    """The quantity over the plane of two parameters, as colours."""
    import numpy as np

    across, up = _axes(answer)
    first, second = sorted(across.values), sorted(up.values)
    field = np.full((len(second), len(first)), np.nan)
    for point, table in zip(answer.points, _tables(answer), strict=True):
        x, y = point.parameters[across.name], point.parameters[up.name]
        measured = table.get(name)
        if measured is not None and measured.value is not None:
            field[second.index(y), first.index(x)] = measured.value
    drawn = axes.pcolormesh(first, second, field, shading="nearest", cmap=SHADES)
    axes.grid(visible=False)
    axes.set_xlabel(label(across.name))
    axes.set_ylabel(label(up.name))
    axes.figure.colorbar(drawn, ax=axes, label=label(name))


def _expected(axes: Axes, answer: AnswerData, name: str) -> None:
    """The values that the spec expects: a line, or a mark at the point for which one is meant."""
    across = _axes(answer)[0].name
    for check in answer.checks:
        expected = check.expectation
        if expected.name != name or expected.relation != "=" or expected.index is not None:
            continue
        selectors = dict(expected.selectors)
        if not selectors.keys() <= {axis.name for axis in answer.axes}:
            continue  # of another fixed point, level or method
        at = selectors.get(across)
        style: Any = {"color": "black", "label": EXPECTED, "zorder": 0}
        if not expected.selectors:
            axes.axhline(expected.value, linewidth=0.9, linestyle="--", **style)
        elif isinstance(at, int | float):
            axes.plot(at, expected.value, "_", markersize=12, **style)


def _located(axes: Axes, answer: AnswerData, drawn: _Curves) -> None:
    """The values of the parameter that measures of the scan found on these curves."""
    for name, (measure, parameter) in answer.located.items():
        found = answer.over_scan[name]
        if (measure, parameter) != (drawn.name, drawn.parameter) or found.value is None:
            continue
        text = f"{label(name)} = {with_error(found.value, found.error)}"
        axes.axvline(found.value, color=MEASURED, linewidth=0.9, zorder=0)
        if found.error:
            ends = (found.value - found.error, found.value + found.error)
            axes.axvspan(*ends, color=MEASURED, alpha=0.25, linewidth=0, zorder=0)
        axes.set_title(text)


def _is_flat(values: Sequence[float]) -> bool:
    return max(values) - min(values) <= FLAT * (1 + max(map(abs, values)))


def _upper_limit(axes: Axes, at: tuple[float, float], colour: Any) -> None:
    """An arrow that points down from a value which is no more than an upper limit."""
    arrow = {"arrowstyle": "<|-", "color": colour, "linewidth": 1.0, "shrinkA": 0, "shrinkB": 2}
    axes.annotate("", at, (0, -16), textcoords="offset points", arrowprops=arrow)
    axes.margins(y=0.15)


def _flat(axes: Axes, curve: Curve) -> None:
    """Draw values that differ by rounding only as a straight line, and their errors whole."""
    values = [y for _, y, _ in curve]
    if values and _is_flat(values):
        room = max(0.5, *(1.2 * error for _, _, error in curve))
        axes.set_ylim(values[0] - room, values[0] + room)
