"""The figure of autocorrelation functions against the lag in sweeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rgc.results.figures.labels import label
from rgc.results.figures.style import curve_style, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from rgc.results.result import Estimate, Result


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
    figure = new_figure(4.2, 3.0)
    axes = figure.subplots()
    for k, (name, rho) in enumerate(functions.items()):
        time = result.observables.get(f"tau_{name}")
        text = label(name) + (rf", $\tau_\mathrm{{int}}$ {_said(time)}" if time else "")
        lags = [every * lag for lag in range(len(rho))]
        axes.plot(lags, rho, label=text, **curve_style(k) | {"markersize": 3})
    axes.axhline(0, color="black", linewidth=0.6)
    axes.set_xlabel("lag (sweeps)")
    axes.set_ylabel(r"$\rho$(lag)")
    axes.set_ylim(top=1.05)
    axes.legend()
    return figure


def _said(time: Estimate) -> str:
    return f"< {time.value:g}" if time.kind == "upper bound" else f"= {time}"


def _memory(result: Result, name: str) -> NDArray[Any]:
    """rho(t) as the scheme computed it, else from the time series."""
    from rgc.analysis.statistics import autocorrelation as memory

    table = result.tables.get(f"autocorrelation_{name}")
    return memory(result.series[name]).function if table is None else table
