"""Replica exchange: its bits, what is counted of it, and the points that it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import rgc
from rgc.flows.flow import State
from rgc.flows.sampling import tempering
from rgc.flows.sampling.exchange import Exchange
from rgc.flows.sampling.tempering import Tempering
from rgc.model.groups import Group
from rgc.program.draws import stream

ISING = """parameters {{ K = 0.4, h = 0.1, L = 4 }}
lattice square(L)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j] - h * sum(i) s[i]
flow sample(sweeps={}, thermalise=4, every=2, replicas={}, update=tempering({}))
"""
MIXED = """parameters {{ T = 1, h = 0.2 }}
lattice honeycomb(4)
spins {{ s: potts(3), t: ising }}
hamiltonian
  - 0.6/T * sum(<i,j>) delta(s[i], s[j])
  - h * sum(i) t[i]*delta(s[i], 0)
  - 0.3/T * sum(<i,j>) t[i]*t[j]
flow sample(sweeps={}, thermalise=4, every=2, replicas={}, update=tempering({}))
measure {{ energy, q = mean(i) delta(s[i], 0) }}
"""
NUMBERS = """parameters {{ T = 1, h = 0.2, J ~ normal(0.2, 1) }}
lattice square(4, 3)
spins s: ising
hamiltonian - 1/T * sum(<i,j>) J[i,j]*s[i]*s[j] - h/T * sum(i) s[i]
flow sample(sweeps={}, thermalise=4, every=2, replicas={}, disorder=64, update=tempering({}))
measure {{ energy, q2 }}
"""
LEVELS = """parameters {{ K = 0.4 }}
lattice square(4)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
block majority(2)
flow mcrg(steps=1, sweeps={}, thermalise=4, every=2, replicas={}, save=2,
          basis=operators(range=1.5, bodies=2), update=tempering({}))
