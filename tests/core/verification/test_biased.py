"""The certificate of a bias on block spins: it passes, and finds what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rgc.compiler import load
from rgc.passes import unfold_blocks
from rgc.verification import verify
from rgc.verification.biased import check_joint, check_uniform
from rgc.verification.certificate import Certificate
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
    wrong = changed(unfold_blocks._log_chances, 0.4)
    monkeypatch.setattr(unfold_blocks, "_log_chances", wrong)
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
