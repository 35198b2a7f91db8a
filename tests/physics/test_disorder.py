"""Random signs of bonds: `sample` against enumeration of the same realisations, exact values of
given ones, and itself on other backends.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rgc
from rgc.compiler import flow
from rgc.flows.disorder import bond_sites
from rgc.flows.enumeration.enumerate_result import answered
from rgc.flows.sampling.random_couplings import Couplings
from rgc.flows.shares import joined, told
from rgc.model.share import WHOLE, Share
from tests.physics.running import machine, p_value

TEXT = """
parameters {{ {parameters} }}
lattice {lattice}
spins s: {spins}
hamiltonian {hamiltonian}
flow {flow}
measure {{ {measures} }}
"""
BONDS = "- K * sum(<i,j>) J[i,j]*s[i]*s[j]"
MEASURES = "energy, abs_m, m2 = avg(m^2), specific_heat, susceptibility"
OVERLAPS = "energy, specific_heat, m2 = avg(m^2), q2, q4, abs_q"
LONG = "sample(sweeps=120, thermalise=30, every=3, replicas=512, disorder=64)"
SHORT = "sample(sweeps=40, thermalise=8, every=4, replicas=256, disorder=128{})"


def made(
    parameters: str = "K = 0.5, J ~ bimodal(1, p=0.7)",
    *,
    lattice: str = "square(4)",
    spins: str = "ising",
    hamiltonian: str = BONDS,
    asked: str = SHORT.format(""),
    measures: str = MEASURES,
    backend: str = "numba",
    seed: int = 1,
    share: Share = WHOLE,
) -> Any:
    text = TEXT.format(
        parameters=parameters,
        lattice=lattice,
        spins=spins,
        hamiltonian=hamiltonian,
        flow=asked,
        measures=measures,
    )
    spec = rgc.load(text).spec
    return flow(spec, machine(backend), seed=seed, point={}, zero=(), share=share)


def run(made: Any) -> Any:
    """The last state."""
    state = made.start()
    while state.done < made.steps:
        state = made.step(state)
    return state


# -- the same realisations as enumeration ----------------------------------------------------------

MODELS = {
    "bonds": {"lattice": "square(3)"},
    "open": {"lattice": "square(2,3, boundary=[open, periodic])"},
    "fields": {
        "parameters": "K = 0.4, J ~ bimodal(1, p=0.6), h ~ bimodal(0.3, p=0.5)",
        "hamiltonian": f"{BONDS} - sum(i) h[i]*s[i] - 0.1 * sum(i) s[i]",
        "lattice": "square(3)",
    },
    "any size": {"lattice": "square(3)", "parameters": "K = 0.6, J ~ normal(0.1, 1)"},
    "random fields": {
        "parameters": "K = 0.3, h ~ uniform(-1, 1)",
        "hamiltonian": "- K * sum(<i,j>) s[i]*s[j] - sum(i) h[i]*s[i]",
        "lattice": "square(3)",
    },
    "diluted": {
        "parameters": "K = 0.6, J ~ diluted(1, p=0.7)",
        "lattice": "square(2,4, boundary=[open, periodic])",
        "spins": "binary",
    },
    "honeycomb": {"lattice": "honeycomb(2)", "parameters": "K = 0.8, J ~ bimodal(1, p=0.5)"},
    "lattice gas": {"spins": "binary", "lattice": "square(3)"},
    "plaquettes": {
        "hamiltonian": "- K * sum(f in plaquettes) J[f]*prod(i in f) s[i] - 0.2*sum(i) s[i]",
        "lattice": "square(3)",
    },
}


@pytest.mark.parametrize(
    "name",
    [
        name if name in ("fields", "any size") else pytest.param(name, marks=pytest.mark.slow)
        for name in MODELS
    ],
)
def test_each_realisation_has_the_averages_of_enumeration(name: str) -> None:
    """Of 64 realisations all are compared, each with the error that its copies show."""
    model = MODELS[name]
    sampled = made(asked=LONG, backend="reference", **model)
    exact = made(asked="enumerate(disorder=64)", backend="reference", **model)
    state, all_states = run(sampled), run(exact)
    means = state.arrays["averages"] / sampled.sampler.plan.records
    energy = means[sampled.estimator.averages.index(sampled.estimator.watched["energy"])]
    known = [answered(exact.counted, all_states.arrays, k).measured["energy"] for k in range(64)]
    error = energy.std(axis=1, ddof=1) / np.sqrt(energy.shape[1])
    t = (energy.mean(axis=1) - known) / error
    assert np.std(known) > 2 * error.mean()
    assert 0.7 < np.sqrt(np.mean(t**2) * 5 / 7) < 1.35  # Student's t of 7 degrees of freedom
    ours, theirs = sampled.finish(state).averages, exact.finish(all_states).averages
    for measure in ("abs_m", "m2", "specific_heat", "susceptibility"):
        within = ours[measure].error / 3  # the realisations are the same
        assert ours[measure].value == pytest.approx(theirs[measure].value, abs=4 * within)


def test_one_realisation_is_the_first() -> None:
    sampled = made(lattice="square(3)", asked="sample(sweeps=300, every=5)", backend="reference")
    exact = made(lattice="square(3)", asked="enumerate", backend="reference")
    ours, theirs = (each.finish(run(each)).averages for each in (sampled, exact))
    for name, number in theirs.items():
        assert abs(ours[name].value - number.value) < 4 * ours[name].error


# -- given realisations ----------------------------------------------------------------------------

GIVEN = {
    "-+------+-------++++-+-+++++-+--": {
        "energy": -1.3189730128276913, "specific_heat": 0.2228858841693686,
        "m2": 0.02951138600030474, "q2": 0.5253896420412879, "q4": 0.3583615635763277,
        "abs_q": 0.6806063741639615,
    },
    "+---++--++-++--+---++-+-+-++-+--": {
        "energy": -1.2778267486160595, "specific_heat": 0.359135521727282,
        "m2": 0.019125409300488977, "q2": 0.5862120737678371, "q4": 0.45618926534105775,
        "abs_q": 0.7114055401150272,
    },
}  # fmt: skip
"""Averages of 4x4 tori at K = 1 by a program of its own, from all states. The signs are those of
bonds along the second axis, then along the first, cells row by row.
"""


def with_signs(sample: Any, signs: str) -> Any:
    """The flow with given signs in every replica."""
    lattice, fields = sample.sampler.model.lattice, []
    negative = np.array([sign == "-" for sign in signs]).reshape(2, 4, 4)
    for field in sample.sampler.model.quenched:
        (bond,) = field.bonds
        pairs, along = bond_sites(bond, lattice), max(bond[1].cell[0], -bond[1].cell[0])
        start = pairs[:, 0]  # the bond goes forth from its first site
        assert bond[1].cell in ((0, 1), (1, 0))
        word = np.where(negative[along].ravel()[start], ~np.uint64(0), np.uint64(0))
        fields.append(np.repeat(word.reshape(1, 4, 4, 1, 1), sample.sampler.plan.words, axis=-1))
    return replace(sample, sampler=replace(sample.sampler, couplings=Couplings(tuple(fields))))


@pytest.mark.slow
@pytest.mark.parametrize("signs", GIVEN)
def test_given_signs_have_their_exact_averages(signs: str) -> None:
    """Ten seeds; a coupling that is wrong by 1 % fails."""
    asked = "sample(sweeps=5000, thermalise=500, every=10)"
    for coupling, right in ((1.0, True), (1.01, False)):
        found = []
        for seed in range(10):
            sample = made(
                f"K = {coupling}, J ~ bimodal(1, p=0.5)", asked=asked, measures=OVERLAPS, seed=seed
            )
            sample = with_signs(sample, signs)
            found.append(sample.finish(run(sample)).averages)
        p = {
            name: p_value([each[name] for each in found], exact)
            for name, exact in GIVEN[signs].items()
        }
        assert all(1e-3 < each < 1 - 1e-3 for each in p.values()) == right, p


# -- the same bits ---------------------------------------------------------------------------------

BITS = {
    "metropolis": {},
    "heat bath": {"asked": SHORT.format(", update=heat_bath")},
    "open": {"lattice": "square(4,6, boundary=[periodic, open])"},
    "two kinds": {**MODELS["fields"], "asked": SHORT.format(", planes=64")},
    "any size": {**MODELS["any size"], "lattice": "square(3,4, boundary=[open, periodic])"},
    "philox": {"asked": SHORT.format(", generator=philox"), "lattice": "honeycomb(4)"},
}


@pytest.mark.parametrize(
    "name",
    [
        name if name in ("two kinds", "any size") else pytest.param(name, marks=pytest.mark.slow)
        for name in BITS
    ],
)
def test_backends_have_the_same_bits(name: str) -> None:
    case = {"measures": "energy, q2, binder", **BITS[name]}
    first, *others = (
        run(made(**case, backend=backend)).arrays for backend in ("reference", "numba", "jax")
    )
    for other in others:
        assert first.keys() == other.keys()
        assert all(np.array_equal(first[key], other[key]) for key in first)


def test_shares_of_realisations_are_the_whole() -> None:
    whole = made(measures="energy, q2", backend="reference")
    parts = [made(measures="energy, q2", backend="reference", share=Share(k, 2)) for k in (0, 1)]
    told_by = [told(part, Share(k, 2), run(part)) for k, part in enumerate(parts)]
    put_together, at_once = joined(whole, told_by), run(whole)
    for name in ("averages", "series"):
        assert np.array_equal(put_together.arrays[name], at_once.arrays[name])
    one, other = whole.finish(put_together), whole.finish(at_once)
    assert one.averages == other.averages
    assert one.values == other.values


# -- copies ----------------------------------------------------------------------------------------


def test_lanes_are_realisations_and_words_copies() -> None:
    sampler = made(asked=SHORT.replace("256", "384").format(""), measures="q2").sampler
    (x, y), plan = sampler.couplings.signs, sampler.plan
    assert (plan.copies, plan.words, list(plan.blocks)) == (3, 6, [0, 1])
    for field in (x, y):
        assert all(np.array_equal(field[..., 0], field[..., k]) for k in (1, 2))
        assert all(np.array_equal(field[..., 3], field[..., k]) for k in (4, 5))
        assert not np.array_equal(field[..., 0], field[..., 3])
    numbers = np.arange(16 * 6, dtype=np.uint64).reshape(1, 4, 4, 1, 6)
    other = sampler.backend.unpack(sampler.other_copy(sampler.backend.pack(numbers.copy())))
    assert other[0, 0, 0, 0].tolist() == [1, 2, 0, 4, 5, 3]


def test_half_of_the_copies_start_hot() -> None:
    sampler = made(lattice="square(8)").sampler
    (field,) = sampler.start()
    up = np.bitwise_count(field).mean(axis=(0, 1, 2, 3))
    assert up[[0, 2]] == pytest.approx(32, abs=4)
    cold = field[..., [1, 3]]
    assert np.array_equal(cold, np.broadcast_to(cold[:, :1, :1], cold.shape))


def test_the_square_of_an_average_is_of_different_copies() -> None:
    """Ten records of free spins: <m>^2 of one copy would be 1/(10 N) instead of 0."""
    sample = made(
        "K = 0.001, J ~ bimodal(1, p=0.5)",
        asked="sample(sweeps=10, every=1, replicas=1024, disorder=512)",
        measures="square = avg(m)^2",
        backend="reference",
    )
    found = sample.finish(run(sample)).averages["square"]
    assert found.error < 1 / 160 / 8
    assert abs(found.value) < 4 * found.error


def test_overlaps_of_other_spins() -> None:
    """Of binary spins with a field alone <q> = <n>^2, of Potts spins (1/q) for each vector is 0."""
    asked = {"asked": "sample(sweeps=200, every=2)", "backend": "reference"}
    one = {"hamiltonian": "- h * sum(i) s[i]", **asked}
    gas = made("h = 1", spins="binary", measures="overlap, m", **one)
    found = gas.finish(run(gas)).averages
    exact = 1 / (1 + np.exp(-1))
    assert abs(found["m"].value - exact) < 4 * found["m"].error
    assert abs(found["overlap"].value - exact**2) < 4 * found["overlap"].error
    potts = {"hamiltonian": "- h * sum(i) delta(s[i], 0)", **asked}
    three = made("h = 1", spins="potts(3)", measures="overlap, m", **potts)
    found = three.finish(run(three)).averages
    share = np.e / (np.e + 2)
    length = (3 * share - 1) / 2
    assert abs(found["overlap"].value - length**2) < 4 * found["overlap"].error


# -- couplings of files ----------------------------------------------------------------------------

TORUS = [
    -0.651284, -0.498341, -1.010751, -0.570186, 0.807357, 1.599102, -0.939386, 0.848551,
]  # fmt: skip
FIELDS = [-0.669079, -0.47608, 0.819146, -1.698667, 0.393635, -0.077004, 0.861195, 0.506329]


def of_file(folder: Path, values: Any, text: str) -> Any:
    np.save(folder / "couplings.npy", np.array(values))
    (folder / "spec.rgc").write_text(text)
    return rgc.load(folder / "spec.rgc").spec


ON_FILES = {
    "pairs": (
        "K = 0.8, J", "chain(8)", "- K * sum(<i,j>) J[i,j]*s[i]*s[j]",
        [[TORUS[min(i, j)] if abs(i - j) == 1 else TORUS[7] if {i, j} == {0, 7} else 0
          for j in range(8)] for i in range(8)],
    ),
    "fields": ("K = 0.4, h", "chain(8)", "- K*sum(<i,j>) s[i]*s[j] - sum(i) h[i]*s[i]", FIELDS),
    "complete": (
        "K = 0.5, J", "complete(8)", "- K * sum(i < j) J[i,j]*s[i]*s[j]",
        [[TORUS[(i + j) % 8] if i != j else 0 for j in range(8)] for i in range(8)],
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    "name", [pytest.param(each, marks=pytest.mark.slow) if each != "complete" else each
             for each in ON_FILES]
)  # fmt: skip
def test_couplings_of_a_file(tmp_path: Path, name: str) -> None:
    parameters, lattice, hamiltonian, values = ON_FILES[name]
    found = []
    for asked in ("sample(sweeps=200, every=4)", "enumerate"):
        text = TEXT.format(
            parameters=f'{parameters} = file("couplings.npy")',
            lattice=lattice,
            spins="ising",
            hamiltonian=hamiltonian,
            flow=asked,
            measures="energy, m2 = avg(m^2), specific_heat",
        )
        spec = of_file(tmp_path, values, text)
        made = flow(spec, machine("reference"), seed=0, point={}, zero=())
        found.append(made.finish(run(made)).averages)
    for measure, exact in found[1].items():
        ours = found[0][measure]
        assert abs(ours.value - exact.value) < 4 * ours.error, measure
