"""Potential moving against sums written out here: one step, derivatives, bounds on F, and Kadanoff's numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import permutations
from itertools import product as cartesian
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad

import rgc
from rgc import backend as backends
from rgc.analysis.fixed_points import critical, newton
from rgc.analysis.linearised_map import linearise
from rgc.analysis.recursion import Floats, free_energy
from rgc.errors import SpecError
from rgc.flows.bound_optimum import Bound, best_constant, enough
from rgc.flows.cell_recursion import CellRecursion, cell_recursion
from rgc.flows.cell_space import CellSpace, Subspace, cell_space, hypercube
from rgc.flows.stationary_p import slope
from rgc.flows.tightest_bound import lower_bound_free_energy
from rgc.model.cells import NotInACell, cell_model
from rgc.model.spec import Spec

SPECS = Path(__file__).parents[2] / "specs"
LATTICES = {1: "chain", 2: "square", 3: "cubic", 4: "hypercubic(d=4)"}
BACKEND = backends.load("reference")
P_FULL, P_SYMMETRIC, P_CUBIC = 0.7609885417212499, 0.7659830351999423, 0.40343611850121647
"""The stationary p of the fixed points in d = 2 and d = 3, recomputed independently (kadanoff_d2_pstar, kadanoff_sym_d2, kadanoff_sym_d3)."""


def spec_of(
    dimension: int, hamiltonian: str = "", *, lattice: str = "", spins: str = "ising", **couplings: float
) -> Spec:
    values = {"K": 0.4, **couplings}
    parameters = ", ".join(f"{name} = {value!r}" for name, value in values.items())
    terms = hamiltonian or "- K * sum(<i,j>) s[i]*s[j]"
    return rgc.load(
        f"parameters {{ {parameters} }}\nlattice {lattice or LATTICES[dimension]}\nspins s: {spins}\nhamiltonian\n  {terms}\n"
    ).spec


def space_of(spec: Spec, subspace: Subspace = "full") -> CellSpace:
    assert spec.hamiltonian is not None
    assert spec.lattice is not None
    return cell_space(cell_model(spec.hamiltonian, spec.lattice, spec.species), subspace)


def recursion_of(dimension: int, *p: float, subspace: Subspace = "full", K: float = 0.4) -> CellRecursion:
    return cell_recursion(BACKEND, space_of(spec_of(dimension, K=K), subspace), p)


SQUARE = """- K * sum(<i,j>) s[i]*s[j]
  - L * sum(<<i,j>>) s[i]*s[j]
  + Q * sum(plaquette(i,j,k,l)) s[i]*s[j]*s[k]*s[l]
  - h * sum(i) s[i]
  - T * sum(i) (s[i]*s[i+x]*s[i+y] + s[i]*s[i-x]*s[i+y] + s[i]*s[i+x]*s[i-y] + s[i]*s[i-x]*s[i-y])"""
CORNERS = ((0, 0), (1, 0), (1, 1), (0, 1))


# -- one step, written out -----------------------------------------------------------------------------------------------


def square_cell(K: float, L: float, Q: float, h: float, T: float) -> Callable[[tuple[int, ...]], float]:
    """V of the corners of a square in turn: its four bonds belong to two squares each, its sites to four. The sign of Q is the spec's."""

    def potential(s: tuple[int, ...]) -> float:
        bonds = sum(s[k] * s[(k + 1) % 4] for k in range(4))
        threes = sum(s[k] * s[(k + 1) % 4] * s[(k + 2) % 4] for k in range(4))
        four = s[0] * s[1] * s[2] * s[3]
        return K / 2 * bonds + L * (s[0] * s[2] + s[1] * s[3]) - Q * four + h / 4 * sum(s) + T * threes

    return potential


def moved(potential: Callable[[tuple[int, ...]], float], p: float) -> dict[tuple[int, ...], float]:
    """V' of every block state, by the sum over sixteen states."""
    spins = list(cartesian((-1, 1), repeat=4))
    return {
        mu: float(
            np.log(
                sum(np.exp(4 * potential(s) + p * np.dot(mu, s)) / (2 * np.cosh(p * sum(s))) for s in spins)
            )
        )
        for mu in spins
    }


def coefficient(table: dict[tuple[int, ...], float], corners: tuple[int, ...]) -> float:
    return sum(value * np.prod([mu[k] for k in corners]) for mu, value in table.items()) / len(table)


