"""The certificate of a bias on block spins: it passes, and finds what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rgc.compiler import load
from rgc.flows.sampling import sampler
from rgc.model_to_program.followers_to_update import _FlipRule
from rgc.passes import colour_sites, join_levels, unfold_blocks
from rgc.program.family import ProgramError
from rgc.verification import verify
from rgc.verification.biased import check_joint, check_sweeps, check_uniform
from rgc.verification.certificate import Certificate
from rgc.verification.following import check_turning
from rgc.verification.subject import Subject, make_subject

SPEC = """title "pairs of spins, blocked"
parameters { K = 0.5, h = 0.1 }
lattice chain(16)
spins s: ising
hamiltonian
  - K * sum(<i,j>) s[i]*s[j]
  - h * sum(i) s[i]
block kadanoff(2, p=0.8)
flow variational_mcrg(steps=2, sweeps=100, replicas=64, basis=operators(range=2, bodies=3))
"""


def subject() -> Subject:
    return make_subject(load(SPEC), [], 0)


def test_every_claim_is_checked_and_holds() -> None:
    certificate: Certificate = verify(load(SPEC), backends=[])
    assert {finding.verdict for finding in certificate.findings} == {"passed"}
    assert {finding.part for finding in certificate.findings} == {"a", "b", "c", "e"}


def changed(original: Callable[..., Any], by: float) -> Callable[..., Any]:
    return lambda law, p: [by * x for x in original(law, p)]


def test_a_map_that_is_written_out_wrongly_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = changed(join_levels._log_chances, 0.4)
    monkeypatch.setattr(join_levels, "_log_chances", wrong)
    (first, *_) = check_joint(subject())
    assert first.verdict == "failed"
    (found,) = check_uniform(subject())
    assert found.verdict == "failed"


def test_a_level_at_the_wrong_letters_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    original = unfold_blocks.flatten

    def shifted(cell: Any, shape: Any) -> int:
        count = 1
        for size in shape:
            count *= size
        return count - 1 - original(cell, shape)

    monkeypatch.setattr(unfold_blocks, "flatten", shifted)
    assert any(finding.verdict == "failed" for finding in check_joint(subject()))


HARD = SPEC.replace("kadanoff(2, p=0.8)", "majority(2)")


@pytest.mark.parametrize("block", ["majority(2)", "decimate(2)"])
def test_block_spins_that_follow_are_checked_and_hold(block: str) -> None:
    checked = make_subject(load(HARD.replace("majority(2)", block)), [], 0)
    checks = (check_joint, check_sweeps, check_turning)
    findings = [finding for check in checks for finding in check(checked)]
    assert {finding.verdict for finding in findings} == {"passed"}
    assert {finding.check for finding in findings} == {
        "joint weights",
        "schedule",
        "turning",
        "following",
    }


REACHING = """title "cells of three sites that reach over each other"
parameters { K = 0.5 }
lattice chain(18)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
block majority(3, cell=[(0), (-2), (2)])
flow variational_mcrg(steps=2, sweeps=100, replicas=64, basis=operators(range=1, bodies=2))
"""


def test_cells_that_reach_over_each_other_are_checked_and_hold() -> None:
    checked = make_subject(load(REACHING), [], 0)
    checks = (check_joint, check_sweeps, check_turning, check_uniform)
    findings = [finding for check in checks for finding in check(checked)]
    assert {finding.verdict for finding in findings} == {"passed"}


def failed(check: Callable[[Subject], Any]) -> set[str]:
    findings = check(make_subject(load(HARD), [], 0))
    return {finding.check for finding in findings if finding.verdict == "failed"}


def test_a_bias_where_no_block_spin_turns_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    original = _FlipRule._pivotal

    def always(self: _FlipRule, old: Any) -> Any:
        return [old[0] for _ in original(self, old)]

    monkeypatch.setattr(_FlipRule, "_pivotal", always)
    assert failed(check_turning) >= {"turning"}


def test_ties_that_are_decided_otherwise_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    original = unfold_blocks.decision

    def decided(law: Any) -> Any:
        found = original(law)
        return found and (found[0], tuple(bool(each) for each in found[1]))

    monkeypatch.setattr(unfold_blocks, "decision", decided)
    assert failed(check_turning) >= {"turning", "following"}


def test_a_start_in_which_block_spins_do_not_follow_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sampler, "following", lambda fields, followers: list(fields))
    assert "following" in failed(check_turning)


def test_sets_that_read_what_they_turn_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(colour_sites, "conflicts", lambda stars: frozenset())
    with pytest.raises(ProgramError, match="reads what it writes elsewhere"):
        list(check_sweeps(make_subject(load(HARD), [], 0)))
