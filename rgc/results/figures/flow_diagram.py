"""The flow diagram of a plane of couplings: arrows, critical line, fixed points and renormalised
trajectory.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rgc.analysis.linearised_map import KINDS, kind_of
from rgc.results.figures.labels import label
from rgc.results.figures.style import MARKERS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from rgc.results.result import Result

SHORTEST = 1e-9
"""A line that is shorter is a point, and is not drawn."""

FLOW, SURFACE, MANIFOLD = "#8A8F98", "#0072B2", "#D55E00"


def flow_diagram(result: Result, figure: Figure) -> Figure | None:
    """The flow diagram of the plane that was asked for, drawn on an empty figure, or None where
    there is none.

    Trajectories leave the plane; their projection is drawn.
    """
    if "diagram" not in result.tables:
        return None
    plane = list(result.provenance["plane"])
    axes: Axes = figure.subplots()
    _arrows(axes, result.tables["diagram"])
    if "critical_line" in result.tables:
        line = result.tables["critical_line"][:, plane]
        _line(axes, line, "critical line of the plane", SURFACE, "-")
    if "renormalised_trajectory" in result.tables:
        _line(
            axes,
            result.tables["renormalised_trajectory"][:, plane],
            "renormalised trajectory",
            MANIFOLD,
            "--",
        )
    for k, path in enumerate(result.tables.get("paths", ())):
        text = None if k else "flow from a start"
        axes.plot(
            *path[:, plane].T, color="black", linewidth=0.7, marker=".", markersize=3, label=text
        )
    if len(result.provenance["couplings"]) == 2:
        _directions(axes, result, plane)
    _fixed_points(axes, result, plane)
    names = [result.provenance["couplings"][k] for k in plane]
    axes.set(**dict(zip(("xlabel", "ylabel"), map(label, names), strict=True)))
    _window(axes, [result.tables["diagram"][:, 0], *_first(result, plane)])
    figure.legend(loc="outside upper center", ncols=3, frameon=False)
    return figure


def _first(result: Result, plane: list[int]) -> list[NDArray[Any]]:
    """Where the flows begin that are drawn from starts."""
    return [result.tables["paths"][:, 0, plane]] if "paths" in result.tables else []


def _fixed_points(axes: Axes, result: Result, plane: list[int]) -> None:
    """The fixed points by their kinds, of which the relevant directions count."""
    if "fixed_points" not in result.tables:
        return
    points, relevant = result.tables["fixed_points"], result.tables["fixed_points_relevant"]
    kinds = [kind_of(int(count)) for count in relevant]
    for kind, marker in zip(KINDS, MARKERS, strict=False):
        own = points[[other == kind for other in kinds]][:, plane]
        if len(own):
            axes.plot(*own.T, marker, color="black", markersize=6, label=kind, zorder=5)


def _arrows(axes: Axes, diagram: NDArray[Any]) -> None:
    """Arrows from each start in the direction of one step.

    All have the same length, since the step itself may leave the picture.
    """
    import numpy as np

    starts, change = diagram[:, 0], diagram[:, 1] - diagram[:, 0]
    window = np.ptp(starts, axis=0)
    window[window == 0] = 1.0
    length = np.linalg.norm(change / window, axis=1, keepdims=True)
    moved = (length > 1e-12).ravel() & np.isfinite(length).ravel()
    shown = 0.07 * change[moved] / length[moved]
    axes.quiver(
        *starts[moved].T,
        *shown.T,
        color=FLOW,
        angles="xy",
        scale_units="xy",
        scale=1,
        width=0.004,
        pivot="tail",
    )


def _directions(axes: Axes, result: Result, plane: list[int]) -> None:
    """Short lines through the fixed points along their eigenvectors, in one colour where they repel
    and in another where they attract.
    """
    import numpy as np

    if "fixed_points_directions" not in result.tables:
        return
    starts = result.tables["diagram"][:, 0]
    reach, told = 0.12 * np.ptp(starts, axis=0), set()
    tables = (result.tables[f"fixed_points{end}"] for end in ("", "_directions", "_sizes"))
    for point, vectors, sizes in zip(*tables, strict=True):
        for vector, size in zip(vectors[plane].T, sizes, strict=True):
            if not np.isfinite(vector).all():
                continue
            along = vector * (1 / max(np.abs(vector / reach).max(), 1e-300))
            name, colour = ("repelling", MANIFOLD) if size > 1 else ("attracting", SURFACE)
            ends = np.array([point[plane] - along, point[plane] + along])
            text = None if name in told else f"{name} direction"
            told.add(name)
            axes.plot(*ends.T, color=colour, linewidth=1.6, label=text, zorder=4)


def _line(axes: Axes, points: NDArray[Any], text: str, colour: str, style: str) -> None:
    if len(points) > 1 and (points.max(axis=0) - points.min(axis=0)).max() > SHORTEST:
        axes.plot(*points.T, style, color=colour, label=text, linewidth=1.6)


def _window(axes: Axes, shown: Sequence[NDArray[Any]]) -> None:
    """The part of the plane that holds the points that are shown."""
    import numpy as np

    points = np.concatenate(list(shown))
    low, high = points.min(axis=0), points.max(axis=0)
    room = 0.06 * (high - low)
    axes.set_xlim(low[0] - room[0], high[0] + room[0])
    axes.set_ylim(low[1] - room[1], high[1] + room[1])