measure {{ energy }}
"""
CASES = {
    "ising": ISING.format(12, 128, "K=[0.3, 0.45, 0.6]"),
    "clusters": ISING.format(8, 64, "K=[0.3, 0.5], inner=wolff"),
    "mixed": MIXED.format(12, 64, "T=[1.5, 1, 0.5], inner=metropolis"),
    "numbers": NUMBERS.format(12, 128, "T=[2, 1.5, 1]"),
    "levels": LEVELS.format(12, 128, "K=[0.3, 0.45, 0.6]"),
    "every p": LEVELS.format(8, 64, "K=[0.3, 0.5], inner=wolff").replace(
        "majority(2)", "kadanoff(2, p=free)"
    ),
}


def made(text: str, backend: str = "reference") -> Tempering:
    flow = rgc.compile(text, backend=backend).flow({}, 7)
    assert isinstance(flow, Tempering)
    return flow


def ended(flow: Tempering, cuts: Sequence[int] = ()) -> State:
    """The last state, cut after so many sweeps, and then made anew from what a checkpoint holds."""
    state = flow.start()
    for cut in (*cuts, flow.steps):
        while state.done < cut:
            state.most = cut - state.done
            state = flow.step(state)
        arrays = {name: np.array(array) for name, array in state.arrays.items()}
        state = State(state.done, arrays, dict(state.values))
    return state


@pytest.mark.parametrize("name", CASES)
def test_a_cut_run_has_the_same_bits(name: str) -> None:
    whole, cut = (ended(made(CASES[name]), cuts).arrays for cuts in ((), (3, 4, 9)))
    assert whole.keys() == cut.keys()
    for array in whole:
        np.testing.assert_array_equal(whole[array], cut[array])


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("backend", ["numba", pytest.param("jax", marks=pytest.mark.slow)])
def test_every_backend_has_the_same_bits(name: str, backend: str) -> None:
    right, other = (ended(made(CASES[name], each)).arrays for each in ("reference", backend))
    for array in right:
        np.testing.assert_array_equal(right[array], other[array])
    assert right["accepted"].any()


def test_between_exchanges_a_value_runs_as_in_a_scan() -> None:
    """Random numbers are keyed by the value, so that only exchanges make the difference."""
    flow = made(CASES["ising"])
    scanned = rgc.compile(
        CASES["ising"].replace("update=tempering(K=[0.3, 0.45, 0.6])", "update=local")
        + "scan { K = [0.3, 0.45, 0.6] }",
        backend="reference",
    )
    start = flow.start()
    for number, point in enumerate(scanned.loaded.points):
        alone: Any = scanned.flow(point, 7)
        np.testing.assert_array_equal(
            start.arrays[f"{number}:spins_0"], alone.start().arrays["spins_0"]
        )
        assert flow.samples[number].sampler.key("update") == alone.sampler.key("update")


def walk(places: Sequence[Sequence[int]]) -> list[int]:
    """The round trips of each configuration through places [time][value]."""
    arrays = {
        "heading": np.zeros((len(places[0]), 1), np.int8),
        "round_trips": np.zeros(1, np.int64),
    }
    counts = []
    for place in places:
        arrays["place"] = np.array(place, np.int16)[:, None]
        tempering._arrive(arrays, True)
        counts.append(int(arrays["round_trips"][0]))
    return counts


def test_round_trips_are_from_the_first_value_to_the_last_and_back() -> None:
    up = [(0, 1, 2), (1, 0, 2), (1, 2, 0)]  # configuration 0 arrives at the last value
    back = [(1, 0, 2), (0, 1, 2)]  # and comes home
    assert walk([*up, *back]) == [0, 0, 0, 0, 1]
    assert walk([(0, 1, 2), (1, 0, 2), (0, 1, 2)]) == [0, 0, 0]  # it turned round halfway
    assert walk([(0, 1, 2), (0, 2, 1), (2, 0, 1)]) == [0, 0, 0]  # that of the last one: half a trip
    assert walk([*up, *back, *up[1:], *back])[-1] == 2


def exchange_of(text: str) -> Exchange:
    return made(text).exchange


def test_chances_are_those_of_the_change_of_both_energies() -> None:
    """H(b) - H(a) at K less that at K': the bond that is satisfied in b and not in a."""
    exchange = exchange_of(ISING.format(8, 64, "K=[0.25, 0.5]"))
    (falls,) = exchange.falls
    assert falls == (Fraction(1, 4),)  # H = -K S: the coefficient falls by K' - K
    assert exchange.threshold(0, (0,)) == 2**64
    assert exchange.threshold(0, (-4,)) == 2**64  # b has fewer bonds unsatisfied, and goes to K'
    assert abs(exchange.threshold(0, (4,)) / 2**64 - np.exp(-1)) < 1e-15


def test_only_what_differs_is_counted() -> None:
    exchange = exchange_of(ISING.format(8, 64, "K=[0.3, 0.5]"))
    ((tally,),) = exchange.recorder.tallies
    assert isinstance(tally.operator, Group)
    assert len(tally.operator.products) == 2


def test_a_draw_decides_for_one_replica_of_one_sweep() -> None:
    """The later word by itself decides as in the whole, and no two sweeps alike."""
    exchange = exchange_of(ISING.format(8, 128, "K=[0.3, 0.5]"))
    sums = np.zeros((1, 128), np.int64), np.full((1, 128), 4)
    both = [exchange.decide(sweep, 0, *sums) for sweep in (0, 2)]
    assert 20 < both[0].sum() < 90
    assert (both[0] != both[1]).any()
    later = replace(exchange, words=1, word0=1)
    np.testing.assert_array_equal(
        later.decide(0, 0, *(each[:, 64:] for each in sums)), both[0][64:]
    )
    assert exchange.key == stream(7, {}, "exchange")


