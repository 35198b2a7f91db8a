"""Wrong laws of block maps, and wrong facts about right ones: `rgc verify` catches each without
comparing backends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

import rgc
from rgc.model.block_maps import BLOCKS, Written, any_up, counted, most, transferred
from rgc.model.block_rule import BlockRule
from rgc.model.counted import IMPOSSIBLE, POSSIBLE, Counted, Counts, LogWeight
from rgc.model.weighed import Weighed
from rgc.model_to_program import block_to_rule, states_to_update

HEAD = (
    'title "t"\nlattice square(4)\nspins s: ising\nhamiltonian - 0.3 * sum(<i,j>) s[i]*s[j]\nblock '
)
TWO = (
    'title "t"\nlattice chain(8)\nspins { s: ising, t: ising }\n'
    "hamiltonian - 0.3 * sum(<i,j>) s[i]*s[j] - 0.2 * sum(i) s[i]*t[i]\nblock "
)
POTTS = (
    'title "t"\nlattice chain(4)\nspins s: potts(3)\n'
    "hamiltonian - 0.6 * sum(<i,j>) delta(s[i], s[j])\nblock "
)
MCRG = "\nflow mcrg(steps=1, sweeps=100, basis=operators(range=1, bodies=2))\n"
ENUMERATE = "\nflow enumerate\n"
FIELD = "kernel(2, T=sum(B in blocks) (0.7*s[B]*sum(i in B) s[i] + 0.2*s[B]))"
BONDS = (
    "kernel(2, T=sum(B in blocks) (0.7*s[B]*sum(i in B) s[i]"
    " + s[B]*sum(i in B) sum(j in B) 0.3*exp(-distance(i,j))*s[i]*s[j]))"
)
ONE_OF_TWO = "kernel(2, T=sum(B in blocks) (0.7*s[B]*sum(i in B) s[i] + 0.3*t[B]*sum(i in B) t[i]))"

Patch = Callable[[pytest.MonkeyPatch], None]


def law(name: str, other: Callable[[Written], BlockRule]) -> Patch:
    """Another law in the row of a map."""
    row = replace(BLOCKS[name], law=other)
    return lambda patch: patch.setitem(BLOCKS, name, row)  # type: ignore[arg-type]


def fact(kind: type, name: str, value: Any) -> Patch:
    """Something else said about every law of a kind."""
    return lambda patch: patch.setattr(kind, name, value)


def without_field(written: Written) -> BlockRule:
    """The kernel without the terms that hold a block spin alone."""
    (made,) = transferred(written).laws
    assert isinstance(made, Weighed)
    kept = tuple(piece for piece in made.pieces if len(piece.spins) > 1)
    return BlockRule((replace(made, pieces=kept),))


def first_of_most(counts: Counts) -> tuple[LogWeight, ...]:
    """Plurality in which the first of the tied states wins."""
    winner = counts.index(max(counts))
    return tuple(POSSIBLE if k == winner else IMPOSSIBLE for k in range(len(counts)))


def said_alike(patch: pytest.MonkeyPatch) -> None:
    """Every permutation of sites is said to leave a law as it is, and no renaming of states."""
    patch.setattr(Weighed, "same", lambda *_: True)
    patch.setattr(Weighed, "turns", lambda *_: False)


LOST = law("kernel", without_field)
TURNS = "turn with a flip"
MUTANTS = {
    "any in place of majority": (HEAD, "majority(2)", law("majority", counted(any_up)), "law"),
    "ties of states are not shared": (
        POTTS,
        "majority(2)",
        law("majority", counted(first_of_most)),
        "law",
    ),
    "majority in place of any": (HEAD, "any(2)", law("any", counted(most)), "law"),
    "the field of a kernel is lost": (HEAD, FIELD, LOST, "law"),
    "a kernel is said to turn": (HEAD, FIELD, fact(Weighed, "keeps", lambda *_: True), TURNS),
    "any is said to turn": (HEAD, "any(2)", fact(Counted, "keeps", lambda *_: True), TURNS),
    "sites are said to be alike": (HEAD, BONDS, said_alike, "sites"),
    "species are said to be alike": (
        TWO,
        ONE_OF_TWO,
        fact(Weighed, "same", lambda *_: True),
        "species",
    ),
    "ties are said to be certain": (
        HEAD,
        "majority(2)",
        fact(Counted, "deterministic", True),
        "deterministic",
    ),
}


def failures(text: str) -> dict[str, str]:
    certificate = rgc.verify(rgc.load(text), backends=[])
    return {
        finding.check: finding.detail
        for finding in certificate.findings
        if finding.verdict == "failed"
    }


@pytest.mark.parametrize("flow", [MCRG, ENUMERATE], ids=["mcrg", "enumerate"])
@pytest.mark.parametrize("name", MUTANTS)
def test_a_wrong_law_is_caught(
    name: str,
    flow: str,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    head, block, patch, what = MUTANTS[name]
    patch(monkeypatch)
    failed = failures(head + block + flow)
    assert "block rules" in failed
    assert what in failed["block rules"]
    if what == "law" and flow == MCRG:
        assert "block maps" in failed
    record_property("mutant", ("front end", "law", name, ["a"], ", ".join(failed)))


@pytest.mark.parametrize(
    ("module", "name", "check"),
    [
        (states_to_update, "planes_of", "energy differences"),
        (block_to_rule, "counted_planes", "block maps"),
    ],
    ids=["moves", "blocks"],
)
def test_a_wrong_code_is_caught(
    module: ModuleType,
    name: str,
    check: str,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    """The planes of a code change places, and states 1 and 2 with them."""
    right = getattr(module, name)
    monkeypatch.setattr(module, name, lambda *given: right(*given)[::-1])
    failed = failures(POTTS + "majority(2)" + MCRG)
    assert check in failed
    record_property("mutant", ("front end", "code", name, ["a"], ", ".join(failed)))


@pytest.mark.parametrize("flow", [MCRG, ENUMERATE], ids=["mcrg", "enumerate"])
@pytest.mark.parametrize("block", ["majority(2)", "any(2)", FIELD, BONDS])
def test_right_laws_pass(block: str, flow: str) -> None:
    assert failures(HEAD + block + flow) == {}


def test_a_kernel_that_is_said_to_be_normalised(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draws are normalised whatever the kernel is; sums over states take it as it stands."""
    monkeypatch.setattr(Weighed, "normalised", True)
    assert "normalised" in failures(HEAD + FIELD + ENUMERATE)["block rules"]
    assert failures(HEAD + FIELD + MCRG) == {}
