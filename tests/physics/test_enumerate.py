"""enumerate against sums written out state by state: averages of any alphabet."""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from math import exp, fsum, log
from typing import Any

import numpy as np
import pytest

from rgc.flows.enumeration import enumerate_model
from rgc.loaded import Loaded
from tests.core import brute_force as brute
from tests.physics.enumerated import FIELD, NEIGHBOURS, loaded, result, value

STATES = [
    (
        "potts(3)",
        "- 1.2*sum(<i,j>) delta(s[i], s[j]) - 0.15*sum(i) delta(s[i], 0)",
        {"energy": -2.381843911204876, "m2": 0.9320611013951775, "m4": 0.8962007573026454},
    ),
    (
        "potts(4)",
        "- 0.8*sum(<i,j>) delta(s[i], s[j])",
        {"energy": -0.9289685471107537, "m2": 0.45397365440595006, "m4": 0.2948880162294638},
    ),
    pytest.param(
        "clock(5)",
        "- sum(<i,j>) cos(2*pi*(s[i] - s[j])/5) - 0.2*sum(i) cos(2*pi*s[i]/5)",
        {"energy": -1.6836894695894464, "m2": 0.7904579202477908, "m4": 0.652228572692884},
        marks=pytest.mark.slow,
    ),
    (
        "spin(1)",
        "- 0.6*sum(<i,j>) s[i]*s[j] + 0.3*sum(i) s[i]^2 - 0.1*sum(i) s[i]",
        {"energy": -0.5421552375357016, "abs_m": 0.7499035348452227, "m4": 0.48449462462875814},
    ),
]
"""Sums over all states of 3x3 sites by a program independent of rgc."""


@pytest.mark.parametrize(("spins", "hamiltonian", "known"), STATES)
def test_the_magnetisation_of_states(spins: str, hamiltonian: str, known: dict[str, float]) -> None:
    """m of potts and clock spins is the length of a vector, of spin-1 a number."""
    measured = "measure {\n energy, abs_m\n m2 = avg(m^2)\n m4 = avg(m^4)\n}"
    spec = loaded("square(3)", hamiltonian, spins=f"s: {spins}", parameters="", more=measured)
    found = result(spec)
    for name, expected in known.items():
        assert value(found, name) == pytest.approx(expected, rel=1e-12)


SYSTEMS: dict[str, Loaded] = {
    "square, field": loaded("square(3)", FIELD),
    "every bond twice": loaded("square(2)", FIELD),
    "one site meets itself": loaded("chain(1)", "- K * sum(i) s[i]*s[i+x] - h * sum(i) s[i]"),
    "cube, every bond twice": loaded("cubic(2)", FIELD),
    "open": loaded("square(3, 2, boundary=[periodic, open])", FIELD),
    "four spins": loaded(
        "square(2, 4)", "- K * sum(plaquette(i,j,k,l)) s[i]*s[j]*s[k]*s[l] - h * sum(i) s[i]"
    ),
    "three spins, two offsets": loaded(
        "chain(7)", "- K * sum(i) s[i]*s[i+x]*s[i+3*x] + sum(i) 0.3"
    ),
    "triangles": loaded(
        "triangular(2, 3)", "- K * sum(triangle(i,j,k)) s[i]*s[j]*s[k] - h * sum(i) s[i]"
    ),
    "honeycomb": loaded("honeycomb(2)", FIELD),
    "kagome": loaded("kagome(1, 2)", FIELD),
    "binary": loaded("square(3)", FIELD, spins="s: binary"),
    "binary squares": loaded(
        "chain(6)", "- K * sum(i) (s[i] - s[i+x])^2 - h * sum(i) s[i]", spins="s: binary"
    ),
    "Potts": loaded("square(2, 3)", "- K * sum(<i,j>) delta(s[i], s[j])", spins="s: potts(3)"),
    "Potts in a field": loaded(
        "chain(5)",
        "- K * sum(<i,j>) delta(s[i], s[j]) - h * sum(i) delta(s[i], 0)",
        spins="s: potts(4)",
    ),
    "clock": loaded("chain(5)", "- K * sum(<i,j>) cos(2*pi*(s[i]-s[j])/5)", spins="s: clock(5)"),
    "weight of a bond": loaded(
        "chain(6)",
        "- sum(i) log(W[s[i], s[i+x]])",
        spins="s: potts(3)",
        parameters="W = [[1, 0.3, 0.2], [0.4, 1, 0.3], [0.2, 0.5, 1]]",
    ),
    "Blume-Capel": loaded(
        "square(2, 3)",
        f"{NEIGHBOURS} + D * sum(i) s[i]^2",
        spins="s: spin(1)",
        parameters="K = 0.4, D = 0.3",
    ),
    "two species": loaded(
        "chain(4)",
        "- K * sum(<i,j>) (s[i]*s[j] + t[i]*t[j]) - h * sum(i) s[i]*t[i+x]",
        spins="{ s: ising, t: ising }",
    ),
    "two alphabets": loaded(
        "chain(4)",
        f"{NEIGHBOURS} - h * sum(i) s[i]*delta(t[i], t[i+x])",
        spins="{ s: ising, t: potts(3) }",
    ),
}


