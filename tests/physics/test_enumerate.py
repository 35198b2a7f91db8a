"""enumerate against sums written out state by state: averages of any alphabet, block maps, how
exact and how informative they are.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from math import exp, fsum, log
from typing import Any

import numpy as np
import pytest

import rgc
from rgc.loaded import Loaded
from rgc.results.result import Result
from tests.core import brute_force as brute

NEIGHBOURS = "- K * sum(<i,j>) s[i]*s[j]"


def loaded(
    lattice: str,
    hamiltonian: str = NEIGHBOURS,
    *,
    spins: str = "s: ising",
    parameters: str = "K = 0.4, h = 0.15",
    block: str = "",
    flow: str = "enumerate",
    more: str = "",
) -> Loaded:
    lines = [
        'title "test"',
        f"parameters {{ {parameters} }}",
        f"lattice {lattice}",
        f"spins {spins}",
        f"hamiltonian {hamiltonian}",
        f"block {block}" if block else "",
        f"flow {flow}",
        more,
    ]
    return rgc.load("\n".join(lines) + "\n")


def result(spec: Loaded, backend: str = "numba") -> Result:
    return rgc.compile(spec, backend=backend).run().result


def value(found: Result, name: str, level: int | None = None) -> float:
    table = found.observables if level is None else found.levels[level].observables
    estimate = table[name]
    assert estimate.value is not None
    assert estimate.error == 0
    assert estimate.kind == "exact"
    return estimate.value


# -- averages --------------------------------------------------------------------------------------


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


FIELD = f"{NEIGHBOURS} - h * sum(i) s[i]"
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


# -- block maps ------------------------------------------------------------------------------------

STAR = [
    [((0, 0), 1), ((0, 0), 0), ((1, 0), 0), ((1, 1), 0)],
    [((2, 1), 0), ((2, 1), 1), ((1, 1), 1), ((1, 0), 1)],
]
SQUARE, CHAIN = brute.square_cell(2, 2), brute.square_cell(2, 1)
MAPS: dict[str, tuple[Loaded, Any, list[int], brute.Rule]] = {
    "majority with ties": (
        loaded("square(2, 4)", FIELD, block="majority(2)"),
        SQUARE,
        [2, 2],
        brute.plurality,
    ),
    "majority without": (
        loaded("chain(9)", FIELD, block="majority(3)"),
        brute.square_cell(3, 1),
        [3],
        brute.plurality,
    ),
    "decimation": (
        loaded("square(2, 4)", FIELD, block="decimate(2)"),
        [[((0, 0), 0)]],
        [2, 2],
        brute.first,
    ),
    "Kadanoff": (
        loaded("chain(8)", FIELD, block="kadanoff(2, p=0.7)"),
        CHAIN,
        [2],
        brute.kadanoff(0.7),
    ),
    "binary, Kadanoff": (
        loaded("chain(6)", FIELD, spins="s: binary", block="kadanoff(2, p=0.7)"),
        CHAIN,
        [2],
        brute.kadanoff(0.7),
    ),
    "explicit cell": (
        loaded("chain(8)", FIELD, block="majority(b=2, cell=[(1), (4)])"),
        [[((1,), 0), ((4,), 0)]],
        [2],
        brute.plurality,
    ),
    "star": (
        loaded("honeycomb(2)", FIELD, block="majority(cell=star)"),
        STAR,
        [2, 2],
        brute.plurality,
    ),
    "Potts plurality": (
        loaded(
            "chain(6)",
            "- K * sum(<i,j>) delta(s[i], s[j])",
            spins="s: potts(3)",
            block="majority(3)",
        ),
        brute.square_cell(3, 1),
        [3],
        brute.plurality,
    ),
    "clock": (
        loaded(
            "chain(4)",
            "- K * sum(<i,j>) cos(2*pi*(s[i]-s[j])/4)",
            spins="s: clock(4)",
            block="majority(2)",
        ),
        CHAIN,
        [2],
        brute.plurality,
    ),
    "spin 1": (
        loaded("chain(6)", FIELD, spins="s: spin(1)", block="majority(2)"),
        CHAIN,
        [2],
        brute.plurality,
    ),
    "two species": (
        loaded(
            "chain(4)",
            "- K * sum(<i,j>) s[i]*s[j] - h * sum(i) s[i]*t[i]",
            spins="{ s: ising, t: ising }",
            block="majority(2)",
        ),
        CHAIN,
        [2],
        brute.plurality,
    ),
    "a kernel of one's own": (
        loaded(
            "chain(6)",
            FIELD,
            block=(
                "kernel(b=2, T=sum(B in blocks) (0.3*s[B]*sum(i in B) s[i] + 0.2*prod(i in B) "
                "s[i]))"
            ),
        ),
        CHAIN,
        [2],
        brute.written(lambda v, t: 0.3 * t * sum(v) + 0.2 * v[0] * v[1]),
    ),
}


@lru_cache
def brute_map(name: str) -> tuple[list[float], list[float], list[tuple[Any, float]]]:
    spec, cells, factor, rule = MAPS[name]
    fine = brute.weights(spec)
    shape = spec.spec.lattice.cells  # type: ignore[union-attr]
    coarse = brute.blocked(spec, fine, cells, factor, shape, rule)
    return [w for _, w in fine], [w for _, w in coarse], coarse


@pytest.mark.parametrize("name", MAPS)
@pytest.mark.parametrize("backend", ["reference", "numba"])
def test_a_block_map_sums_over_the_spins_given_the_block_spins(name: str, backend: str) -> None:
    spec, *_ = MAPS[name]
    fine, coarse, _ = brute_map(name)
    found = result(spec, backend)
    assert found.tables["log_weights_1"] == pytest.approx(np.log(coarse), abs=1e-12)
    assert value(found, "log_z", 1) == pytest.approx(log(sum(coarse)), abs=1e-12)
    assert value(found, "dF") == pytest.approx(log(sum(fine) / sum(coarse)), abs=1e-12)


@pytest.mark.parametrize("name", MAPS)
def test_what_a_block_map_keeps(name: str) -> None:
    """dF, kl, tau_defect and the information, from the joint distribution of spins and block spins
    as a matrix.
    """
    spec, cells, factor, rule = MAPS[name]
    lattice = spec.spec.lattice
    fine = brute.weights(spec)
    joint = np.array(
        [
            [w for _, w in brute.blocked(spec, [each], cells, factor, lattice.cells, rule)]
            for each in fine
        ]  # type: ignore[union-attr]
    )
    p = np.array([w for _, w in fine])
    tau = joint.sum(axis=1) / p
    p = p / p.sum()
    joint = joint / joint.sum()
    independent = joint.sum(axis=1)[:, None] * joint.sum(axis=0)[None, :]
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(joint > 0, joint * np.log(joint / independent), 0.0)
    found = result(spec)
    assert value(found, "dF") == pytest.approx(-log(p @ tau), abs=1e-12)
    assert value(found, "kl") == pytest.approx(log(p @ tau) - p @ np.log(tau), abs=1e-12)
    assert value(found, "tau_defect") == pytest.approx(
        abs(np.log(tau) - p @ np.log(tau)).max(), abs=1e-12
    )
    assert value(found, "information") == pytest.approx(terms.sum(), abs=1e-12)


@pytest.mark.parametrize("normalised", [False, True])
def test_two_steps_are_both_kernels_at_once(normalised: bool) -> None:
    """R_T2 o R_T1 = sum over the spins and the block spins of the first step together."""
    kernel = "kernel(b=2, T=sum(B in blocks) 0.4*s[B]*sum(i in B) s[i]"
    block = f"[{kernel}{', normalised=true' if normalised else ''}), majority(2)]"
    spec = loaded("chain(8)", FIELD, block=block, flow="enumerate(steps=2)")

    def rule(v: Any, t: int) -> float:
        return 0.4 * t * sum(v) - (log(2 * np.cosh(0.4 * sum(v))) if normalised else 0.0)

    first = brute.blocked(spec, brute.weights(spec), CHAIN, [2], [8], brute.written(rule))
    second = brute.blocked(spec, first, CHAIN, [2], [4], brute.plurality)
    found = result(spec)
    assert found.tables["log_weights_2"] == pytest.approx(brute.log_weights(second), abs=1e-12)
    assert [level.shape for level in found.levels] == [(8,), (4,), (2,)]
    ledger = [value(found, "constant", k) for k in range(3)]
    assert ledger[0] == 0
    for k in (1, 2):
        couplings = found.levels[k].couplings
        assert None not in {each.value for each in couplings.values()}
        assert value(found, "rest", k) < 1e-14
    total = sum(w for _, w in second)
    assert value(found, "log_z", 2) == pytest.approx(log(total), abs=1e-12)
    assert value(found, "dF") == pytest.approx(value(found, "log_z") - log(total), abs=1e-12)


def test_the_order_of_blocks_is_not_the_order_of_the_next_step() -> None:
    """Two steps on the square lattice: the spins of a block of blocks do not lie together."""
    spec = loaded(
        "square(4, 4)", FIELD, block="[majority(2), decimate(2)]", flow="enumerate(steps=2)"
    )
    found = result(spec)
    one = found.tables["log_weights_1"].reshape(
        2, 2, 2, 2
    )  # decimation keeps the first of the four
    assert found.tables["log_weights_2"] == pytest.approx(
        np.logaddexp.reduce(one.reshape(2, 8), axis=1), abs=1e-12
    )


def test_blocks_in_chunks_are_the_same_as_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from rgc.flows.enumeration import enumerate_model

    spec = loaded(
        "square(4)", FIELD, block="kernel(b=2, T=sum(B in blocks) 0.4*s[B]*sum(i in B) s[i])"
    )
    whole = result(spec)
    for chunk in (16, 300, 1 << 12):
        monkeypatch.setattr(enumerate_model, "CHUNK", chunk)
        cut = result(spec)
        assert cut.tables["log_weights_1"] == pytest.approx(
            whole.tables["log_weights_1"], abs=1e-13
        )
        for name in ("energy", "binder", "dF", "kl", "information", "susceptibility"):
            assert value(cut, name) == pytest.approx(value(whole, name), abs=1e-12)


def test_states_in_chunks_are_the_same_as_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from rgc.flows.enumeration import enumerate_model

    for name in ("square, field", "Potts", "two alphabets"):
        whole = result(SYSTEMS[name])
        monkeypatch.setattr(enumerate_model, "CHUNK", 30)
        cut = result(SYSTEMS[name])
        monkeypatch.undo()
        for quantity in whole.observables:
            assert value(cut, quantity) == pytest.approx(value(whole, quantity), abs=1e-13)


def test_a_run_goes_on_where_it_was_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The state is all that a step depends on: copied in the middle, it gives the same digits."""
    from rgc.flows.enumeration import enumerate as flow_module
    from rgc.flows.enumeration import enumerate_model
    from rgc.flows.flow import State

    monkeypatch.setattr(enumerate_model, "CHUNK", 64)
    monkeypatch.setattr(flow_module, "BATCH", 256)
    compiled = rgc.compile(loaded("chain(10)", FIELD, block="majority(2)"))
    flow = compiled.flow({}, 0)
    assert flow.steps == 5
    state = flow.start()
    for _ in range(2):
        state = flow.step(state)
    again = compiled.flow({}, 0)
    copy = State(state.done, {k: v.copy() for k, v in state.arrays.items()}, dict(state.values))
    for _ in range(3):
        state, copy = flow.step(state), again.step(copy)
    assert flow.finish(state).observables == again.finish(copy).observables


