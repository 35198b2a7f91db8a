"""Units decide in integers: known answers, and chances against those of real numbers."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Context, Decimal
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

from rgc.program import units
from rgc.program.exponentials import UNIT

KEY = np.array([0x0123456789ABCDEF, 0xFEDCBA9876543210], dtype=np.uint64)
EXACT = Context(prec=40)

EXP2NEG = {
    0: 4294967290,
    1: 4294963195,
    1023: 4290779127,
    1048576: 1580030171,
    3145728: 213833830,
    10485760: 194991,
    23068672: 1,
    24117248: 0,
    2146435072: 0,
}
LANES = {
    (0, 0): 4073438587,
    (1, 0): 3033552380,
    (2, 1): 3173469663,
    (63, 2): 1248671802,
    (64, 0): 332607903,
    (129, 2): 2157645680,
}
BINARY = "0000001011000011", "0000011100111111"
SOFTMAX = [2, 1, 0, 0, 0, 1, 1, 1]


def test_known_answers() -> None:
    found = units.exp2neg(np.array(list(EXP2NEG)))
    assert dict(zip(EXP2NEG, found.tolist(), strict=True)) == EXP2NEG
    drawn = units.uniforms(KEY, 16, 130)
    assert {place: int(drawn[place[::-1]]) for place in LANES} == LANES
    x = UNIT * (np.arange(16) - 8) // 4
    for chain, right in enumerate(BINARY):
        assert "".join(map(str, units.binary(x, drawn[:, chain]).astype(int))) == right
    x = np.broadcast_to(np.array([0, UNIT, -UNIT]), (8, 3))
    assert units.softmax(x, drawn[0, :8]).tolist() == SOFTMAX


def test_normal_numbers() -> None:
    """Known answers, both tails and the middle; every number is its quantile, and their spread over
    all U is 1."""
    ends = np.array([0, 2**31 - 1, 2**31, 2**32 - 1, 0x12345678], dtype=np.uint64)
    assert units.normal(ends).tolist() == [207682, 0, -207682, 0, 48089]
    grid = np.arange(0, 2**31, 2**12 - 1, dtype=np.uint64)
    found = units.normal(grid) / units.MEAN
    few = grid[:: len(grid) // 1000]
    exact = np.array([-NormalDist().inv_cdf((2 * int(u) + 1) / 2**33) for u in few])
    assert np.abs(found[:: len(grid) // 1000] - exact).max() < 2**-15
    assert (found**2).mean() == pytest.approx(1, abs=1e-4)
    assert (units.normal(grid + np.uint64(2**31)) == -units.normal(grid)).all()


def test_draws_are_those_of_accept() -> None:
    """The words of a share of the chains are those of all."""
    whole, share = units.uniforms(KEY, 3, 200), units.uniforms(KEY, 3, 72, word0=2)
    np.testing.assert_array_equal(whole[:, 128:], share)


def distances() -> Iterator[int]:
    yield from (0, 1, 2, 1023, 1024, UNIT - 1, UNIT, 21 * UNIT, 33 * UNIT, 2047 * UNIT)
    yield from np.random.default_rng(1).integers(0, 24 * UNIT, 2000).tolist()


def exponential(d: int) -> Decimal:
    """2^32 exp(-d / 2^20)."""
    return 2**32 * EXACT.exp(-Decimal(d) / UNIT)


def test_the_exponential_is_within_its_bound() -> None:
    worst = max(abs(int(units.exp2neg(np.array(d))) - exponential(d)) for d in distances())
    assert worst < Decimal("7.5")


def test_the_logarithm_is_within_its_bound() -> None:
    given = [0, 1, 2**31, 2**32 - 6, *np.random.default_rng(2).integers(0, 2**32, 2000).tolist()]
    found = units.log1p(np.array(given, dtype=np.uint64)).tolist()
    right = [2**32 * EXACT.ln(1 + Decimal(e) / 2**32) for e in given]
    assert max(abs(a - b) for a, b in zip(found, right, strict=True)) < 6


def uniforms_that_decide(x: int) -> tuple[int, bool]:
    """How many of the 2^32 uniforms lead to the unlikelier state, and whether that is 1, found by
    bisection: the test is monotonic."""
    likely, low, high = bool(units.binary(np.array(x), np.array(2**32 - 1, np.uint64))), 0, 2**32
    while low < high:
        middle = (low + high) // 2
        same = bool(units.binary(np.array(x), np.array(middle, np.uint64))) == likely
        low, high = (low, middle) if same else (middle + 1, high)
    return low, not likely


def test_every_chance_is_that_of_the_logistic_function() -> None:
    for d in list(distances())[:300]:
        for x in (d, -d):
            count, one = uniforms_that_decide(x)
            chance = Decimal(count) / 2**32 if one else 1 - Decimal(count) / 2**32
            right = 1 / (1 + EXACT.exp(-Decimal(x) / UNIT))
            assert abs(chance - right) < Decimal(2) ** -29


def test_ising_units_see_twice_their_field() -> None:
    x, u = np.array([5, -7, UNIT]), np.array([1, 2**31, 2**32 - 1], dtype=np.uint64)
    np.testing.assert_array_equal(units.ising(x, u), units.binary(2 * x, u))


@pytest.mark.parametrize("states", [2, 3, 32])
def test_every_chance_of_a_softmax_unit(states: int) -> None:
    """The number of uniforms below which states 0 .. a are taken, against the sum of their
    chances."""
    x = np.random.default_rng(states).integers(-3 * UNIT, 3 * UNIT, states)
    weights = [EXACT.exp(Decimal(int(each)) / UNIT) for each in x]
    for a in range(states - 1):
        low, high = 0, 2**32
        while low < high:
            middle = (low + high) // 2
            taken = units.softmax(x[None], np.array([middle], np.uint64))[0]
            low, high = (middle + 1, high) if taken <= a else (low, middle)
        right = sum(weights[: a + 1]) / sum(weights)
        assert abs(Decimal(low) / 2**32 - right) < Decimal(2) ** -29


def test_means_and_logarithms() -> None:
    """Against floats: means to half of their unit, logarithms to the errors of q exponentials, no
    larger than in the sum over states itself, and of one logarithm."""
    x = np.random.default_rng(3).integers(-30 * UNIT, 30 * UNIT, (500, 4))
    real = x / UNIT
    chances = np.exp(real - real.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    near(units.binary_mean(x) / units.MEAN, 1 / (1 + np.exp(-real)), 2**-15.9)
    near(units.ising_mean(x) / units.MEAN, np.tanh(real), 2**-14.9)
    near(units.softmax_mean(x) / units.MEAN, chances, 2**-15.9)
    near(units.binary_log(x) / 2**32, np.logaddexp(0, real), 21 * 2**-32)
    near(units.ising_log(x) / 2**32, np.logaddexp(-real, real), 21 * 2**-32)
    near(units.softmax_log(x) / 2**32, np.logaddexp.reduce(real, axis=1), 36 * 2**-32)


def near(found: Any, right: Any, most: float) -> None:
    assert np.abs(found - right).max() <= most
