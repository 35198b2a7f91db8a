"""Programs of block maps: the joint probabilities of all block spins of a cell, exactly, for every
state of it."""

from __future__ import annotations

from fractions import Fraction
from itertools import product as cartesian

import numpy as np
import pytest

from rgc.ast_to_model import build
from rgc.errors import SpecError
from rgc.model.block import Block
from rgc.model.lattice import Lattice
from rgc.model_to_program import state_classes as lowering
from rgc.model_to_program import thresholds
from rgc.model_to_program.block_to_rule import BlockProgram, block_to_rule
from rgc.model_to_program.rule_writer import RuleWriter
from rgc.model_to_program.state_classes import class_masks
from rgc.program.lattice.nodes import Load
from rgc.syntax.parse import parse
from rgc.text import Source
from rgc.verification.chances import outcomes

PLANES = 2.0**-32
PAIR = "s: ising, t: ising"
SUM = "sum(i in B) s[i]"


def lowered(
    block: str, lattice: str = "square(4)", spins: str = "s: ising"
) -> tuple[BlockProgram, Block]:
    text = f"lattice {lattice}\nspins {{ {spins} }}\nblock {block}\n"
    spec, _ = build(parse(Source("<test>", text)))
    assert isinstance(spec.lattice, Lattice)
    return block_to_rule(spec.lattice, spec.species, spec.blocks[0]), spec.blocks[0]


def joint(block: str, lattice: str = "square(4)", spins: str = "s: ising") -> np.ndarray:
    """p(t | cell) of the block at the origin, [state of the cell, t]; numbers have the bits of the
    spins, the first the highest."""
    made, block_map = lowered(block, lattice, spins)
    program, cell = made.program, block_map.cells[0]
    species = len(program.fields) // 2
    number = species * len(cell)
    fields = [
        np.zeros((1, *field.shape, field.letters, 1 << number), dtype=bool)
        for field in program.fields
    ]
    states = np.arange(1 << number)
    for k, (kind, site) in enumerate(cartesian(range(species), cell)):
        fields[kind][(0, *site.cell, site.letter)] = states >> (number - 1 - k) & 1 == 1
    arguments = made.arguments(1, block_map.p)
    stores, chances = outcomes(
        program, program.rules[0], (0,) * len(program.shape), arguments, fields
    )
    assert [store.field for store in stores] == list(range(species, 2 * species))
    return np.asarray(chances.T)


def kernel(body: str, **options: str) -> np.ndarray:
    return joint(f"kernel(2, T=sum(B in blocks) ({body}))", **options)


def total(spins: int) -> np.ndarray:
    return np.asarray(spins - 2 * np.bitwise_count(np.arange(1 << spins)).astype(int))


def test_any_is_minus_where_all_spins_are() -> None:
    found = joint("any(2)")
    assert found[:-1].tolist() == [[1, 0]] * 15
    assert found[-1].tolist() == [0, 1]


def test_kadanoff_written_out_has_the_same_thresholds() -> None:
    made, block = lowered("kadanoff(2, p=0.7)")
    other, _ = lowered(f"kernel(2, T=sum(B in blocks) 0.7*s[B]*{SUM})")
    thresholds = [each.arguments(1, block.p)["thresholds"].tolist() for each in (made, other)]
    assert sorted(thresholds[0]) == sorted(thresholds[1])
    np.testing.assert_array_equal(joint("kadanoff(2, p=0.7)"), kernel(f"0.7*s[B]*{SUM}"))


def test_a_steep_kernel_is_the_majority() -> None:
    np.testing.assert_array_equal(joint("majority(2)"), kernel(f"1000*s[B]*{SUM}"))


def test_a_kernel_that_is_not_normalised_is_normalised_to_draw() -> None:
    plain = kernel(f"0.7*s[B]*{SUM} + 0.2*s[B]")
    np.testing.assert_array_equal(plain, kernel(f"0.7*s[B]*{SUM} + 0.2*s[B] + 0.3*({SUM})^2"))
    minus = 1 / (1 + np.exp(2 * (0.7 * total(4) + 0.2)))
    np.testing.assert_allclose(plain[:, 1], minus, rtol=0, atol=PLANES)