@pytest.mark.parametrize("p", [0.0, 0.3, 0.766, 2.5, -0.4])
def test_a_step_is_the_sum_over_the_states_of_a_square(p: float) -> None:
    values = {"K": 0.3, "L": -0.11, "Q": 0.07, "h": 0.2, "T": -0.05}
    space = space_of(spec_of(2, SQUARE, **values))
    assert space.names == ("K", "L", "Q", "h", "T")
    step = cell_recursion(BACKEND, space, [p])(space.start)
    table = moved(square_cell(**values), p)
    found = dict(zip(space.names, step.couplings, strict=True))
    assert found["K"] == pytest.approx(2 * coefficient(table, (0, 1)), abs=1e-14)
    assert found["L"] == pytest.approx(coefficient(table, (0, 2)), abs=1e-14)
    assert found["Q"] == pytest.approx(-coefficient(table, (0, 1, 2, 3)), abs=1e-14)
    assert found["h"] == pytest.approx(4 * coefficient(table, (0,)), abs=1e-14)
    assert found["T"] == pytest.approx(coefficient(table, (0, 1, 2)), abs=1e-14)
    assert step.constant == pytest.approx(-coefficient(table, ()) / 4, abs=1e-14)


@lru_cache
def cube_potential(dimension: int, couplings: tuple[tuple[frozenset[tuple[int, ...]], float], ...]) -> Floats:
    """V [2, 2, ...], an axis for each corner (0 is spin up): every product that symmetries make of the given corners, times its coupling
    over the number of cells that hold it."""
    corners = list(cartesian((0, 1), repeat=dimension))
    spin = np.array([1.0, -1.0])
    total = np.zeros((2,) * len(corners))
    for product, coupling in couplings:
        orbit = {
            frozenset(tuple(c[a] ^ f for a, f in zip(order, flips, strict=True)) for c in product)
            for order in permutations(range(dimension))
            for flips in cartesian((0, 1), repeat=dimension)
        }
        shared = 2 ** sum(len({c[k] for c in product}) == 1 for k in range(dimension))
        for each in orbit:
            axes = [np.reshape(spin, [2 if c == d else 1 for d in corners]) for c in each]
            total = total + coupling / shared * np.prod(np.broadcast_arrays(*axes), axis=0)
    return total


def site_by_site(potential: Floats, dimension: int, p: float) -> Floats:
    """V' [2, 2, ...]: one 2x2 transform along every axis, in logarithms."""
    n = 2**dimension
    total = sum(np.reshape([1.0, -1.0], [2 if k == axis else 1 for k in range(n)]) for axis in range(n))
    result = n * potential - np.logaddexp(p * total, -p * total)
    for axis in range(n):
        up, down = np.take(result, 0, axis), np.take(result, 1, axis)
        result = np.stack([np.logaddexp(p + up, -p + down), np.logaddexp(-p + up, p + down)], axis)
    return result


def read(potential: Floats, product: frozenset[tuple[int, ...]], dimension: int) -> float:
    corners = list(cartesian((0, 1), repeat=dimension))
    spin = np.array([1.0, -1.0])
    for k, corner in enumerate(corners):
        weight = spin if corner in product else np.ones(2)
        potential = potential * np.reshape(weight, [2 if j == k else 1 for j in range(len(corners))])
    shared = 2 ** sum(len({c[k] for c in product}) == 1 for k in range(dimension)) if product else 1
    return float(potential.mean()) * shared


CUBE = {
    "K": frozenset({(0, 0, 0), (1, 0, 0)}),
    "h": frozenset({(0, 0, 0)}),
    "k2_110": frozenset({(0, 0, 0), (1, 1, 0)}),
    "k2_111": frozenset({(0, 0, 0), (1, 1, 1)}),
    "k3_100_011": frozenset({(0, 0, 0), (1, 0, 0), (0, 1, 1)}),
    "k4_100_010_110": frozenset({(0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1, 0)}),
    "k5_100_010_001_111": frozenset({(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1)}),
    "k8_100_010_001_110_101_011_111": frozenset(cartesian((0, 1), repeat=3)),
}


def test_a_step_on_the_cube_is_the_transform_site_by_site() -> None:
    """2^8 states of all 21 couplings against 22 classes of them."""
    space = space_of(spec_of(3, "- K * sum(<i,j>) s[i]*s[j]\n  - h * sum(i) s[i]", K=0.1, h=0.05))
    assert len(space.names) == 21
    assert set(CUBE) <= set(space.names)
    rng = np.random.default_rng(5)
    values = dict(zip(CUBE, 0.1 * rng.standard_normal(len(CUBE)), strict=True))
    couplings = np.array([values.get(name, 0.0) for name in space.names])
    step = cell_recursion(BACKEND, space, [0.45])(couplings)
    potential = cube_potential(3, tuple((CUBE[name], value) for name, value in values.items()))
    after = site_by_site(potential, 3, 0.45)
    found = dict(zip(space.names, step.couplings, strict=True))
    for name, product in CUBE.items():
        assert found[name] == pytest.approx(read(after, product, 3), abs=1e-13), name
    assert step.constant == pytest.approx(-read(after, frozenset(), 3) / 8, abs=1e-14)


