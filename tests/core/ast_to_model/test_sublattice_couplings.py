"""Couplings that repeat after several cells: the energies are those of the spec, site by site."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from math import cos, pi

import numpy as np
import pytest

import rgc
from rgc.errors import SpecError
from rgc.model.lattice import Lattice, Site
from rgc.model.supercells import as_written, moved, site_as_written
from rgc.results.answer import Answer

SPEC = """
parameters {{ K = 0.4, h = 0.3, q = 3 }}
lattice {lattice}
spins s: {spins}
hamiltonian {hamiltonian}
{more}
"""
BONDS = "- K * sum(<i,j>) s[i]*s[j] "
ROWS = "(-1)^coordinate(i,x)"
CHECKS = "(-1)^(coordinate(i,x) + coordinate(i,y))"


def text(lattice: str, hamiltonian: str, *more: str, spins: str = "ising") -> str:
    return SPEC.format(lattice=lattice, hamiltonian=hamiltonian, more="\n".join(more), spins=spins)


def lattice_of(spec: str) -> Lattice:
    found = rgc.load(spec).spec.lattice
    assert isinstance(found, Lattice)
    return found


def run(*parts: str, **more: str) -> Answer:
    return rgc.compile(text(*parts, **more), backend="reference").run(checkpoints=False)


def log_z(energy: Callable[..., float], shape: tuple[int, ...]) -> float:
    sites = int(np.prod(shape))
    every = (np.array(spins).reshape(shape) for spins in product((-1, 1), repeat=sites))
    return float(np.log(np.sum(np.exp([-energy(spins) for spins in every]))))


def triangles(s: np.ndarray) -> float:
    bonds = sum(np.sum(s * np.roll(s, by, (0, 1))) for by in ((1, 0), (0, 1), (1, 1)))
    waves = np.cos(2 * pi * np.arange(3) / 3)
    return float(-0.4 * bonds - 0.3 * waves @ s.sum(axis=1))


def comb(s: np.ndarray) -> float:
    a, b = s[..., 0], s[..., 1]
    bonds = sum(np.sum(a * np.roll(b, by, (0, 1))) for by in ((0, 0), (1, 0), (1, 1)))
    return float(-0.4 * bonds - 0.3 * np.sum(s[0]) + 0.3 * np.sum(s[1]))


def dimers(s: np.ndarray) -> float:
    return float(-sum(0.4 * (1 + 0.5 * (-1) ** x) * s[x] * s[x + 1] for x in range(7)))


def wells(s: np.ndarray) -> float:
    field = sum(0.3 * s[x] for x in range(9) if x % 3 == 0)
    return float(-0.4 * np.sum(s * np.roll(s, 1)) - field)


@pytest.mark.parametrize(
    ("lattice", "hamiltonian", "energy", "shape"),
    [
        (
            "triangular(3)",
            BONDS + "- h * sum(i) cos(2*pi*coordinate(i,x)/3) * s[i]",
            triangles,
            (3, 3),
        ),
        ("honeycomb(2)", BONDS + "- h * sum(i) (-1)^coordinate(i,x) * s[i]", comb, (2, 2, 2)),
        (
            "chain(8, boundary=open)",
            "- K * sum(i) (1 + (-1)^coordinate(i,x)/2) * s[i]*s[i+x]",
            dimers,
            (8,),
        ),
        ("chain(9)", BONDS + "- h * sum(i) delta(mod(coordinate(i,x), q), 0) * s[i]", wells, (9,)),
    ],
)
def test_the_sum_over_all_states(
    lattice: str, hamiltonian: str, energy: Callable[..., float], shape: tuple[int, ...]
) -> None:
    found = run(lattice, hamiltonian, "flow enumerate").result.values["log_z"].value
    assert found == pytest.approx(log_z(energy, shape), abs=1e-12)


def test_an_antiferromagnet_in_a_staggered_field_is_a_ferromagnet_in_a_uniform_one() -> None:
    measures = "measure { energy, order = mean(i) FIELD*s[i], correlation(1, along=y) }"
    staggered = run(
        "square(4, 2)",
        f"+ K * sum(<i,j>) s[i]*s[j] - h * sum(i) {CHECKS}*s[i]",
        "flow enumerate",
        measures.replace("FIELD", CHECKS),
    ).observables
    uniform = run(
        "square(4, 2)",
        BONDS + "- h * sum(i) s[i]",
        "flow enumerate",
        measures.replace("FIELD", "1"),
    ).observables
    for name in ("energy", "order"):
        assert staggered[name].value == pytest.approx(uniform[name].value, abs=1e-13)
    (pair,) = [name for name in uniform if name.startswith("correlation")]
    opposite = -(uniform[pair].value or 0.0)
    assert staggered[pair].value == pytest.approx(opposite, abs=1e-13)


def test_a_strip_without_an_end() -> None:
    method = "measure { f = free_energy(transfer) }"
    field = f"- h * sum(i) {CHECKS}*s[i]"
    strip = run("square(4, infinite)", f"+ K * sum(<i,j>) s[i]*s[j] {field}", method)
    uniform = run("square(4, infinite)", BONDS + "- h * sum(i) s[i]", method)
    assert strip.observables["f"].value == pytest.approx(uniform.observables["f"].value, abs=1e-12)


def test_the_crystal_of_two_letters_has_the_same_energies() -> None:
    cells = "crystal(vectors=[2], basis=[0, 1], size=5)"
    by_letters = "- K * sum(c in cells) (s[c.a]*s[c.b] + 0.5*s[c.b]*s[c.a+x])"
    by_place = "- K * sum(i) (3 + (-1)^coordinate(i,x))/4 * s[i]*s[i+x]"
    flow = ("flow enumerate", "measure { energy, specific_heat, correlation(2) }")
    crystal = run(cells, by_letters, *flow).observables
    written = run("chain(10)", by_place, *flow).observables
    for name in ("energy", "specific_heat"):
        assert written[name].value == pytest.approx(crystal[name].value, abs=1e-13)


def test_blocks_are_those_of_the_lattice_as_written() -> None:
    field = f"- h * sum(i) {CHECKS}*s[i]"
    loaded = rgc.load(text("square(12)", BONDS + field, "block majority(3)", "flow mcrg(steps=1)"))
    lattice, (block,) = loaded.spec.lattice, loaded.spec.blocks
    assert isinstance(lattice, Lattice)
    for letter, corner in enumerate(product(range(2), repeat=2)):
        places = {site_as_written(site, lattice).cell for site in block.cells[letter]}
        assert places == {
            tuple(3 * x + y for x, y in zip(corner, by, strict=True))
            for by in product(range(3), repeat=2)
        }


def test_sites_move_by_cells_as_written() -> None:
    lattice = lattice_of(text("square(6, 4)", BONDS + f"- h * sum(i) {CHECKS}*s[i]"))
    assert (lattice.cells, as_written(lattice).cells) == ((3, 2), (6, 4))
    for cell in product(range(2), repeat=2):
        site = moved(moved(Site((0, 0)), cell, lattice), (1, -3), lattice)
        assert site_as_written(site, lattice).cell == (cell[0] + 1, cell[1] - 3)
        assert lattice.position(site) == (cell[0] + 1, cell[1] - 3)


@pytest.mark.parametrize(
    ("coefficient", "cells"),
    [
        ("(-1)^(2*coordinate(i,x))", (1, 1)),
        ("(-1)^(3*coordinate(i,y) + 1)", (1, 2)),
        ("sin(pi*coordinate(i,x)/2)*mod(coordinate(i,y), 3)", (4, 3)),
        ("mod(2*coordinate(i,x), 4)", (2, 1)),
        ("exp(abs(cos(pi*(coordinate(i,x) - coordinate(i,y)))))", (2, 2)),
        ("mod(coordinate(i,x)/2, 1)", (2, 1)),
    ],
)
def test_periods_follow_from_the_form(coefficient: str, cells: tuple[int, ...]) -> None:
    supercell = lattice_of(text("square(12)", f"- h * sum(i) {coefficient}*s[i]")).supercell
    assert (supercell.multiple if supercell else (1, 1)) == cells


@pytest.mark.parametrize(
    "coefficient",
    [
        "coordinate(i,x)",
        "cos(coordinate(i,x))",
        "2^coordinate(i,x)",
        "(-1)^(coordinate(i,x)^2)",
        "mod(coordinate(i,x), 0)",
        "mod(coordinate(i,x), sqrt(2))",
        "abs(coordinate(i,y) - 1)",
    ],
)
def test_what_does_not_repeat_is_refused(coefficient: str) -> None:
    with pytest.raises(SpecError) as refused:
        rgc.load(text("square(12)", f"- h * sum(i) {coefficient}*s[i]"))
    (problem,) = refused.value.problems
    assert problem.code == "not-uniform"
    assert problem.span is not None
    assert problem.span.text == coefficient


def test_a_wave_weighs_what_it_says() -> None:
    spec = rgc.load(text("chain(6)", "- h * sum(i) cos(2*pi*coordinate(i,x)/3)*s[i]")).spec
    assert spec.hamiltonian is not None
    weights = [
        weight * term.coefficient for term in spec.hamiltonian.terms for weight, _ in term.products
    ]
    assert sorted(weights) == pytest.approx(sorted(-0.3 * cos(2 * pi * x / 3) for x in range(3)))


def test_a_chain_decimated_by_three_alternates_again() -> None:
    flow = ("block decimate(3)", "flow enumerate")
    staggered = run("chain(12)", f"+ K*sum(<i,j>) s[i]*s[j] - h*sum(i) {ROWS}*s[i]", *flow)
    uniform = run("chain(12)", BONDS + "- h * sum(i) s[i]", *flow)
    for name in ("K", "h"):
        found, expected = (
            answer.result.levels[1].couplings[name] for answer in (staggered, uniform)
        )
        assert found.value == pytest.approx(expected.value, abs=1e-12)


def test_configurations_that_are_kept_stand_as_the_spec_writes_them() -> None:
    field = f"- 20 * sum(i) {CHECKS}*s[i]"
    kept = run("square(6, 4)", field, "flow sample(sweeps=20, save=1, replicas=64)").result
    signs = (-1) ** np.indices((6, 4)).sum(axis=0)
    (shown,) = kept.configurations
    assert np.array_equal(shown[..., 0], signs)
    assert np.array_equal(kept.saved.configurations["s"][0, 0, ..., 0], signs)


def test_configurations_of_all_levels_stand_as_the_spec_writes_them() -> None:
    """A block of three alternating rows has the sign of its corners."""
    field = f"- 20 * sum(i) {CHECKS}*s[i]"
    options = "steps=1, sweeps=20, thermalise=4, replicas=64, basis=operators(range=1, bodies=2)"
    flow = ("block majority(3)", f"flow mcrg({options})")
    found = run("square(6, 12)", field, *flow).result
    assert [level.shape for level in found.levels] == [(6, 12), (2, 4)]
    for level, shown in zip(found.levels, found.configurations, strict=True):
        assert np.array_equal(shown[..., 0], (-1) ** np.indices(level.shape).sum(axis=0))


def test_a_constant_written_by_sublattices_flows_as_one() -> None:
    """Two fields, each on one of two sublattices, are the uniform field."""
    first, second = (
        f"- {h} * sum(i) mod(coordinate(i,x) + {k}, 2)*s[i]" for k, h in enumerate(("h", "0.3"))
    )
    flow = ("block majority(3)", "flow cumulant(steps=3)")
    apart = run("triangular", f"{BONDS}{first} {second}", *flow).result
    whole = run("triangular", f"{BONDS} - h * sum(i) s[i]", *flow).result
    for one, other in zip(apart.levels, whole.levels, strict=True):
        assert one.couplings["K"].value == pytest.approx(other.couplings["K"].value, abs=1e-12)
        assert one.couplings["h"].value == pytest.approx(other.couplings["h"].value, abs=1e-12)
    (apart_f,), (whole_f,) = apart.free_energy, whole.free_energy
    assert apart_f.value == pytest.approx(whole_f.value, abs=1e-12)
