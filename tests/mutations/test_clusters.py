"""A wrong turn of clusters, the same on every backend: part b of `rgc verify` says so."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

import rgc
from rgc.flows.sampling import clusters
from rgc.model_to_program import clusters_to_program as lowering
from rgc.program.family import ProgramError
from rgc.verification.subject import make_subject
from rgc.verification.turns import check_turns
from tests.mutations.mutants import judged_mutants

SPECS = {
    "ising": (
        "parameters { K = 0.4, h = 0.2 }\nlattice square(4)\nspins s: ising\n"
        "hamiltonian - K * sum(<i,j>) s[i]*s[j] - h * sum(i) s[i]\nflow sample(update=wolff)\n"
    ),
    "potts": (
        "parameters { K = 0.9, h = 0.2 }\nlattice chain(3)\nspins s: potts(3)\n"
        "hamiltonian - K * sum(<i,j>) delta(s[i], s[j]) - h * sum(i) delta(s[i], 0)\n"
        "flow sample(update=wolff)\n"
    ),
}
EQUIVALENT = {
    "Bernoulli: a mask ignored": "the class is of spins that would gain by a turn: never bound",
    "schedule: two site sets merged": "boxes in which spins are turned by one rule",
    "schedule: a site set twice": "of Potts spins: the number of the reflection is cleared again",
}
"""Mutants that are as right as the original, and why."""


def complaints(text: str) -> list[str]:
    """What is found wrong with the spec."""
    try:
        subject = make_subject(rgc.load(text), [], 0)
        return [each.check for each in check_turns(subject) if each.verdict == "failed"]
    except ProgramError:
        return ["program"]


RIGHT = {
    "antiferromagnet": ("square(4)", "s: ising", "0.4 * sum(<i,j>) s[i]*s[j]"),
    "64 planes": ("chain(4)", "s: ising", "- 9 * sum(<i,j>) s[i]*s[j]"),
    "lattice gas": (
        "square(4)", "n: binary", "- 0.7 * sum(<i,j>) n[i]*n[j] + 0.9 * sum(i) n[i]",
    ),
    "two species": (
        "chain(2, boundary=open)", "s: potts(3), t: potts(3)",
        "- 0.7 * sum(<i,j>) delta(s[i], s[j]) - 0.3 * sum(<i,j>) delta(t[i], t[j]) "
        "- 0.2 * sum(i) delta(s[i], t[i]) - 0.1 * sum(i) delta(t[i], 1)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("update", ["wolff", "swendsen_wang"])
@pytest.mark.parametrize("name", RIGHT)
def test_right_turns_pass(name: str, update: str) -> None:
    lattice, spins, energy = RIGHT[name]
    flow = f"flow sample(update={update})\n"
    text = f"lattice {lattice}\nspins {spins}\nhamiltonian {energy}\n{flow}"
    subject = make_subject(rgc.load(text), [], 0)
    assert [each.verdict for each in check_turns(subject)] == ["passed"] * 3


@pytest.mark.parametrize("name", SPECS)
def test_wrong_turns_are_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert complaints(SPECS[name]) == []
    caught, passed = judged_mutants(
        monkeypatch, clusters, "clusters_to_program", lambda: complaints(SPECS[name])
    )
    assert passed <= set(EQUIVALENT)
    assert len(caught) >= 14


ALL = {name: text.replace("wolff", "swendsen_wang") for name, text in SPECS.items()}


@pytest.mark.parametrize("name", ALL)
def test_wrong_labels_are_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bond left out, bonds of the wrong rows, and every spin by its own coin."""
    assert complaints(ALL[name]) == []
    right = clusters.make_labels
    changes: dict[str, Any] = {
        "left out": lambda made: replace(
            made, rows=made.rows[1:], first=made.first[1:], second=made.second[1:]
        ),
        "rows": lambda made: replace(made, rows=made.rows[::-1].copy()),
        "own coins": lambda made: replace(made, second=made.first),
    }
    for change in changes.values():
        monkeypatch.setattr(clusters, "make_labels", lambda *of, change=change: change(right(*of)))
        assert complaints(ALL[name]) == ["clusters"]


def test_any_spin_of_a_cluster_may_give_its_coin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers of spins turned round: the largest gives it, and the balance stays."""
    right = clusters.make_labels

    def turned(*arguments: Any) -> Any:
        made = right(*arguments)
        return replace(made, first=made.second, second=made.first)

    monkeypatch.setattr(clusters, "make_labels", turned)
    assert complaints(ALL["ising"]) == []


def tables(monkeypatch: pytest.MonkeyPatch, name: str, value: Any) -> None:
    monkeypatch.setattr(lowering, name, value)


def test_bonds_of_a_wrong_probability_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """p = 1 - exp(-dE/2), the slip of a factor two, and bonds where nothing is gained."""
    from rgc.model_to_program import thresholds, update

    for wrong in (
        lambda energy, planes: thresholds.bond(energy / 2, planes),
        lambda energy, planes: thresholds.bond(abs(energy), planes),
    ):
        monkeypatch.setitem(update._PROBABILITY, "bond", wrong)
        assert "clusters" in complaints(SPECS["ising"])
    monkeypatch.setitem(update._PROBABILITY, "bond", lambda e, p: thresholds.bond(e, p))
    assert complaints(SPECS["ising"]) == []


@pytest.mark.parametrize("seeds", [0, 1, 3])
def test_any_number_of_seeds_keeps_the_balance(seeds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """But without seeds nothing is ever turned."""
    monkeypatch.setattr(lowering, "SEEDS", Fraction(seeds))
    assert bool(complaints(SPECS["ising"])) == (seeds == 0)


def test_reflections_through_states_alone_do_not_reach_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reflections of a clock that pass through states leave even states even."""
    text = (
        SPECS["potts"]
        .replace("potts(3)", "clock(4)")
        .replace("delta(s[i], s[j])", "cos(2*pi*(s[i] - s[j])/4)")
    )
    text = text.replace("- h * sum(i) delta(s[i], 0)", "")
    assert complaints(text.replace(", h = 0.2", "")) == []
    monkeypatch.setattr(clusters, "find_reflections", lambda *_: ((0, 3, 2, 1), (2, 1, 0, 3)))
    assert complaints(text.replace(", h = 0.2", "")) == ["clusters"]
