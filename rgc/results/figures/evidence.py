"""The numbers that decide about a claim, beside what would support and what would refute it."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import TYPE_CHECKING

from rgc.model.claim import Bearing
from rgc.results.figures.style import COLOURS, new_figure
from rgc.results.numbers import with_error
from rgc.results.verdict import ERRORS, Line, Verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHADES: dict[Bearing, tuple[str, str]] = {
    "supports": (COLOURS[2], "///"),
    "refutes": (COLOURS[1], "..."),
    "identity": (COLOURS[0], ".."),
}
"""The colour and the hatching of where a list holds."""

THIN = 0.01
"""The part of the axis below which what is shaded is drawn as a line."""

WIDTH = 4.2
"""The width in inches, hardly more than that of a telephone."""

TICKS = 5
"""Intervals between ticks, whose labels have room for four digits then."""

MARGIN = 0.15
"""The part of the axis beyond the outermost number."""


def evidence(verdict: Verdict | None) -> Figure | None:
    """A row for each number: where it lies with `ERRORS` of its errors, and shaded where lists of
    lines hold. None without a verdict, or without a number.
    """
    rows: dict[str, list[Line]] = {}
    for line in verdict.lines if verdict is not None else ():
        if line.found is not None and line.found.value is not None:
            rows.setdefault(line.expected.target, []).append(line)
    if not rows:
        return None
    figure = new_figure(WIDTH, 0.5 + 0.62 * len(rows))
    grid = figure.subplots(len(rows), 1, squeeze=False)
    for axes, (name, lines) in zip(grid[:, 0], rows.items(), strict=True):
        _row(axes, name, lines)
    _legend(figure, [line for lines in rows.values() for line in lines])
    return figure


def _row(axes: Axes, name: str, lines: Sequence[Line]) -> None:
    from matplotlib.ticker import MaxNLocator

    found = lines[0].found
    value = 0.0 if found is None or found.value is None else found.value
    error = 0.0 if found is None or found.error is None else ERRORS * found.error
    ends = [end for line in lines for end in line.expected.interval if isfinite(end)]
    low, high = min(*ends, value - error), max(*ends, value + error)
    room = MARGIN * (high - low or abs(high) or 1.0)
    axes.set_xlim(low - room, high + room)
    for line in lines:
        colour, hatch = SHADES[line.bearing]
        least, most = (
            max(line.expected.interval[0], low - room),
            min(line.expected.interval[1], high + room),
        )
        axes.axvspan(least, most, facecolor=colour, alpha=0.3, hatch=hatch, edgecolor=colour)
        if most - least < THIN * (high - low + 2 * room):
            axes.axvline((least + most) / 2, color=colour, linewidth=2)
    axes.errorbar([value], [0], xerr=[error], fmt="o", color="black")
    axes.set_ylim(-1, 1)
    axes.set_yticks([])
    axes.xaxis.set_major_locator(MaxNLocator(TICKS, steps=[1, 2, 5, 10]))
    axes.grid(visible=False)
    shown = "" if found is None else with_error(found.value, found.error)
    axes.set_title(f"{name} = {shown}", loc="left", pad=2)


def _legend(figure: Figure, lines: Sequence[Line]) -> None:
    from matplotlib.patches import Patch

    handles = [
        Patch(facecolor=colour, alpha=0.4, hatch=hatch, edgecolor=colour, label=bearing)
        for bearing, (colour, hatch) in SHADES.items()
        if any(line.bearing == bearing for line in lines)
    ]
    figure.legend(handles=handles, loc="outside upper right", ncols=len(handles), frameon=False)