def test_a_step_in_four_dimensions_is_the_transform_site_by_site() -> None:
    nn = frozenset({(0, 0, 0, 0), (1, 0, 0, 0)})
    far = frozenset({(0, 0, 0, 0), (1, 1, 1, 1)})
    step = recursion_of(4, 0.25, K=0.13)
    after = site_by_site(cube_potential(4, ((nn, 0.13),)), 4, 0.25)
    found = dict(zip(step.names, step(step.space.start).couplings, strict=True))
    assert len(found) == 401
    assert found["K"] == pytest.approx(read(after, nn, 4), abs=1e-13)
    assert found["k2_1111"] == pytest.approx(read(after, far, 4), abs=1e-13)


@pytest.mark.parametrize(("dimension", "classes"), [(1, 3), (2, 6), (3, 22), (4, 402)])
def test_classes_of_states(dimension: int, classes: int) -> None:
    """The numbers of Boolean functions up to symmetries of the cube (Harrison 1963)."""
    cube = hypercube(dimension)
    n = 2**dimension
    assert len(cube.sets) == classes
    assert cube.sizes.sum() == 2**n
    assert (cube.overlaps.sum(axis=2) == cube.sizes).all()
    assert (
        cube.overlaps.sum(axis=1)
        == [[float(np.prod(range(n - r + 1, n + 1)) / np.prod(range(1, r + 1))) for r in range(n + 1)]]
    ).all()


def test_a_chain_may_have_any_couplings_of_a_bond() -> None:
    """d = 1: a cell is a bond, and a step is the sum over its four states."""
    step = recursion_of(1, 0.6, K=0.8)
    spins = list(cartesian((-1, 1), repeat=2))
    table = {
        mu: np.log(
            sum(
                np.exp(2 * 0.8 * s[0] * s[1] + 0.6 * np.dot(mu, s)) / (2 * np.cosh(0.6 * sum(s)))
                for s in spins
            )
        )
        for mu in spins
    }
    assert step(step.space.start).couplings[0] == pytest.approx((table[1, 1] - table[1, -1]) / 2, abs=1e-14)


# -- derivatives -----------------------------------------------------------------------------------------------------------

CASES: list[tuple[int, Subspace, float]] = [
    (2, "full", 0.77),
    (2, "symmetric", 0.5),
    (3, "full", 0.4),
    (3, "symmetric", 0.6),
]


@pytest.mark.parametrize(("dimension", "subspace", "p"), CASES)
def test_derivatives_are_those_of_finite_differences(dimension: int, subspace: Subspace, p: float) -> None:
    recursion = recursion_of(dimension, p, subspace=subspace, K=0.2)
    rng = np.random.default_rng(dimension)
    couplings = recursion.space.nearest(0.1 / dimension**2 * rng.standard_normal(len(recursion.names)))
    by_couplings, by_p = recursion.derivatives(couplings)
    e = 3e-5

    def both(at: Floats, p: float = p) -> Floats:
        step = cell_recursion(BACKEND, recursion.space, [p])(at)
        return np.array([step.constant, *step.couplings])

    def along(change: Callable[[float], Floats]) -> Floats:
        """The derivative at 0, by central differences with the error of second order taken off."""
        wide, narrow = ((change(w) - change(-w)) / (2 * w) for w in (e, e / 2))
        return np.asarray((4 * narrow - wide) / 3)

    size = 1e-10 * np.abs(by_couplings).max()
    for k, unit in enumerate(np.eye(len(couplings))):
        found = along(lambda t, unit=unit: both(couplings + t * unit))  # type: ignore[misc]
        assert np.abs(by_couplings[:, k] - found).max() < size
    assert np.abs(by_p - along(lambda t: both(couplings, p + t))).max() < size
    assert (recursion.jacobian(couplings) == by_couplings[1:]).all()
    value, slopes = recursion.defect(couplings)
    assert np.abs(value - (both(couplings)[1:] - couplings)).max() < 1e-14
    assert np.abs(slopes - (by_couplings[1:] - np.eye(len(couplings)))).max() < 1e-13


def test_the_jacobian_is_that_of_automatic_differentiation() -> None:
    jax = pytest.importorskip("jax")
    recursion = recursion_of(2, 0.77, K=0.3)
    couplings = np.array([0.3, 0.1, -0.05, 0.02, 0.04])
    spins = np.array(list(cartesian((-1.0, 1.0), repeat=4)))
    pairs = np.stack([spins[:, k] * spins[:, (k + 1) % 4] for k in range(4)]).sum(axis=0)
    functions = np.array(
        [
            pairs / 2,
            spins[:, 0] * spins[:, 2] + spins[:, 1] * spins[:, 3],
            sum(np.prod(np.delete(spins, k, axis=1), axis=1) for k in range(4)),
            np.prod(spins, axis=1),
            spins.sum(axis=1) / 4,
        ]
    )
    order = [recursion.names.index(name) for name in ("K", "k2_11", "k3_10_01", "k4_10_01_11", "k1")]
    with jax.enable_x64(True):
        jnp = jax.numpy

        def step(k: object) -> object:
            field = 0.77 * spins.sum(axis=1)
            exponent = 4 * (k @ functions) - jnp.logaddexp(field, -field) + 0.77 * spins @ spins.T
            after = jax.scipy.special.logsumexp(exponent, axis=1)
            return jnp.linalg.lstsq(jnp.array([np.ones(16), *functions]).T, after)[0][1:]

        wanted = np.asarray(jax.jacfwd(step)(jnp.asarray(couplings[order])))
    found = recursion.jacobian(couplings)[np.ix_(order, order)]
    assert np.abs(found - wanted).max() < 1e-13


