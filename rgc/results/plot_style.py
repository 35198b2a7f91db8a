"""The style that all figures of an answer share: colours, markers, fonts and grids."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# The palette of Okabe and Ito can be told apart with every kind of colour vision. Markers
# distinguish the curves in print.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MEASURED = "#999999"
"""What was found, such as a headline with its band."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

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
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")
