"""The figures for which an answer has numbers, one kind a file, and their image files as bytes."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO, StringIO
from typing import TYPE_CHECKING, Any

from rgc.results.figures.autocorrelation import autocorrelation
from rgc.results.figures.block_map import exponents_by_map
from rgc.results.figures.configurations import configurations, zoom
from rgc.results.figures.evidence import evidence
from rgc.results.figures.exponents import exponents
from rgc.results.figures.fit import fit, profiles
from rgc.results.figures.flow_diagram import flow_diagram
from rgc.results.figures.free_energies import free_energies
from rgc.results.figures.histograms import histograms
from rgc.results.figures.hull import points
from rgc.results.figures.levels import couplings, dimensions
from rgc.results.figures.log_periodic import log_periodic
from rgc.results.figures.machines import (
    field_couplings,
    iterated,
    receptive_fields,
    training,
    visible_hidden,
)
from rgc.results.figures.maps import basins, branches, cobweb, settling
from rgc.results.figures.objective import objective
from rgc.results.figures.scans import quantities, scan, scan_of
from rgc.results.figures.spectra import spectrum, spectrum_of_scan
from rgc.results.figures.starts import starts
from rgc.results.figures.style import new_figure, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from rgc.results.answer_data import AnswerData


class Figures(dict[str, "Figure"]):
    """Figures by name. A notebook shows them."""

    def __repr__(self) -> str:
        return f"<Figures: {', '.join(self)}>"

    def _repr_html_(self) -> str:
        return "\n".join(map(svg, self.values()))


def figures(answer: AnswerData) -> Figures:
    """The figures for which the answer has numbers, by name. Those of single quantities of a scan
    are `scan.<name>`.
    """
    with styled():
        made = _of_scan(answer) if answer.axes else _of_point(answer)
    return Figures({name: figure for name, figure in made.items() if figure is not None})


def _of_scan(answer: AnswerData) -> dict[str, Figure | None]:
    names = quantities(answer)
    return {
        "scan": scan(answer),
        **{f"scan.{name}": scan_of(answer, name) for name in names if len(names) > 1},
        "starts": starts(answer),
        "zoom": zoom(answer),
        "free_energy": free_energies(answer, new_figure(4.6, 5.2)),
        "spectrum": spectrum_of_scan(answer),
        "branches": branches(answer),
    }


def _of_point(answer: AnswerData) -> dict[str, Figure | None]:
    """The figures of a run without a scan. The course of a map that a spec writes is its orbits."""
    point = answer.points[0]
    result = point.result
    expected = {check.expectation.target: check.expectation.value for check in answer.checks}
    orbits = {"cobweb": cobweb(result), "basins": basins(result), "settling": settling(result)}
    has_orbits = any(figure is not None for figure in orbits.values())
    return {
        "evidence": evidence(answer.verdict),
        "starts": starts(answer),
        "configurations": configurations(result, point.lattice, point.states),
        "exponents": exponents(result, expected),
        "couplings": None if has_orbits else couplings(result),
        "dimensions": dimensions(result),
        "maps": exponents_by_map(result),
        "histograms": histograms(result),
        "autocorrelation": autocorrelation(result),
        "training": training(result),
        "fields": receptive_fields(result),
        "pairs": field_couplings(result),
        "visible_hidden": visible_hidden(result),
        "iterated": iterated(result),
        "flow": flow_diagram(result, new_figure(5.2, 4.2)),
        **orbits,
        "oscillation": log_periodic(result),
        "fit": fit(result),
        "profiles": profiles(result),
        "points": points(result),
        "objective": objective(result),
        "spectrum": spectrum(result),
    }


FORMATS: Mapping[str, dict[str, Any]] = {
    "png": {"Software": "rgc"},
    "pdf": {"Creator": "rgc", "CreationDate": None},
}
"""The formats of plots besides SVG, with what stands in the files about them."""


def printed(figure: Figure, kind: str) -> bytes:
    """The figure in one of the `FORMATS`."""
    memory = BytesIO()
    with styled():
        figure.savefig(memory, format=kind, metadata=FORMATS[kind])
    return memory.getvalue()


def svg(figure: Figure) -> str:
    memory = StringIO()
    with styled():
        figure.savefig(memory, format="svg", metadata={"Date": None, "Creator": "rgc"})
    return memory.getvalue()