class _JaxArrays:
    """A backend whose arrays are those of JAX, for array flows alone."""

    name = "jax arrays"

    def arrays(self) -> object:
        from contextlib import contextmanager

        import jax

        @contextmanager
        def scope() -> Iterator[object]:
            with jax.enable_x64(True):
                yield jax.numpy

        return scope()


def test_jax_arrays_give_the_same_numbers() -> None:
    """Within the rounding of a sum of 256 exponentials, amplified by the largest derivative of the map, 2^d."""
    pytest.importorskip("jax")
    space = space_of(spec_of(3, K=0.2))
    ours, theirs = (cell_recursion(backend, space, [0.4, 0.6]) for backend in (BACKEND, _JaxArrays()))  # type: ignore[arg-type]
    for step in range(2):
        one, other = ours(space.start, step), theirs(space.start, step)
        assert np.abs(one.couplings - other.couplings).max() <= 256 * 8 * np.finfo(float).eps
        assert one.constant == pytest.approx(other.constant, abs=256 * np.finfo(float).eps)
        assert np.abs(ours.jacobian(space.start, step) - theirs.jacobian(space.start, step)).max() < 1e-12


def test_the_gradient_of_the_bound_is_that_of_finite_differences() -> None:
    bound = Bound(BACKEND, space_of(spec_of(2, SQUARE, K=0.35, L=0.05, Q=0.02, h=0.1, T=0.0)), 6)
    p = np.array([0.6, 0.5, 0.7, 0.3, 0.2, 0.9])
    _, found = bound.gradient(p)
    for k in range(6):
        unit = 1e-5 * (np.arange(6) == k)
        assert found[k] == pytest.approx((bound.value(p + unit) - bound.value(p - unit)) / 2e-5, abs=1e-10)


# -- subspaces and symmetry ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("dimension", "p"), [(2, 0.77), (3, 0.4)])
def test_the_symmetric_map_is_the_full_one_where_potentials_are_symmetric(dimension: int, p: float) -> None:
    full, symmetric = (recursion_of(dimension, p, subspace=each, K=0.2) for each in ("full", "symmetric"))
    rng = np.random.default_rng(0)
    couplings = symmetric.space.nearest(0.3 * rng.standard_normal(len(full.names)))
    assert np.abs(symmetric(couplings).couplings - full(couplings).couplings).max() < 1e-14
    assert symmetric(couplings).constant == pytest.approx(full(couplings).constant, abs=1e-14)
    for directions in symmetric.sectors.values():
        assert np.abs((symmetric.jacobian(couplings) - full.jacobian(couplings)) @ directions).max() < 1e-13
        change = full.jacobian(couplings) @ directions
        assert np.abs(symmetric.space.nearest(change.T[0]) - change.T[0]).max() < 1e-13


def test_the_nearest_symmetric_potential_has_equal_pair_couplings_of_the_same_weight() -> None:
    """A square has four bonds of weight K/2 and two diagonals: six pairs of weight K/3."""
    space = space_of(spec_of(2, K=0.6), "symmetric")
    assert not space.inside
    named = dict(zip(space.names, space.nearest(space.start), strict=True))
    assert named["K"] / 2 == pytest.approx(0.2, abs=1e-15)
    assert named["k2_11"] == pytest.approx(0.2, abs=1e-15)


def test_an_even_flow_stays_even() -> None:
    recursion = recursion_of(2, P_FULL, K=0.4836)
    couplings = recursion.space.start
    for step in range(200):
        couplings = recursion(couplings, step).couplings
    odd = [k for k, name in enumerate(recursion.names) if name in ("k1", "k3_10_01")]
    assert (couplings[odd] == 0).all()


def test_a_field_leaves_one_sector() -> None:
    space = space_of(spec_of(2, "- K * sum(<i,j>) s[i]*s[j]\n  - h * sum(i) s[i]", h=0.1))
    assert list(space.sectors) == ["invariant"]


