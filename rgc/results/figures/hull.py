"""The figure of data points with their convex hull and archetypes, or with their clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rgc.results.figures.style import COLOURS, MARKERS, new_figure, shades

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from rgc.results.result import Result

MOST_POINTS = 5000
"""More points than these are drawn as an even choice of them."""


def points(result: Result) -> Figure | None:
    """Points in the plane of their first two principal components (of two coordinates: as they
    are), coloured by cluster, with the hull of the archetypes where there are some.

    A second panel shows the matrix C if it is known. None where the result holds no points.
    """
    if "points" not in result.tables:
        return None
    matrix = result.tables.get("matrix")
    figure = new_figure(4.0 if matrix is None else 7.4, 3.5)
    panels = figure.subplots(1, 1 if matrix is None else 2, squeeze=False)[0]
    flat, names = _plane(result.tables["points"])
    _scatter(panels[0], flat, result.tables.get("labels"))
    if "archetypes" in result.tables:
        _hull(panels[0], flat, result.tables["archetypes"])
    panels[0].set_xlabel(names[0])
    panels[0].set_ylabel(names[1])
    panels[0].set_aspect("equal", adjustable="datalim")
    if matrix is not None:
        shown = panels[1].imshow(matrix, cmap="magma_r", interpolation="nearest", vmin=0)
        panels[1].set(xlabel="made of row", ylabel="row", title="$C$")
        panels[1].grid(visible=False)
        figure.colorbar(shown, ax=panels[1], shrink=0.85)
    return figure


def _plane(values: Any) -> tuple[Any, tuple[str, str]]:
    """Two coordinates of each point, and their names."""
    import numpy as np

    if values.shape[1] == 1:
        return np.stack([values[:, 0], np.zeros(len(values))], axis=1), ("$x_1$", "")
    if values.shape[1] == 2:
        return values, ("$x_1$", "$x_2$")
    centred = values - values.mean(axis=0)
    _, sizes, rows = np.linalg.svd(centred, full_matrices=False)
    share = sizes[:2] ** 2 / max(float((sizes**2).sum()), 1e-300)
    first, second = (f"principal component {k + 1} ({share[k]:.0%})" for k in range(2))
    return centred @ rows[:2].T, (first, second)


def _scatter(axes: Axes, flat: Any, labels: Any | None) -> None:
    import numpy as np

    kept = np.arange(0, len(flat), -(-len(flat) // MOST_POINTS))
    groups = np.zeros(len(flat), dtype=int) if labels is None else labels
    names = np.unique(groups)
    colours = [COLOURS[0]] if labels is None else shades(len(names))
    for label, colour in zip(names, colours, strict=True):
        here = kept[groups[kept] == label]
        style: Any = {"color": colour, "marker": MARKERS[label % len(MARKERS)]}
        name = None if labels is None else f"cluster {label + 1}"
        axes.scatter(
            flat[here, 0], flat[here, 1], s=12, linewidths=0, alpha=0.7, label=name, **style
        )
    if labels is not None:
        axes.legend(markerscale=1.4)


def _hull(axes: Axes, flat: Any, rows: Any) -> None:
    """The archetypes and the polygon around them, in the order of their angles."""
    import numpy as np

    corners = flat[rows]
    middle = corners - corners.mean(axis=0)
    order = np.argsort(np.arctan2(middle[:, 1], middle[:, 0]))
    style: Any = {"color": COLOURS[1], "linewidth": 1.0, "linestyle": "--", "zorder": 1}
    around = corners[np.append(order, order[0])]
    axes.plot(around[:, 0], around[:, 1], **style)
    axes.scatter(
        corners[:, 0], corners[:, 1], s=60, facecolors="none", edgecolors=COLOURS[1], linewidths=1.4
    )
    axes.margins(0.12)
    for row, corner in zip(rows, corners, strict=True):
        axes.annotate(f"{row}", corner, xytext=(5, 5), textcoords="offset points", fontsize=8)