# -- what rounding leaves of a number --------------------------------------------------------------

SYMMETRIC = """parameters { K = 0.4, h = 0 }
lattice square(3)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j] - h * sum(i) s[i]
block majority(3)
flow enumerate
scan { K = [0, 0.4], h = -0.1:0.2:4 }
measure { m, correlation(1), one = 1/avg(m), ratio = avg(m^3)/avg(m), information, kl, dF }
"""


def test_rounding_is_no_digit() -> None:
    """Without a field <m> is 0 and 1/<m> is no number; without bonds spins are independent."""
    points = rgc.compile(SYMMETRIC, backend="reference").run().points
    found = {tuple(point.parameters.values()): point.result.observables for point in points}
    for coupling in (0.0, 0.4):
        assert found[coupling, 0.0]["m"].value == 0.0
        for name in ("one", "ratio"):
            assert found[coupling, 0.0][name].value is None
            assert "rounding" in found[coupling, 0.0][name].note
        assert found[coupling, 0.1]["one"].value == pytest.approx(
            1 / (found[coupling, 0.1]["m"].value or 0), rel=1e-14
        )
        assert found[coupling, -0.1]["m"].value == pytest.approx(
            -(found[coupling, 0.1]["m"].value or 0), rel=1e-12
        )
    assert {found[0.0, h]["correlation(1)"].value for h in (-0.1, 0.0, 0.1, 0.2)} == {0.0}
    assert all((each["information"].value or 0) >= 0 for each in found.values())