def test_the_sign_of_p_turns_the_block_spins() -> None:
    space = space_of(spec_of(2, SQUARE, K=0.3, L=0.1, Q=0.0, h=0.2, T=0.03))
    plus, minus = (cell_recursion(BACKEND, space, [p])(space.start) for p in (0.7, -0.7))
    odd = np.array([name in ("h", "T") for name in space.names])
    assert np.abs(plus.couplings - np.where(odd, -1, 1) * minus.couplings).max() < 1e-14
    assert plus.constant == pytest.approx(minus.constant, abs=1e-15)


def test_binary_spins_are_ising_spins_in_other_words() -> None:
    """v = (1 + s)/2: J v v' on bonds and m v on sites are K = J/4, h = m/2 + J and a constant a site."""
    J, m = 1.3, -2.9
    gas = spec_of(2, "- J * sum(<i,j>) s[i]*s[j]\n  - m * sum(i) s[i]", spins="binary", J=J, m=m)
    ising = spec_of(2, "- K * sum(<i,j>) s[i]*s[j]\n  - h * sum(i) s[i]", K=J / 4, h=m / 2 + J)
    spaces = [space_of(each) for each in (gas, ising)]
    found = [free_energy(cell_recursion(BACKEND, space, [0.6]), space.start).value for space in spaces]
    assert found[0] == pytest.approx(found[1] - J / 2 - m / 2, abs=1e-14)
    odd = [np.array(each.sectors.get("odd", np.zeros((5, 0)))).shape[1] for each in spaces]
    assert odd == [0, 0]


def test_a_term_of_several_classes_is_one_coupling() -> None:
    """K times (bonds + 0.3 diagonals) takes the place of the bonds; the diagonals keep a coupling of their own."""
    both = space_of(
        spec_of(2, "- K * sum(i) (s[i]*s[i+x] + s[i]*s[i+y] + 0.3*s[i]*s[i+x+y] + 0.3*s[i]*s[i+x-y])", K=0.3)
    )
    plain = space_of(spec_of(2, "- K * sum(<i,j>) s[i]*s[j]\n  - L * sum(<<i,j>>) s[i]*s[j]", K=0.3, L=0.09))
    one, other = (cell_recursion(BACKEND, space, [0.7])(space.start) for space in (both, plain))
    named, wanted = (
        dict(zip(both.names, one.couplings, strict=True)),
        dict(zip(plain.names, other.couplings, strict=True)),
    )
    assert named["K"] == pytest.approx(wanted["K"], abs=1e-14)
    assert named["k2_11"] + 0.3 * named["K"] == pytest.approx(wanted["L"], abs=1e-14)


@pytest.mark.parametrize(
    ("dimension", "hamiltonian", "reason"),
    [
        (2, "- K * sum(<<<i,j>>>) s[i]*s[j]", "no corners of one cell"),
        (2, "- K * sum(<i,j> along x) s[i]*s[j]", "not the same in every direction"),
        (3, "- K * sum(i) s[i]*s[i+x]*s[i+y]", "not the same in every direction"),
    ],
)
def test_terms_that_are_not_in_a_cell(dimension: int, hamiltonian: str, reason: str) -> None:
    with pytest.raises(NotInACell, match=reason):
        space_of(spec_of(dimension, hamiltonian))


def test_terms_of_equal_functions_are_refused() -> None:
    spec = spec_of(2, "- K * sum(<i,j>) s[i]*s[j]\n  - L * sum(i) (s[i]*s[i+x] + s[i]*s[i+y])", L=0.1)
    with pytest.raises(SpecError, match="cannot be told apart"):
        space_of(spec)


# -- bounds --------------------------------------------------------------------------------------------------------------


def onsager(K: float) -> float:
    """F/N of the infinite square lattice (Onsager 1944)."""
    k = 2 * np.sinh(2 * K) / np.cosh(2 * K) ** 2

    def inner(t: float) -> float:
        return float(np.log((1 + np.sqrt(1 - (k * np.sin(t)) ** 2)) / 2))

    value, _ = quad(inner, 0, np.pi / 2, epsabs=1e-14, epsrel=1e-14, limit=500)
    return float(-np.log(2 * np.cosh(2 * K)) - value / np.pi)


def kaufman(K: float, size: int) -> float:
    """F/N of the size x size torus (Kaufman 1949); gamma_0 has the sign of K - K_c."""
    angles = np.pi * np.arange(1, 2 * size) / size
    gammas = np.arccosh(np.cosh(2 * K) / np.tanh(2 * K) - np.cos(angles))
    gammas = np.array([2 * K + np.log(np.tanh(K)), *gammas])
    odd, even = gammas[1::2], gammas[::2]
    terms = [
        np.prod(2 * np.cosh(size * odd / 2)),
        np.prod(2 * np.sinh(size * odd / 2)),
        np.prod(2 * np.cosh(size * even / 2)),
        np.prod(2 * np.sinh(size * even / 2)),
    ]
    log_z = np.log(0.5) + size**2 / 2 * np.log(2 * np.sinh(2 * K)) + np.log(sum(terms))
    return float(-log_z / size**2)


