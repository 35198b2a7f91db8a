"""The figure of the histograms of every level of a Monte Carlo RG."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rgc.results.figures.style import curve_style, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from rgc.results.result import Result

HEAD = "histogram_"
"""The tables begin so; the quantity and the number of the level follow."""


def histograms(result: Result) -> Figure | None:
    """The densities of m at every level, those of m in units of the root of <m^2>, on which they
    collapse where the levels are alike, and those of the energy.
    """
    numbers = [level.level for level in result.levels if f"{HEAD}m_{level.level}" in result.tables]
    if not numbers:
        return None
    figure = new_figure(9.0, 3.2)
    plain, scaled, energy = figure.subplots(1, 3)
    for k, number in enumerate(numbers):
        shape = r"$\times$".join(map(str, result.levels[k].shape))
        style = {**curve_style(k), "markersize": 2.5, "label": f"level {number}: {shape}"}
        m, e = (result.tables[f"{HEAD}{name}_{number}"] for name in ("m", "energy"))
        width = float(np.sqrt(_mean_square(m)))
        plain.errorbar(m[:, 0], m[:, 1], m[:, 2], **style)
        if width > 0:
            scaled.errorbar(m[:, 0] / width, m[:, 1] * width, m[:, 2] * width, **style)
        seen = e[:, 1] > 0
        energy.errorbar(e[seen, 0], e[seen, 1], e[seen, 2], **style)
    plain.set_xlabel("$m$")
    plain.set_ylabel("density")
    scaled.set_xlabel(r"$m/\sqrt{\langle m^2\rangle}$")
    energy.set_xlabel("energy per site")
    plain.legend(fontsize=7)
    return figure


def _mean_square(table: NDArray[np.float64]) -> float:
    """<m^2> of a histogram."""
    total = float(table[:, 1].sum())
    return float(table[:, 1] @ table[:, 0] ** 2) / total if total > 0 else 0.0