def test_sites_that_are_no_neighbours_count_for_themselves() -> None:
    body = "s[B]*(0.4*sum(i in B) s[i] + 0.3*prod(i in B) s[i])"
    parity = 1 - 2 * (np.bitwise_count(np.arange(16)) % 2).astype(int)
    minus = 1 / (1 + np.exp(2 * (0.4 * total(4) + 0.3 * parity)))
    np.testing.assert_allclose(kernel(body)[:, 1], minus, rtol=0, atol=PLANES)


def test_several_species_by_the_chain_rule() -> None:
    body = f"0.5*s[B]*{SUM} + 0.3*t[B]*sum(i in B) t[i] + 0.6*s[B]*t[B] + 0.1*t[B]"
    found = kernel(body, spins=PAIR)
    of_s, of_t = np.repeat(total(4), 16), np.tile(total(4), 16)
    signs = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]])
    weights = np.exp([0.5 * s * of_s + 0.3 * t * of_t + 0.6 * s * t + 0.1 * t for s, t in signs]).T
    wanted = weights / weights.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=2 * PLANES)
    assert abs(found[:, 0] - found[:, :2].sum(axis=1) * found[:, ::2].sum(axis=1)).max() > 0.05


def test_species_that_a_kernel_keeps_apart_are_those_of_two_maps() -> None:
    both = kernel(f"0.7*s[B]*{SUM} + 0.7*t[B]*sum(i in B) t[i]", spins=PAIR)
    np.testing.assert_allclose(
        both, joint("kadanoff(2, p=0.7)", spins=PAIR), rtol=0, atol=2 * PLANES
    )


def test_a_kernel_of_no_spin_is_a_coin() -> None:
    assert kernel("0*s[B]").tolist() == [[0.5, 0.5]] * 16


def test_rounding_makes_no_classes() -> None:
    """0.1 + 0.2 and 0.3 differ in the last bit; equal sums in other orders do not even do that."""
    made, _ = lowered(
        "kernel(2, T=sum(B in blocks) s[B]*(0.1*sum(i in B) s[i] + 0.2*sum(i in B) s[i]))"
    )
    assert len(made.odds) == 5


def test_the_largest_cell() -> None:
    """Sixteen spins of one species: the diagram of a sum has a node for each count at each spin."""
    made, _ = lowered(f"kernel(4, T=sum(B in blocks) 0.3*s[B]*{SUM})", "square(8)")
    assert len(made.odds) == 17
    assert len(made.program.rules[0].nodes) < 600


def test_too_many_decisions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lowering, "MOST_NODES", 5)
    with pytest.raises(SpecError, match="more than 5 decisions"):
        lowered(f"kernel(2, T=sum(B in blocks) 0.3*s[B]*{SUM})")


def test_masks_of_every_class() -> None:
    """Seven words, classes at random: every state is in the mask of its class and in no other."""
    dice = np.random.default_rng(5)
    class_of = [*range(4), *dice.integers(0, 4, 124).tolist()]
    code = RuleWriter(0)
    words = [code.add(Load(0, (k,))) for k in range(7)]
    masks = class_masks(code, class_of, words)
    states = np.arange(128)
    values = []
    for k, node in enumerate(code.rule().nodes):
        match node:
            case Load():
                values.append(states >> (6 - k) & 1 == 1)
            case _ if node.op == "not":
                values.append(~values[node.operands[0]])
            case _:
                fold = np.logical_and if node.op == "and" else np.logical_or
                values.append(fold.reduce([values[n] for n in node.operands]))
    for number, mask in enumerate(masks):
        np.testing.assert_array_equal(values[mask], np.array(class_of) == number)


def test_a_ratio_of_sums() -> None:
    plus, minus = [Fraction(1, 2), Fraction(0)], [Fraction(-1), Fraction(3)]
    wanted = np.log((np.exp(0.5) + 1) / (np.exp(-1) + np.exp(3)))
    assert float(thresholds.log_ratio(plus, minus)) == pytest.approx(wanted, abs=1e-15)
    assert thresholds.log_ratio(plus[:1], minus[:1]) == Fraction(3, 2)