def test_onsager_is_that_of_the_reference() -> None:
    assert onsager(0.2) == pytest.approx(-0.734530812276326, abs=1e-13)
    assert onsager(0.5) == pytest.approx(-1.0257928126949176, abs=1e-13)


COUPLINGS = np.arange(1, 21) * 0.05


@pytest.mark.parametrize("p", [*(np.arange(1, 21) * 0.1), P_FULL, P_SYMMETRIC])
def test_the_bound_is_never_violated(p: float) -> None:
    for K in COUPLINGS:
        recursion = recursion_of(2, float(p), K=float(K))
        found = free_energy(recursion, recursion.space.start)
        assert found.error < 1e-14
        assert found.value <= onsager(K) + 1e-13, K


def test_the_tightest_bound_is_the_best_of_all_and_below_onsager() -> None:
    for K in (0.1, 0.3, 0.44068679350977147, 0.5, 0.8):
        bound = Bound(BACKEND, space_of(spec_of(2, K=K)), enough(2))
        best, constant = lower_bound_free_energy(spec_of(2, K=K), BACKEND), best_constant(bound)
        values = [best.value, bound.value([constant]), bound.value([P_FULL])]
        assert values[0] > values[1] >= values[2]
        assert values[0] <= onsager(K) + 1e-13
        assert values[1] >= max(bound.value([p]) for p in (constant - 1e-3, constant + 1e-3))


def test_the_tightest_bound_of_free_spins_is_exact() -> None:
    spec = spec_of(2, "- h * sum(i) s[i]", h=0.3)
    found = lower_bound_free_energy(spec, BACKEND)
    assert found.value == pytest.approx(-np.log(2 * np.cosh(0.3)), abs=1e-9)
    assert found.value <= -np.log(2 * np.cosh(0.3)) + 1e-15


@pytest.mark.parametrize("K", [0.3, 0.8, 1.5])
def test_on_the_chain_the_tightest_bound_is_exact(K: float) -> None:
    """With a p of its own for each step nothing is lost by moving the bonds of a chain; with one p for all steps 3 to 11 % of F are."""
    found = lower_bound_free_energy(spec_of(1, K=K), BACKEND)
    exact = -np.log(2 * np.cosh(K))
    assert found.value == pytest.approx(exact, abs=1e-9)
    assert found.value <= exact + found.error


def test_bounds_hold_what_the_sum_of_constants_comes_to() -> None:
    rng = np.random.default_rng(11)
    for dimension, p in ((2, 0.0), (2, 0.766), (2, 3.0), (3, 0.4), (3, 5.0)):
        recursion = recursion_of(dimension, p)
        for _ in range(5):
            couplings = rng.standard_normal(len(recursion.names))
            low, high = recursion.bounds(couplings)
            found = free_energy(recursion, couplings)
            assert low - found.error <= found.value <= high + found.error


@pytest.mark.parametrize("size", [4, 8, 16])
@pytest.mark.parametrize("K", [0.2, 0.4, 0.5])
def test_the_bound_of_a_torus_lies_below_kaufman(size: int, K: float) -> None:
    found = lower_bound_free_energy(spec_of(2, lattice=f"square({size})", K=K), BACKEND)
    assert found.kind == "lower bound"
    assert kaufman(K, size) - 0.02 < found.value <= kaufman(K, size)


@pytest.mark.parametrize(("dimension", "lattice"), [(2, "square(2)"), (3, "cubic(2)")])
def test_on_two_sites_nothing_has_to_be_moved(dimension: int, lattice: str) -> None:
    """Every cell of a lattice of two sites in each direction holds all of them, so that the bound is exact at any p."""
    spec = spec_of(
        dimension,
        "- K * sum(<i,j>) s[i]*s[j]\n  - h * sum(i) s[i]\n  + sum(i) 0.25",
        lattice=lattice,
        K=0.3,
        h=0.2,
    )
    n = 2**dimension
    spins = np.array(list(cartesian((-1, 1), repeat=n)))
    sites = list(cartesian((0, 1), repeat=dimension))
    pairs = [
        (a, b)
        for a, b in cartesian(range(n), repeat=2)
        if a < b and sum(x != y for x, y in zip(sites[a], sites[b], strict=True)) == 1
    ]
    energy = -0.3 * 2 * sum(spins[:, a] * spins[:, b] for a, b in pairs) - 0.2 * spins.sum(axis=1) + 0.25 * n
    exact = -np.log(np.exp(-energy).sum()) / n
    assert lower_bound_free_energy(spec, BACKEND).value == pytest.approx(exact, abs=1e-14)


def test_lattices_that_cannot_be_halved() -> None:
    for lattice in ("square(6)", "square(4, 8)", "square(4, boundary=open)", "triangular(4)"):
        with pytest.raises(SpecError):
            lower_bound_free_energy(spec_of(2, lattice=lattice), BACKEND)