def test_a_block_that_knows_nothing_has_no_information() -> None:
    """At p = 0 block spins are drawn without looking: I(v;h) was -4e-16 there."""
    text = SYMMETRIC.replace("majority(3)", "kadanoff(3, p=0)")
    for point in rgc.compile(text, backend="reference").run().points:
        assert point.result.observables["information"].value == 0.0
        assert point.result.observables["kl"].value == 0.0


def test_spins_of_no_block_are_summed_over_in_groups_of_few_states() -> None:
    """Eight of four states in one group would leave four states to a chunk."""
    from rgc.flows.enumeration.block_step import _cuts

    assert _cuts([2] * 20) == [0, 8, 16, 20]
    assert _cuts([4] * 8) == [0, 4, 8]
    assert _cuts([300, 300, 2]) == [0, 1, 2, 3]
    assert _cuts([]) == [0]


def test_a_term_that_has_become_a_number_has_no_coupling() -> None:
    """On one site every neighbour is the site itself."""
    text = """
lattice square(2)
spins s: potts(3)
hamiltonian - 0.3 * sum(<i,j>) delta(s[i], s[j])
block decimate(2)
flow enumerate
"""
    found = rgc.compile(text, backend="reference").run().points[0].result
    assert not found.levels[1].couplings


@pytest.mark.parametrize("spins", ["ising", "binary"])
def test_couplings_and_averages_that_are_rounding_are_zero(spins: str) -> None:
    term = "s[i]*s[j]" if spins == "ising" else "(2*s[i] - 1)*(2*s[j] - 1)"
    text = f"""parameters {{ K = 0.3 }}
lattice square(4)
spins s: {spins}
hamiltonian - K * sum(<i,j>) {term}
block majority(2)
flow enumerate(steps=1)
"""
    level = rgc.compile(text, backend="reference").run().result.levels[1]
    odd = ("k1", "k3_10_01")
    if spins == "ising":
        assert [level.couplings[name].value for name in odd] == [0.0, 0.0]
        assert level.couplings["k4_10_01_11"].value == pytest.approx(0.001958621394, abs=1e-11)
    assert [level.averages[name].value for name in odd if name in level.averages].count(0.0) > 0
    every = [each.value for each in (*level.couplings.values(), *level.averages.values())]
    assert all(value == 0.0 or abs(value or 1.0) > 1e-13 for value in every)
