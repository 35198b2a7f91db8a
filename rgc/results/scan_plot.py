"""The figure of measured quantities against the first scanned parameter."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

from rgc.results.plot_style import COLOURS, MARKERS, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from rgc.results.answer_data import AnswerData

FLAT = 1e-12  # relative differences up to this size are rounding


def scan(answer: AnswerData) -> Figure | None:
    """Every measured quantity against the first scanned parameter, with one curve for each value of
    the others.
    """
    names = list(
        dict.fromkeys(name for point in answer.points for name in point.result.observables)
    )
    if not names:
        return None
    columns = min(3, len(names))
    rows = -(-len(names) // columns)
    figure = new_figure(2.8 * columns + 0.4, 2.4 * rows + 0.2)
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes, name in zip(panels, names, strict=False):
        _curves(axes, answer, name)
    for axes in panels[len(names) :]:
        axes.set_visible(False)
    return figure


def _curves(axes: Axes, answer: AnswerData, name: str) -> None:
    first = answer.axes[0].name
    curves: dict[str, list[tuple[float, float, float]]] = {}
    for point in answer.points:
        measured = point.result.observables.get(name)
        if measured is not None and measured.value is not None:
            label = ", ".join(
                f"{key} = {value:g}" for key, value in point.parameters.items() if key != first
            )
            curves.setdefault(label, []).append(
                (point.parameters[first], measured.value, measured.error or 0.0)
            )
    for (label, curve), colour, marker in zip(
        curves.items(), cycle(COLOURS), cycle(MARKERS), strict=False
    ):
        x, y, error = zip(*sorted(curve), strict=True)
        axes.errorbar(x, y, yerr=error, color=colour, marker=marker, label=label or None)
    _flat(axes, [y for curve in curves.values() for _, y, _ in curve])
    axes.set_xlabel(first)
    axes.set_ylabel(name)
    if len(curves) > 1:
        axes.legend()


def _flat(axes: Axes, values: list[float]) -> None:
    """Draw values that differ by rounding only as a straight line."""
    if values and max(values) - min(values) <= FLAT * (1 + max(map(abs, values))):
        axes.set_ylim(values[0] - 0.5, values[0] + 0.5)
