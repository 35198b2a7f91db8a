"""The figures of trained layers: what hidden units look at, and what was followed on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

from rgc.results.figures.style import COLOURS, SIGNED, curve_style, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from rgc.results.result import Result

SHOWN = 8
"""Hidden units of a layer whose fields are drawn."""

MANY = 500
"""More pairs of hidden units than these are drawn with small marks."""

FOLLOWED: Mapping[str, str] = {
    "kl": "KL to the Hamiltonian (nats)",
    "reconstruction": "what a pass up and down changes",
    "gap": r"$\langle H \rangle$ of validation less training",
    "log_likelihood": "log-likelihood of a row (nats)",
    "pseudo_likelihood": "pseudo-log-likelihood per site",
    "step": r"$|\Delta w| / |w|$ of an update",
    "saturated": "saturated hidden units",
}
"""The series that are drawn, and what their axes say."""

THERMOMETERS: Mapping[str, str] = {
    "temperature_energy": "by the energy",
    "temperature_correlation": "by the correlation length",
}


def receptive_fields(result: Result) -> Figure | None:
    """Some hidden units of each layer as pictures over the visible lattice, the weights of the
    layers multiplied down to it. Each layer has its own scale, which tells signs apart in grey too.
    """
    layers = _layers(result, "fields")
    if not layers or len(result.levels[0].shape) != 2:
        return None
    height, width = result.levels[0].shape
    columns = min(SHOWN, max(len(fields) for fields in layers.values()))
    figure = new_figure(1.0 + 1.1 * columns, (0.35 + 1.1 * height / width) * len(layers))
    parts = figure.subfigures(len(layers), 1, squeeze=False)[:, 0]
    for part, (number, fields) in zip(parts, layers.items(), strict=True):
        axes_of = part.subplots(1, columns, squeeze=False)[0]
        chosen = _spread(min(columns, len(fields)), len(fields), result.levels[number].shape)
        most = float(abs(fields).max()) or 1.0
        for axes in axes_of:
            axes.set_axis_off()
        for axes, unit in zip(axes_of, chosen, strict=False):
            picture = fields[unit].reshape(height, width)
            drawn = axes.imshow(
                picture, cmap=SIGNED, vmin=-most, vmax=most, interpolation="nearest"
            )
        part.colorbar(
            drawn, ax=list(axes_of), ticks=[-most, 0, most], format="{x:.2g}", label="weight"
        )
        part.suptitle(f"layer {number}{_length(result, number)}", x=0, ha="left", fontsize=9)
    return figure


def _spread(count: int, units: int, shape: tuple[int, ...]) -> list[int]:
    """The numbers of so many hidden units, evenly spread: along the diagonal of their lattice where
    they lie on one of at least as many rows and columns.
    """
    if len(shape) == 2 and prod(shape) == units and min(shape) >= count:
        rows, columns = ([k * length // count for k in range(count)] for length in shape)
        return [row * shape[1] + column for row, column in zip(rows, columns, strict=True)]
    return [k * units // count for k in range(count)]


def _length(result: Result, number: int) -> str:
    """The half-length of the fields of a layer, beside that of the two-point function of the data,
    in words.
    """
    own, found = (result.levels[k].values.get("half_length") for k in (0, number))
    if found is None or found.value is None:
        return ""
    beside = "" if own is None or own.value is None else f" (data {own.value:.2g})"
    return f": half-length {found.value:.2g}{beside}"


def training(result: Result) -> Figure | None:
    """What was followed of each layer against the update, on a logarithmic axis."""
    updates = _layers(result, "update")
    drawn = {name: series for name in FOLLOWED if (series := _layers(result, name))}
    if not drawn:
        return None
    columns = min(3, len(drawn))
    lines = -(-len(drawn) // columns)
    figure = new_figure(3.0 * columns, 2.4 * lines)
    panels: Sequence[Axes] = list(figure.subplots(lines, columns, squeeze=False).flat)
    for axes, (name, series) in zip(panels, drawn.items(), strict=False):
        for number, values in series.items():
            style = curve_style(number - 1) | {"markersize": 3}
            axes.plot(updates[number], values, label=f"layer {number}", **style)
            _band(axes, result, number, name, style["color"])
        axes.set_xscale("log")
        axes.set_xlabel("update")
        axes.set_title(FOLLOWED[name], loc="left")
    for axes in panels[len(drawn) :]:
        axes.set_axis_off()
    if len(updates) > 1:
        panels[0].legend(frameon=False)
    return figure


def iterated(result: Result) -> Figure | None:
    """The temperatures of chains after each step by both thermometers, one colour a start."""
    if not result.iterated:
        return None
    figure = new_figure(6.4, 2.6)
    panels: Sequence[Axes] = list(figure.subplots(1, 2, sharey=True))
    for axes, (name, title) in zip(panels, THERMOMETERS.items(), strict=True):
        for start in dict.fromkeys(chains.start for chains in result.iterated):
            own = [chains for chains in result.iterated if chains.start == start]
            known = [chains for chains in own if chains.values[name].value is not None]
            at = own[0].temperature
            axes.errorbar(
                [chains.step for chains in known],
                [chains.values[name].value or 0.0 for chains in known],
                [chains.values[name].error or 0.0 for chains in known],
                label="data" if at is None else f"T = {at:g}",
                **curve_style(start) | {"markersize": 3},
            )
        axes.set_xlabel("step")
        axes.set_title(title, loc="left")
    panels[0].set_ylabel("temperature")
    panels[0].legend(frameon=False)
    return figure


def field_couplings(result: Result) -> Figure | None:
    """The couplings of pairs of hidden units against the distance of the centres of their fields,
    one panel a layer.
    """
    distances, pairs = _layers(result, "distances"), _layers(result, "pairs")
    if not pairs:
        return None
    figure = new_figure(0.8 + 2.8 * len(pairs), 2.4)
    panels: Sequence[Axes] = list(figure.subplots(1, len(pairs), squeeze=False).flat)
    for axes, (number, values) in zip(panels, pairs.items(), strict=True):
        size = 2 if len(values) > MANY else 5
        axes.plot(distances[number], values, ".", markersize=size, color=COLOURS[0], alpha=0.5)
        axes.axhline(0, color="black", linewidth=0.5)
        axes.set_xlabel("distance of centres")
        axes.set_title(f"layer {number}: {len(values)} pair{'s' * (len(values) != 1)}", loc="left")
    panels[0].set_ylabel("coupling in H(h)")
    return figure


def visible_hidden(result: Result) -> Figure | None:
    """The correlation of a visible and a hidden unit against their distance, one curve a layer."""
    profiles = _layers(result, "visible_hidden")
    if not profiles:
        return None
    figure = new_figure(3.6, 2.4)
    axes = figure.subplots()
    for number, (away, values, errors) in ((k, table.T) for k, table in profiles.items()):
        style = curve_style(number - 1) | {"markersize": 3}
        axes.errorbar(away, values, errors, label=f"layer {number}", **style)
    axes.axhline(0, color="black", linewidth=0.5)
    axes.set_xlabel("distance from the centre")
    axes.set_ylabel(r"$\langle v h \rangle$, nearest ring 1")
    if len(profiles) > 1:
        axes.legend(frameon=False)
    return figure


def _band(axes: Axes, result: Result, number: int, name: str, colour: str) -> None:
    """The error of a series as a band, where it has one."""
    errors = result.tables.get(f"layer{number}.{name}_error")
    if errors is None:
        return
    values = result.tables[f"layer{number}.{name}"]
    updates = result.tables[f"layer{number}.update"]
    axes.fill_between(updates, values - errors, values + errors, color=colour, alpha=0.2)


def _layers(result: Result, name: str) -> dict[int, NDArray[Any]]:
    """The tables of that name of all layers that have it, by the number of the layer."""
    numbers = range(1, len(result.levels))
    found = {number: result.tables.get(f"layer{number}.{name}") for number in numbers}
    return {number: table for number, table in found.items() if table is not None}
