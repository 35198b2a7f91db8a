"""A step of potential moving against sums written out here; its derivatives, subspaces and
symmetries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product as cartesian

import numpy as np
import pytest

import rgc
from rgc.analysis.recursion import Floats, free_energy
from rgc.errors import SpecError
from rgc.flows.couplings.bound_optimum import LowerBound
from rgc.flows.couplings.cell_recursion import cell_recursion
from rgc.flows.couplings.cell_space import Subspace, hypercube
from rgc.passes.cells import NotInACell
from tests.physics.potential_moving import (
    BACKEND,
    P_FULL,
    SQUARE,
    cube_potential,
    read,
    recursion_of,
    site_by_site,
    space_of,
    spec_of,
)

# -- one step, written out -------------------------------------------------------------------------


def square_cell(
    K: float, L: float, Q: float, h: float, T: float
) -> Callable[[tuple[int, ...]], float]:
    """V of the corners of a square in turn: its four bonds belong to two squares each, its sites to
    four. The sign of Q is the spec's.
    """

    def potential(s: tuple[int, ...]) -> float:
        bonds = sum(s[k] * s[(k + 1) % 4] for k in range(4))
        threes = sum(s[k] * s[(k + 1) % 4] * s[(k + 2) % 4] for k in range(4))
        four = s[0] * s[1] * s[2] * s[3]
        return (
            K / 2 * bonds + L * (s[0] * s[2] + s[1] * s[3]) - Q * four + h / 4 * sum(s) + T * threes
        )

    return potential


def moved(potential: Callable[[tuple[int, ...]], float], p: float) -> dict[tuple[int, ...], float]:
    """V' of every block state, by the sum over sixteen states."""
    spins = list(cartesian((-1, 1), repeat=4))
    return {
        mu: float(
            np.log(
                sum(
                    np.exp(4 * potential(s) + p * np.dot(mu, s)) / (2 * np.cosh(p * sum(s)))
                    for s in spins
                )
            )
        )
        for mu in spins
    }


def coefficient(table: dict[tuple[int, ...], float], corners: tuple[int, ...]) -> float:
    return sum(value * np.prod([mu[k] for k in corners]) for mu, value in table.items()) / len(
        table
    )


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
        == [
            [
                float(np.prod(range(n - r + 1, n + 1)) / np.prod(range(1, r + 1)))
                for r in range(n + 1)
            ]
        ]
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
    assert step(step.space.start).couplings[0] == pytest.approx(
        (table[1, 1] - table[1, -1]) / 2, abs=1e-14
    )


# -- derivatives -----------------------------------------------------------------------------------

CASES: list[tuple[int, Subspace, float]] = [
    (2, "full", 0.77),
    (2, "symmetric", 0.5),
    (3, "full", 0.4),
    (3, "symmetric", 0.6),
]


@pytest.mark.parametrize(("dimension", "subspace", "p"), CASES)
def test_derivatives_are_those_of_finite_differences(
    dimension: int, subspace: Subspace, p: float
) -> None:
    recursion = recursion_of(dimension, p, subspace=subspace, K=0.2)
    rng = np.random.default_rng(dimension)
    couplings = recursion.space.nearest(
        0.1 / dimension**2 * rng.standard_normal(len(recursion.names))
    )
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
    order = [
        recursion.names.index(name) for name in ("K", "k2_11", "k3_10_01", "k4_10_01_11", "k1")
    ]
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
    """Within the rounding of a sum of 256 exponentials, amplified by the largest derivative of the
    map, 2^d.
    """
    pytest.importorskip("jax")
    space = space_of(spec_of(3, K=0.2))
    ours, theirs = (
        cell_recursion(backend, space, [0.4, 0.6]) for backend in (BACKEND, _JaxArrays())
    )  # type: ignore[arg-type]
    for step in range(2):
        one, other = ours(space.start, step), theirs(space.start, step)
        assert np.abs(one.couplings - other.couplings).max() <= 256 * 8 * np.finfo(float).eps
        assert one.constant == pytest.approx(other.constant, abs=256 * np.finfo(float).eps)
        assert (
            np.abs(ours.jacobian(space.start, step) - theirs.jacobian(space.start, step)).max()
            < 1e-12
        )


