"""The figure of an objective against the number of updates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rgc.results.figures.style import COLOURS, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from rgc.results.result import Result


def objective(result: Result) -> Figure | None:
    """The objective after each update, on two logarithmic axes. None where there is no series."""
    import numpy as np

    values = result.tables.get("objective")
    if values is None or values.ndim != 1 or len(values) < 2:
        return None
    figure = new_figure(4.0, 3.0)
    axes = figure.subplots()
    axes.loglog(1 + np.arange(len(values)), values, color=COLOURS[0])
    axes.set_xlabel("1 + updates")
    axes.set_ylabel(r"$|X - CX|^2$")
    return figure