def test_doubtful_chances_are_decided_by_forty_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    """With sums of numbers and of products: as double precision decides, where that can."""
    exchange = exchange_of(CASES["numbers"])
    rng = np.random.default_rng(5)
    sums = rng.normal(size=(2, len(exchange.tallies), 128))
    decided = exchange.decide(3, 0, *sums)
    right, asked = Exchange.threshold, list[int]()

    def threshold(self: Exchange, pair: int, change: Sequence[float]) -> int:
        asked.append(pair)
        return right(self, pair, change)

    monkeypatch.setattr(Exchange, "threshold", threshold)
    np.testing.assert_array_equal(exchange.decide(3, 0, *sums), decided)
    assert not asked
    monkeypatch.setattr("rgc.flows.sampling.exchange.ROUNDING", 1.0)
    np.testing.assert_array_equal(exchange.decide(3, 0, *sums), decided)
    assert len(asked) == 128


def test_sums_of_numbers_do_not_depend_on_their_order() -> None:
    exchange = exchange_of(CASES["numbers"])
    assert exchange.weighed is not None
    ((_, weights),) = exchange.weighed.rows.values()
    terms = weights.reshape(-1, 128)
    right = [sum(map(Fraction, column)) for column in terms.T]
    for order in (np.arange(len(terms)), np.random.default_rng(1).permutation(len(terms))):
        assert list(map(Fraction, np.cumsum(terms[order], axis=0)[-1])) == right
    ((_, again),) = exchange.weighed.exact().rows.values()
    np.testing.assert_array_equal(again, weights)


def test_values_far_apart_are_warned_of() -> None:
    text = ISING.format(200, 64, "K=[0.1, 0.9]").replace("L = 4", "L = 8")
    found = rgc.compile(text, backend="numba").run(checkpoints=False, warn=lambda _: None)
    low, high = found.points
    assert low.result.values["exchange"].value < tempering.RARE
    assert "exchange" not in high.result.values
    assert any("with the next value, K = 0.9, are accepted" in text for text in found.warnings)
    assert any("no configuration went from the first" in text for text in found.warnings)


def test_values_are_points_beside_those_of_the_scan() -> None:
    text = ISING.format(40, 64, "K=[0.3, 0.5]") + (
        "measure { energy, u = avg(energy)/K, c = crossing(u, K) }\n"
        "scan { h = [0, 0.1, 0.2] }\n"
        "expect { energy[K=0.5, h=0.2] = -1 within 1 }"
    )
    compiled = rgc.compile(text, backend="reference")
    assert [dict(place) for place in compiled.loaded.places] == [{"h": 0}, {"h": 0.1}, {"h": 0.2}]
    assert len(compiled.loaded.points) == 6
    found = compiled.run(checkpoints=False, warn=lambda _: None)
    assert [dict(point.parameters) for point in found.points] == [
        {"h": h, "K": K} for h in (0, 0.1, 0.2) for K in (0.3, 0.5)
    ]
    assert found.passed
    for point in found.points:
        values = point.result.averages
        assert values["u"].value * point.parameters["K"] == pytest.approx(values["energy"].value)
    assert found.to_dataframe().index.names == ["h", "K"]
    provenance = found.provenance
    assert provenance["update"] == "tempering"
    assert provenance["tempering"] == {"parameter": "K", "values": [0.3, 0.5]}


@pytest.mark.parametrize(
    ("scheme", "section"),
    [
        ("variational_mcrg(steps=1, ", "block kadanoff(2, p=1)"),
        ("sample(", "measure { f = free_energy(transfer) }"),
        ("mcrg(steps=1, ", "block majority(2)\nmeasure { f = free_energy(transfer) }"),
    ],
)
def test_what_comes_later_is_refused(scheme: str, section: str) -> None:
    text = ISING.format(8, 64, "K=[0.3, 0.5]").replace("sample(", scheme) + section
    with pytest.raises(rgc.SpecError) as error:
        rgc.compile(text, backend="reference")
    assert {problem.code for problem in error.value.problems} == {"not-yet"}
