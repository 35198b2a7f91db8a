"""The figure of exponents against the number of operators and against the RG level."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from rgc.results.figures.style import COLOURS, MEASURED, curve_style, level_ticks, new_figure
from rgc.results.find import INVARIANT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from rgc.results.result import Eigenvalue, Result


def exponents(result: Result, expected: Mapping[str, float]) -> Figure | None:
    """The leading exponent of each sector.

    The left panel shows it against the number of operators for each level, the right one against
    the level for the full basis.
    """
    leading = [eigenvalue for eigenvalue in result.eigenvalues if eigenvalue.index == 1]
    sectors = list(dict.fromkeys(eigenvalue.sector for eigenvalue in leading))
    if len(leading) <= len(sectors):  # nothing to compare within a sector
        return None
    figure = new_figure(7.0, 0.4 + 2.5 * len(sectors))
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
                    low, high, color=MEASURED, alpha=0.25, linewidth=0, label="headline", zorder=0
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
    for k, level in enumerate(levels):
        line = sorted((one for one in ours if one.level == level), key=lambda one: one.operators)
        shift = 0.12 * (level - (levels[0] + levels[-1]) / 2)
        _errorbar(
            axes,
            [one.operators + shift for one in line],
            line,
            label=str(level),
            **curve_style(k),
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
    level_ticks(axes, list(full))


def _errorbar(axes: Axes, x: list[float], line: list[Eigenvalue], **style: Any) -> None:
    errors = [one.exponent_error or 0.0 for one in line]
    axes.errorbar(x, [one.exponent for one in line], yerr=errors, **style)


def _whole_ticks(axes: Axes) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
