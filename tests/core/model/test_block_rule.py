"""What is computed from the law of a block map, against brute force over all states of a cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, permutations
from itertools import product as cartesian
from math import inf

import numpy as np
import pytest

from rgc.ast_to_model import build
from rgc.errors import SpecError
from rgc.flows.enumeration.block_kernel import log_kernel
from rgc.model.block import Block
from rgc.model.block_maps import BLOCKS, LAWFUL, Written
from rgc.model.block_rule import BlockRule
from rgc.model.counted import LogWeight
from rgc.model.lattice import Site
from rgc.model.spins import Species
from rgc.model.weighed import Weighed, components
from rgc.syntax.parse import parse
from rgc.text import Source
from tests.blocks import block as block_map

PAIR = "s: ising, t: ising"


def written(text: str, lattice: str = "chain(8)", spins: str = "s: ising") -> Block:
    """The first map of a block section."""
    spec, _ = build(
        parse(Source("<test>", f"lattice {lattice}\nspins {{ {spins} }}\nblock {text}\n"))
    )
    return spec.blocks[0]


def kernel(body: str, spins: str = "s: ising", more: str = "") -> Block:
    return written(f"kernel(2, T=sum(B in blocks) ({body}){more})", "square(4)", spins)


KERNELS = {
    "kadanoff": kernel("0.7*s[B]*sum(i in B) s[i]"),
    "field on the block spin": kernel("0.7*s[B]*sum(i in B) s[i] + 0.2*s[B]"),
    "field on the fine spins": kernel("0.7*s[B]*sum(i in B) s[i] + 0.2*sum(i in B) s[i]"),
    "pairs by distance": kernel(
        "s[B]*sum(i in B) s[i] + sum(i in B) sum(j in B) exp(-distance(i,j))*s[i]*s[j]"
    ),
    "two species": kernel("s[B]*sum(i in B) s[i] + t[B]*sum(i in B) t[i] + 0.3*s[B]*t[B]", PAIR),
    "one species of two": kernel("s[B]*sum(i in B) s[i] + 0.5*t[B] + t[B]*sum(i in B) t[i]", PAIR),
    "divided": kernel("0.7*s[B]*sum(i in B) s[i]", more=", normalised=true"),
    "divided by hand": kernel(
        "0.7*s[B]*sum(i in B) s[i] - log(2*cosh(0.7*sum(i in B) s[i]))"
    ),
    "nothing": kernel("0*s[B]"),
}  # fmt: skip
NAMED = {
    f"{text} on {lattice}": written(text, lattice)
    for text, lattice in (
        ("majority(3)", "chain(9)"),
        ("majority(2)", "square(4)"),
        ("any(2)", "square(4)"),
        ("any(3)", "chain(9)"),
        ("kadanoff(2, p=0.7)", "square(4)"),
        ("decimate(2)", "chain(8)"),
    )
}
EVERY = {**NAMED, **KERNELS}


def table(block: Block) -> np.ndarray:
    """Weights [state of the cell, state of the block spins]; their numbers have the bits of the
    spins, the first the highest."""
    return np.asarray(np.exp(log_kernel(block, 0)))


def subsets(rule: BlockRule) -> Iterator[frozenset[tuple[int, int]]]:
    spins = list(cartesian(range(rule.species), range(rule.laws[0].size)))
    for chosen in cartesian((False, True), repeat=len(spins)):
        yield frozenset(spin for spin, one in zip(spins, chosen, strict=True) if one)


def mask(spins: Sequence[int], number: int) -> int:
    return sum(1 << (number - 1 - k) for k in spins)


def turned(weights: np.ndarray, fine: int, block: int) -> np.ndarray:
    states, images = (np.arange(n) for n in weights.shape)
    return weights[states ^ fine][:, images ^ block]


@pytest.mark.parametrize("name", EVERY)
def test_which_flips_a_law_turns_with(name: str) -> None:
    rule, weights = EVERY[name].law(0), table(EVERY[name])
    size, spins = rule.laws[0].size, rule.species * rule.laws[0].size
    for flipped in subsets(rule):
        fine = mask([kind * size + site for kind, site in flipped], spins)
        right = []
        for chosen in cartesian((True, False), repeat=rule.species):
            block = frozenset(k for k, one in enumerate(chosen) if one)
            same = turned(weights, fine, mask(sorted(block), rule.species))
            assert rule.keeps(flipped, block) == np.allclose(same, weights, rtol=1e-9)
            right += [block] if rule.keeps(flipped, block) else []
        assert rule.induced(flipped) == (right[0] if right else None)


def test_all_spins_of_a_species() -> None:
    found = {
        name: [each.law(0).turns_with(k) for k in range(each.law(0).species)]
        for name, each in EVERY.items()
    }
    assert found == {
        "majority(3) on chain(9)": [True],
        "majority(2) on square(4)": [True],
        "any(2) on square(4)": [False],
        "any(3) on chain(9)": [False],
        "kadanoff(2, p=0.7) on square(4)": [True],
        "decimate(2) on chain(8)": [True],
        "kadanoff": [True],
        "field on the block spin": [False],
        "field on the fine spins": [False],
        "pairs by distance": [True],
        "two species": [False, False],
        "one species of two": [True, False],
        "divided": [True],
        "divided by hand": [True],
        "nothing": [True],
    }


def test_draws_see_less_than_sums_over_states() -> None:
    """A field on the fine spins alone is no matter for p(t | cell); one on the block spin is."""
    drawn = {name: each.drawn.law(0) for name, each in KERNELS.items()}
    assert drawn["field on the fine spins"].turns_with(0)
    assert not drawn["field on the block spin"].turns_with(0)
    assert drawn["field on the fine spins"].same(kernel("0.7*s[B]*sum(i in B) s[i]").drawn.law(0))


@pytest.mark.parametrize("name", EVERY)
def test_which_sites_a_law_treats_alike(name: str) -> None:
    rule, weights = EVERY[name].law(0), table(EVERY[name])
    size = rule.laws[0].size
    axes = weights.reshape((2,) * (rule.species * (size + 1)))
    for i, j in combinations(range(size), 2):
        order = [j if k == i else i if k == j else k for k in range(size)]
        places = [kind * size + site for kind in range(rule.species) for site in order]
        moved = np.transpose(axes, [*places, *range(rule.species * size, axes.ndim)])
        assert rule.moved(order).same(rule) == np.allclose(moved, axes, rtol=1e-9)


def test_opposite_corners_are_no_neighbours() -> None:
    rule = KERNELS["pairs by distance"].law(0)
    turn, swap = [1, 3, 0, 2], [1, 0, 2, 3]
    assert rule.moved(turn).same(rule)
    assert not rule.moved(swap).same(rule)
    assert NAMED["decimate(2) on chain(8)"].law(0).copied == 0
    assert {each.law(0).copied for name, each in EVERY.items() if "decimate" not in name} == {None}


@pytest.mark.parametrize("name", EVERY)
def test_normalised_and_deterministic(name: str) -> None:
    rule, weights = EVERY[name].law(0), table(EVERY[name])
    assert rule.normalised == np.allclose(weights.sum(axis=1), 1, rtol=1e-9)
    shares = weights / weights.sum(axis=1, keepdims=True)
    assert rule.deterministic == bool(np.isin(shares, (0, 1)).all())
    assert EVERY[name].drawn.law(0).normalised


def test_what_is_deterministic() -> None:
    found = {name for name, each in NAMED.items() if each.law(0).deterministic}
    assert found == {
        "majority(3) on chain(9)",
        "any(2) on square(4)",
        "any(3) on chain(9)",
        "decimate(2) on chain(8)",
    }


def test_species_that_a_law_treats_alike() -> None:
    two = written("majority(2)", "square(4)", PAIR).law(0)
    assert two.exchanged([1, 0]).same(two)
    assert KERNELS["two species"].law(0).exchanged([1, 0]).same(KERNELS["two species"].law(0))
    one = KERNELS["one species of two"].law(0)
    assert not one.exchanged([1, 0]).same(one)
    assert one.exchanged([1, 0]).exchanged([1, 0]).same(one)


# -- spins of more states --------------------------------------------------------------------------


def potts(text: str, q: int = 3) -> BlockRule:
    return written(text, "chain(8)", f"s: potts({q})").law(0)


def test_plurality_turns_with_every_permutation_of_states() -> None:
    rule = potts("majority(2)")
    assert all(rule.turns(image) for image in permutations(range(3)))
    assert rule.normalised
    assert not rule.deterministic
    assert potts("decimate(2)").deterministic


def test_a_kernel_turns_with_the_permutations_that_it_is_written_for() -> None:
    plain = potts("kernel(2, T=sum(B in blocks) sum(i in B) 0.7*delta(s[B], s[i]))")
    field = potts(
        "kernel(2, T=sum(B in blocks) (sum(i in B) 0.7*delta(s[B], s[i]) + 0.1*delta(s[B], 2)))"
    )
    assert all(plain.turns(image) for image in permutations(range(3)))
    assert [image for image in permutations(range(3)) if field.turns(image)] == [
        (0, 1, 2),
        (1, 0, 2),
    ]


def test_plurality_shares_ties() -> None:
    kinds = (Species("s", "potts", 3),)
    block = block_map("majority", 2, (2,), [[Site((0,)), Site((1,))]], species=kinds)
    weights = table(block)
    assert weights[0].tolist() == [1, 0, 0]
    assert weights[1].tolist() == [0.5, 0.5, 0]


# -- what is asked of a law ------------------------------------------------------------------------


def test_p_is_no_part_of_a_law() -> None:
    """Kadanoff's rule at p = 0 draws as a coin does, and what follows from the law is that of every
    other p."""
    rule = written("kadanoff(2, p=0)", "square(4)").law(0)
    assert rule == written("kadanoff(2, p=0.7)", "square(4)").law(0)
    assert rule.induced(frozenset([(0, 0)])) is None
    assert LogWeight(0.5, 2.0).at(0.25) == 1
    assert LogWeight(inf).at(None) == inf
    with pytest.raises(ValueError, match="no value"):
        LogWeight(0.0, 2.0).at(None)


def test_maps_without_a_law_say_so() -> None:
    assert set(BLOCKS) - set(LAWFUL) == {"average"}
    stack = "stack { rbm(hidden=chain(4), spins=ising, connect=patch(), train=cd()) }"
    samples = "hamiltonian - sum(<i,j>) s[i]*s[j]\ndata samples(9)"
    for text in ("average(2)", f"learned(stack)\n{samples}\n{stack}"):
        with pytest.raises(SpecError, match="has no law of one block spin"):
            written(text).law(0)


@pytest.mark.parametrize("name", ["any", "kadanoff"])
def test_laws_of_signs_only(name: str) -> None:
    law = BLOCKS[name].law
    assert law is not None
    with pytest.raises(ValueError, match="two-state spins, not potts"):
        law(Written(letter=0, cell=(Site((0,)),), species=(Species("s", "potts", 3),)))


def test_components_are_unique() -> None:
    """One T in two spellings: products of spins, and a table of the whole cell."""
    plain, whole = (
        each.laws[0]
        for each in (
            kernel("0.5*s[B]*sum(i in B) s[i]").law(0),
            kernel("abs(0.5*s[B]*sum(i in B) s[i] + 2) - 2").law(0),
        )
    )
    assert isinstance(plain, Weighed)
    assert isinstance(whole, Weighed)
    assert len(plain.pieces) == 4
    assert len(whole.pieces) < 4
    assert plain.same(whole)
    assert components(plain) == {(k, 4): (0.5,) for k in range(4)}
