"""The evaluators of `rgc verify`, each against something else."""

from __future__ import annotations

from itertools import product
from math import pi
from typing import Any

import numpy as np
import pytest

import rgc
from rgc.model.block_maps import BLOCKS, LAWFUL
from rgc.model.lattice import Lattice
from rgc.model.lattices import chain, cubic, honeycomb, kagome, square
from rgc.model.observables import Tally
from rgc.model.operators import Operator, Spin
from rgc.model.spins import Species
from rgc.program.lattice import Bernoulli, Cells, Field, Load, Program, Rule, Stage, Store
from rgc.program.lattice.arguments import lattice_arguments
from rgc.program.lattice.thresholds import pack_thresholds
from rgc.syntax import ast
from rgc.verification.averages import Averages
from rgc.verification.blocks import MINUS, cell_states, maps
from rgc.verification.chances import outcomes
from rgc.verification.counting import counted
from rgc.verification.evaluator import Evaluator, Unreadable
from rgc.verification.floats import allowed, decimal_moments, moments
from rgc.verification.instances import KINSHIP, describe
from rgc.verification.matrix import communicating
from rgc.verification.sampled import holm, p_value
from rgc.verification.schedule import conflict, writes
from rgc.verification.states import every_state, pack, random_states, unpack
from rgc.verification.subject import Subject
from rgc_reference import ReferenceBackend
from tests.core.model_to_program.test_tallies import placed
from tests.core.verification.test_certificates import spec
from tests.physics.enumeration import enumerate_exactly


def evaluated(text: str, lattice: str, parameters: str = "", spins: str = "s: ising") -> Any:
    """A measure of every configuration of a lattice."""
    whole = (
        f"parameters {{ K = 0.3{parameters} }}\nlattice {lattice}\nspins {spins}\n"
        f"hamiltonian - K*sum(i) s[i]\nflow sample()\nmeasure {{ q = {text} }}\n"
    )
    loaded = rgc.load(whole)
    states = every_state(loaded.spec.lattice, loaded.spec.species)  # type: ignore[arg-type]
    section = loaded.document.section("measure")
    entry = section.body[0] if section is not None else None
    assert isinstance(entry, ast.Entry)
    return Evaluator(loaded.document, states.lattice, states.values)(entry.value)


def test_sums_of_the_text_by_hand() -> None:
    s = [1.0 - 2 * (np.arange(16) >> k & 1) for k in range(4)]
    chain = "chain(4, boundary=open)"
    np.testing.assert_array_equal(
        evaluated("sum(<i,j>) s[i]*s[j]", chain), s[0] * s[1] + s[1] * s[2] + s[2] * s[3]
    )
    np.testing.assert_array_equal(
        evaluated("sum(<<i,j>>) s[i]*s[j]", chain), s[0] * s[2] + s[1] * s[3]
    )
    np.testing.assert_allclose(
        evaluated("mean(i) s[i]*s[i+x]", chain), (s[0] * s[1] + s[1] * s[2] + s[2] * s[3]) / 3
    )
    np.testing.assert_array_equal(
        evaluated("sum(i) s[i]*s[i+x]", "chain(4)"), sum(s[k] * s[(k + 1) % 4] for k in range(4))
    )
    np.testing.assert_array_equal(
        evaluated("sum(i) coordinate(i,x)*s[i]", chain), s[1] + 2 * s[2] + 3 * s[3]
    )
    np.testing.assert_allclose(
        evaluated("mean(i) cos(2*pi*coordinate(i,x)/4)*s[i]", chain), (s[0] - s[2]) / 4, atol=1e-15
    )


@pytest.mark.parametrize(
    ("lattice", "order", "bonds"),
    [
        ("square(3)", 1, 18),
        ("square(3, boundary=open)", 2, 8),
        ("triangular(3)", 1, 27),
        ("honeycomb(2)", 1, 12),
        ("kagome(2)", 1, 24),
        ("honeycomb(2)", 2, 24),
        ("chain(5)", 2, 5),
        ("crystal(vectors=[(1,0), (3,1)], basis=[(0,0)], size=3)", 1, 18),
    ],
)
def test_the_number_of_neighbours(lattice: str, order: int, bonds: int) -> None:
    """All spins up: the sum counts pairs, on a skewed crystal those of the square lattice that it
    is.
    """
    assert evaluated(f"sum(shell({order},i,j)) s[i]*s[j]", lattice)[0] == bonds


