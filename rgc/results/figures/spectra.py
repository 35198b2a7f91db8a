"""Figures of a whole spectrum: on the unit disc, and against a scanned parameter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rgc.results.figures.labels import label
from rgc.results.figures.style import COLOURS, curve_style, new_figure, shades

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from rgc.results.answer_data import AnswerData, Point
    from rgc.results.result import Result

ROUNDING = 1e-13
"""A rate below this is rounding."""

SAME = 1e-6
"""Eigenvalues that lie closer are drawn as one, with their number."""

CURVES = 12
"""The number of eigenvalues that are drawn against a parameter."""


def spectrum(result: Result) -> Figure | None:
    """The eigenvalues of a matrix in the complex plane, with the unit circle, outside of which
    iterating grows. None where the result holds no whole spectrum.
    """
    import numpy as np

    if "spectrum" not in result.tables:
        return None
    real, imag = result.tables["spectrum"]
    figure = new_figure(4.2, 4.2)
    axes = figure.subplots()
    angle = np.linspace(0, 2 * np.pi, 400)
    axes.fill(np.cos(angle), np.sin(angle), color=COLOURS[5], alpha=0.12, linewidth=0)
    axes.plot(np.cos(angle), np.sin(angle), color="black", linewidth=0.8)
    outside = np.hypot(real, imag) > 1 + 1e-9
    for here, colour, text in ((~outside, COLOURS[0], ""), (outside, COLOURS[1], "grows")):
        if here.any():
            style: Any = {"color": colour, "alpha": 0.75, "edgecolors": "white", "linewidths": 0.4}
            axes.scatter(real[here], imag[here], s=26, label=text or None, zorder=3, **style)
    _count(axes, real + 1j * imag)
    reach = 1.15 * max(1.0, float(np.hypot(real, imag).max()))
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    axes.set_xlabel(r"Re $\lambda$")
    axes.set_ylabel(r"Im $\lambda$")
    if outside.any():
        axes.legend(loc="upper left")
    return figure


def _count(axes: Axes, values: NDArray[Any]) -> None:
    """How many eigenvalues lie in one place, where several do."""
    import numpy as np

    left = values
    while len(left):
        here = np.abs(left - left[0]) < SAME
        if here.sum() > 1:
            at = (left[0].real, left[0].imag)
            text = rf"{here.sum()}$\times$"
            axes.annotate(text, at, xytext=(0, 6), textcoords="offset points", ha="center")
        left = left[~here]


def spectrum_of_scan(answer: AnswerData) -> Figure | None:
    """The largest eigenvalues against the only scanned parameter, one curve for each.

    The second panel shows 1 - lambda on a logarithmic axis, without what is rounding; the gap
    behind the clusters that were found is shaded. None for scans of several parameters, and where
    there is no spectrum.
    """
    import numpy as np

    points = [point for point in answer.points if "spectrum" in point.result.tables]
    if len(answer.axes) != 1 or len(points) < 2:
        return None
    name = answer.axes[0].name
    points = sorted(points, key=lambda point: point.parameters[name])
    x = [point.parameters[name] for point in points]
    count = min(CURVES, *(point.result.tables["spectrum"].shape[1] for point in points))
    values = np.array([point.result.tables["spectrum"][0, :count] for point in points])
    figure = new_figure(7.0, 3.2)
    left, right = figure.subplots(1, 2)
    for k, colour in enumerate(shades(count)):
        style: Any = curve_style(k) | {"color": colour, "markersize": 3, "linewidth": 1.0}
        left.plot(x, values[:, k], **style)
        if k:
            rates = 1 - values[:, k]
            rates[rates < ROUNDING] = np.nan
            right.semilogy(x, rates, label=f"{k + 1}", **style)
    _shade_gap(right, points, x)
    left.set_ylabel(r"eigenvalue $\lambda_k$")
    right.set_ylabel(r"$1 - \lambda_k$")
    for axes in (left, right):
        axes.set_xlabel(label(name))
    figure.legend(
        *right.get_legend_handles_labels(), title="$k$", loc="outside right center", frameon=False
    )
    return figure


def _shade_gap(axes: Axes, points: Sequence[Point], x: Sequence[float]) -> None:
    """Shade the gap behind the last eigenvalue that tells clusters apart, at every point."""
    low, high = [], []
    for point in points:
        found = point.result.values.get("clusters")
        values = point.result.tables["spectrum"][0]
        if found is None or found.value is None or found.value >= len(values):
            return
        number = int(found.value)
        low.append(max(1 - float(values[number - 1]), ROUNDING))
        high.append(max(1 - float(values[number]), ROUNDING))
    axes.fill_between(x, low, high, color=COLOURS[4], alpha=0.2, linewidth=0, zorder=0)