def test_the_bounds_of_the_service_hold_the_exact_value_between_them() -> None:
    text = """parameters { K = 0.4 }
lattice square(8)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
measure { free_energy(methods=[lower_bound, transfer, mean_field]) }
"""
    result = rgc.compile(rgc.load(text), backend="reference").run().result
    lower, exact, upper = result.free_energy
    assert [each.kind for each in result.free_energy] == ["lower bound", "exact", "upper bound"]
    assert lower.value < exact.value < upper.value
    assert exact.value == pytest.approx(kaufman(0.4, 8), abs=1e-12)


def test_a_method_that_cannot_says_where() -> None:
    text = """parameters { K = 0.4 }
lattice square(6)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
measure { free_energy(methods=[lower_bound]) }
"""
    with pytest.raises(SpecError, match="2, 4, 8") as caught:
        rgc.compile(rgc.load(text), backend="reference")
    assert caught.value.problems[0].span is not None


# -- fixed points ----------------------------------------------------------------------------------------------------------


def test_the_two_fixed_points_exchange_their_stability() -> None:
    """The critical nearest-neighbour model flows to the fixed point with equal pairs below p = 0.74155, to the other above."""
    for p, equal in ((0.73, True), (0.75, False)):
        recursion = recursion_of(2, p)
        point = critical(recursion, recursion.space.start).fixed_point
        assert point is not None
        named = dict(zip(recursion.names, point, strict=True))
        assert (abs(named["K"] - 2 * named["k2_11"]) < 1e-9) == equal


def test_the_slope_is_that_of_the_bound_at_the_critical_point() -> None:
    """dF/dp by the fixed point, against the bound of its couplings at two p: F has a singular part |dp|^(2 - alpha) there."""
    recursion = recursion_of(2, 0.75)
    point = critical(recursion, recursion.space.start).fixed_point
    assert point is not None
    e = 1e-6
    flows = [free_energy(cell_recursion(BACKEND, recursion.space, [0.75 + d]), point).value for d in (-e, e)]
    assert slope(recursion, point) == pytest.approx((flows[1] - flows[0]) / (2 * e), abs=1e-5)


@pytest.mark.parametrize(
    ("dimension", "p", "y_t", "y_h"),
    [
        (2, P_SYMMETRIC, 1.0008789338586659, 1.875315811205513),
        (3, P_CUBIC, 1.5898309034410232, 2.4646362696227557),
    ],
)
def test_exponents_of_the_symmetric_fixed_point(dimension: int, p: float, y_t: float, y_h: float) -> None:
    """Recomputed independently: kadanoff_sym_d2, kadanoff_sym_d3; alpha = 0.0017 and delta = 15.04 in d = 2 are Kadanoff's."""
    recursion = recursion_of(dimension, p, subspace="symmetric", K=0.3)
    point = critical(recursion, recursion.space.start).fixed_point
    assert point is not None
    even, odd = linearise(recursion, point)
    assert even.exponents[0] == pytest.approx(y_t, abs=1e-12)
    assert odd.exponents[0] == pytest.approx(y_h, abs=1e-12)
    assert abs(slope(recursion, point)) < 1e-13


@pytest.mark.parametrize(("dimension", "p"), [(3, P_CUBIC), (4, 0.25)])
def test_a_fixed_point_is_one_of_the_transform_site_by_site(dimension: int, p: float) -> None:
    """V' = V + constant for all 2^16 states, and two relevant exponents of mean-field size in d = 4."""
    recursion = recursion_of(dimension, p, subspace="symmetric", K=0.1)
    point = critical(recursion, recursion.space.start).fixed_point
    assert point is not None
    n = 2**dimension
    flipped = np.indices((2,) * n).sum(axis=0)
    potential = recursion.space.potential(point)[flipped]
    change = site_by_site(potential, dimension, p) - potential
    assert np.ptp(change) < 1e-12
    even, odd = linearise(recursion, point)
    assert (even.exponents > 0).sum() == 1
    if dimension == 4:
        assert even.exponents[0] == pytest.approx(2, abs=0.05)
        assert odd.exponents[0] == pytest.approx(3, abs=0.05)


def test_newton_starts_outside_the_subspace() -> None:
    recursion = recursion_of(2, P_SYMMETRIC, subspace="symmetric")
    found = newton(recursion, np.array([0.3, 0.0, 0.0, 0.0, 0.0]))
    assert np.abs(recursion(found).couplings - found).max() < 1e-14
    assert np.abs(recursion.space.nearest(found) - found).max() < 1e-14


