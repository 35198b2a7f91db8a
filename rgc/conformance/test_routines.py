"""Routines of every backend against sums written out, and against their defaults."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import exp, log

import numpy as np
import pytest
from numpy.typing import NDArray

from rgc import backend as backends
from rgc.backend import Backend
from rgc.model.expressions import FUNCTIONS, REAL, Constant, Expression, apply, square
from rgc.model.map import Quantity
from rgc.model_to_program.expressions_to_arithmetic import lower
from rgc.routines import routine
from rgc.routines import walsh as default

EPSILON = 2.0**-53


@pytest.fixture
def backend(name: str) -> Backend:
    return backends.load(name)


def character(mask: int, state: int) -> int:
    """chi_mask(state)."""
    return -1 if (mask & state).bit_count() % 2 else 1


@pytest.mark.parametrize("bits", range(7))
def test_walsh_hadamard_by_its_definition(backend: Backend, bits: int) -> None:
    size = 1 << bits
    values = np.random.default_rng(bits).standard_normal(size)
    expected = [sum(character(a, v) * values[v] for v in range(size)) for a in range(size)]
    with backend.arrays() as xp:
        found = np.asarray(routine(backend, "fwht")(xp.asarray(values)))
    assert found == pytest.approx(expected, abs=8 * (bits + 1) * EPSILON * np.abs(values).sum())


@pytest.mark.parametrize("bits", [3, 5, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19])
def test_walsh_hadamard_is_its_own_inverse_and_equals_the_default(
    backend: Backend, bits: int
) -> None:
    values = np.random.default_rng(bits).standard_normal(1 << bits)
    bound = 8 * bits * EPSILON * np.abs(values).sum()
    with backend.arrays() as xp:
        fwht = routine(backend, "fwht")
        once = np.array(fwht(xp.asarray(values.copy())))
        twice = np.asarray(fwht(xp.asarray(once.copy())))
    assert np.abs(once - default.fwht(values.copy())).max() <= bound
    assert np.abs(twice / len(values) - values).max() <= bound


def test_a_length_that_is_no_power_of_two_is_refused(backend: Backend) -> None:
    with backend.arrays() as xp, pytest.raises(ValueError, match=r"2\^n points, not 12"):
        routine(backend, "fwht")(xp.zeros(12))


@pytest.mark.parametrize("bits", [1, 4, 7])
def test_exponential_of_a_spectrum_by_its_definition(backend: Backend, bits: int) -> None:
    random = np.random.default_rng(bits)
    masks = [int(m) for m in random.integers(0, 1 << bits, 2 * bits)]
    values = [float(c) for c in random.standard_normal(2 * bits)]
    size = range(1 << bits)
    weights = [
        exp(sum(c * character(m, v) for m, c in zip(masks, values, strict=True))) for v in size
    ]
    averages = [sum(character(a, v) * w for v, w in zip(size, weights, strict=True)) for a in size]
    with backend.arrays() as xp:
        found, spectrum = routine(backend, "walsh_exp")(masks, values, bits, xp)
        assert np.asarray(spectrum) == pytest.approx(np.array(averages) / sum(weights), abs=1e-14)
    assert found == pytest.approx(log(sum(weights)), abs=1e-13)


@pytest.mark.parametrize("bits", [13, 17])
@pytest.mark.parametrize("terms", [40, 6000])
def test_exponential_of_a_spectrum_that_fills_many_blocks(
    backend: Backend, bits: int, terms: int
) -> None:
    """Sparse and not, with values far beyond what exp could hold: the largest is subtracted, block
    by block or at once."""
    random = np.random.default_rng(terms)
    masks = [int(m) for m in random.integers(0, 1 << bits, terms)]
    values = [float(c) for c in random.standard_normal(terms) * 400 / terms**0.5]
    with backend.arrays() as xp:
        found, spectrum = routine(backend, "walsh_exp")(masks, values, bits, xp)
        spectrum = np.asarray(spectrum)
    expected, averages = default.walsh_exp(masks, values, bits, np)
    assert expected > 709
    assert found == pytest.approx(expected, rel=1e-15 * bits)
    assert spectrum[0] == pytest.approx(1, abs=1e-14)
    assert np.abs(spectrum - averages).max() <= 1e-11


def test_log_z_of_independent_spins_far_below_the_resolution_of_z(backend: Backend) -> None:
    """ln Z = sum ln 2cosh(h_i) and <prod s> = prod tanh(h_i), where exp(f) spans 1e-260 to
    1e260."""
    fields = [30.0 * (k + 1) / 10 - 5 for k in range(14)]
    with backend.arrays() as xp:
        found, spectrum = routine(backend, "walsh_exp")([1 << k for k in range(14)], fields, 14, xp)
        spectrum = np.asarray(spectrum)
    assert found == pytest.approx(
        sum(abs(h) + log(1 + exp(-2 * abs(h))) for h in fields), rel=1e-15
    )
    for i, j in combinations(range(14), 2):
        both = np.tanh(fields[i]) * np.tanh(fields[j])
        assert spectrum[1 << i | 1 << j] == pytest.approx(both, abs=1e-14)


def random_halves(units: int, others: int, spread: float) -> list[NDArray[np.float64]]:
    """Two halves of a small side of 37 and 100 states, coupled to so many units."""
    random = np.random.default_rng(units)
    shapes = ((37,), (100,), (37, units, others), (100, units, others))
    return [random.uniform(-spread, spread, shape) for shape in shapes]


@pytest.mark.parametrize(
    ("units", "others", "spread"), [(0, 1, 1), (1, 1, 2), (90, 1, 3), (7, 4, 2)]
)
def test_log_z_of_two_halves_by_its_definition(
    backend: Backend, units: int, others: int, spread: float
) -> None:
    first, second, x, y = random_halves(units, others, spread)
    factors = 1 + np.exp(x[:, None] + y[None]).sum(axis=-1)
    exponents = first[:, None] + second + np.log(factors).sum(axis=-1)
    expected = exponents.max() + log(np.exp(exponents - exponents.max()).sum())
    with backend.arrays() as xp:
        arrays = (xp.asarray(part) for part in (first, second, x, y))
        found = routine(backend, "log_z_small_side")(*arrays)
    assert found == pytest.approx(expected, rel=1e-14, abs=1e-14)


@pytest.mark.parametrize("others", [1, 2])
def test_log_z_of_two_halves_whose_products_would_overflow(backend: Backend, others: int) -> None:
    """Every factor is about e^300, and there are 900 of them."""
    first, second, x, y = random_halves(900, others, 1.0)
    with backend.arrays() as xp:
        arrays = (xp.asarray(part) for part in (first, second, x + 298, y))
        found = routine(backend, "log_z_small_side")(*arrays)
    factors = np.exp(x[:, None] + y[None]).sum(axis=-1)
    exponents = 900 * 298 + first[:, None] + second + np.log(factors).sum(axis=-1)
    expected = exponents.max() + log(np.exp(exponents - exponents.max()).sum())
    assert found == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("density", [0.0, 0.3, 0.6, 1.0])
def test_clusters_follow_bonds_one_by_one(backend: Backend, density: float) -> None:
    """Against sites that take the smallest number among those they are bound to, again and again,
    on a graph with loops and with a pair that is bound twice."""
    sites, words, random = 41, 2, np.random.default_rng(7)
    first = np.append(np.arange(sites), random.integers(0, sites, 20))
    second = np.append((np.arange(sites) * 3 + 1) % sites, random.integers(0, sites, 20))
    second[-1], first[-1] = first[0], second[0]
    rows = random.permutation(len(first))
    there = random.random((len(first), 64 * words)) < density
    coins = random.random((sites, 64 * words)) < 0.5
    with backend.arrays():
        found = routine(backend, "clusters")(_packed(coins), _packed(there), rows, first, second)
    label = np.tile(np.arange(sites)[:, None], 64 * words)
    for _ in range(sites):
        for a, b, bound in zip(first, second, there[rows], strict=True):
            least = np.minimum(label[a], label[b])
            label[a], label[b] = (np.where(bound, least, label[each]) for each in (a, b))
    expected = np.take_along_axis(coins, label, axis=0)
    np.testing.assert_array_equal(found, _packed(expected))
    assert found.dtype == np.uint64


def _packed(bits: NDArray[np.bool_]) -> NDArray[np.uint64]:
    octets = np.ascontiguousarray(np.packbits(bits, axis=-1, bitorder="little"))
    return octets.view("<u8").astype(np.uint64)


def test_a_routine_that_nobody_has_is_a_bug_of_the_caller(backend: Backend) -> None:
    with pytest.raises(KeyError):
        routine(backend, "no_such_routine")


X, Y = Quantity("x"), Quantity("y")


def iterated(
    backend: Backend,
    updates: Sequence[Expression],
    points: NDArray[np.float64],
    steps: int,
    kept: int,
) -> NDArray[np.float64]:
    """The points after the last steps of a map of x, or of x and y."""
    lowered = lower(updates, (X, Y)[: len(updates)])
    with backend.arrays() as xp:
        found = routine(backend, "iterate_map")(
            lowered.program, xp.asarray(lowered.constants), xp.asarray(points), steps, kept
        )
        return np.asarray(found, dtype=np.float64)


def number(value: float) -> Constant:
    return Constant(value)


RATIONAL = (
    apply("+", apply("^", X, number(3)), apply("/", apply("*", X, Y), number(3))),
    apply("-", apply("/", square(Y), apply("+", number(1), square(X))), apply("negate", X)),
)


@pytest.mark.parametrize("points", [1, 255, 1000])
def test_a_rational_map_has_the_bits_of_its_nodes(backend: Backend, points: int) -> None:
    starts = np.random.default_rng(points).uniform(-1, 1, (2, points))
    found = iterated(backend, RATIONAL, starts, 5, 2)
    x, y, expected = *starts, []
    for _ in range(5):
        squared = x * x
        x, y = squared * x + x * y / 3.0, y * y / (1.0 + squared) - -x
        expected.append(np.stack([x, y]))
    assert found.shape == (2, 2, points)
    assert np.array_equal(found, np.stack(expected[-2:]))


@pytest.mark.parametrize(
    "function", [name for name in FUNCTIONS if name not in ("+", "-", "*", "/", "square")]
)
def test_every_function_of_a_map(backend: Backend, function: str) -> None:
    """One step, from where each function has a value."""
    starts = np.random.default_rng(1).uniform(0.1, 0.9, (2, 300))
    starts[:, :50] = 0.5
    if function == "acosh":
        starts += 1.0
    operands = (X, Y) if function in ("^", "min", "max", "mod", "delta") else (X,)
    found = iterated(backend, (apply(function, *operands), Y), starts, 1, 1)[0, 0]
    values = [REAL[function](*each[: len(operands)]) for each in starts.T.tolist()]
    assert found == pytest.approx(values, rel=1e-14, abs=1e-15)


def test_no_step_and_values_that_are_not_finite(backend: Backend) -> None:
    starts = np.array([[0.5, -1.0, 2.0]])
    found = iterated(backend, (apply("sqrt", X),), starts, 2, 2)
    assert np.isfinite(found).tolist() == [[[True, False, True]]] * 2
    blown = iterated(backend, (apply("exp", apply("exp", apply("*", X, number(9)))),), starts, 1, 1)
    assert np.isfinite(blown).tolist() == [[[True, True, False]]]