def test_the_gradient_of_the_bound_is_that_of_finite_differences() -> None:
    bound = LowerBound(
        BACKEND, space_of(spec_of(2, SQUARE, K=0.35, L=0.05, Q=0.02, h=0.1, T=0.0)), 6
    )
    p = np.array([0.6, 0.5, 0.7, 0.3, 0.2, 0.9])
    _, found = bound.gradient(p)
    for k in range(6):
        unit = 1e-5 * (np.arange(6) == k)
        assert found[k] == pytest.approx(
            (bound.value(p + unit) - bound.value(p - unit)) / 2e-5, abs=1e-10
        )


# -- subspaces and symmetry ------------------------------------------------------------------------


@pytest.mark.parametrize(("dimension", "p"), [(2, 0.77), (3, 0.4)])
def test_the_symmetric_map_is_the_full_one_where_potentials_are_symmetric(
    dimension: int, p: float
) -> None:
    full, symmetric = (
        recursion_of(dimension, p, subspace=each, K=0.2) for each in ("full", "symmetric")
    )
    rng = np.random.default_rng(0)
    couplings = symmetric.space.nearest(0.3 * rng.standard_normal(len(full.names)))
    assert np.abs(symmetric(couplings).couplings - full(couplings).couplings).max() < 1e-14
    assert symmetric(couplings).constant == pytest.approx(full(couplings).constant, abs=1e-14)
    for directions in symmetric.sectors.values():
        assert (
            np.abs((symmetric.jacobian(couplings) - full.jacobian(couplings)) @ directions).max()
            < 1e-13
        )
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
    """v = (1 + s)/2: J v v' on bonds and m v on sites are K = J/4, h = m/2 + J and a constant a
    site.
    """
    J, m = 1.3, -2.9
    gas = spec_of(2, "- J * sum(<i,j>) s[i]*s[j]\n  - m * sum(i) s[i]", spins="binary", J=J, m=m)
    ising = spec_of(2, "- K * sum(<i,j>) s[i]*s[j]\n  - h * sum(i) s[i]", K=J / 4, h=m / 2 + J)
    spaces = [space_of(each) for each in (gas, ising)]
    found = [
        free_energy(cell_recursion(BACKEND, space, [0.6]), space.start).value for space in spaces
    ]
    assert found[0] == pytest.approx(found[1] - J / 2 - m / 2, abs=1e-14)
    odd = [np.array(each.sectors.get("odd", np.zeros((5, 0)))).shape[1] for each in spaces]
    assert odd == [0, 0]


def test_a_term_of_several_classes_is_one_coupling() -> None:
    """K times (bonds + 0.3 diagonals) takes the place of the bonds; the diagonals keep a coupling
    of their own.
    """
    both = space_of(
        spec_of(
            2,
            "- K * sum(i) (s[i]*s[i+x] + s[i]*s[i+y] + 0.3*s[i]*s[i+x+y] + 0.3*s[i]*s[i+x-y])",
            K=0.3,
        )
    )
    plain = space_of(
        spec_of(2, "- K * sum(<i,j>) s[i]*s[j]\n  - L * sum(<<i,j>>) s[i]*s[j]", K=0.3, L=0.09)
    )
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
    text = """
parameters { K = 0.4, L = 0.1 }
lattice square
spins s: ising
hamiltonian
  - K * sum(<i,j>) s[i]*s[j]
  - L * sum(i) (s[i]*s[i+x] + s[i]*s[i+y])
block kadanoff(2, p=0.7)
flow lower_bound
"""
    with pytest.raises(SpecError, match="cannot be told apart"):
        rgc.load(text)
