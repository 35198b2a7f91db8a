"""Tensor renormalisation against Onsager, Kaufman, enumeration and transfer matrices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product as cartesian

import numpy as np
import pytest

from rgc import backend as backends
from rgc.errors import SpecError
from rgc.flows.free_energies.transfer import make_transfer
from rgc.flows.tensors.hotrg import make_hotrg
from rgc.flows.tensors.site_tensor import Tensor, site_tensor
from rgc.flows.tensors.state_symmetries import abelian_groups, orbit_counts, order
from rgc.flows.tensors.tensor_rg_flow import TensorRGFlow
from rgc.flows.tensors.trg import make_trg
from rgc.model import lattices
from rgc.model.hamiltonian import Hamiltonian, Table, Term
from rgc.model.lattice import Lattice
from rgc.model.operators import Spin
from rgc.model.spec import FlowOfSpec, Spec
from rgc.model.spins import Species
from rgc.passes.square_bonds import SquareBonds, find_bonds
from rgc.results.result import Result
from rgc.runner import run
from tests.physics.golden import HOTRG, KAUFMAN_LOG_Z, TRG
from tests.physics.models import CRITICAL, field, ising, shell, spec, term
from tests.physics.running import request
from tests.square_ising import onsager

REFERENCE = backends.load("reference")
MAKERS = {"trg": make_trg, "hotrg": make_hotrg}


def flow(given: Spec, scheme: str, chi: int, **options: int) -> TensorRGFlow:
    asked = replace(given, flow=FlowOfSpec(scheme, {"chi": chi, "steps": 40, **options}))
    return MAKERS[scheme](request(asked, REFERENCE))


def answer(given: Spec, scheme: str, chi: int, **options: int) -> Result:
    return run(flow(given, scheme, chi, **options))


# -- the infinite lattice --------------------------------------------------------------------------


@pytest.mark.parametrize(("scheme", "golden"), [("trg", TRG), ("hotrg", HOTRG)])
@pytest.mark.parametrize("coupling", [0.4, CRITICAL, 0.5])
def test_relative_errors_are_those_of_another_program(
    scheme: str, golden: dict[tuple[int, float], float], coupling: float
) -> None:
    """Signed relative errors of ln z, within a factor 1.1."""
    exact = -onsager(coupling)
    value = -answer(ising(lattices.square(), coupling), scheme, 8).free_energy[0].value
    assert (exact - value) / exact == pytest.approx(golden[8, coupling], rel=0.1)


@pytest.mark.slow
def test_hotrg_with_chi_16_at_criticality() -> None:
    exact = -onsager(CRITICAL)
    value = -answer(ising(lattices.square()), "hotrg", 16).free_energy[0].value
    assert abs(exact - value) / exact < 8e-7
    assert (exact - value) / exact == pytest.approx(HOTRG[16, CRITICAL], rel=0.1)


@pytest.mark.parametrize("scheme", ["trg", "hotrg"])
@pytest.mark.parametrize("coupling", [0.1, 0.3, 0.43, CRITICAL, 0.45, 0.6])
def test_the_error_is_no_smaller_than_the_truth_and_of_its_size(
    scheme: str, coupling: float
) -> None:
    found = answer(ising(lattices.square(), coupling), scheme, 8).free_energy[0]
    assert found.kind == "truncated"
    assert found.error is not None
    truth = abs(found.value - onsager(coupling))
    assert truth <= found.error <= 12 * truth + 1e-13


def test_the_ledger_is_the_free_energy_in_the_end() -> None:
    made = answer(ising(lattices.square(), 0.4), "trg", 8)
    constants = [level.observables["constant"].value for level in made.levels]
    assert constants[-1] == pytest.approx(made.free_energy[0].value, abs=1e-11)
    assert len(constants) == 41


# -- tori ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["trg", "hotrg"])
@pytest.mark.parametrize("size", [2, 4])
def test_small_tori_are_exact(scheme: str, size: int) -> None:
    """With chi = 16 nothing is left out before the last two tensors across are closed."""
    log_z = answer(ising(lattices.square(size), 0.4), scheme, 16).observables["log_z"].value
    assert log_z == pytest.approx(KAUFMAN_LOG_Z[size, 0.4], rel=1e-13)


@pytest.mark.parametrize("scheme", ["trg", "hotrg"])
def test_large_tori(scheme: str) -> None:
    found = answer(ising(lattices.square(64), 0.4), scheme, 16)
    exact = KAUFMAN_LOG_Z[64, 0.4]
    error = found.observables["log_z"].error
    assert error is not None
    assert abs(found.observables["log_z"].value - exact) < min(error, 5e-6 * exact)  # type: ignore[operator]


def anisotropic(lattice: Lattice, x: float, y: float, h: float) -> Spec:
    pairs = {product[-1].cell: product for product in shell(lattice, 1)}
    return spec(
        lattice,
        [
            term("Kx", x, (pairs[1, 0],)),
            term("Ky", y, (pairs[0, 1],)),
            term("h", h, field(lattice)),
            Term("c", 0.3, -1, ((1.0, ()),)),
        ],
    )


@pytest.mark.parametrize("scheme", ["trg", "hotrg"])
@pytest.mark.parametrize("shape", [(4, 8), (8, 4), (2, 16), (1, 4)])
def test_anisotropic_bonds_in_a_field_on_oblong_tori(scheme: str, shape: tuple[int, int]) -> None:
    """Nothing is left out with chi = 16; x and y must not change places."""
    given = anisotropic(lattices.square(*shape), 0.5, -0.2, 0.1)
    exact = run(make_transfer(request(given, REFERENCE))).free_energy[0].value
    assert answer(given, scheme, 16).free_energy[0].value == pytest.approx(exact, abs=1e-13)


@pytest.mark.parametrize("scheme", ["trg", "hotrg"])
def test_anisotropic_bonds_where_some_is_left_out(scheme: str) -> None:
    given = anisotropic(lattices.square(8, 16), 0.4, 0.2, 0.1)
    exact = run(make_transfer(request(given, REFERENCE))).free_energy[0].value
    found = answer(given, scheme, 8).free_energy[0]
    assert found.error is not None
    assert 1e-9 < abs(found.value - exact) < found.error < 1e-3


def local(
    lattice: Lattice,
    alphabet: str,
    states: int,
    bond: np.ndarray,
    other: np.ndarray,
    site: np.ndarray,
) -> Spec:
    """A bond energy along x, another along y, and energies of single sites."""
    origin = Spin((0, 0))
    found = tuple(
        Term(name, 1.0, 1, tables=(Table(spins, tuple(energies.reshape(-1))),))
        for name, spins, energies in (
            ("X", (origin, Spin((1, 0))), bond),
            ("Y", (origin, Spin((0, 1))), other),
            ("h", (origin,), site),
        )
    )
    return replace(
        ising(lattice),
        species=(Species("s", alphabet, states),),
        hamiltonian=Hamiltonian(found),  # type: ignore[arg-type]
    )


RANDOM = np.random.default_rng(5)
UNLIKE = RANDOM.normal(size=(3, 3)), RANDOM.normal(size=(3, 3)), RANDOM.normal(size=3)


@pytest.mark.parametrize("scheme", ["trg", "hotrg"])
def test_any_bond_energies_even_those_that_change_when_spins_are_exchanged(scheme: str) -> None:
    given = local(lattices.square(4, 2), "potts", 3, *UNLIKE)
    exact = run(make_transfer(request(given, REFERENCE))).free_energy[0].value
    assert answer(given, scheme, 81).free_energy[0].value == pytest.approx(exact, abs=1e-12)


# -- charges ---------------------------------------------------------------------------------------

POTTS = -np.eye(3)
CLOCK = -np.cos(2 * np.pi * np.subtract.outer(np.arange(4), np.arange(4)) / 4)
CHIRAL = -np.cos(2 * np.pi * (np.subtract.outer(np.arange(3), np.arange(3)) + 0.3) / 3)
FLAT3, FLAT4 = np.zeros(3), np.zeros(4)


@pytest.mark.parametrize(
    ("energies", "elements"),
    [
        ((POTTS, POTTS, FLAT3), 3),
        ((POTTS, POTTS, np.array([0.5, 0, 0])), 2),
        ((POTTS, POTTS, np.array([0.5, 0.2, 0])), 1),
        ((CLOCK, CLOCK, FLAT4), 4),
        ((CHIRAL, CHIRAL, FLAT3), 1),
        (UNLIKE, 1),
    ],
    ids=["potts", "potts in a field", "potts in two fields", "clock", "chiral", "none"],
)
def test_the_charges_are_those_of_the_symmetry(
    energies: tuple[np.ndarray, ...], elements: int
) -> None:
    tensor = tensor_of(local(lattices.square(), "potts", len(energies[2]), *energies))
    assert tensor.order == elements
    allowed = _allowed(tensor)
    assert np.abs(np.where(allowed, 0, tensor.values)).max() < 1e-14
    assert elements == 1 or not allowed.all()


def tensor_of(given: Spec) -> Tensor:
    assert given.hamiltonian is not None
    assert given.lattice is not None
    return site_tensor(find_bonds(given.lattice, given.species, given.hamiltonian))[0]


def _allowed(tensor: Tensor) -> np.ndarray:
    """left + down = right + up, part by part of the group."""
    across, along = (
        np.array(np.unravel_index(charges, tensor.orders))
        for charges in (tensor.across, tensor.along)
    )
    total = (
        across[:, :, None, None, None]
        - across[:, None, :, None, None]
        + along[:, None, None, :, None]
        - along[:, None, None, None, :]
    )
    orders = np.array(tensor.orders).reshape(-1, 1, 1, 1, 1)
    return np.asarray(np.all(total % orders == 0, axis=0))


def joint(count: int, energy: Callable[[np.ndarray], float]) -> np.ndarray:
    """A bond of Ising spins of several species: `energy` of the products of equal species."""
    states = list(cartesian((-1, 1), repeat=count))
    return np.array([[energy(np.multiply(a, b)) for b in states] for a in states])


NAMED = [0.0, 1.0]
GAS = -4 * CRITICAL * np.outer(NAMED, NAMED)
SPECIES = {
    "two that do not interact": (joint(2, lambda p: -CRITICAL * p.sum()), (2, 2), (4,)),
    "two unlike": (joint(2, lambda p: -0.3 * p[0] - 0.4 * p[1]), (2, 2), (2, 2)),
    "Ashkin-Teller": (joint(2, lambda p: -0.3 * p.sum() + 0.2 * p.prod()), (2, 2), (4,)),
    "the same as one of four states": (joint(2, lambda p: -p.sum() + p.prod()), (4,), (4,)),
    "three": (joint(3, lambda p: -0.4 * p.sum()), (2, 2, 2), (2, 2, 2)),
    "Potts and Ising": (
        -np.kron(np.eye(3), np.ones((2, 2))) - np.kron(np.ones((3, 3)), 2 * np.eye(2)),
        (3, 2),
        (6,),
    ),
}


@pytest.mark.parametrize("name", SPECIES)
def test_the_charges_are_those_of_a_whole_group(name: str) -> None:
    """The group acts on all states as one, and has no more orbits on pairs than it must."""
    bond, species, orders = SPECIES[name]
    flat = np.zeros(len(bond))
    generators = next(abelian_groups((flat, bond, bond), species))
    assert orbit_counts(generators)[0] == 1
    assert sorted(order(generator) for generator in generators) == sorted(orders)
    rows = tuple(map(tuple, bond))
    tensor, _ = site_tensor(SquareBonds(tuple(flat), rows, rows, species))
    assert tensor.orders == orders
    assert np.abs(np.where(_allowed(tensor), 0, tensor.values)).max() == 0
    assert np.all(np.bincount(tensor.across) == 1)


def test_particles_and_holes() -> None:
    """At half filling a lattice gas is the Ising model; what depends on one end of a bond only must
    go to the sites for that to be seen.
    """
    half, more = (
        local(lattices.square(), "potts", 2, GAS, GAS, site * CRITICAL * np.array(NAMED))
        for site in (8.0, 7.9)
    )
    assert tensor_of(half).order == 2
    assert tensor_of(more).order == 1
    found = answer(half, "trg", 8, steps=12)
    assert abs(found.exponents["y_h"].value - 15 / 8) < found.exponents["y_h"].error  # type: ignore[operator]


def test_without_a_symmetry_no_exponent_is_called_thermal() -> None:
    nearly = local(lattices.square(), "potts", 2, GAS, GAS, 8.0000001 * CRITICAL * np.array(NAMED))
    found = answer(nearly, "trg", 8, steps=12)
    assert found.exponents["y_t"].value is None
    assert "not called y_t" in found.exponents["y_t"].note
    assert set(found.exponents) == {"y_t"}
    assert found.eigenvalues[0].exponent == pytest.approx(15 / 8, abs=0.05)


def test_a_symmetry_that_is_not_broken_tells_nothing_either() -> None:
    """A lattice gas beside free spins: their flip is a symmetry, and the order has no charge."""
    both = np.kron(GAS, np.ones((2, 2)))
    site = np.kron(8.0000001 * CRITICAL * np.array(NAMED), np.ones(2))
    found = answer(local(lattices.square(), "potts", 4, both, both, site), "trg", 12, steps=12)
    assert found.exponents["y_t"].value is None
    assert "is not the one that is broken" in found.exponents["y_t"].note


@pytest.mark.parametrize("scheme", ["trg", "hotrg"])
def test_charges_are_conserved_to_the_last_bit(scheme: str) -> None:
    """Rounding cannot break the symmetry: entries that it forbids stay 0 through any number of
    steps.
    """
    made = flow(local(lattices.square(), "potts", 3, POTTS, POTTS, FLAT3), scheme, 9)
    state = made.start()
    for _ in range(12):
        state = made.step(state)
    tensor = made.rg.tensor(state, 0)
    assert not np.any(np.where(_allowed(tensor), 0, tensor.values))


def test_what_is_kept_cuts_no_multiplet() -> None:
    """Potts: the states of charges 1 and 2 have equal singular values; some chi would cut them, and
    the warning says so.
    """
    given, warnings = local(lattices.square(), "potts", 3, POTTS, POTTS, FLAT3), []
    for chi in (4, 5, 6, 7):
        made = flow(given, "trg", chi, steps=10)
        state = made.start()
        while state.done < made.steps:
            state = made.step(state)
            charges = made.rg.tensor(state, 0).across
            assert np.sum(charges == 1) == np.sum(charges == 2)
        warnings += made.finish(state).warnings
    assert any(
        "multiplet of equal singular values" in text and "dropped whole" in text
        for text in warnings
    )


# -- criticality -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("scheme", "chi"), [("trg", 16), ("hotrg", 12)])
def test_scaling_dimensions_of_the_ising_model(scheme: str, chi: int) -> None:
    found = answer(ising(lattices.square()), scheme, chi, steps=16)
    table = {"y_t": 1.0, "y_h": 15 / 8}
    for name, exact in table.items():
        value, error = found.exponents[name].value, found.exponents[name].error
        assert value is not None
        assert error is not None
        assert abs(value - exact) < min(error, 0.03)
    assert found.observables["central_charge"].value == pytest.approx(0.5, abs=0.01)
    assert {each.sector for each in found.eigenvalues} == {"even", "odd"}
    leading = next(each for each in found.eigenvalues if each.sector == "odd" and each.index == 1)
    assert leading.exponent == found.exponents["y_h"].value


def test_two_models_that_do_not_interact_have_the_exponents_of_one() -> None:
    """The product of their spins is relevant too, x = 1/4, and has a charge of the whole group."""
    bond = joint(2, lambda p: -CRITICAL * p.sum())
    found = answer(local(lattices.square(), "potts", 4, bond, bond, FLAT4), "trg", 16, steps=14)
    for name, exact in {"y_t": 1.0, "y_h": 15 / 8}.items():
        value, error = found.exponents[name].value, found.exponents[name].error
        assert value is not None
        assert error is not None
        assert abs(value - exact) < error < 0.1
    charged = [each.exponent for each in found.eigenvalues if each.sector == "charged"]
    assert any(abs(y - 7 / 4) < 0.05 for y in charged)


def test_anisotropy_changes_no_exponent() -> None:
    x = 0.3
    y = float(np.arcsinh(1 / np.sinh(2 * x)) / 2)  # critical: sinh 2Kx sinh 2Ky = 1
    found = answer(anisotropic(lattices.square(), x, y, 0.0), "hotrg", 12, steps=16)
    assert found.exponents["y_h"].value == pytest.approx(15 / 8, abs=0.005)
    assert found.exponents["y_t"].value == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("coupling", [0.3, 0.6])
def test_away_from_criticality_there_are_no_exponents(coupling: float) -> None:
    found = answer(ising(lattices.square(), coupling), "trg", 8)
    assert found.exponents["y_t"].value is None
    assert "trivial" in found.exponents["y_t"].note
    assert not found.eigenvalues


def test_an_antiferromagnet_has_the_free_energy_of_the_ferromagnet() -> None:
    one, other = (answer(ising(lattices.square(), sign * 0.4), "trg", 8) for sign in (1, -1))
    assert one.free_energy[0].value == pytest.approx(other.free_energy[0].value, abs=1e-12)
    critical = answer(ising(lattices.square(), -CRITICAL), "trg", 8)
    assert "alternates" in critical.exponents["y_h"].note


# -- steps, resuming, backends ---------------------------------------------------------------------


def test_projections_and_full_decompositions_agree() -> None:
    """With chi = 24 blocks of 288 are projected on 36 columns. The free energy changes by far less
    than its error.
    """
    made = flow(ising(lattices.square(), CRITICAL), "trg", 24, steps=12)
    with_full = replace(made, coarsen=_full)
    one, other = run(made).free_energy[0], run(with_full).free_energy[0]
    assert one.error is not None
    assert abs(one.value - other.value) < 1e-2 * one.error


def _full(xp: object, tensor: Tensor, chi: int, draws: object, number: int) -> object:
    from rgc.flows.tensors.tensor_rg_flow import CoarseTensor
    from rgc.flows.tensors.trg import coarsen, lost
    from rgc.routines.svd import full

    made, splits = coarsen(xp, tensor, chi, lambda matrix, rank: full(matrix))
    kept = tuple(each.kept for each in splits)
    return CoarseTensor(made, kept, splits[0].spectrum, lambda: lost(xp, tensor, made, splits))


def test_a_step_depends_on_nothing_but_the_state() -> None:
    made = flow(ising(lattices.square(), 0.42), "trg", 8)
    state = made.start()
    for _ in range(5):
        state = made.step(state)
    again = flow(ising(lattices.square(), 0.42), "trg", 8)
    copied = type(state)(
        state.done, {name: array.copy() for name, array in state.arrays.items()}, dict(state.values)
    )
    for _ in range(5):
        state, copied = made.step(state), again.step(copied)
    assert all(
        np.array_equal(array, copied.arrays[name], equal_nan=True)
        for name, array in state.arrays.items()
    )


# -- refusals --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (ising(lattices.cubic()), "wrong-lattice"),
        (ising(lattices.honeycomb()), "wrong-lattice"),
        (ising(lattices.triangular()), "not-bonds"),
        (ising(lattices.square(12)), "bad-division"),
        (ising(lattices.square(8, None)), "wrong-lattice"),
        (ising(lattices.square(8, boundary="open")), "wrong-lattice"),
        (spec(lattices.square(), [term("K2", 0.1, shell(lattices.square(), 2))]), "not-bonds"),
    ],
    ids=["cubic", "honeycomb", "triangular", "twelve", "strip", "open", "second neighbours"],
)
def test_refusals(given: Spec, code: str) -> None:
    with pytest.raises(SpecError) as caught:
        flow(given, "trg", 8)
    assert {problem.code for problem in caught.value.problems} == {code}
