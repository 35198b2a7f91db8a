"""`mcrg(histograms=true)`: averages and densities of levels, against each other and enumeration."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

import rgc
from rgc.compiler import load
from rgc.flows.sampling.histograms import MOST_BINS, make_bins
from rgc.results.result import Result

TEXT = """parameters { K = 0.4 }
lattice square(4)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
block majority(2)
flow FLOW
"""

RUN = "mcrg(steps=1, sweeps=400, every=4, replicas=512, basis=operators(range=1, bodies=2)"


@lru_cache
def run(flow: str, more: str = "") -> Result:
    spec = load(TEXT.replace("FLOW", flow) + more)
    return rgc.compile(spec, backend="reference").run(warn=lambda said: None).result


def test_levels_have_the_averages_of_enumeration() -> None:
    found = run(f"{RUN}, histograms=true)", "measure { all = avg(abs_m), energy }\n")
    exact = run("enumerate(steps=1)", "measure { all = avg(abs_m), one = avg(m^2) }\n")
    first = found.levels[0].values
    assert first["abs_m"].value == pytest.approx(found.averages["all"].value, abs=1e-12)
    assert first["energy"].value == pytest.approx(found.averages["energy"].value, abs=1e-12)
    for name, right in (("abs_m", "all"), ("m2", "one")):
        value, error = first[name].value, first[name].error
        assert value is not None
        assert error is not None
        assert value == pytest.approx(exact.averages[right].value, abs=4 * error)


def test_densities_are_normalised_and_have_the_moments() -> None:
    found = run(f"{RUN}, histograms=true)")
    for level in found.levels:
        m, e = (found.tables[f"histogram_{name}_{level.level}"] for name in ("m", "energy"))
        assert (m[:, 2] >= 0).all()
        widths = 2 / (len(m) - 1)
        assert m[:, 1].sum() * widths == pytest.approx(1)
        assert (m[:, 0] ** 2 * m[:, 1]).sum() * widths == pytest.approx(level.values["m2"].value)
        step = e[1, 0] - e[0, 0]
        assert (e[:, 0] * e[:, 1]).sum() * step == pytest.approx(level.values["energy"].value)


def test_nothing_else_changes() -> None:
    with_them, without = run(f"{RUN}, histograms=true)"), run(f"{RUN})")
    assert with_them.exponents == without.exponents
    assert with_them.averages == without.averages
    assert "abs_m" not in without.levels[1].values


@pytest.mark.parametrize(
    ("sites", "reach"), [(4, 1.0), (16, 1.0), (25, 1.0), (4096, 1.0), (81, 2.0)]
)
def test_bins_hold_every_value_and_are_symmetric(sites: int, reach: float) -> None:
    bins = make_bins(0.0, reach, 2 * reach / sites)
    values = reach * (2 * np.arange(sites + 1) / sites - 1)
    numbers = bins.number(values)
    assert bins.count <= 2 * MOST_BINS
    assert bins.middles == pytest.approx(-bins.middles[::-1], abs=1e-12)
    assert np.abs(values - bins.middles[numbers]).max() < bins.width / 2
    counts = np.bincount(numbers, minlength=bins.count) * 2 * reach / sites
    assert counts == pytest.approx(np.array(bins.sizes))


def test_an_energy_that_never_changes_has_a_histogram() -> None:
    """Without couplings every record has the same energy."""
    text = TEXT.replace("K = 0.4", "K = 0").replace("FLOW", f"{RUN}, histograms=true)")
    found = rgc.compile(load(text), backend="reference").run(warn=lambda said: None).result
    for level in found.levels:
        density = found.tables[f"histogram_energy_{level.level}"]
        assert np.count_nonzero(density[:, 1]) == 1
        assert level.values["energy"].value == 0
