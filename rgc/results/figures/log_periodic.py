"""The figure of a scale function and of the oscillation of its power law."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rgc.results.figures.style import COLOURS, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from rgc.results.result import Result


def log_periodic(result: Result) -> Figure | None:
    """F where it was tabulated, and the ratio of its singular part to A_0 z^m, less 1, against
    ln z / ln lambda: as sums at single points give it, and as its amplitudes do.

    None where the result holds neither.
    """
    function, waves = (result.tables.get(name) for name in ("scale_function", "oscillation"))
    drawn = [table for table in (function, waves) if table is not None]
    if not drawn:
        return None
    figure = new_figure(3.7 * len(drawn), 2.9)
    panels = list(figure.subplots(1, len(drawn), squeeze=False)[0])
    if function is not None:
        axes = panels.pop(0)
        axes.plot(function[0], function[1], color=COLOURS[0], linewidth=1.0)
        axes.set_xlabel("x")
        axes.set_ylabel("$F(x)$")
    if waves is not None:
        axes = panels.pop(0)
        axes.plot(waves[0], waves[2], color=COLOURS[1], linewidth=1.0, label="from $A_1, A_2, ...$")
        axes.plot(waves[0], waves[1], ".", color=COLOURS[0], markersize=3, label="$F$ at one point")
        axes.set_xlabel(r"$\ln z\,/\,\ln\lambda$")
        axes.set_ylabel(r"$(F - \mathrm{regular})\,/\,A_0 z^m - 1$")
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False)
    return figure
