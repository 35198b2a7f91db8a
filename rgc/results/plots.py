"""Figures of an answer: configurations, exponents against level and number of operators,
autocorrelation, scans.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO, StringIO
from itertools import cycle
from typing import TYPE_CHECKING, Any

from rgc.results.checks import INVARIANT
from rgc.results.flow_diagram import flow_diagram
from rgc.results.free_energy_plot import free_energies
from rgc.results.numbers import estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from rgc.model.lattice import Geometry
    from rgc.results.answer_data import AnswerData
    from rgc.results.result import Eigenvalue, Result

# The palette of Okabe and Ito can be told apart with every kind of colour vision. Markers
# distinguish the curves in print.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
UP, DOWN = "#F4F1E8", "#1D3557"
FLAT = 1e-12  # relative differences up to this size are rounding

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
    "svg.fonttype": "path",
    "svg.hashsalt": "rgc",
    "savefig.dpi": 200,
}


def figures(answer: AnswerData) -> dict[str, Figure]:
    """The figures for which the answer has numbers, by name."""
    with _styled():
        if answer.axes:
            made = {"scan": scan(answer), "free_energy": free_energies(answer, _figure(4.6, 5.2))}
        else:
            point = answer.points[0]
            expected = {
                check.expectation.target: check.expectation.value for check in answer.checks
            }
            made = {
                "configurations": configurations(point.result, point.lattice),
                "exponents": exponents(point.result, expected),
                "autocorrelation": autocorrelation(point.result),
                "flow": flow_diagram(point.result, _figure(5.2, 4.2)),
            }
    return {name: figure for name, figure in made.items() if figure is not None}


def png(figure: Figure) -> bytes:
    memory = BytesIO()
    with _styled():
        figure.savefig(memory, format="png", metadata={"Software": "rgc"})
    return memory.getvalue()


def svg(figure: Figure) -> str:
    memory = StringIO()
    with _styled():
        figure.savefig(memory, format="svg", metadata={"Date": None, "Creator": "rgc"})
    return memory.getvalue()


@contextmanager
def _styled() -> Iterator[None]:
    import matplotlib as mpl

    with mpl.rc_context(STYLE):
        yield


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


# -- spins -----------------------------------------------------------------------------------------


def configurations(result: Result, lattice: Geometry | None = None) -> Figure | None:
    """One replica at every RG level side by side, each on its own lattice. Of a three-dimensional
    lattice one plane is shown.
    """
    if not result.configurations:
        return None
    count, chain = len(result.configurations), result.configurations[0].ndim == 2
    figure = (
        _figure(6.0, 0.7 * count)
        if chain
        else _figure(2.3 * count, 0.35 + 2.3 * _tallness(lattice))
    )
    panels = figure.subplots(*((count, 1) if chain else (1, count)), squeeze=False).flat
    for axes, (level, spins) in zip(panels, enumerate(result.configurations), strict=True):
        _spins(axes, spins, lattice)
        axes.set_title(f"level {level}: " + r"$\times$".join(map(str, spins.shape[:-1])))
        axes.set_axis_off()
    if result.configurations[0].ndim > 3:
        figure.suptitle("one plane of each level", fontsize=9)
    return figure


def _tallness(lattice: Geometry | None) -> float:
    """The ratio of height to width of a lattice with equally many cells along its first two
    vectors.
    """
    vectors, _ = _cell(lattice, 2, 1)
    width, height = abs(vectors).sum(axis=0)
    return float(height / width)


def _spins(axes: Axes, spins: NDArray[Any], lattice: Geometry | None) -> None:
    """The spins of one level: each site as the parallelogram of its cell, or as a disc where a cell
    holds several sites.
    """
    from matplotlib.colors import ListedColormap

    plane = spins.reshape(1, *spins.shape) if spins.ndim == 2 else spins
    while plane.ndim > 3:
        plane = plane[..., 0, :]
    vectors, basis = _cell(lattice, spins.ndim - 1, plane.shape[2])
    if plane.shape[2] == 1:
        _cells(axes, plane[:, :, 0] > 0, vectors, ListedColormap([DOWN, UP]))
    else:
        _discs(axes, plane > 0, vectors, basis)
    axes.set_aspect("equal")


def _cells(axes: Axes, up: NDArray[Any], vectors: NDArray[Any], colours: Any) -> None:
    """An image whose axes are the lattice vectors."""
    import numpy as np
    from matplotlib.transforms import Affine2D

    rows, columns = up.shape
    extent = (0.0, float(rows), 0.0, float(columns))
    skew = Affine2D(np.block([[vectors.T, np.zeros((2, 1))], [np.zeros((1, 2)), np.ones((1, 1))]]))
    image = axes.imshow(
        up.T, cmap=colours, vmin=0, vmax=1, origin="lower", extent=extent, interpolation="nearest"
    )
    image.set_transform(skew + axes.transData)
    corners = np.array([[0, 0], [rows, 0], [0, columns], [rows, columns]]) @ vectors
    axes.set_xlim(corners[:, 0].min(), corners[:, 0].max())
    axes.set_ylim(corners[:, 1].min(), corners[:, 1].max())


def _discs(axes: Axes, up: NDArray[Any], vectors: NDArray[Any], basis: NDArray[Any]) -> None:
    import numpy as np
    from matplotlib.collections import EllipseCollection

    cells = np.indices(up.shape[:2]).reshape(2, -1).T
    at = np.concatenate([cells @ vectors + offset for offset in basis])
    colours = np.where(up.reshape(-1, up.shape[2]).T.reshape(-1), UP, DOWN)
    sizes = np.full(len(at), 0.9)
    discs = EllipseCollection(
        widths=sizes,
        heights=sizes,
        angles=np.zeros(len(at)),
        units="xy",
        offsets=at,
        offset_transform=axes.transData,
    )
    discs.set(facecolor=colours, edgecolor=DOWN, linewidth=0.3)
    axes.add_collection(discs)
    low, high = at.min(axis=0) - 0.6, at.max(axis=0) + 0.6
    axes.set_xlim(low[0], high[0])
    axes.set_ylim(low[1], high[1])


def _cell(
    lattice: Geometry | None, dimension: int, letters: int
) -> tuple[NDArray[Any], NDArray[Any]]:
    """The two vectors that span the plane shown, and the basis positions in it. A chain is drawn as
    a strip.
    """
    import numpy as np

    vectors = np.array(getattr(lattice, "vectors", np.eye(2)), dtype=float)
    basis = np.array(
        getattr(lattice, "basis", [(0.4 * k, 0.4 * k) for k in range(letters)]), dtype=float
    )
    if dimension == 1:
        along = np.pad(basis[:, :1], ((0, 0), (0, 1)))
        return np.array([[0.0, 1.0], [1.0, 0.0]]), along
    return vectors[:2, :2], basis[:, :2]


# -- exponents -------------------------------------------------------------------------------------


def exponents(result: Result, expected: Mapping[str, float]) -> Figure | None:
    """The leading exponent of each sector.

    The left panel shows it against the number of operators for each level, the right one against
    the level for the full basis.
    """
    leading = [eigenvalue for eigenvalue in result.eigenvalues if eigenvalue.index == 1]
    sectors = list(dict.fromkeys(eigenvalue.sector for eigenvalue in leading))
    if len(leading) <= len(sectors):  # nothing to compare within a sector
        return None
    figure = _figure(7.0, 0.4 + 2.5 * len(sectors))
    rows = figure.subplots(len(sectors), 2, squeeze=False, width_ratios=(3, 2), sharey="row")
    for (left, right), sector in zip(rows, sectors, strict=True):
        name = "y_t" if sector in INVARIANT else "y_h" if sector == "odd" else ""
        ours = [eigenvalue for eigenvalue in leading if eigenvalue.sector == sector]
        _against_operators(left, ours)
        _against_level(right, ours)
        left.set_ylabel(f"${name}$ ({sector})" if name else f"exponent ({sector})")
        headline = result.exponents.get(name)
        for axes in (left, right):
            if name in expected:
                axes.axhline(
                    expected[name],
                    color="black",
                    linewidth=0.9,
                    linestyle="--",
                    label="expected",
                    zorder=0,
                )
            if headline is not None and headline.value is not None and headline.error is not None:
                low, high = headline.value - headline.error, headline.value + headline.error
                axes.axhspan(
                    low, high, color="#999999", alpha=0.25, linewidth=0, label="headline", zorder=0
                )
    for axes, pick in ((rows[0][0], str.isdigit), (rows[0][1], lambda label: not label.isdigit())):
        _legend_above(axes, pick, "level " if axes is rows[0][0] else "")
    return figure


def _legend_above(axes: Axes, pick: Callable[[str], bool], before: str) -> None:
    """A legend in lines above the axes, where it covers nothing."""
    handles, labels = axes.get_legend_handles_labels()
    shown = [
        (handle, before + label)
        for handle, label in zip(handles, labels, strict=True)
        if pick(label)
    ]
    columns = 5 if before else 2
    axes.legend(
        *zip(*shown, strict=True),
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=columns,
        frameon=False,
    )


def _against_operators(axes: Axes, ours: list[Eigenvalue]) -> None:
    levels = sorted({eigenvalue.level for eigenvalue in ours})
    for level, colour, marker in zip(levels, cycle(COLOURS), cycle(MARKERS), strict=False):
        line = sorted((one for one in ours if one.level == level), key=lambda one: one.operators)
        shift = 0.12 * (level - (levels[0] + levels[-1]) / 2)
        _errorbar(
            axes,
            [one.operators + shift for one in line],
            line,
            color=colour,
            marker=marker,
            label=str(level),
        )
    axes.set_xlabel("number of operators")
    _whole_ticks(axes)


def _against_level(axes: Axes, ours: list[Eigenvalue]) -> None:
    full = {one.level: one for one in sorted(ours, key=lambda one: one.operators)}
    for wrapped, face, label in (
        (False, COLOURS[0], "full basis"),
        (True, "white", "too small: wraps"),
    ):
        line = [one for _, one in sorted(full.items()) if one.wrapped == wrapped]
        if line:
            xs = [float(one.level) for one in line]
            _errorbar(
                axes,
                xs,
                line,
                color=COLOURS[0],
                marker="o",
                markerfacecolor=face,
                linestyle="none",
                label=label,
            )
    axes.set_xlabel("RG level")
    _whole_ticks(axes)


def _errorbar(axes: Axes, x: list[float], line: list[Eigenvalue], **style: Any) -> None:
    errors = [one.exponent_error or 0.0 for one in line]
    axes.errorbar(x, [one.exponent for one in line], yerr=errors, **style)


def _whole_ticks(axes: Axes) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


# -- time and scans --------------------------------------------------------------------------------


def autocorrelation(result: Result) -> Figure | None:
    """The normalised autocorrelation function of each stored time series against the lag in sweeps,
    with its integrated time.
    """
    functions = {
        name: _memory(result, name) for name, series in result.series.items() if len(series) > 1
    }
    if not functions:
        return None
    every = int(result.provenance.get("every", 1))
    figure = _figure(4.2, 3.0)
    axes = figure.subplots()
    for (name, rho), colour in zip(functions.items(), cycle(COLOURS), strict=False):
        time = result.observables.get(f"tau_{name}")
        label = name + (rf", $\tau_\mathrm{{int}}$ = {estimate(time)}" if time else "")
        axes.plot(
            [every * lag for lag in range(len(rho))], rho, color=colour, marker=".", label=label
        )
    axes.axhline(0, color="black", linewidth=0.6)
    axes.set_xlabel("lag (sweeps)")
    axes.set_ylabel(r"$\rho$(lag)")
    axes.set_ylim(top=1.05)
    axes.legend()
    return figure


def _memory(result: Result, name: str) -> NDArray[Any]:
    """rho(t) as the scheme computed it, else from the time series."""
    from rgc.analysis.statistics import autocorrelation as memory

    table = result.tables.get(f"autocorrelation_{name}")
    return memory(result.series[name]).function if table is None else table


def scan(answer: AnswerData) -> Figure | None:
    """Every measured quantity against the first scanned parameter, with one curve for each value of
    the others.
    """
    names = list(
        dict.fromkeys(name for point in answer.points for name in point.result.observables)
    )
    if not names:
        return None
    columns = min(3, len(names))
    rows = -(-len(names) // columns)
    figure = _figure(2.8 * columns + 0.4, 2.4 * rows + 0.2)
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes, name in zip(panels, names, strict=False):
        _curves(axes, answer, name)
    for axes in panels[len(names) :]:
        axes.set_visible(False)
    return figure


def _curves(axes: Axes, answer: AnswerData, name: str) -> None:
    first = answer.axes[0].name
    curves: dict[str, list[tuple[float, float, float]]] = {}
    for point in answer.points:
        measured = point.result.observables.get(name)
        if measured is not None and measured.value is not None:
            label = ", ".join(
                f"{key} = {value:g}" for key, value in point.parameters.items() if key != first
            )
            curves.setdefault(label, []).append(
                (point.parameters[first], measured.value, measured.error or 0.0)
            )
    for (label, curve), colour, marker in zip(
        curves.items(), cycle(COLOURS), cycle(MARKERS), strict=False
    ):
        x, y, error = zip(*sorted(curve), strict=True)
        axes.errorbar(x, y, yerr=error, color=colour, marker=marker, label=label or None)
    _flat(axes, [y for curve in curves.values() for _, y, _ in curve])
    axes.set_xlabel(first)
    axes.set_ylabel(name)
    if len(curves) > 1:
        axes.legend()


def _flat(axes: Axes, values: list[float]) -> None:
    """Draw values that differ by rounding only as a straight line."""
    if values and max(values) - min(values) <= FLAT * (1 + max(map(abs, values))):
        axes.set_ylim(values[0] - 0.5, values[0] + 0.5)
