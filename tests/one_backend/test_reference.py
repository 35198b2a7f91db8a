"""The reference backend against an interpreter on Python integers, one replica and one site at a
time, and against enumeration.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from random import Random
from typing import Any

import numpy as np
import pytest

from rgc.backend import Arguments, load
from rgc.conformance.lattice.programs import coupled
from rgc.conformance.lattice.running import arguments as given_arguments
from rgc.model.lattices import honeycomb, square
from rgc.model.operators import Operator, Spin
from rgc.model.sites import enumerate_cells, flatten
from rgc.model.spins import Species
from rgc.model_to_program.hamiltonian_to_update import hamiltonian_to_update
from rgc.model_to_program.operators_to_tallies import TallyRequest, operators_to_tallies
from rgc.passes.colour_sites import colour_sites
from rgc.passes.merge_terms import merge_terms
from rgc.program.draws import step_keys, stream, word
from rgc.program.lattice import (
    Accept,
    Bernoulli,
    Bit,
    Cells,
    Count,
    Couple,
    Equals,
    Field,
    Load,
    Logistic,
    Program,
    Rule,
    Stage,
    Store,
    Tally,
    TallyArray,
    Weigh,
)
from rgc.program.lattice.arguments import lattice_arguments
from rgc.program.lattice.start import random_field
from rgc.program.units import binary
from rgc.verification.chances import accepted, threshold
from rgc_reference import ReferenceBackend
from tests.core.small_systems import System, boltzmann, energies, minus, pairs, terms

ISING = (Species("s"),)


class Scalar:
    """One replica of a program: fields as dictionaries of bits, everything else as Python
    integers.
    """

    def __init__(
        self, program: Program, fields: list[Any], arguments: Arguments, replica: int, word0: int
    ) -> None:
        self.program, self.arguments, self.replica = program, arguments, replica
        self.word = word0 + replica // 64
        self.bits = [
            {
                place: int(field[place][replica // 64]) >> replica % 64 & 1
                for place in np.ndindex(field.shape[:-1])
            }
            for field in fields
        ]

    def step(self, key: Any) -> list[Any]:
        counts = [
            np.zeros((tally.rows, *(self.program.shape[axis] for axis in tally.axes)), int)
            for tally in self.program.tallies
        ]
        for stage in self.program.schedule:
            rule = self.program.rules[stage.rule]
            for cell in enumerate_cells(stage.cells, self.program.shape):
                self.site(rule, cell, key, counts)
        return counts

    def site(self, rule: Rule, cell: tuple[int, ...], key: Any, counts: list[Any]) -> None:
        values: list[Any] = []
        number = flatten(cell, self.program.shape) * self.program.letters + rule.letter
        for node in rule.nodes:
            values.append(
                self.value(node, values, rule, cell=cell, where=(key, number), counts=counts)
            )

    def places(self, field: int) -> Any:
        """Cell and letter of every site of a field, in order."""
        return np.ndindex(*self.program.shape, self.program.fields[field].letters)

    def plane(self, draw: int, where: Any, k: int) -> int:
        key, number = where
        counter = self.word * 2**40 + number * 2**6 + k
        return int(word(key[draw], counter, self.program.generator))

    def value(
        self, node: Any, values: list[Any], rule: Rule, *, cell: Any, where: Any, counts: list[Any]
    ) -> Any:
        match node:
            case Load(field, offset, letter, plane, stride):
                shape = self.program.fields[field].shape
                axes = zip(cell, offset, stride or (1,) * len(cell), shape, strict=True)
                return self.bits[field][(plane, *((x * f + y) % n for x, y, f, n in axes), letter)]
            case Bit("not", (a,)):
                return 1 - values[a]
            case Bit(op, operands):
                bits = [values[k] for k in operands]
                return {"and": min(bits), "or": max(bits), "xor": sum(bits) % 2}[op]
            case Count(words):
                return sum(values[k] for k in words)
            case Equals(count, n):
                return int(values[count] == n)
            case Bernoulli(classes, otherwise, draw):
                slots = [slot for mask, slot in classes if values[mask]]
                if not slots and otherwise is None:
                    return 0
                limit = threshold(
                    self.arguments,
                    slots[0] if slots else otherwise,
                    self.program.planes,
                    self.replica,
                )
                planes = (
                    self.plane(draw, where, k) >> self.replica % 64 & 1
                    for k in range(self.program.planes)
                )
                return int(int("".join(map(str, planes)), 2) < limit)
            case Weigh(masks, slots, base):
                table = self.arguments["weights"][:, self.replica]
                return int(table[base]) + sum(
                    int(table[s]) * values[m] for m, s in zip(masks, slots, strict=True)
                )
            case Couple(lanes, field, matrix, mask, plane):
                turned = 0 if mask is None else values[mask]
                block = 64 * int(self.arguments["blocks"][self.replica // 64])
                own = self.arguments["couplings"][matrix, where[1]]
                lane = block + self.replica % 64 if own.shape[-1] > 1 else 0
                bits = (self.bits[field][(plane, *c)] for c in self.places(field))
                return values[lanes] + sum(
                    int(h) * (2 * (bit ^ turned) - 1)
                    for h, bit in zip(own[:, lane], bits, strict=True)
                )
            case Accept(lanes, draw):
                lane = self.replica % 64
                half = self.plane(draw, where, lane >> 1) >> 32 * (lane & 1) & 0xFFFFFFFF
                return int(half < accepted(values[lanes]))
            case Logistic(lanes, draw):
                lane, x = self.replica % 64, np.array(values[lanes])
                half = self.plane(draw, where, lane >> 1) >> 32 * (lane & 1) & 0xFFFFFFFF
                return int(not binary(x, np.array(half, dtype=np.uint64)))
            case Store(word=value):
                field, plane, letter = node.place(rule.letter)
                self.bits[field][(plane, *cell, letter)] = values[value]
            case Tally(array, row, value):
                kept = tuple(cell[axis] for axis in self.program.tallies[array].axes)
                counts[array][(row, *kept)] += values[value]
        return None


def check(program: Program, arguments: Arguments, words: int = 2, word0: int = 3) -> None:
    """Two steps, some replicas one by one; tallies summed over replicas are compared where all
    replicas are kept too.
    """
    fields = [
        random_field((8, k), f, words, word0, program.generator)
        for k, f in enumerate(program.fields)
    ]
    keys = step_keys(stream(4, {"K": 0.3}, "update", 1), 11, 2, program.draws)
    backend = ReferenceBackend()
    state, tallies = backend.compile(program)(
        [backend.pack(f) for f in fields], arguments, keys, word0
    )
    after = [backend.unpack(packed) for packed in state]
    for replica in (0, 1, 63, 64, 64 * words - 1):
        one = Scalar(program, fields, arguments, replica, word0)
        counts = [one.step(key) for key in keys]
        for number, field in enumerate(after):
            for place, bit in one.bits[number].items():
                assert int(field[place][replica // 64]) >> replica % 64 & 1 == bit
        for array, tally in enumerate(program.tallies):
            if tally.replica:
                assert np.array_equal(
                    tallies[array][..., replica], [count[array] for count in counts]
                )


SYSTEM = System(
    square(3, 4, boundary=["periodic", "open"]),
    ISING,
    terms(
        ("K", 0.3, pairs((0, 1), (1, 0))),
        ("K4", 0.4, [tuple(Spin(cell) for cell in product(range(2), repeat=2))]),
        ("h", -0.1, [(Spin((0, 0)),)]),
    ),
)


@pytest.mark.parametrize("generator", ["splitmix", "philox"])
@pytest.mark.parametrize(
    ("form", "kind", "planes"),
    [
        ("joint", "metropolis", 32),
        ("joint", "heat_bath", 64),
        ("factorised", "lazy", 32),
        ("weigh", "lazy", 32),
    ],
)
def test_updates_bit_by_bit(form: Any, kind: Any, planes: Any, generator: Any) -> None:
    merged = merge_terms(SYSTEM.hamiltonian, SYSTEM.lattice, ISING)
    steps = colour_sites(merged.groups, SYSTEM.lattice)
    options: Any = {"form": form, "kind": kind, "planes": planes, "generator": generator}
    update = hamiltonian_to_update(SYSTEM.lattice, ISING, merged.groups, steps, **options)
    points = [
        tuple(c * Fraction(k, 40) for c in merged.coefficients(SYSTEM.hamiltonian))
        for k in range(128)
    ]
    check(update.program, update.arguments(points, 2))


def test_every_kind_of_node_bit_by_bit() -> None:
    """Two fields of two planes and two letters, a stride, every node, every way of keeping a
    tally.
    """
    nodes = (
        Load(0, (0, 0), 1, 1),
        Load(0, (1, -1), 0, 0),
        Load(1, (3, -2), 1, 1, stride=(2, 3)),
        Bit("not", (1,)),
        Bit("xor", (0, 2, 3)),
        Bit("or", (1, 2)),
        Bit("and", (0, 1, 5)),
        Count((0, 1, 2, 4, 5)),
        Equals(7, 0),
        Equals(7, 4),
        Equals(7, 9),
        Bernoulli(((8, 0), (9, 1), (10, 2)), 3, 1),
        Bernoulli((), 2, 0),
        Weigh((0, 1, 6), (0, 1, 0), 2),
        Accept(13, 3),
        Logistic(13, 2),
        Bit("xor", (0, 11, 12, 14, 15)),
        Tally(0, 1, 16),
        Tally(0, 1, 12),
        Tally(1, 0, 14),
        Tally(2, 0, 16),
        Store(0, 16, 1),
    )
    cells = Cells((1, 2), ((0, 1),), (0, 0), (4, 6))
    program = Program(
        name="everything",
        shape=(4, 6),
        letters=2,
        fields=(
            Field("s", (4, 6), letters=2, planes=2, periodic=(True, True)),
            Field("t", (8, 18), letters=2, planes=2, periodic=(True, True)),
        ),
        rules=(Rule(1, nodes),),
        schedule=(Stage(0, cells),),
        slots=4,
        weights=3,
        draws=4,
        tallies=(
            TallyArray(2, replica=True),
            TallyArray(1, replica=True, axes=(1,)),
            TallyArray(1, replica=True, axes=(0, 1)),
        ),
    )
    from rgc.program.lattice.thresholds import pack_thresholds

    thresholds = pack_thresholds(
        [1 << 32, 12345678, 1 << 31, [(k + 128) << 24 for k in range(128)]], 32, 2
    )
    weights = np.array(
        [[1 << 19] * 128, [-(1 << 20)] * 128, list(range(-(1 << 20), 1 << 20, 1 << 14))], np.int32
    )
    check(program, lattice_arguments(thresholds, weights))


@pytest.mark.parametrize("kind", [Accept, Logistic])
@pytest.mark.parametrize("uniform", [True, False])
def test_spins_that_all_others_decide(kind: Any, uniform: bool) -> None:
    program = coupled(2, kind)
    check(program, given_arguments(program, 2, Random(3), uniform))  # noqa: S311


def test_a_share_of_the_words_gives_the_same_bits() -> None:
    lattice = honeycomb(3, 4)
    bond = terms(
        ("K", 0.6, [(Spin((0, 0)), Spin((-x, -y), 1)) for x, y in ((0, 0), (1, 0), (1, 1))])
    )
    merged = merge_terms(bond, lattice, ISING)
    update = hamiltonian_to_update(
        lattice, ISING, merged.groups, colour_sites(merged.groups, lattice)
    )
    backend = load("reference")
    kernel, keys = backend.compile(update.program), step_keys((1, 2), 0, 3, 1)
    (field,) = (random_field((5, 6), f, 4) for f in update.program.fields)
    coefficients = [merged.coefficients(bond)]
    whole, _ = kernel([backend.pack(field)], update.arguments(coefficients, 4), keys)
    part, _ = kernel([backend.pack(field[..., 1:3])], update.arguments(coefficients, 2), keys, 1)
    assert np.array_equal(backend.unpack(whole[0])[..., 1:3], backend.unpack(part[0]))


def test_tallies_summed_over_replicas() -> None:
    lattice = square(4)
    operators = (Operator("m", ((Spin((0, 0)),),)), Operator("K", tuple(pairs((0, 1)))))
    program = operators_to_tallies(
        lattice, ISING, [TallyRequest(operators), TallyRequest(operators, replica=False)]
    ).program
    field = random_field((1, 1), program.fields[0], 3)
    arguments = lattice_arguments(np.zeros((0, 33, 3), np.uint64))
    _, (kept, summed) = ReferenceBackend().compile(program)(
        [field], arguments, np.zeros((2, 0, 2), np.uint64)
    )
    assert kept.shape == (2, 2, 192)
    assert np.array_equal(kept.sum(axis=-1), summed)
    assert summed[0, 0] == np.bitwise_count(field).sum()


@pytest.mark.parametrize(
    ("form", "kind"), [("joint", "metropolis"), ("joint", "heat_bath"), ("weigh", "metropolis")]
)
def test_sampled_averages_are_the_enumerated_ones(form: Any, kind: Any) -> None:
    """<H> and <m> of a 3 x 4 strip in a field, 512 replicas, errors from the replicas."""
    merged = merge_terms(SYSTEM.hamiltonian, SYSTEM.lattice, ISING)
    steps = colour_sites(merged.groups, SYSTEM.lattice)
    update = hamiltonian_to_update(
        SYSTEM.lattice, ISING, merged.groups, steps, form=form, kind=kind
    )
    measure = operators_to_tallies(
        SYSTEM.lattice, ISING, [TallyRequest((*merged.groups, Operator("m", ((Spin((0, 0)),),))))]
    )
    words, key = 8, stream(0, {}, "update")
    backend = ReferenceBackend()
    sweep, record = backend.compile(update.program), backend.compile(measure.program)
    arguments = update.arguments([merged.coefficients(SYSTEM.hamiltonian)], words)
    state = [
        backend.pack(random_field(stream(0, {}, "start"), f, words)) for f in update.program.fields
    ]
    samples = []
    for step in range(30, 105, 3):
        state, _ = sweep(state, arguments, step_keys(key, step, 3, update.program.draws))
        state, counts = record(state, arguments, np.zeros((1, 0, 2), np.uint64))
        samples.append(measure.sums(counts, 64 * words)[0][0])
    mean = np.mean(samples[5:], axis=0)
    couplings = [float(c) for c in merged.coefficients(SYSTEM.hamiltonian)]
    weights = boltzmann(SYSTEM)
    expected = (
        weights @ energies(SYSTEM),
        weights @ (1 - 2 * minus(SYSTEM).astype(int)).sum(axis=0),
    )
    for series, exact in zip((np.array(couplings) @ mean[:-1], mean[-1]), expected, strict=True):
        assert abs(series.mean() - exact) < 4.5 * series.std() / np.sqrt(series.size)
        assert series.std() / np.sqrt(series.size) < 0.3


def test_the_source_of_a_kernel_is_the_program() -> None:
    program = operators_to_tallies(
        square(4), ISING, [TallyRequest((Operator("m", ((Spin((0, 0)),),)),))]
    ).program
    assert "tally 0[0] += v0" in ReferenceBackend().compile(program).source