def test_faces_along_an_axis() -> None:
    assert (
        evaluated(
            "sum(plaquette(i,j,k,l) along z) s[i]*s[j]*s[k]*s[l]", "cubic(2, 2, 3, boundary=open)"
        )[0]
        == 3
    )
    assert (
        evaluated("sum(f in plaquettes) prod(i in f) s[i]", "cubic(2, 2, 3, boundary=open)")[0]
        == 3 + 2 * 4
    )


@pytest.mark.parametrize(
    "terms",
    [
        "- K*sum(<i,j>) s[i]*s[j] - h*sum(i) s[i]",
        "- K*sum(plaquette(i,j,k,l)) s[i]*s[j]*s[k]*s[l] - h*sum(i) s[i]",
    ],
)
def test_averages_by_two_enumerations(terms: str) -> None:
    loaded = rgc.load(spec("square(3, 4)", terms, h=0.07))
    states = every_state(loaded.spec.lattice, loaded.spec.species)  # type: ignore[arg-type]
    averages, exact = Averages(loaded.document, loaded.spec, states), enumerate_exactly(loaded.spec)
    for name in ("energy", "m", "abs_m", "specific_heat", "susceptibility", "binder"):
        assert averages.measure(name) == pytest.approx(getattr(exact, name), abs=1e-12)


def test_the_correlation_length_of_a_ring() -> None:
    """S(k) of the Ising ring from its two eigenvalues: <s_0 s_r> = (t^r + t^(n-r)) / (1 + t^n), t =
    tanh K.
    """
    loaded = rgc.load(spec("chain(10)", K=0.5))
    states = every_state(loaded.spec.lattice, loaded.spec.species)  # type: ignore[arg-type]
    t, n = np.tanh(0.5), 10
    correlation = np.array([(t**r + t ** (n - r)) / (1 + t**n) for r in range(n)])
    k = 2 * pi / n
    ratio = correlation.sum() / (correlation * np.cos(k * np.arange(n))).sum()
    averages = Averages(loaded.document, loaded.spec, states)
    assert averages.measure("correlation_length") == pytest.approx(
        np.sqrt((ratio - 1) / (4 * np.sin(k / 2) ** 2))
    )
    assert averages.correlation(3) == pytest.approx(correlation[3])


def test_counting_against_products_cell_by_cell() -> None:
    lattice = square(3, 4, boundary=["open", "periodic"])
    operator = Operator(
        "x", ((Spin((0, 0)), Spin((1, 0)), Spin((1, 2))), (Spin((0, 0)), Spin((0, 1))))
    )
    states = random_states(lattice, (Species("s"),), 1, (3, 4))
    spins = [1 - 2 * bits.astype(int) for bits in states.bits]
    exact = sum(placed(p, spins, lattice) for p in operator.products)
    np.testing.assert_array_equal(
        counted(Tally(operator), lattice, states.fields), exact.sum(axis=(0, 1))
    )
    np.testing.assert_array_equal(
        counted(Tally(operator, 0), lattice, states.fields), exact.sum(axis=1)
    )


def test_random_states_have_aligned_neighbours_too() -> None:
    bits = random_states(square(8), (Species("s"),), 5, (1, 2)).bits
    shares = bits[0].reshape(64, -1).mean(axis=0)
    assert shares.min() < 0.15
    assert shares.max() > 0.85
    assert np.array_equal(unpack(pack(bits)[0]), bits[0])


def test_blocks_of_the_text() -> None:
    star = rgc.load(
        spec("honeycomb(4)", rest="block majority(cell=star)\nflow mcrg(steps=1, sweeps=100)")
    )
    (found,), (block,) = maps(star.document, honeycomb(4)), star.spec.blocks
    assert [sorted(cell) for cell in found.cells] == [sorted(cell) for cell in block.cells]
    schedule = rgc.load(
        spec("square(8)", rest="block kadanoff(2, p=[0.3, 0.4])\nflow mcrg(steps=2, sweeps=100)")
    )
    assert [(each.rule, each.b, each.p) for each in maps(schedule.document, square(8))] == [
        ("kadanoff", 2, 0.3),
        ("kadanoff", 2, 0.4),
    ]
    states = every_state(square(2), (Species("s"),))
    (majority,) = maps(
        rgc.load(
            spec("square(8)", rest="block majority(2)\nflow mcrg(steps=1, sweeps=100)")
        ).document,
        square(8),
    )
    counts = np.bitwise_count(np.arange(16))
    np.testing.assert_array_equal(
        majority.chances(states, (0, 0), 0)[1], np.select([counts < 2, counts == 2], [0, 0.5], 1)
    )