@lru_cache
def brute_averages(name: str) -> dict[str, float]:
    return brute.averages(SYSTEMS[name])


@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize("backend", ["reference", "numba"])
def test_averages_are_those_of_all_states(name: str, backend: str) -> None:
    spec = SYSTEMS[name]
    found = result(spec, backend)
    for quantity, expected in brute_averages(name).items():
        assert value(found, quantity) == pytest.approx(expected, rel=1e-12, abs=1e-13), quantity
    free_energy = found.free_energy[0]
    assert (free_energy.method, free_energy.kind, free_energy.error) == ("enumerate", "exact", 0.0)
    assert free_energy.value * spec.spec.lattice.sites == pytest.approx(-value(found, "log_z"))  # type: ignore[union-attr]


def test_a_term_of_states_whose_coefficient_is_0() -> None:
    """It has a table all the same, and block spins are those without it."""
    bonds, field = "- 0.7 * sum(<i,j>) delta(s[i], s[j])", " - h * sum(i) delta(s[i], 0)"
    both = [
        result(
            loaded("chain(4)", energy, spins="s: potts(3)", parameters="h = 0", block="majority(2)")
        )
        for energy in (bonds + field, bonds)
    ]
    a, b = (each.tables["log_weights_1"] for each in both)
    np.testing.assert_array_equal(a, b)


def test_an_antiperiodic_ring() -> None:
    """Z = lambda_+^N - lambda_-^N: one bond has the other sign."""
    found = value(result(loaded("chain(7, boundary=antiperiodic)")), "log_z")
    assert found == pytest.approx(log((2 * np.cosh(0.4)) ** 7 - (2 * np.sinh(0.4)) ** 7), rel=1e-14)


def test_the_complete_graph() -> None:
    spec = loaded(
        "complete(6)",
        "- K * sum(i < j) s[i]*s[j] - h * sum(i) s[i] - h * sum(i < j < k) s[i]*s[j]*s[k] + "
        "sum(i < j) 0.1",
        more="measure { energy, m, pair = mean(i < j) s[i]*s[j], same = mean(<i,j>) s[i]*s[j] }",
    )
    z, m, pair = [], [], []
    for s in product((-1, 1), repeat=6):
        total = sum(s)
        pairs = (total**2 - 6) / 2
        triples = (total**3 - 3 * 6 * total + 2 * total) / 6
        z.append(exp(0.4 * pairs + 0.15 * total + 0.15 * triples - 1.5))
        m.append(total / 6)
        pair.append(pairs / 15)
    found = result(spec)
    share = np.array(z) / sum(z)
    assert value(found, "log_z") == pytest.approx(log(sum(z)), rel=1e-13)
    assert value(found, "m") == pytest.approx(share @ np.array(m), rel=1e-12)
    assert (
        value(found, "pair")
        == value(found, "same")
        == pytest.approx(share @ np.array(pair), rel=1e-12)
    )


