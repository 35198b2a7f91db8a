"""Figures of maps: the cobweb of one quantity, how an orbit settles, basins of a plane, and what a
scan does to fixed points and attractors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rgc.results.figures.labels import label
from rgc.results.figures.style import COLOURS, new_figure, shades

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from rgc.results.answer_data import AnswerData
    from rgc.results.result import Estimate, Result

CURVE, ORBIT, STABLE = COLOURS[0], COLOURS[1], COLOURS[2]
GREY = "#8A8F98"
ENDS = {True: (STABLE, "o"), False: (ORBIT, "x")}
"""Colour and marker of points that attract, and of those that do not."""
FEW = 40
"""Points of a scan that are drawn with larger marks."""
MOST = 80  # steps of an orbit that are drawn
STILL = 1e-6
"""An orbit that moves less than this stays at its fixed point, and is not drawn."""
STEEPEST = 1e-3
"""A rate below this is faster than any that a line of some steps could show."""


def cobweb(result: Result) -> Figure | None:
    """The graph of a map of one quantity, its fixed points, and orbits as stairs between graph and
    diagonal.
    """
    import numpy as np

    if "graph" not in result.tables:
        return None
    figure = new_figure(4.4, 4.2)
    axes: Axes = figure.subplots()
    x, y = result.tables["graph"].T
    axes.plot(x, x, color=GREY, linewidth=0.8)
    axes.plot(x, y, color=CURVE, linewidth=1.6, label=_graph(result))
    name = result.provenance["couplings"][0]
    orbits = [np.array([level.couplings[name].value for level in result.levels], dtype=float)]
    for k, orbit in enumerate(result.tables.get("paths", orbits)):
        _stairs(axes, np.ravel(orbit)[:MOST], None if k else "orbit")
    _fixed_points(axes, result)
    inside = y[np.isfinite(y)]
    low, high = max(x[0], inside.min()), min(x[-1], inside.max())
    room = 0.05 * (high - low)
    axes.set(
        xlim=(x[0], x[-1]),
        ylim=(low - room, high + room),
        xlabel=label(name),
        ylabel=f"new {label(name)}",
    )
    figure.legend(
        loc="outside upper center", ncols=4, columnspacing=1.2, handlelength=1.6, frameon=False
    )
    return figure


def _graph(result: Result) -> str:
    period = max((point.period for point in result.fixed_points), default=1)
    return "the map" if period == 1 else f"the map {period} times"


def _stairs(axes: Axes, orbit: NDArray[Any], text: str | None) -> None:
    """From the diagonal up to the graph and across to the diagonal."""
    import numpy as np

    known = orbit[np.isfinite(orbit)]
    if len(known) > 1 and np.ptp(known) > STILL * max(1.0, abs(known).max()):
        xs, ys = np.repeat(known, 2)[:-1], np.append(known[0], np.repeat(known[1:], 2))
        axes.plot(xs, ys, color=ORBIT, linewidth=0.8, linestyle="--", label=text)


def _fixed_points(axes: Axes, result: Result) -> None:
    """Filled where the map contracts, open where it does not."""
    for stable, face, text in ((True, STABLE, "attracting"), (False, "white", "repelling")):
        points = [
            _value(next(iter(point.couplings.values())))
            for point in result.fixed_points
            if (point.kind == "sink") == stable
        ]
        if points:
            axes.plot(
                points,
                points,
                "o",
                color=STABLE if stable else "black",
                markerfacecolor=face,
                markersize=6,
                label=text,
                zorder=5,
            )


def _value(estimate: Estimate) -> float:
    return float("nan") if estimate.value is None else estimate.value


def settling(result: Result) -> Figure | None:
    """|K' - K| against the step, with the slope ln|lambda| of the leading eigenvalue at the fixed
    point to which the orbit comes.
    """
    import numpy as np

    sizes = result.tables.get("settling", np.empty(0))
    sizes = sizes[sizes > 0]
    if len(sizes) < 3:
        return None
    figure = new_figure(4.4, 3.2)
    axes: Axes = figure.subplots()
    steps = np.arange(1, len(sizes) + 1)
    axes.semilogy(steps, sizes, "o", color=CURVE, markersize=3, label="$|K' - K|$")
    rate = float(result.tables["settling_rate"])
    if STEEPEST < rate < 1:
        middle = len(sizes) // 2
        line = sizes[middle] * rate ** (steps - steps[middle])
        axes.semilogy(steps, line, color=ORBIT, label=rf"slope $\ln|\lambda|$ = {np.log(rate):.5g}")
    axes.set(xlabel="step", ylabel="change", ylim=(sizes.min() / 3, sizes.max() * 3))
    axes.legend()
    return figure


def basins(result: Result) -> Figure | None:
    """To which attractor the orbits of a grid in two quantities come."""
    import numpy as np
    from matplotlib.colors import ListedColormap

    if "basins" not in result.tables or result.tables["grid"].shape[1] != 2:
        return None
    numbers, grid = result.tables["basins"], result.tables["grid"]
    axis = [np.unique(column) for column in grid.T]
    if min(map(len, axis)) < 2 or len(axis[0]) * len(axis[1]) != len(grid):
        return None
    place = [np.searchsorted(values, column) for values, column in zip(axis, grid.T, strict=True)]
    image = np.full((len(axis[1]), len(axis[0])), -1)
    image[place[1], place[0]] = numbers
    figure = new_figure(5.2, 4.2)
    axes: Axes = figure.subplots()
    count = int(numbers.max(initial=0))
    colours = ["#D9DCE1", "white", *shades(count)]
    axes.pcolormesh(
        *axis, image, cmap=ListedColormap(colours), vmin=-1.5, vmax=count + 0.5, shading="nearest"
    )
    axes.grid(visible=False)
    names = result.provenance["couplings"]
    for number, point in enumerate(result.tables["attractors"], 1):
        axes.plot(*point, "o", color="black", markerfacecolor=colours[number + 1], zorder=5)
    _legend(axes, numbers, colours)
    axes.set(
        xlabel=label(names[0]), ylabel=label(names[1]), xlim=_ends(axis[0]), ylim=_ends(axis[1])
    )
    return figure


def _ends(values: NDArray[Any]) -> tuple[float, float]:
    return float(values[0]), float(values[-1])


def _legend(axes: Axes, numbers: NDArray[Any], colours: list[Any]) -> None:
    from matplotlib.patches import Patch

    texts = {-1: "does not settle", 0: "leaves"}
    handles = [
        Patch(facecolor=colours[k + 1], edgecolor=GREY, label=texts.get(k, f"attractor {k}"))
        for k in sorted({int(number) for number in numbers})
    ]
    axes.legend(handles=handles, loc="upper right", framealpha=0.9)


def branches(answer: AnswerData) -> Figure | None:
    """Each quantity against the scanned parameter: the attractor of the start, and fixed points or
    points of cycles, filled where they attract.
    """
    points = [point for point in answer.points if "attractor" in point.result.tables]
    if len(points) < 3 or len(answer.axes) != 1:
        return None
    first, names = answer.axes[0].name, points[0].result.provenance["couplings"]
    figure = new_figure(5.6, 0.4 + 3.0 * min(3, len(names)))
    panels = list(figure.subplots(min(3, len(names)), 1, squeeze=False).flat)
    for k, axes in enumerate(panels):
        for point in points:
            x, values = point.parameters[first], point.result.tables["attractor"][:, k]
            size = 1 if len(points) > FEW else 4
            axes.plot([x] * len(values), values, ".", color=CURVE, markersize=size)
            _branch(axes, x, point.result, names[k], many=len(points) > FEW)
        axes.set(xlabel=label(first), ylabel=label(names[k]))
    _key(panels[0], {point.kind == "sink" for each in points for point in each.result.fixed_points})
    return figure


def _branch(axes: Axes, x: float, result: Result, name: str, *, many: bool) -> None:
    for point in result.fixed_points:
        values = [_value(each[name]) for each in point.cycle or (point.couplings,)]
        colour, marker = ENDS[point.kind == "sink"]
        axes.plot([x] * len(values), values, marker, color=colour, markersize=2.5 if many else 5)


def _key(axes: Axes, stable: set[bool]) -> None:
    from matplotlib.lines import Line2D

    texts = {True: "attracting", False: "repelling"}
    rows = [(CURVE, ".", "orbit"), *((*ENDS[end], texts[end]) for end in texts if end in stable)]
    handles = [Line2D([], [], color=c, marker=m, linestyle="none", label=t) for c, m, t in rows]
    axes.legend(handles=handles, loc="best", framealpha=0.9)
