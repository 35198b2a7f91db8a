"""The figures of a flow level by level: couplings, and scaling dimensions of tensors."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any

from rgc.results.figures.labels import label
from rgc.results.figures.style import MEASURED, curve_style, level_ticks, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from rgc.results.result import Estimate, Result

MOST = 6
"""The number of couplings that are drawn, the largest ones."""

ORDERS = 30.0
"""Positive couplings over a larger factor than this have a logarithmic axis."""

LARGEST = 2.2
"""The largest scaling dimension that is drawn: 2 is that of a marginal operator."""

BESIDE = 0.22
"""Marks of charges at one step stand so far apart."""

OF_CHI = (r"$\chi$", r"$3\chi/4$", r"$\chi/2$")
"""The bonds with which tensors are computed again, for the error."""


def couplings(result: Result) -> Figure | None:
    """The largest couplings of every level with their errors, and those of the fixed point of the
    exponents as dotted lines. None for fewer than two levels with couplings.
    """
    known = [(level.level, level.couplings) for level in result.levels if level.couplings]
    sizes: dict[str, float] = {}
    for _, table in known:
        for name, each in table.items():
            size = abs(each.value) if each.value is not None and isfinite(each.value) else 0.0
            sizes[name] = max(size, sizes.get(name, 0.0))
    names = [name for name in sorted(sizes, key=lambda name: -sizes[name]) if sizes[name] > 0]
    if len(known) < 2 or not names:
        return None
    figure = new_figure(4.6, 3.2)
    axes = figure.subplots()
    drawn = [value for name in names[:MOST] for value in _coupling(axes, known, name, names)]
    for name in names[:MOST]:
        fixed = result.fixed_point.get(name)
        if fixed is not None and fixed.value is not None:
            colour = curve_style(names.index(name))["color"]
            axes.axhline(fixed.value, color=colour, linewidth=0.9, linestyle=":", zorder=0)
            axes.plot([], [], color="black", linewidth=0.9, linestyle=":", label="fixed point")
            drawn.append(fixed.value)
    if min(drawn) > 0 and max(drawn) > ORDERS * min(drawn):
        axes.set_yscale("log")
    elif min(drawn) < 0 < max(drawn):
        axes.axhline(0, color="black", linewidth=0.6, zorder=0)
    level_ticks(axes, [level for level, _ in known])
    axes.set_xlabel("RG level")
    axes.set_ylabel("coupling" if len(names) > 1 else label(names[0]))
    handles, said = axes.get_legend_handles_labels()
    unique = dict(zip(said, handles, strict=True))
    if len(unique) > 1:
        figure.legend(
            list(unique.values()), list(unique), loc="outside upper center", ncols=4, frameon=False
        )
    return figure


def _coupling(
    axes: Axes, known: list[tuple[int, Mapping[str, Estimate]]], name: str, names: list[str]
) -> list[float]:
    """Draw one coupling against the level. The values that are drawn."""
    shown = [(level, table[name]) for level, table in known if name in table]
    points = [
        (level, each.value, each.error or 0.0)
        for level, each in shown
        if each.value is not None and isfinite(each.value)
    ]
    x, y, error = zip(*points, strict=True)
    axes.errorbar(x, y, yerr=error, label=label(name), **curve_style(names.index(name)))
    return list(y)


def dimensions(result: Result) -> Figure | None:
    """The scaling dimensions and the central charge that a tensor flow shows at every step, with
    the step from which exponents are taken. None for other flows, and where no step has any.
    """
    import numpy as np

    spectra, charges = (result.tables.get(f"scaling_{each}") for each in ("dimensions", "charges"))
    central = result.tables.get("central_charge")
    if spectra is None or charges is None or central is None or not np.isfinite(central).any():
        return None
    last = int(np.flatnonzero(np.isfinite(central[0]))[-1])
    steps = np.arange(last + 1)
    figure = new_figure(4.6, 5.0)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    _spectra(upper, spectra[0, : last + 1], charges[0, : last + 1])
    for k, values in enumerate(central):
        style = curve_style(k) | {"markersize": 3}
        lower.plot(steps, values[: last + 1], label=OF_CHI[k], **style)
    lower.legend(loc="best", framealpha=0.9)
    found = next((each.level for each in result.eigenvalues), None)
    for axes in (upper, lower) if found is not None else ():
        axes.axvline(found, color=MEASURED, linewidth=0.9, zorder=0, label="exponents")
    figure.legend(
        *upper.get_legend_handles_labels(), loc="outside upper center", ncols=4, frameon=False
    )
    level_ticks(lower, [0, last])
    lower.set(xlabel="step", ylabel="central charge $c$")
    upper.set_ylabel("scaling dimension $x$")
    return figure


def _spectra(axes: Axes, spectra: NDArray[Any], charges: NDArray[Any]) -> None:
    """Scaling dimensions [step, number] with a mark for each charge, side by side."""
    import numpy as np

    every = np.unique(charges)
    for k, charge in enumerate(every):
        step, number = np.nonzero((charges == charge) & (spectra <= LARGEST))
        beside = BESIDE * (k - (len(every) - 1) / 2)
        style = curve_style(k) | {"linestyle": "none", "markersize": 3}
        axes.plot(step + beside, spectra[step, number], label=f"charge {charge}", **style)
