"""A wrong exchange of clusters between two copies, the same on every backend: part b of
`rgc verify` says so.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import rgc
from rgc.flows.sampling import copies
from rgc.program.family import ProgramError
from rgc.verification.copies import check_copies
from rgc.verification.subject import make_subject
from tests.mutations.mutants import judged_mutants

TEXT = """parameters {{ J ~ {} }}
lattice {}
spins {}
hamiltonian {}
flow sample(update=houdayer, disorder=64, replicas=256)
"""
RIGHT = {
    "2 x 2": (
        "normal(0, 1)", "square(2, boundary=open)", "s: ising",
        "- sum(<i,j>) J[i,j]*s[i]*s[j] - 0.3 * sum(i) s[i]",
    ),
    "ring": ("bimodal(1, p=0.5)", "chain(5)", "s: ising", "- 0.7 * sum(<i,j>) J[i,j]*s[i]*s[j]"),
    "two species and a gas": (
        "uniform(-1, 1)", "chain(3, boundary=open)", "s: ising, n: binary",
        "- sum(<i,j>) J[i,j]*s[i]*s[j] - 0.7 * sum(<i,j>) s[i]*s[j]*n[i]*n[j] - 0.4 * sum(i) n[i]",
    ),
}  # fmt: skip
EQUIVALENT = {
    "Bit: operation swapped": "sites are marked where either copy is at the lower value, also "
    "where both are: they stay marked after an exchange, and clusters are larger",
}
"""Mutants that are as right as the original, and why."""


def complaints(text: str) -> list[str]:
    """The claims that fail."""
    try:
        subject = make_subject(rgc.load(text), [], 0)
        return [each.claim for each in check_copies(subject) if each.verdict == "failed"]
    except ProgramError:
        return ["program"]


@pytest.mark.parametrize("name", RIGHT)
def test_right_exchanges_pass(name: str) -> None:
    subject = make_subject(rgc.load(TEXT.format(*RIGHT[name])), [], 0)
    assert [each.verdict for each in check_copies(subject)] == ["passed"] * 3


def test_some_pairs_of_many_are_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rgc.verification.copies.MOST", 1 << 11)
    test_right_exchanges_pass("ring")


def test_wrong_exchanges_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    text = TEXT.format(*RIGHT["2 x 2"])
    caught, passed = judged_mutants(
        monkeypatch, copies, "copies_to_program", lambda: complaints(text)
    )
    assert passed <= set(EQUIVALENT)
    assert len(caught) >= 8


def test_clusters_that_do_not_spread_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    right = copies.copies_to_program

    def wrong(*arguments: Any, **how: Any) -> Any:
        update = right(*arguments, **how)
        stages = tuple(stage for stage in update.program.schedule if not stage.until)
        return replace(update, program=replace(update.program, schedule=stages))

    monkeypatch.setattr(copies, "copies_to_program", wrong)
    found = complaints(TEXT.format(*RIGHT["2 x 2"]))
    assert "an exchange of clusters leaves H(a) + H(b) as it is" in found
