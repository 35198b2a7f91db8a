"""Wrong couplings of large complete graphs, in the sweep and in what is measured: `rgc verify`
catches each.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import pytest

import rgc
from rgc import backend
from rgc.model_to_program.weights_to_update import WeighedUpdate
from rgc.verification.pairs import check_pairs
from rgc.verification.subject import Subject

TEXT = """
parameters { K = 0.6, g = 0.01, J ~ normal(0, 0.12), h ~ uniform(-1, 1) }
lattice complete(66)
spins s: ising
hamiltonian - K * sum(i < j) J[i,j]*s[i]*s[j] + g * sum(i < j) s[i]*s[j] - sum(i) h[i]*s[i]
flow sample(sweeps=20)
measure { energy }
"""
CHANCES, SUMS = 0, 1


@lru_cache
def loaded() -> Any:
    return rgc.load(TEXT)


def verdicts() -> list[str]:
    return [
        each.verdict for each in check_pairs(Subject(loaded(), (backend.load("reference"),), 3))
    ]


def scaled(change: Callable[[Any], Any]) -> Callable[..., Any]:
    own = WeighedUpdate._couplings

    def wrong(self: Any, coefficients: Any) -> Any:
        couplings, most = own(self, coefficients)
        return change(couplings).astype(np.int32), most

    return wrong


def one_pair_lost(couplings: Any) -> Any:
    changed = couplings.copy()
    changed[0, :, 5] = 0
    return changed


WRONG = {
    "1 % off": lambda couplings: couplings * 1.01,
    "of another sign": lambda couplings: -couplings,
    "of other sites": lambda couplings: np.roll(couplings, 1, axis=2),
    "without one site": one_pair_lost,
}


def test_right_couplings_pass() -> None:
    assert verdicts() == ["passed", "passed"]


@pytest.mark.parametrize("name", WRONG)
def test_wrong_couplings_are_caught_by_chances(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WeighedUpdate, "_couplings", scaled(WRONG[name]))
    assert verdicts()[CHANCES] == "failed"


def test_wrong_sums_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "rgc.flows.sampling.pair_couplings._summable", lambda matrices: np.round(matrices, 3)
    )
    assert verdicts() == ["passed", "failed"]
