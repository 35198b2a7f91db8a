"""Renormalised couplings of clusters: against declared ones, against another program, fixed points,
derivatives.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rgc
from rgc import backend as backends
from rgc.flows.enumeration import contraction
from rgc.flows.enumeration.cluster import gathered, make_cluster, term_pieces
from rgc.flows.enumeration.cluster_recursion import ClusterRecursion, make_recursion
from rgc.flows.enumeration.coarse_couplings import coefficients, couplings_of, read_couplings
from rgc.flows.enumeration.coarse_levels import turns_of
from rgc.flows.enumeration.enumerate_model import make_exact
from rgc.flows.enumeration.states import Chunks
from rgc.passes.find_turns import find_turns
from rgc.routines.walsh import fwht
from tests.physics.enumerated import loaded, result, value

THREE = """- K * sum(<i,j>) s[i]*s[j] - K2 * sum(<<i,j>>) s[i]*s[j]
  - K4 * sum(plaquette(i,j,k,l)) s[i]*s[j]*s[k]*s[l]"""
EVEN = "K = 0.4, K2 = 0, K4 = 0"


# -- declared couplings come back ------------------------------------------------------------------

TERMS = {
    "square(3)": [
        "sum(i) s[i]",
        "sum(<i,j>) s[i]*s[j]",
        "sum(<<i,j>>) s[i]*s[j]",
        "sum(i) (s[i]*s[i+x]*s[i+y] + s[i]*s[i-x]*s[i+y] + s[i]*s[i+x]*s[i-y] + "
        "s[i]*s[i-x]*s[i-y])",
        "sum(plaquette(i,j,k,l)) s[i]*s[j]*s[k]*s[l]",
        "sum(i) (s[i]*s[i+x]*s[i+2*x] + s[i]*s[i+y]*s[i+2*y])",
    ],
    "chain(9, boundary=open)": [
        "sum(i) s[i]",
        "sum(<i,j>) s[i]*s[j]",
        "sum(i) s[i]*s[i+3*x]",
        "sum(i) s[i]*s[i+x]*s[i+2*x]*s[i+4*x]",
    ],
    "honeycomb(2)": [
        "sum(i) s[i]",
        "sum(<i,j>) s[i]*s[j]",
        "sum(<<i,j>>) s[i]*s[j]",
        "sum(hexagon(i,j,k,l,m,n)) s[i]*s[j]*s[k]*s[l]*s[m]*s[n]",
    ],
}


@settings(max_examples=20)
@given(st.data())
def test_the_transform_of_a_hamiltonian_is_its_declared_couplings(data: st.DataObject) -> None:
    """H of every state, transformed: what multiplies each term as it is written, and nothing
    else.
    """
    lattice = data.draw(st.sampled_from(sorted(TERMS)))
    chosen = data.draw(
        st.lists(st.sampled_from(TERMS[lattice]), min_size=1, max_size=5, unique=True)
    )
    numbers = st.floats(-2, 2).filter(lambda x: abs(x) > 1e-3)
    values = data.draw(st.lists(numbers, min_size=len(chosen), max_size=len(chosen)))
    spins = data.draw(st.sampled_from(["s: ising", "s: binary"]))
    terms = " ".join(f"- a{k} * {term}" for k, term in enumerate(chosen))
    parameters = ", ".join(f"a{k} = {x!r}" for k, x in enumerate(values))
    spec = loaded(lattice, f"{terms} + sum(i) 0.25", spins=spins, parameters=parameters).spec
    assert spec.hamiltonian is not None
    cluster = make_cluster(spec.lattice, spec.species)  # type: ignore[arg-type]
    pieces = [
        (numbers, -term.coefficient * table)
        for term in spec.hamiltonian.terms
        for numbers, table in term_pieces(cluster, term)
    ]
    weights = Chunks(cluster, 0).function(gathered(pieces), fwht, np)(0)
    turns = find_turns(spec.lattice, spec.species, spec.hamiltonian, ())  # type: ignore[arg-type]
    coupled = couplings_of(cluster, spec.hamiltonian, turns)
    found = read_couplings(cluster, coupled, coefficients(cluster, weights, fwht, np))
    assert found.constant == pytest.approx(-0.25 * spec.lattice.sites, abs=1e-12)  # type: ignore[union-attr]
    assert found.rest < 1e-11
    for name, exact in spec.hamiltonian.couplings().items():
        if not name.startswith("k0"):
            assert found.values[name] == pytest.approx(exact, abs=1e-12)
    assert (
        max((abs(v) for name, v in found.values.items() if name not in spec.parameters), default=0)
        < 1e-11
    )


def test_terms_that_coincide_on_a_small_torus_share_their_coefficient() -> None:
    """On three blocks x and -2x are the same bond: each of the three written bonds of a pair has a
    third of it.
    """
    spec = loaded(
        "chain(6)",
        "- K * sum(<i,j>) s[i]*s[j] - K2 * sum(i) s[i]*s[i+2*x]",
        parameters="K = 0.4, K2 = 0.1",
        block="majority(2)",
    )
    found = result(spec).levels[1].couplings
    whole = result(
        loaded(
            "chain(6)",
            "- K * sum(<i,j>) s[i]*s[j] - 0.1 * sum(i) s[i]*s[i+2*x]",
            parameters="K = 0.4",
            block="majority(2)",
        )
    )
    pair = whole.tables["spectrum_1"][0b110]
    assert found["K"].value == found["K2"].value == pytest.approx(pair / 2, abs=1e-14)


def test_a_block_that_breaks_a_symmetry_tells_bonds_apart() -> None:
    """A rhombus of the triangular lattice: K is that of bonds along x and y, k2_11 what bonds along
    x + y have besides.
    """
    found = result(loaded("triangular(4)", parameters="K = 0.3", block="majority(2)"))
    level, spectrum = found.levels[1], found.tables["spectrum_1"]
    along, across = spectrum[0b1010] / 2, spectrum[0b1001] / 2
    assert along != pytest.approx(across, abs=1e-3)
    assert level.couplings["K"].value == pytest.approx(along, abs=1e-14)
    assert level.couplings["k2_11"].value == pytest.approx(across - along, abs=1e-14)
    assert "k2_10" not in level.couplings
    assert level.observables["rest"].value == pytest.approx(0, abs=1e-13)


# -- another program -------------------------------------------------------------------------------

CLUSTERS = {
    ("majority(2)", 0.4): (
        14.561093023844045,
        10.727088778760049,
        0.5870396682879027,
        0.2569727162722968,
        0.017886988088377853,
    ),
    ("kadanoff(2, p=0.765983)", 0.4): (
        14.561093023844045,
        10.828103501026664,
        0.552780958921387,
        0.2716563846762625,
        -0.012414089528479,
    ),
    ("decimate(2)", 0.4): (
        14.561093023844045,
        11.113864711325165,
        0.470842656815023,
        0.247632889592305,
        -0.07185572621224545,
    ),
}
"""4x4 to 2x2 by another program: ln Z, k0, and the coefficient of each pair of neighbours, of each
diagonal pair, of all four spins. Two bonds join a pair of neighbours on the 2x2 torus, four
diagonals a diagonal pair, and there are four plaquettes.
"""


@pytest.mark.parametrize(("block", "coupling"), CLUSTERS)
@pytest.mark.parametrize("backend", sorted(backends.installed()))
def test_a_4x4_cluster_against_another_program(block: str, coupling: float, backend: str) -> None:
    log_z, k0, near, diagonal, four = CLUSTERS[block, coupling]
    found = result(loaded("square(4)", THREE, parameters=EVEN, block=block), backend)
    couplings = {name: each.value for name, each in found.levels[1].couplings.items()}
    assert couplings["K"] == pytest.approx(near / 2, abs=1e-12)
    assert couplings["K2"] == pytest.approx(diagonal / 4, abs=1e-12)
    assert couplings["K4"] == pytest.approx(four / 4, abs=1e-12)
    assert value(found, "constant", 1) == pytest.approx(-k0 / 16, abs=1e-12)
    assert value(found, "log_z") == pytest.approx(log_z, abs=1e-13)
    assert abs(value(found, "log_z", 1) - value(found, "log_z")) < 1e-13
    assert abs(value(found, "dF")) < 1e-14


# -- the recursion ---------------------------------------------------------------------------------


def recursion(spec: Any, backend: str = "numba") -> ClusterRecursion:
    exact = make_exact(spec, 0, {})
    hamiltonian = spec.hamiltonian
    zero = hamiltonian.zero
    return make_recursion(
        hamiltonian, backends.load(backend), exact.steps[0], turns_of(exact), zero
    )


RECURSIONS: dict[str, Callable[[], Any]] = {
    "square, three couplings": lambda: loaded(
        "square(4)", THREE, parameters="K = 0.3, K2 = 0.09, K4 = -0.01", block="majority(2)"
    ),
    "in a field": lambda: loaded(
        "chain(8)", "- K * sum(<i,j>) s[i]*s[j] - h * sum(i) s[i]", block="kadanoff(2, p=0.8)"
    ),
    "decimation leaves spins out": lambda: loaded(
        "chain(9)", parameters="K = 0.5", block="decimate(3)"
    ),
    "binary": lambda: loaded(
        "chain(6)",
        "- K * sum(<i,j>) s[i]*s[j] - h * sum(i) s[i]",
        spins="s: binary",
        block="majority(3)",
    ),
    "two species": lambda: loaded(
        "chain(6)",
        "- K * sum(<i,j>) (s[i]*s[j] + t[i]*t[j]) - h * sum(<i,j>) s[i]*s[j]*t[i]*t[j]",
        spins="{ s: ising, t: ising }",
        block="majority(3)",
    ),
    "Potts": lambda: loaded(
        "chain(6)",
        "- K * sum(<i,j>) delta(s[i], s[j]) - h * sum(i) delta(s[i], 0)",
        spins="s: potts(3)",
        block="majority(2)",
    ),
}


@pytest.mark.parametrize("name", RECURSIONS)
def test_the_jacobian_is_the_derivative(name: str) -> None:
    made = recursion(RECURSIONS[name]().spec)
    start = made.start + 0.05 * np.cos(np.arange(len(made.start)))
    exact = made.jacobian(start)
    step = 3e-4
    found = np.zeros_like(exact)
    for k, unit in enumerate(np.eye(len(start))):  # fourth order
        f = [made(start + n * step * unit).couplings for n in (-2, -1, 1, 2)]
        found[:, k] = (f[0] - 8 * f[1] + 8 * f[2] - f[3]) / (12 * step)
    assert np.abs(exact - found).max() < 1e-10
    moved, slope = made.defect(start)
    assert moved == pytest.approx(made(start).couplings - start, abs=1e-14)
    assert slope == pytest.approx(exact - np.eye(len(start)))


@pytest.mark.slow
@pytest.mark.skipif(find_spec("jax") is None, reason="jax is not installed")
def test_the_jacobian_against_automatic_differentiation() -> None:
    import jax

    made = recursion(RECURSIONS["square, three couplings"]().spec)
    with jax.enable_x64(True):
        xp = jax.numpy
        sums, kernels = xp.asarray(made.sums), [xp.asarray(kernel) for kernel in made.step.kernels]
        slope = jax.jacfwd(lambda k: contraction.coarse(k @ sums, kernels, xp))(
            xp.asarray(made.start)
        )
        _, read = made.reader(np.asarray(slope), np)
    assert np.abs(made.jacobian(made.start) - read).max() < 1e-13


@pytest.mark.parametrize("name", RECURSIONS)
def test_a_recursion_is_the_map_of_the_flow(name: str) -> None:
    spec = RECURSIONS[name]()
    made, found = recursion(spec.spec), result(spec).levels[1]
    moved = made(made.start)
    for coupling, number in zip(made.names, moved.couplings, strict=True):
        assert number == pytest.approx(found.couplings[coupling].value, abs=1e-13)
    assert moved.constant == pytest.approx(found.observables["constant"].value, abs=1e-13)
    low, high = made.bounds(made.start)
    log_z = result(spec).observables["log_z"].value
    assert log_z is not None
    assert low <= -log_z / spec.spec.lattice.sites <= high  # type: ignore[union-attr]


def test_sectors_do_not_mix() -> None:
    for name, expected in (
        ("square, three couplings", {"even": 3, "odd": 2}),
        ("two species", {"invariant": 2, "eo+oe": 2, "oo": 2}),
        ("in a field", {"invariant": 5}),
        ("decimation leaves spins out", {"even": 1, "odd": 2}),
        ("Potts", {"invariant": 2}),
    ):
        made = recursion(RECURSIONS[name]().spec)
        assert {sector: basis.shape[1] for sector, basis in made.sectors.items()} == expected, name
        jacobian = made.jacobian(made.start)
        for sector, basis in made.sectors.items():
            image = jacobian @ basis
            outside = [other for key, other in made.sectors.items() if key != sector]
            assert all(np.abs(other.T @ image).max(initial=0) < 1e-12 for other in outside), name


def test_a_potts_field_has_a_sector_of_its_own_where_it_vanishes() -> None:
    spec = loaded(
        "chain(6)",
        "- K * sum(<i,j>) delta(s[i], s[j]) - h * sum(i) delta(s[i], 0)",
        spins="s: potts(3)",
        block="majority(2)",
    )
    exact = make_exact(spec.spec, 0, {})
    assert spec.spec.hamiltonian is not None
    made = make_recursion(spec.spec.hamiltonian, backends.load("numba"), exact.steps[0], (), ["h"])
    assert {sector: basis.shape[1] for sector, basis in made.sectors.items()} == {
        "invariant": 1,
        "magnetic": 1,
    }
    slope = made.jacobian(np.array([0.4, 0.0]))
    assert abs(slope[0, 1]) < 1e-13
    assert abs(slope[1, 0]) < 1e-13


def test_the_fixed_point_of_the_majority_rule() -> None:
    """Values of another program; the recursion starts at nearest neighbours alone and comes to the
    fixed point by itself.
    """
    found = result(
        loaded(
            "square(4)",
            THREE,
            parameters=EVEN,
            block="majority(2)",
            flow="enumerate(find=fixed_point)",
        )
    )
    point = {name: each.value for name, each in found.fixed_point.items()}
    assert point["K"] == pytest.approx(0.299761, abs=1e-6)
    assert point["K2"] == pytest.approx(0.087094, abs=1e-6)
    assert point["K4"] == pytest.approx(-0.001259, abs=1e-6)
    assert point["k1"] == point["k3_10_01"] == 0
    even = [each.exponent for each in found.eigenvalues if each.sector == "even"]
    odd = [each.exponent for each in found.eigenvalues if each.sector == "odd"]
    assert even[:2] == pytest.approx([0.92921, -2.3516], abs=1e-4)
    assert odd[0] == pytest.approx(1.82187, abs=1e-5)
    assert found.observables["critical.K"].value == pytest.approx(0.418197, abs=1e-6)


@pytest.mark.parametrize("coupling", [0.41, 0.4181970472, 0.43])
def test_a_renormalised_hamiltonian_runs_as_a_spec(coupling: float, tmp_path: Any) -> None:
    """ln Z of the emitted spec, constant and all, is that of the original."""
    from rgc.emit import emit

    spec = loaded(
        "square(4)",
        "- K * sum(<i,j>) s[i]*s[j] - h * sum(i) s[i]",
        parameters=f"K = {coupling}, h = 0.1",
        block="majority(2)",
    )
    found = result(spec)
    path = tmp_path / "level1.rgc"
    path.write_text(emit(spec.spec, found).replace("block majority(2)", ""))
    again = rgc.compile(path).run().result
    assert value(again, "log_z") == pytest.approx(value(found, "log_z"), abs=1e-12)


GENERATED = """
parameters { K = 0.3, h = 0.1 }
lattice square(4)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j] - h * sum(i) s[i]
block majority(2)
flow enumerate(steps=2)
expect { largest_coupling[level=1] above 0, k3_10_01[level=1] below 1 }
"""


def test_the_largest_coupling_is_that_of_the_list() -> None:
    answer = rgc.compile(GENERATED).run()
    assert answer.passed
    level = answer.result.levels[1]
    others = {name: abs(each.value) for name, each in level.couplings.items() if name not in "Kh"}
    found = level.values["largest_coupling"]
    assert found.value == max(others.values())
    assert others[found.note] == found.value
    assert answer.result.levels[2].values["largest_coupling"].value == 0


@pytest.mark.parametrize("name", ["k2_01", "k2_20", "k5_10_01_11_m10", "k3_01_10"])
def test_a_coupling_that_the_block_spins_do_not_have_is_no_answer(name: str) -> None:
    with pytest.raises(rgc.SpecError, match="gives no"):
        rgc.load(GENERATED.replace("k3_10_01[level=1]", name))
