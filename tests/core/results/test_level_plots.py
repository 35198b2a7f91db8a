"""What the figures of a flow level by level show, and which spins a picture names."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from rgc.model.spec import Axis
from rgc.results.figures.configurations import configurations
from rgc.results.figures.levels import LARGEST, couplings, dimensions
from rgc.results.figures.plots import figures
from rgc.results.pages.report import CAPTIONS, LATTICE
from rgc.results.result import Eigenvalue, Estimate, FreeEnergy, Level, Result
from tests.core.results.test_scan_plot import scanned


def flow(*tables: dict[str, float], **fixed: float) -> Result:
    levels = tuple(
        Level(k, (8, 8), {name: Estimate(value, 0.01) for name, value in table.items()})
        for k, table in enumerate(tables)
    )
    return Result(
        "exact", levels=levels, fixed_point={name: Estimate(v, 0.0) for name, v in fixed.items()}
    )


def test_couplings_are_drawn_level_by_level() -> None:
    figure = couplings(flow({"K": 0.4}, {"K": 0.3, "k2_11": 0.1, "k0": 0.0}, K=0.5))
    assert figure is not None
    (axes,) = figure.axes
    assert list(axes.get_xticks()) == [0, 1]
    assert axes.get_ylim()[0] <= 0.1
    assert axes.get_ylim()[1] >= 0.5
    (legend,) = figure.legends
    said = {text.get_text() for text in legend.get_texts()}
    assert said == {"$K$", "k2_11", "fixed point"}  # a coupling that is 0 everywhere is left out


def test_couplings_that_grow_by_orders_have_a_logarithmic_axis() -> None:
    figure = couplings(flow({"K": 0.4}, {"K": 2.0}, {"K": 43.0}))
    assert figure is not None
    assert figure.axes[0].get_yscale() == "log"
    assert couplings(flow({"K": 0.4})) is None


def test_dimensions_are_drawn_by_their_charge() -> None:
    spectra = np.array([[[0.0, 0.125, 1.0, 12.0]] * 4] * 3)
    charges = np.array([[[0, 1, 0, 1]] * 4] * 3)
    central = np.array([[0.5, 0.5, 0.5, np.nan]] * 3)
    result = Result(
        "trg",
        tables={
            "scaling_dimensions": spectra,
            "scaling_charges": charges,
            "central_charge": central,
        },
        eigenvalues=(
            Eigenvalue(
                value=2.0,
                imag=0.0,
                error=0.1,
                exponent=1.0,
                exponent_error=0.1,
                sector="even",
                level=2,
                operators=4,
                kind="truncated",
            ),
        ),
    )
    figure = dimensions(result)
    assert figure is not None
    upper, _ = figure.axes
    marks = {line.get_label(): line.get_ydata() for line in upper.get_lines()}
    assert set(marks) == {"charge 0", "charge 1", "exponents"}
    assert sorted(marks["charge 0"]) == [0.0] * 3 + [1.0] * 3  # none at the step without a tensor
    assert max(marks["charge 1"]) <= LARGEST
    assert dimensions(Result("trg")) is None


def test_a_picture_names_states_that_no_spin_has() -> None:
    spins = np.zeros((3, 3, 1), dtype=np.int8)
    figure = configurations(Result("sample", configurations=(spins,)), None, (0, 1, 2))
    assert figure is not None
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["$s = 0$", "$s = 1$", "$s = 2$"]


def test_free_energies_of_two_parameters_are_drawn_over_the_longer_one() -> None:
    answer = scanned(Axis("chi", (4.0, 8.0)), Axis("K", (0.4, 0.44, 0.5)))
    for point in answer.points:
        chi, k = point.parameters["chi"], point.parameters["K"]
        entry = FreeEnergy(f"trg({chi:g})", -k, 0.01, "truncated")
        object.__setattr__(point.result, "free_energy", (entry,))
    drawn = figures(answer)["scan.free_energy.trg"]
    (axes,) = drawn.axes
    assert axes.get_ylabel() == "$F/N$ (TRG)"
    assert axes.get_xlabel() == "$K$"
    assert len(axes.containers) == 2
    frame = answer.to_dataframe()
    assert list(frame["free_energy.trg"]) == [-0.4, -0.44, -0.5] * 2  # not a column a value
    assert answer.to_xarray().free_energy.dims == ("method", "chi", "K")


def test_every_plot_of_the_docs_has_a_caption() -> None:
    page = (Path(__file__).parents[3] / "docs/results.md").read_text("utf-8")
    table = page.split("### The plots")[1].split("### The NetCDF file")[0]
    named = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert set(named) | {LATTICE} == set(CAPTIONS)
