"""The style that all figures of an answer share: colours, markers, fonts and grids."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from itertools import pairwise
from math import log
from statistics import fmean, pstdev
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# The palette of Okabe and Ito can be told apart with every kind of colour vision. Markers and
# lines distinguish the curves in print.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MEASURED = "#999999"
"""What was found, such as a headline with its band."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 3)), (0, (1, 3)))
"""Lines tell curves apart in grey, beside the markers."""

STYLE: Any = {
    "font.size": 9,
    "axes.labelsize": 9,
    "axes.titlesize": 9,
    "legend.fontsize": 8,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "axes.grid": True,
    "grid.alpha": 0.25,
    "grid.linewidth": 0.5,
    "errorbar.capsize": 2.5,
    "lines.markersize": 4.5,
    "lines.linewidth": 1.2,
    "svg.fonttype": "none",
    "svg.hashsalt": "rgc",
    "savefig.dpi": 200,
}


SHADES = "viridis"
"""Colours in an order that grey keeps: from dark to light."""
SIGNED = "cividis"
"""Colours of numbers of both signs, 0 in the middle: negative ones are dark in grey too."""


def shades(count: int) -> list[Any]:
    """So many colours from dark to light, which differ in grey too."""
    from matplotlib import colormaps

    return [colormaps[SHADES](0.9 * k / max(1, count - 1)) for k in range(count)]


def curve_style(k: int) -> dict[str, Any]:
    """Colour, marker and line of the k-th of several curves, from 0."""
    colour, marker, line = (each[k % len(each)] for each in (COLOURS, MARKERS, LINES))
    return {"color": colour, "marker": marker, "linestyle": line}


@contextmanager
def styled() -> Iterator[None]:
    """Draws and saves in this style inside the block."""
    with _matplotlib().rc_context(STYLE):
        yield


def _matplotlib() -> Any:
    """matplotlib, whatever the environment says about screens: figures are drawn without one."""
    if "matplotlib" in sys.modules:
        return sys.modules["matplotlib"]
    chosen = os.environ.pop("MPLBACKEND", None)
    try:
        return import_module("matplotlib")
    finally:
        if chosen is not None:
            os.environ["MPLBACKEND"] = chosen


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of a width and a height in inches."""
    from rgc.results.figures.shown import ShownFigure

    return ShownFigure(figsize=(width, height), layout="constrained")


FEW_TICKS = 8
MOST_TICKS = 4
"""Intervals between ticks of a panel, whose labels do not touch then."""


def spread(axes: Axes, values: Sequence[float]) -> None:
    """The horizontal axis of a scanned parameter: logarithmic where its values are, with plain
    numbers; a few whole numbers have a tick each.
    """
    from matplotlib.ticker import MaxNLocator

    if is_geometric(values):
        axes.set_xscale("log")
        if len(values) <= FEW_TICKS:
            axes.set_xticks(sorted(values), [f"{value:g}" for value in sorted(values)])
            axes.minorticks_off()
    else:
        whole = all(float(value).is_integer() for value in values)
        if whole and len(values) <= FEW_TICKS:
            axes.set_xticks(sorted(values))
            return
        axes.xaxis.set_major_locator(MaxNLocator(MOST_TICKS, integer=whole))


def level_ticks(axes: Axes, levels: Sequence[int]) -> None:
    """A horizontal axis of levels: whole numbers, and room at both ends."""
    from matplotlib.ticker import MaxNLocator

    first, last = min(levels), max(levels)
    axes.set_xlim(first - 0.4, last + 0.4)
    if last - first < FEW_TICKS:
        axes.set_xticks(range(first, last + 1))
    else:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def is_geometric(values: Sequence[float]) -> bool:
    """Whether the values are more evenly spaced in their logarithms, over a factor of four."""
    ordered = sorted(values)
    if len(ordered) < 3 or ordered[0] <= 0 or ordered[-1] < 4 * ordered[0]:
        return False
    steps = [b - a for a, b in pairwise(ordered)]
    ratios = [log(b / a) for a, b in pairwise(ordered)]
    return pstdev(ratios) / fmean(ratios) < pstdev(steps) / fmean(steps)
