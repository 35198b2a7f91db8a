"""The figures for which an answer has numbers, one kind a file, and their image files as bytes."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO, StringIO
from typing import TYPE_CHECKING, Any

from rgc.results.autocorrelation_plot import autocorrelation
from rgc.results.block_map_plot import exponents_by_map
from rgc.results.configuration_plot import configurations
from rgc.results.evidence_plot import evidence
from rgc.results.exponent_plot import exponents
from rgc.results.fit_plot import fit, profiles
from rgc.results.flow_diagram import flow_diagram
from rgc.results.free_energy_plot import free_energies
from rgc.results.hull_plot import points
from rgc.results.level_plots import couplings, dimensions
from rgc.results.log_periodic_plot import log_periodic
from rgc.results.machine_plots import (
    field_couplings,
    iterated,
    receptive_fields,
    training,
)
from rgc.results.map_plot import basins, branches, cobweb, settling
from rgc.results.objective_plot import objective
from rgc.results.plot_style import new_figure, styled
from rgc.results.scan_plot import quantities, scan, scan_of
from rgc.results.spectrum_plot import spectrum, spectrum_of_scan

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
        if answer.axes:
            names = quantities(answer)
            made = {
                "scan": scan(answer),
                **{f"scan.{name}": scan_of(answer, name) for name in names if len(names) > 1},
                "free_energy": free_energies(answer, new_figure(4.6, 5.2)),
                "spectrum": spectrum_of_scan(answer),
                "branches": branches(answer),
            }
        else:
            point = answer.points[0]
            expected = {
                check.expectation.target: check.expectation.value for check in answer.checks
            }
            orbits = {
                "cobweb": cobweb(point.result),
                "basins": basins(point.result),
                "settling": settling(point.result),
            }
            orbital = any(figure is not None for figure in orbits.values())
            made = {
                "evidence": evidence(answer.verdict),
                "configurations": configurations(point.result, point.lattice, point.states),
                "exponents": exponents(point.result, expected),
                "couplings": None if orbital else couplings(point.result),
                "dimensions": dimensions(point.result),
                "maps": exponents_by_map(point.result),
                "autocorrelation": autocorrelation(point.result),
                "training": training(point.result),
                "fields": receptive_fields(point.result),
                "pairs": field_couplings(point.result),
                "iterated": iterated(point.result),
                "flow": flow_diagram(point.result, new_figure(5.2, 4.2)),
                **orbits,
                "oscillation": log_periodic(point.result),
                "fit": fit(point.result),
                "profiles": profiles(point.result),
                "points": points(point.result),
                "objective": objective(point.result),
                "spectrum": spectrum(point.result),
            }
    return Figures({name: figure for name, figure in made.items() if figure is not None})


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
