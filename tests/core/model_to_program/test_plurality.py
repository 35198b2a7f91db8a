"""Programs of block maps of spins with several states, against the laws of the maps."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from rgc.ast_to_model import build
from rgc.errors import SpecError
from rgc.flows.enumeration.block_kernel import log_kernel
from rgc.model.counted import POSSIBLE, Counted, Counts, LogWeight, Odds
from rgc.model.spec import Spec
from rgc.model_to_program import thresholds
from rgc.model_to_program.block_to_rule import BlockProgram, block_to_rule
from rgc.model_to_program.count_words import counted_planes
from rgc.model_to_program.rule_writer import RuleWriter
from rgc.program.lattice.nodes import Load, Store
from rgc.syntax.parse import parse
from rgc.text import Source
from rgc.verification.chances import outcomes

PLANES = 2.0**-31


def spec(spins: str, block: str, lattice: str = "square(6)") -> Spec:
    text = f"lattice {lattice}\nspins {spins}\nhamiltonian - sum(i) delta(s[i], 0)\nblock {block}\n"
    return build(parse(Source("<test>", text)))[0]


def lowered(made: Spec) -> BlockProgram:
    assert made.lattice is not None
    return block_to_rule(made.lattice, made.species, made.blocks[0])  # type: ignore[arg-type]


def exact(weights: Sequence[LogWeight]) -> list[Fraction]:
    return [Fraction(weight.at(None)) for weight in weights]


def joint(made: Spec) -> np.ndarray:
    """The chance of each joint state of the block spins for every state of the cell at the
    origin, and of codes that are no states.
    """
    lattice, (block,), program = made.lattice, made.blocks, lowered(made)
    counts = [len(kind.values) for kind in made.species for _ in block.cells[0]]
    digits = iter(np.array(list(product(*map(range, counts)))).T)
    fields = []
    for kind in made.species:
        shape = (kind.bits, *lattice.cells, 1, np.prod(counts))  # type: ignore[union-attr]
        fields.append(np.zeros(shape, dtype=bool))
        for site in block.cells[0]:
            digit = next(digits)
            for k in range(kind.bits):
                fields[-1][(k, *site.cell, 0)] = digit >> k & 1
    inner = tuple(slice(6 // factor) for factor in block.factor)
    coarse = [field[(slice(None), *inner)] & False for field in fields]
    rule, origin = program.program.rules[0], (0,) * len(inner)
    stores, chances = outcomes(
        program.program, rule, origin, program.arguments(1), [*fields, *coarse]
    )
    sizes = [1 << kind.bits for kind in made.species]
    found = np.zeros((len(chances[0]), np.prod(sizes)))
    for number, chance in enumerate(chances):
        codes = [0] * len(sizes)
        for k, store in enumerate(reversed(stores)):
            codes[store.field - len(sizes)] |= (number >> k & 1) << store.plane
        found[:, np.ravel_multi_index(codes, sizes)] += chance
    return found.reshape(-1, *sizes)


@pytest.mark.parametrize(
    ("spins", "block", "lattice"),
    [
        ("s: potts(3)", "majority(2)", "square(6)"),
        ("s: potts(3)", "majority(3)", "chain(6)"),
        ("s: potts(4)", "majority(2)", "square(6)"),
        ("s: clock(5)", "majority(3)", "chain(6)"),
        ("s: spin(1)", "majority(2)", "square(6)"),
        ("s: potts(3)", "decimate(2)", "square(6)"),
        ("{ s: potts(3), t: ising }", "majority(3)", "chain(6)"),
    ],
)
def test_block_spins_have_the_chances_of_the_law(spins: str, block: str, lattice: str) -> None:
    made = spec(spins, block, lattice)
    found = joint(made)
    states = tuple(slice(len(kind.values)) for kind in made.species)
    law = np.exp(log_kernel(made.blocks[0], 0))
    inside = found[(slice(None), *states)].reshape(len(found), -1)
    np.testing.assert_allclose(inside, law, rtol=0, atol=PLANES)
    assert found.sum() == pytest.approx(inside.sum())


def test_a_tie_of_three_is_shared_exactly() -> None:
    made = lowered(spec("s: potts(3)", "majority(3)", "chain(6)"))
    assert made.odds[0] == Odds((POSSIBLE, POSSIBLE), (POSSIBLE,))
    assert made.program.draws == 2
    assert thresholds.chance(exact([POSSIBLE] * 2), exact([POSSIBLE]), 32) == 2**32 // 3
    assert thresholds.chance(exact([POSSIBLE] * 3), exact([POSSIBLE]), 64) == 2**62


def test_states_of_unequal_weight() -> None:
    """A law that no map of the language has: the weight of a state is e^(its count)."""

    def law(counts: Counts) -> tuple[LogWeight, ...]:
        return tuple(LogWeight(float(count)) for count in counts)

    code, odds = RuleWriter(0), list[Odds]()

    def threshold(wanted: Odds) -> int:
        odds.append(wanted)
        return len(odds) - 1

    cell = [[code.add(Load(0, (0,), plane=k)) for k in range(2)]]
    planes = counted_planes(code, Counted(1, 3, law), cell, 0, threshold)
    assert len(planes) == 2
    shares = {
        thresholds.chance(exact(each.zeros), exact(each.ones), 32)
        for each in odds
        if len(each.zeros) == 2
    }
    assert shares == {int(2**32 / (2 + np.e)), int(2**32 * np.e / (2 + np.e))}


def test_written_laws_of_states_come_later() -> None:
    made = spec("s: potts(3)", "kernel(2, T=sum(B in blocks) sum(i in B) delta(s[i], s[B]))")
    with pytest.raises(SpecError, match="comes later"):
        lowered(made)


def test_the_largest_counts_make_a_short_rule() -> None:
    """Four spins of eight states have 330 counts."""
    rule = lowered(spec("s: potts(8)", "majority(2)")).program.rules[0]
    assert len(rule.nodes) < 1500
    assert sum(isinstance(node, Store) for node in rule.nodes) == 3
