"""Transfer matrices against enumeration, Kaufman's eigenvalue of strips, and one another along
different axes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product as cartesian

import numpy as np
import pytest

from rgc import backend as backends
from rgc.errors import SpecError
from rgc.flows.free_energies.transfer import Transfer, make_transfer
from rgc.model import lattices
from rgc.model.hamiltonian import Hamiltonian, Table, Term
from rgc.model.lattice import Boundary, Lattice
from rgc.model.operators import Spin
from rgc.model.spec import Spec
from rgc.model.spins import Species
from rgc.passes.local_energies import local_energies
from rgc.passes.slice_lattice import slice_lattice
from rgc.runner import run
from tests.physics.enumeration import enumerate_exactly
from tests.physics.golden import BAXTER_WU_LOG_Z
from tests.physics.models import CRITICAL, baxter_wu, faces, field, ising, shell, spec, term
from tests.physics.running import request

REFERENCE = backends.load("reference")


def transfer(given: Spec) -> Transfer:
    return make_transfer(request(given, REFERENCE))


def log_z(given: Spec) -> float:
    value = run(transfer(given)).observables["log_z"].value
    assert value is not None
    return value


def rich(lattice: Lattice) -> Spec:
    """First and second neighbours, faces, a field and a constant."""
    kind = lattice.faces[0].kind if lattice.faces else ""
    terms = [
        term("K", 0.3, shell(lattice, 1)),
        term("K2", -0.1, shell(lattice, 2)),
        term("h", 0.07, field(lattice)),
        Term("c", 0.2, -1, ((1.0, ()),)),
    ]
    return spec(lattice, [*terms, term("p", 0.25, faces(lattice, kind))] if kind else terms)


TORI = [
    lattices.chain(7),
    lattices.square(4, 3),
    lattices.square(3, 4),
    lattices.square(2, 2),
    lattices.triangular(3, 4),
    lattices.honeycomb(2, 3),
    lattices.kagome(2, 2),
    lattices.cubic(2, 2, 3),
    lattices.square(4, 4, boundary="open"),
    lattices.square(4, 3, boundary=("open", "periodic")),
    lattices.triangular(3, 4, boundary=("periodic", "open")),
]


@pytest.mark.parametrize(
    "lattice", TORI, ids=lambda lattice: f"{lattice.name}{lattice.shape}{lattice.boundary[0]}"
)
def test_finite_lattices_against_enumeration(lattice: Lattice) -> None:
    given = rich(lattice)
    assert log_z(given) == pytest.approx(enumerate_exactly(given).log_z, rel=1e-13)


def test_every_axis_gives_the_same_trace() -> None:
    given = rich(lattices.triangular(4, 4))
    assert given.hamiltonian is not None
    tables = local_energies(given.hamiltonian, given.species)
    found = [
        _trace(slice_lattice(given.lattice, given.species, tables, axis), 4) for axis in (0, 1)
    ]  # type: ignore[arg-type]
    assert found[0] == pytest.approx(found[1], rel=1e-13)
    assert found[0] == pytest.approx(enumerate_exactly(given).log_z, rel=1e-13)


def _trace(slices: object, length: int) -> float:
    from rgc.flows.tensors.transfer_matrix import make_layer

    layer = make_layer(np, slices, slices.reach)  # type: ignore[attr-defined, arg-type]
    matrix = layer(np, np.eye(slices.vector))  # type: ignore[attr-defined]
    return float(np.log(np.trace(np.linalg.matrix_power(matrix, length)))) + length * layer.log


def test_terms_that_reach_two_layers() -> None:
    lattice = lattices.square(4, 4)
    given = spec(lattice, [term("K", 0.2, shell(lattice, 1)), term("K3", 0.3, shell(lattice, 3))])
    assert transfer(given).cut.slices.reach == 2
    assert log_z(given) == pytest.approx(enumerate_exactly(given).log_z, rel=1e-13)


def test_spins_that_do_not_interact_along_the_axis() -> None:
    lattice = lattices.square(3, 4)
    across = tuple(product for product in shell(lattice, 1) if product[-1].cell == (1, 0))
    given = spec(lattice, [term("K", 0.4, across), term("h", 0.1, field(lattice))])
    assert log_z(given) == pytest.approx(enumerate_exactly(given).log_z, rel=1e-13)


@pytest.mark.parametrize(
    "edges",
    [("antiperiodic", "periodic"), ("periodic", "antiperiodic"), ("antiperiodic", "antiperiodic")],
)
def test_antiperiodic_boundaries(edges: tuple[Boundary, Boundary]) -> None:
    """Bonds over an antiperiodic edge are antiferromagnetic."""
    lattice = lattices.square(3, 4, boundary=edges)
    spins = np.array(list(cartesian((-1, 1), repeat=12))).reshape(-1, 3, 4)
    bonds = np.zeros(len(spins))
    for axis, edge in enumerate(edges):
        pairs = spins * np.roll(spins, -1, axis=axis + 1)
        last = np.take(pairs, -1, axis=axis + 1).sum(axis=1)
        bonds += pairs.sum(axis=(1, 2)) - (2 * last if edge == "antiperiodic" else 0)
    exact = float(np.log(np.exp(0.35 * bonds).sum()))
    assert log_z(ising(lattice, 0.35)) == pytest.approx(exact, rel=1e-13)


@pytest.mark.parametrize("size", [3, 6, 9])
def test_baxter_wu(size: int) -> None:
    assert log_z(baxter_wu(size)) == pytest.approx(BAXTER_WU_LOG_Z[size], abs=1e-11)


# -- strips ----------------------------------------------------------------------------------------


def kaufman(width: int, coupling: float) -> float:
    """ln of the largest eigenvalue of a periodic strip (Onsager 1944, Kaufman 1949)."""
    q = np.pi * (2 * np.arange(width) + 1) / width
    gamma = np.arccosh(np.cosh(2 * coupling) / np.tanh(2 * coupling) - np.cos(q))
    return float(width / 2 * np.log(2 * np.sinh(2 * coupling)) + gamma.sum() / 2)


def strip(given: Spec) -> float:
    """F per site."""
    return run(transfer(given)).free_energy[0].value


@pytest.mark.parametrize("width", [2, 5, 8, 12])
@pytest.mark.parametrize("coupling", [0.2, CRITICAL, 0.8])
def test_strips_of_the_square_ising_model(width: int, coupling: float) -> None:
    assert -strip(ising(lattices.square(width, None), coupling)) == pytest.approx(
        kaufman(width, coupling) / width, abs=1e-14
    )


def test_both_ways_of_applying_a_layer_agree() -> None:
    """Where spins meet the layer before group by group there is a quicker way; without it the
    result is the same.
    """
    given = ising(lattices.square(7, None), 0.4)
    quick = transfer(given)
    assert quick.cut.slices.product is not None
    slow = replace(quick, cut=replace(quick.cut, slices=replace(quick.cut.slices, product=None)))
    assert run(slow).free_energy[0].value == pytest.approx(
        run(quick).free_energy[0].value, abs=1e-14
    )


def test_the_infinite_axis_may_be_any() -> None:
    assert strip(rich(lattices.square(None, 4))) == pytest.approx(
        strip(rich(lattices.square(4, None))), abs=1e-13
    )


def test_an_infinite_chain_in_a_field() -> None:
    lattice = lattices.chain(None)
    given = spec(lattice, [term("K", 1.0, shell(lattice, 1)), term("h", 0.1, field(lattice))])
    assert -strip(given) == pytest.approx(1.15988491942176626, abs=1e-14)  # closed form, 40 digits


def test_long_tori_approach_the_strip() -> None:
    """f of 4 x 64 is that of the strip but for the second eigenvalue, at K = 0.2 less than 1e-12 of
    the first.
    """
    assert -log_z(ising(lattices.square(4, 64), 0.2)) / 256 == pytest.approx(
        strip(ising(lattices.square(4, None), 0.2)), abs=1e-12
    )


# -- other alphabets -------------------------------------------------------------------------------


def brute_force(
    shape: tuple[int, int], states: int, bond: np.ndarray, site: Sequence[float]
) -> float:
    """ln Z of a torus with one symmetric bond energy, by looking at every state."""
    total = []
    for flat in cartesian(range(states), repeat=shape[0] * shape[1]):
        a = np.array(flat).reshape(shape)
        energy = (
            sum(bond[a, np.roll(a, -1, axis=axis)].sum() for axis in (0, 1))
            + np.array(site)[a].sum()
        )
        total.append(-energy)
    return float(np.logaddexp.reduce(total))


def tables(
    alphabet: str, states: int, bond: np.ndarray, site: Sequence[float], lattice: Lattice
) -> Spec:
    origin = Spin((0, 0))
    pairs = tuple(Table((origin, Spin(cell)), tuple(bond.reshape(-1))) for cell in ((1, 0), (0, 1)))
    terms = (
        Term("W", 1.0, 1, tables=pairs),
        Term("h", 1.0, 1, tables=(Table((origin,), tuple(site)),)),
    )
    return Spec(
        "test",
        ising(lattice).document,
        lattice=lattice,
        species=(Species("s", alphabet, states),),  # type: ignore[arg-type]
        hamiltonian=Hamiltonian(terms),
    )


@pytest.mark.parametrize(("alphabet", "states"), [("potts", 3), ("clock", 3), ("spin", 3)])
def test_other_alphabets_against_enumeration(alphabet: str, states: int) -> None:
    bond = np.array([[0.1, -0.4, 0.3], [-0.4, 0.2, 0.05], [0.3, 0.05, -0.6]])
    site = (0.1, -0.2, 0.3)
    given = tables(alphabet, states, bond, site, lattices.square(3, 2))
    assert log_z(given) == pytest.approx(brute_force((3, 2), states, bond, site), rel=1e-13)


# -- refusals --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (ising(lattices.square()), "wrong-lattice"),
        (ising(lattices.square(40, None)), "too-many-states"),
        (ising(lattices.square(24, 24)), "too-many-states"),
        (ising(lattices.cubic(4, None, None)), "wrong-lattice"),
    ],
    ids=["plane", "wide strip", "large torus", "slab"],
)
def test_refusals(given: Spec, code: str) -> None:
    with pytest.raises(SpecError) as caught:
        transfer(given)
    assert [problem.code for problem in caught.value.problems] == [code]