def test_a_flow_that_begins_in_the_subspace_stays_there() -> None:
    """With equal pair couplings the critical flow comes to the fixed point with two relevant directions: symmetry keeps it from the second."""
    recursion = cell_recursion(
        BACKEND, space_of(spec_of(2, SQUARE, K=0.28, L=0.14, Q=0.0, h=0.0, T=0.0)), [P_SYMMETRIC]
    )
    point = critical(recursion, recursion.space.start).fixed_point
    assert point is not None
    spectrum = linearise(recursion, point)[0]
    assert (np.abs(spectrum.values) > 1).sum() == 2
    assert spectrum.exponents[:2] == pytest.approx([1.0008789338586648, 0.20332105522440894], abs=1e-12)


# -- the flow --------------------------------------------------------------------------------------------------------------

FLOW = """
parameters {{ K = {K}, L = 0, h = 0 }}
lattice square
spins s: ising
hamiltonian
  - K * sum(<i,j>) s[i]*s[j]
  - L * sum(<<i,j>>) s[i]*s[j]
  - h * sum(i) s[i]
block kadanoff(2, p={p})
flow lower_bound({options})
"""


def answer_of(p: str, options: str, K: float = 0.4) -> rgc.compile.Answer:  # type: ignore[name-defined]
    return rgc.compile(rgc.load(FLOW.format(K=K, p=p, options=options)), backend="reference").run()


@pytest.mark.parametrize(
    "name",
    [
        "kadanoff_square",
        "kadanoff_square_symmetric",
        "kadanoff_square_transverse",
        "kadanoff_square_exchange",
        "kadanoff_cubic",
    ],
)
def test_specs_give_what_they_expect(name: str) -> None:
    answer = rgc.compile(SPECS / f"{name}.rgc", backend="reference").run()
    assert answer.passed, [check for check in answer.checks if not check.passed]


def test_a_schedule_is_taken_in_turn() -> None:
    result = answer_of("[0.6, 0.8]", "steps=3").result
    recursion = recursion_of(2, 0.6, 0.8)
    couplings = recursion.space.start
    for step in range(3):
        couplings = recursion(couplings, step).couplings
        assert result.levels[step + 1].couplings["K"].value == pytest.approx(couplings[0], abs=1e-15)
    assert [level.observables["block.p"].value for level in result.levels[1:]] == [0.6, 0.8, 0.6]
    assert "block.p" not in result.fixed_point


def test_the_ledger_is_a_bound_at_every_level() -> None:
    """F >= constant + F_n: with the bound of the renormalised couplings it is the bound of the first ones."""
    result = answer_of("0.7", "steps=3").result
    bound = result.free_energy[0]
    assert bound.kind == "lower bound"
    recursion = recursion_of(2, 0.7)
    for level in result.levels:
        names = {"K": "K", "L": "k2_11", "h": "k1"}
        couplings = np.zeros(len(recursion.names))
        for name, each in level.couplings.items():
            couplings[recursion.names.index(names.get(name, name))] = each.value
        rest = free_energy(recursion, couplings).value / 4**level.level
        assert level.observables["constant"].value + rest == pytest.approx(bound.value, abs=1e-14)


def test_the_symmetric_subspace_warns_and_gives_no_bound() -> None:
    result = answer_of("0.766", "subspace=symmetric, steps=2").result
    assert any("nearest" in warning for warning in result.warnings)
    assert not result.free_energy
    assert "constant" not in result.levels[0].observables
    assert "symmetric" in result.provenance["subspace"]
    inside = FLOW.replace("L = 0", "L = 0.2").format(K=0.4, p=0.766, options="subspace=symmetric, steps=2")
    result = rgc.compile(rgc.load(inside), backend="reference").run().result
    assert not result.warnings
    assert result.free_energy[0].value is not None


def test_no_tightest_bound_outside_the_subspace() -> None:
    with pytest.raises(SpecError, match="outside the symmetric subspace"):
        answer_of("free", "subspace=symmetric")


def test_where_there_is_no_transition_there_is_no_stationary_p() -> None:
    with pytest.raises(SpecError, match="no p makes the bound stationary"):
        answer_of("free", "find=fixed_point", K=-0.3)


def test_the_subspace_stands_in_the_rule() -> None:
    result = answer_of("0.766", "subspace=symmetric, find=fixed_point, steps=1").result
    assert "number of flipped spins" in result.exponents["y_t"].rule
    result = answer_of("0.766", "find=fixed_point, steps=1").result
    assert "all products" in result.exponents["y_t"].rule


def test_a_flow_goes_on_from_its_state() -> None:
    """A state that was written and read goes on to the same digits."""
    from copy import deepcopy

    from rgc.runner import run

    loaded = rgc.load(FLOW.format(K=0.4, p="free", options="find=fixed_point, steps=2"))
    flow = rgc.compile(loaded, backend="reference").flow({}, 0)
    state = flow.start()
    while state.done < flow.steps:
        state = flow.step(deepcopy(state))
    assert flow.finish(state).exponents == run(flow).exponents