def test_every_map_with_a_law_has_a_reading_of_the_verifier() -> None:
    elsewhere = {name for name, row in BLOCKS.items() if row.field("T") or row.field("stack")}
    assert set(MINUS) == set(LAWFUL) - elsewhere


KERNEL = "kernel(2, T=sum(B in blocks) (0.7*s[B]*sum(i in B) s[i] + 0.2*s[B]*v[B] - 0.1*v[B]){})"


def test_a_kernel_of_the_text() -> None:
    """Of an Ising and a binary species, which is 1 or 0; a configuration has the bits of the spins,
    the first the highest.
    """
    for more in ("", ", normalised=true"):
        loaded = rgc.load(
            spec(
                "chain(4)",
                rest=f"block {KERNEL.format(more)}\nflow enumerate",
                spins="{ s: ising, v: binary }",
            )
        )
        (made,) = maps(loaded.document, chain(4))
        states = cell_states(made, chain(4), loaded.spec.species, 0)
        m = np.repeat([2, 0, 0, -2], 4)
        weights = np.exp(
            [0.7 * s * m + 0.2 * s * v - 0.1 * v for s, v in ((1, 1), (1, 0), (-1, 1), (-1, 0))]
        )
        shares = weights / weights.sum(axis=0)
        np.testing.assert_allclose(made.weights(states, (0,), 0), shares if more else weights)
        np.testing.assert_allclose(made.chances(states, (0,), 0), shares)


def test_cells_without_a_reading_are_said_to_have_none() -> None:
    triangle = spec("triangular", rest="block majority(cell=triangle)\nflow cumulant(order=1)")
    free = spec("square(4)", rest="block kadanoff(2, p=free)\nflow enumerate(minimise=kl)")
    for text, why in ((triangle, "cell triangle"), (free, "found by the run")):
        loaded = rgc.load(text)
        assert isinstance(loaded.spec.lattice, Lattice)
        with pytest.raises(Unreadable, match=why):
            maps(loaded.document, loaded.spec.lattice)


def test_joint_chances() -> None:
    """The second word is drawn with the first one given, which a product of the two chances would
    miss.
    """
    nodes = (
        Load(0, (0,)),
        Bernoulli(((0, 0),), 1, 0),
        Bernoulli(((1, 2),), 3, 1),
        Store(1, 1),
        Store(2, 2),
    )
    fields = tuple(Field(name, (2,), periodic=(True,)) for name in "stu")
    program = Program(
        name="t",
        shape=(2,),
        letters=1,
        fields=fields,
        rules=(Rule(0, nodes),),
        schedule=(),
        slots=4,
        draws=2,
    )
    chances = [1 / 4, 1 / 2, 1, 1 / 8]
    thresholds = pack_thresholds([int(p * 2**32) for p in chances], 32, 1)
    bits = np.zeros((3, 1, 2, 1, 2), dtype=bool)
    bits[0, 0, 0, 0] = False, True
    stores, joint = outcomes(
        program, program.rules[0], (0,), lattice_arguments(thresholds), list(bits)
    )
    assert [store.field for store in stores] == [1, 2]
    assert joint.T.tolist() == [[7 / 16, 1 / 16, 0, 1 / 2], [21 / 32, 3 / 32, 0, 1 / 4]]


INSTANCES = [
    ("square(16)", "", "3 x 3 torus", 1, "4 x 4 torus", 2),
    (
        "triangular(12)",
        "- K*sum(triangle(i,j,k)) s[i]*s[j]*s[k]",
        "3 x 3 torus",
        2,
        "3 x 6 torus",
        2,
    ),
    ("cubic(8)", "", "2 x 2 x 2 cells, open edges", 0, "3 x 3 x 2 cells, open along z", 0),
    ("honeycomb(8)", "", "2 x 2 torus", 2, "3 x 3 torus", 2),
    ("chain(8)", "", "8 ring", 2, "8 ring", 2),
]


