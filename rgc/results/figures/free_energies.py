"""Free energies of a scan by every method, the band between bounds, and the deviation of each
method from an exact one or the course of their errors.
"""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING, Any

from rgc.results.figures.labels import label, method_label, method_names
from rgc.results.figures.style import LINES, MARKERS, spread

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from rgc.results.answer_data import AnswerData
    from rgc.results.result import FreeEnergy

COLOURS = {
    "exact": "#000000",
    "lower bound": "#0072B2",
    "upper bound": "#D55E00",
    "truncated": "#009E73",
    "estimate": "#CC79A7",
}
ORDERS = 10.0
"""Errors that differ by more than this factor are drawn by themselves."""
BAND = "#56B4E9"

Curve = list[tuple[float, "FreeEnergy"]]


def free_energies(answer: AnswerData, figure: Figure) -> Figure | None:
    """F/N against the scanned parameter, drawn on an empty figure.

    If a method is exact, a second panel shows how far the others deviate from the first exact one;
    if none is and errors differ by orders of magnitude, as along a scan of chi, it shows them on a
    logarithmic axis, with the distance from what the spec expects.
    A method with another option at every point, such as `trg(chi)` of a scan of chi, is one curve.
    The result is None for fewer than two curves of one point, or for a scan of several parameters.
    """
    curves = _curves(answer)
    if len(answer.axes) != 1 or sum(map(len, curves.values())) < 2:
        return None
    if len(curves) < 2 and _kind(next(iter(curves.values()))) == "exact":
        return None
    exact = next((name for name, curve in curves.items() if _kind(curve) == "exact"), None)
    errors = {} if exact is not None else _errors(curves, answer)
    panels = figure.subplots(2 if exact or errors else 1, 1, sharex=True, squeeze=False)[:, 0]
    per = {entry.per for curve in curves.values() for _, entry in curve}
    _draw(panels[0], curves, {})
    panels[0].set_ylabel(f"$F$ per {' or '.join(sorted(per))}")
    figure.legend(
        *panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=2, frameon=False
    )
    spread(panels[-1], answer.axes[0].values)
    if exact is not None:
        known = {x: entry.value for x, entry in curves[exact]}
        _draw(panels[1], curves, known)
        panels[1].set_ylabel(f"$F$ less that of {method_label(exact)}")
    if errors:
        _draw_errors(panels[1], errors)
    panels[-1].set_xlabel(label(answer.axes[0].name))
    return figure


def _curves(answer: AnswerData) -> dict[str, Curve]:
    """The values by method; a method whose options differ from point to point is one curve."""
    tables = [point.result.free_energy for point in answer.points]
    name_of = method_names([{entry.method for entry in table} for table in tables])
    curves: dict[str, Curve] = {}
    for point in answer.points:
        x = next(iter(point.parameters.values()), 0.0)
        for entry in point.result.free_energy:
            curves.setdefault(name_of(entry.method), []).append((x, entry))
    return {name: sorted(curve, key=lambda pair: pair[0]) for name, curve in curves.items()}


def _errors(curves: dict[str, Curve], answer: AnswerData) -> dict[str, list[tuple[float, float]]]:
    """The errors of each method, and of one alone its distance from what is expected; none where
    they are all of one size.
    """
    made = {
        f"error of {method_label(name)}": [(x, entry.error) for x, entry in curve if entry.error]
        for name, curve in curves.items()
    }
    sizes = [error for curve in made.values() for _, error in curve]
    if not sizes or max(sizes) < ORDERS * min(sizes):
        return {}
    if len(curves) == 1:
        (curve,) = curves.values()
        expected = {
            dict(check.expectation.selectors).get(answer.axes[0].name): check.expectation.value
            for check in answer.checks
            if check.expectation.name == "free_energy" and check.expectation.relation == "="
        }
        made["distance from what is expected"] = [
            (x, abs(entry.value - expected[x])) for x, entry in curve if x in expected
        ]
    return {name: curve for name, curve in made.items() if curve}


def _draw_errors(axes: Axes, errors: dict[str, list[tuple[float, float]]]) -> None:
    for k, (name, curve) in enumerate(errors.items()):
        axes.semilogy(
            *zip(*curve, strict=True),
            color="black" if k else COLOURS["truncated"],
            marker=MARKERS[k % len(MARKERS)],
            linestyle=LINES[k % len(LINES)],
            linewidth=0.9,
            label=name,
        )
    axes.set_ylabel("error of $F$")
    axes.legend(loc="best", framealpha=0.9)


def _kind(curve: Curve) -> str:
    """The kind of the values of a curve, of which some may be exact besides."""
    return next((entry.kind for _, entry in curve if entry.kind != "exact"), "exact")


def _draw(axes: Axes, curves: dict[str, Curve], less: dict[float, float]) -> None:
    """Curves with their errors, minus the values of `less` at each x if there are any.

    Where there are lower and upper bounds, the band between the tightest ones is shaded.
    """
    bounds: dict[str, dict[float, float]] = {"lower bound": {}, "upper bound": {}}
    for (name, curve), marker, line in zip(
        curves.items(), cycle(MARKERS), cycle(LINES), strict=False
    ):
        kind = _kind(curve)
        shown = [
            (x, entry.value - less.get(x, 0.0), entry.error or 0.0)
            for x, entry in curve
            if not less or x in less
        ]
        if not shown:
            continue
        x, y, error = zip(*shown, strict=True)
        style: dict[str, Any] = {
            "color": COLOURS[kind],
            "marker": marker,
            "linestyle": line,
            "markersize": 3,
            "linewidth": 0.9,
        }
        axes.errorbar(x, y, yerr=error, label=f"{method_label(name)} ({kind})", **style)
        if kind in bounds:
            tightest = max if kind == "lower bound" else min
            known = bounds[kind]
            known |= {at: tightest(value, known.get(at, value)) for at, value, _ in shown}
    both = sorted(bounds["lower bound"].keys() & bounds["upper bound"].keys())
    if both:
        low, high = ([bounds[kind][at] for at in both] for kind in ("lower bound", "upper bound"))
        axes.fill_between(both, low, high, color=BAND, alpha=0.25, linewidth=0, zorder=0)
