"""The figure of exponents against the parameter of the block map, for a run with p=free."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rgc.results.figures.style import MEASURED, curve_style, new_figure
from rgc.results.find import INVARIANT

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from rgc.results.result import Result

VALUES, ERRORS = "by_map_", "by_map_error_"
"""The tables of a sector begin so."""


def exponents_by_map(result: Result) -> Figure | None:
    """The leading exponent of each sector against tanh p, one curve a level, and the p that the
    sector chose.
    """
    sectors = [name.removeprefix(ERRORS) for name in result.tables if name.startswith(ERRORS)]
    if not sectors:
        return None
    figure = new_figure(7.0, 3.2)
    panels = figure.subplots(1, len(sectors), squeeze=False)[0]
    for axes, sector in zip(panels, sectors, strict=True):
        values, errors = result.tables[VALUES + sector], result.tables[ERRORS + sector]
        maps, levels = (result.labels[VALUES + sector][axis] for axis in (0, 1))
        x = np.tanh([float(name.removeprefix("p = ")) for name in maps])
        for k, level in enumerate(levels):
            axes.errorbar(x, values[:, k], errors[:, k], label=level, **curve_style(k))
        chosen = result.fixed_point[f"block.p[{sector}]"].value
        if chosen is not None:
            axes.axvline(np.tanh(chosen), color=MEASURED, linestyle="--", label="chosen")
        name = "y_t" if sector in INVARIANT else "y_h" if sector == "odd" else ""
        axes.set_ylabel(f"${name}$ ({sector})" if name else f"exponent ({sector})")
        axes.set_xlabel("$\\tanh p$")
    panels[0].legend()
    return figure