@pytest.mark.parametrize(("lattice", "terms", "tiny", "near", "small", "nearer"), INSTANCES)
def test_small_instances(
    lattice: str, terms: str, tiny: str, near: int, small: str, nearer: int
) -> None:
    subject = Subject(rgc.load(spec(lattice, terms)), (ReferenceBackend(),), 0)
    found = [
        (each.name, each.kin) for each in (subject.tiny, subject.small) if not isinstance(each, str)
    ]
    assert found == [(tiny, near), (small, nearer)]
    assert len(KINSHIP) == 3


def test_lattices_in_words() -> None:
    assert describe(kagome(3)) == "3 x 3 torus"
    assert (
        describe(cubic(2, 3, 4, boundary=["open", "periodic", "open"]))
        == "2 x 3 x 4 cells, open along x and z"
    )


def swept(*stages: Stage) -> Program:
    rule = Rule(0, (Load(0, (0,)), Load(0, (1,)), Store(0, 1)))
    return Program(
        name="sweep",
        shape=(6,),
        letters=1,
        fields=(Field("s", (6,), periodic=(True,)),),
        rules=(rule,),
        schedule=stages,
    )


def test_schedules() -> None:
    even, odd, all_ = (
        Stage(0, Cells((m,), r, (0,), (6,))) for m, r in ((2, ((0,),)), (2, ((1,),)), (1, ((0,),)))
    )
    assert conflict(swept(even, odd)) == ""
    assert conflict(swept(even, all_)) == "site set 2: (0,) reads (1,) of the same set"
    assert writes(swept(even, all_))[0].ravel().tolist() == [2, 1, 2, 1, 2, 1]


def test_communicating_states() -> None:
    """A swap of two states, and three states that mix: two classes, the first of period 2."""
    matrix = np.zeros((5, 5))
    matrix[0, 1] = matrix[1, 0] = 1
    matrix[2:, 2:] = [[0.5, 0.5, 0], [0, 0.5, 0.5], [1, 0, 0]]
    assert [each.tolist() for each in communicating(matrix, 0)[:1]] == [
        [True, True, False, False, False]
    ]
    assert not communicating(matrix, 0)[1]
    mixed, aperiodic = communicating(matrix, 2)
    assert mixed.tolist() == [False, False, True, True, True]
    assert aperiodic


def test_moments_and_their_bound() -> None:
    """Free spins in a field: every correlator is tanh(h)^n; energies far apart, where the bound
    grows with <|d|>.
    """
    spins = 1 - 2 * (np.arange(64)[:, None] >> np.arange(6) & 1)
    exact = decimal_moments((-0.3 * spins.sum(axis=1)).tolist())
    assert float(exact[1 + 0b101]) == pytest.approx(np.tanh(0.3) ** 2)
    assert float(exact[0]) == pytest.approx(6 * np.log(2 * np.cosh(0.3)))
    for size in (0.01, 1.0, 40.0):
        energies = np.random.default_rng(3).normal(size=64) * size
        wanted = decimal_moments(energies.tolist())
        found, name = moments(ReferenceBackend(), energies)
        assert name == "numpy"
        differences = [abs(a - float(b)) for a, b in zip(found, wanted, strict=True)]
        assert (np.array(differences) <= allowed(energies, wanted) + 2.0**-53).all()


def test_p_values() -> None:
    assert p_value(1.0, 0.1, 1.0) == 1
    assert p_value(1.0, 0.1, 0.7960) == pytest.approx(
        0.05, abs=1e-3
    )  # t = 2.0395 at 31 degrees of freedom
    assert (p_value(3.0, 0.0, 3.0), p_value(3.0, 0.0, 3.1)) == (1, 0)
    # 4096 replicas may all lack a state of probability 2e-5, and hardly one of 1e-2
    assert p_value(8.0, 0.0, 7.99991, 2e-5) == pytest.approx(0.9213, abs=1e-4)
    assert p_value(8.0, 0.0, 7.96, 1e-2) < 1e-12
    assert holm({"a": 0.01, "b": 0.5}) == 0.02
    assert holm({}) == 1


def test_every_product_of_states_is_one_configuration() -> None:
    states = every_state(square(2), (Species("s"), Species("t")))
    assert len({tuple(column) for column in states.bits.reshape(8, -1).T.tolist()}) == 256
    numbers = (states.bits.reshape(8, -1) << np.arange(8)[:, None]).sum(axis=0)
    assert numbers.tolist() == list(range(256))
    assert len(list(product(*map(range, (2, 2))))) == 4
