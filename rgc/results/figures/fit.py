"""The figures of a fit: the curve through the data beside fits of other series, and how well each
unknown number is known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rgc.results.figures.labels import label
from rgc.results.figures.style import COLOURS, MEASURED, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from rgc.results.result import Result

BINS = 20

LARGEST = 50.0
"""The largest ratio of sums of squares that is drawn on a linear axis."""


def fit(result: Result) -> Figure | None:
    """The data with the curve, and a histogram of R^2 of the other series, with that of the data.
    Where values of the first column come again, as sizes do that stand beside temperatures, the
    data stand over the curve's values, and the line is where both are equal.

    None where the result is that of no fit.
    """
    import numpy as np

    if "fit" not in result.tables:
        return None
    nulls = result.tables.get("nulls")
    figure = new_figure(4.6 if nulls is None else 7.6, 3.1)
    panels = figure.subplots(1, 1 if nulls is None else 2, squeeze=False)[0]
    table, names = result.tables["fit"], result.labels["fit"][1]
    again = len(np.unique(table[:, 0])) < len(table)
    across = 2 if again else 0
    ordered = table[table[:, across].argsort(kind="stable")]
    at, said = ordered[:, across], f"{label(names[1])} of the curve" if again else label(names[0])
    panels[0].plot(
        at, ordered[:, 1], ".", color=MEASURED, markersize=5 if again else 3, label="data"
    )
    panels[0].plot(at, ordered[:, 2], color=COLOURS[0], label="curve")
    panels[0].set(xlabel=said, ylabel=label(names[1]))
    panels[0].legend(frameon=False)
    if nulls is not None:
        _histogram(panels[1], nulls, result)
    return figure


def _histogram(axes: Axes, nulls: Any, result: Result) -> None:
    import numpy as np

    quality, passed = nulls[:, -2], nulls[:, -1] > 0
    quality = np.clip(quality, 0.0, 1.0)
    parts = [quality[~passed & np.isfinite(quality)], quality[passed]]
    edges = np.linspace(0.0, 1.0, BINS + 1)
    labels = [f"{len(part)} {said}" for part, said in zip(parts, ("fail", "pass"), strict=True)]
    axes.hist(parts, edges.tolist(), stacked=True, color=[MEASURED, COLOURS[1]], label=labels)
    found = result.values["R2"].value
    if found is not None:
        axes.axvline(found, color=COLOURS[0], linestyle="--", label="data")
    axes.set(xlabel="$R^2$ of other series", ylabel="series")
    axes.legend(frameon=False)


def profiles(result: Result) -> Figure | None:
    """What is left at least with values of each nonlinear unknown number, relative to the least of
    all, with its interval. None where the result has none.
    """
    import numpy as np

    table = result.tables.get("profiles")
    if table is None or not np.isfinite(table).any():
        return None
    names = result.labels["profiles"][0]
    figure = new_figure(2.7 * len(names), 2.7)
    panels = figure.subplots(1, len(names), squeeze=False)[0]
    for axes, name, curve in zip(panels, names, table, strict=True):
        shown = curve[np.isfinite(curve).all(axis=1)]
        if not len(shown) or not shown[:, 1].min():
            continue
        ratio = shown[:, 1] / shown[:, 1].min()
        axes.plot(shown[:, 0], ratio, "o-", color=COLOURS[0], markersize=3)
        if ratio.max() > LARGEST:
            axes.set_yscale("log")
        ends = [result.values[f"{end}.{name}"].value for end in ("low", "high")]
        if None not in ends:
            axes.axvspan(*ends, color=COLOURS[1], alpha=0.2)
        axes.set_xlabel(label(name))
        axes.tick_params(axis="x", labelrotation=30)
    panels[0].set_ylabel("sum of squares / least")
    return figure