def test_measures_of_any_form() -> None:
    """Thermal functions, coordinates, other alphabets, and what is known once all states are
    counted.
    """
    spec = loaded(
        "chain(6)",
        f"{NEIGHBOURS} + D * sum(i) s[i]^2",
        spins="s: spin(1)",
        parameters="K = 0.5, D = 0.2",
        more="""measure {
          staggered = mean(i) (-1)^(coordinate(i,x)) * s[i]
          order = sqrt(avg(staggered^2))
          empty = mean(i) (1 - s[i]^2)
          equal = mean(<i,j>) delta(s[i], s[j])
          wide = var(empty)
          correlation(2), correlation(0), correlation_length
          f = -log_z/6
        }""",
    )
    every = brute.weights(spec)
    z = sum(w for _, w in every)
    s = np.array([list(spins.values()) for spins, _ in every])
    p = np.array([w for _, w in every]) / z
    sign = (-1.0) ** np.arange(6)
    empty = (1 - s**2).mean(axis=1)
    found = result(spec)
    wave = abs(s @ np.exp(2j * np.pi * np.arange(6) / 6)) ** 2
    ratio = (p @ s.sum(axis=1) ** 2) / (p @ wave)
    expected = {
        "order": np.sqrt(p @ (s @ sign / 6) ** 2),
        "empty": p @ empty,
        "equal": p @ (s == np.roll(s, -1, axis=1)).mean(axis=1),
        "wide": p @ empty**2 - (p @ empty) ** 2,
        "correlation(2)": p @ (s * np.roll(s, -2, axis=1)).mean(axis=1) - (p @ s.mean(axis=1)) ** 2,
        "correlation(0)": p @ (s**2).mean(axis=1) - (p @ s.mean(axis=1)) ** 2,
        "correlation_length": np.sqrt(ratio - 1) / (2 * np.sin(np.pi / 6)),
        "f": -log(z) / 6,
    }
    for name, exact in expected.items():
        assert value(found, name) == pytest.approx(float(exact), rel=1e-11, abs=1e-13), name


def test_all_correlators_are_averages_of_products() -> None:
    spec = loaded("square(3)", FIELD)
    found = result(spec)
    table = found.tables["correlators"]
    every = brute.weights(spec)
    z = fsum(w for _, w in every)
    for mask in (0, 1, 2, 0b100000001, 0b101010101, 0b111111111):
        chosen = [k for k in range(9) if mask >> (8 - k) & 1]
        exact = (
            fsum(w * np.prod([list(spins.values())[k] for k in chosen]) for spins, w in every) / z
        )
        assert table[mask] == pytest.approx(exact, abs=1e-14)
    operators = found.levels[0].observables
    neighbours = fsum(w * sum(_bonds(spins)) for spins, w in every) / z / 18
    assert operators["K"].value == pytest.approx(neighbours, abs=1e-14)


def _bonds(spins: dict[Any, int]) -> list[int]:
    s = np.array(list(spins.values())).reshape(3, 3)
    return [*(s * np.roll(s, 1, 0)).ravel(), *(s * np.roll(s, 1, 1)).ravel()]


def test_the_density_of_states_of_the_4x4_torus() -> None:
    """Z(K) = sum_E g(E) exp(K E), g counted by another program, at three couplings."""
    density = {0: 20524, 4: 13568, 8: 6688, 12: 1728, 16: 424, 20: 64, 24: 32, 32: 2}
    states = {sign * e: g for e, g in density.items() for sign in (1, -1)}
    assert sum(states.values()) == 2**16
    for coupling in (0.1, 0.6, 2.0):
        expected = np.logaddexp.reduce([log(g) + coupling * e for e, g in states.items()])
        found = value(result(loaded("square(4)", parameters=f"K = {coupling}")), "log_z")
        assert found == pytest.approx(float(expected), rel=1e-14)


def test_low_temperature_does_not_overflow() -> None:
    found = result(loaded("square(4)", parameters="K = 200", block="majority(2)"))
    assert value(found, "log_z") == pytest.approx(200 * 32 + log(2), rel=1e-15)
    assert value(found, "log_z", 1) == pytest.approx(200 * 32 + log(2), rel=1e-15)


def test_states_in_chunks_are_the_same_as_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("square, field", "Potts", "two alphabets"):
        whole = result(SYSTEMS[name])
        monkeypatch.setattr(enumerate_model, "CHUNK", 30)
        cut = result(SYSTEMS[name])
        monkeypatch.undo()
        for quantity in whole.observables:
            assert value(cut, quantity) == pytest.approx(value(whole, quantity), abs=1e-13)
