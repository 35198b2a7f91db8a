"""The figure of the spins of one replica at every RG level."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rgc.model.lattice import Lattice
from rgc.model.supercells import as_written
from rgc.results.figures.style import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from rgc.model.lattice import Geometry
    from rgc.results.answer_data import AnswerData
    from rgc.results.result import Result

UP, DOWN = "#F4F1E8", "#1D3557"

FLAT = 0.4
"""Panels that are less tall for their width stand one below the other."""

MOST_NAMED = 8
"""Values of spins that the key names."""

MOST_ROWS = 5
"""A scan of more points has no figure of its configurations."""


def configurations(
    result: Result, lattice: Geometry | None = None, states: Sequence[int] = ()
) -> Figure | None:
    """One replica at every RG level side by side, each on its own lattice. Of a three-dimensional
    lattice one plane is shown. `states` are the values that a spin may have, of which a replica
    need not show each; without them they are read off the replica.
    """
    if not result.configurations:
        return None
    count, (first, *_) = len(result.configurations), result.configurations
    tall = 0.1 if first.ndim == 2 else _tallness(lattice, first.shape)
    across = tall >= FLAT  # side by side, and otherwise one below the other
    size = (2.3 * count, 0.6 + 2.3 * tall) if across else (6.0, 0.3 + count * (0.35 + 5.6 * tall))
    figure = new_figure(*size)
    values = _values(first, states)
    panels = figure.subplots(*((1, count) if across else (count, 1)), squeeze=False).flat
    for axes, (level, spins) in zip(panels, enumerate(result.configurations), strict=True):
        _spins(axes, spins, lattice, values)
        axes.set_title(f"level {level}: " + r"$\times$".join(map(str, spins.shape[:-1])))
        axes.set_axis_off()
    if first.ndim > 3:
        figure.suptitle("one plane of each level", fontsize=9)
    _key(figure, values)
    return figure


def zoom(answer: AnswerData) -> Figure | None:
    """One replica at every point of a scan of one parameter, a row each, and at every RG level.

    There is none where there are no levels beyond the first, or too many points.
    """
    results = [point.result for point in answer.points]
    counts = {len(result.configurations) for result in results}
    if len(answer.axes) != 1 or len(results) > MOST_ROWS or min(counts) < 2 or len(counts) > 1:
        return None
    first = results[0].configurations[0]
    if first.ndim < 3:
        return None
    columns, lattice = counts.pop(), answer.points[0].lattice
    values = _values(first, answer.points[0].states)
    tall = _tallness(lattice, first.shape)
    figure = new_figure(2.3 * columns, 0.6 + 2.4 * tall * len(results))
    panels = figure.subplots(len(results), columns, squeeze=False)
    for row, point in zip(panels, answer.points, strict=True):
        ((name, value),) = point.parameters.items()
        for axes, (level, spins) in zip(row, enumerate(point.result.configurations), strict=True):
            _spins(axes, spins, lattice, values)
            size = r"$\times$".join(map(str, spins.shape[:-1]))
            axes.set_title(f"{name} = {value:.4g}, level {level}: {size}", fontsize=8)
            axes.set_axis_off()
    _key(figure, values)
    return figure


def _values(spins: NDArray[Any], states: Sequence[int]) -> list[int]:
    """The values that spins may have, rising: those that are known, or else those of a replica with
    -1 or 0 and at least 1.
    """
    import numpy as np

    if len(states) > 1:
        return sorted(states)
    return sorted({*map(int, np.unique(spins)), -1 if spins.min() < 0 else 0, 1})


def _key(figure: Figure, values: Sequence[int]) -> None:
    """Which colour is which spin, where few differ."""
    from matplotlib.patches import Patch

    if len(values) > MOST_NAMED:
        return
    low, high = values[0], values[-1]
    handles = [
        Patch(
            facecolor=_colours()((value - low) / (high - low)),
            edgecolor=DOWN,
            linewidth=0.5,
            label=f"$s = {value:+d}$" if low < 0 < value else f"$s = {value}$",
        )
        for value in values
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False)


def _tallness(lattice: Geometry | None, shape: tuple[int, ...]) -> float:
    """The ratio of height to width of the plane that is shown."""
    import numpy as np

    vectors, _ = _cell(lattice, 2, 1)
    width, height = np.abs(vectors * np.array(shape[:2])[:, None]).sum(axis=0)
    return float(height / width)


def _spins(
    axes: Axes, spins: NDArray[Any], lattice: Geometry | None, values: Sequence[int]
) -> None:
    """The spins of one level: each site as the parallelogram of its cell, or as a disc where a cell
    holds several sites.
    """
    plane = spins.reshape(1, *spins.shape) if spins.ndim == 2 else spins
    while plane.ndim > 3:
        plane = plane[..., 0, :]
    vectors, basis = _cell(lattice, spins.ndim - 1, plane.shape[2])
    colours = _colours()
    if plane.shape[2] == 1:
        _cells(axes, _shades(plane[:, :, 0], values), vectors, colours)
    else:
        _discs(axes, colours(_shades(plane, values)), vectors, basis)
    axes.set_aspect("auto" if spins.ndim == 2 else "equal")


def _colours() -> Any:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("spins", [DOWN, UP])


def _shades(spins: NDArray[Any], values: Sequence[int]) -> NDArray[Any]:
    """Where each spin lies between the lowest and the highest value."""
    low, high = values[0], values[-1]
    return (spins - low) / (high - low)


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


def _discs(axes: Axes, shades: NDArray[Any], vectors: NDArray[Any], basis: NDArray[Any]) -> None:
    """A disc of its colour [*cells, letter, rgba] at every site."""
    import numpy as np
    from matplotlib.collections import EllipseCollection

    cells = np.indices(shades.shape[:2]).reshape(2, -1).T
    at = np.concatenate([cells @ vectors + offset for offset in basis])
    colours = np.concatenate([shades[:, :, k].reshape(-1, 4) for k in range(shades.shape[2])])
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

    lattice = as_written(lattice) if isinstance(lattice, Lattice) else lattice
    vectors = np.array(getattr(lattice, "vectors", np.eye(2)), dtype=float)
    basis = np.array(
        getattr(lattice, "basis", [(0.4 * k, 0.4 * k) for k in range(letters)]), dtype=float
    )
    if dimension == 1:
        along = np.pad(basis[:, :1], ((0, 0), (0, 1)))
        return np.array([[0.0, 1.0], [1.0, 0.0]]), along
    return vectors[:2, :2], basis[:, :2]
