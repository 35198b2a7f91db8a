"""Certificates of models with random couplings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rgc
from rgc.flows.sampling import random_couplings

TEXT = """
parameters {{ K = 0.5, J ~ {draw} }}
lattice {lattice}
spins s: ising
hamiltonian - K * sum(<i,j>) J[i,j]*s[i]*s[j]
flow sample(sweeps=10, replicas=128, disorder=64)
measure {{ energy, abs_m, q2, q4 }}
"""


def failed(certificate: Any) -> set[str]:
    return {each.check for each in certificate.findings if each.verdict == "failed"}


@pytest.mark.parametrize(
    ("draw", "lattice"),
    [
        ("bimodal(1, p=0.6)", "chain(5)"),
        pytest.param("normal(0, 1)", "chain(5)", marks=pytest.mark.slow),
        pytest.param("uniform(-1, 1)", "square(3)", marks=pytest.mark.slow),
        pytest.param("diluted(1, p=0.6)", "square(3)", marks=pytest.mark.slow),
    ],
)
def test_random_couplings_are_certified(draw: str, lattice: str) -> None:
    certificate = rgc.verify(TEXT.format(draw=draw, lattice=lattice), backends=[])
    assert not failed(certificate)
    checks = {each.check for each in certificate.findings if each.verdict == "passed"}
    assert {"energies", "energy differences", "detailed balance", "sampled averages"} <= checks


SIGNS, NUMBERS = "bimodal(1, p=0.6)", "normal(0.2, 1)"
SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    ("draw", "spins", "term"),
    [
        (SIGNS, "potts(3)", "J[i,j]*delta(s[i], s[j])"),
        pytest.param(SIGNS, "clock(4)", "J[i,j]*cos(s[i] - s[j])", marks=SLOW),
        pytest.param(SIGNS, "spin(1)", "J[i,j]*s[i]^2*s[j]^2", marks=SLOW),
        (NUMBERS, "potts(3)", "J[i,j]*delta(s[i], s[j])"),
        pytest.param(NUMBERS, "clock(5)", "J[i,j]*cos(s[i] - s[j])", marks=SLOW),
        pytest.param(NUMBERS, "spin(1)", "J[i,j]*s[i]*s[j]", marks=SLOW),
    ],
)
def test_random_couplings_of_many_states_are_certified(draw: str, spins: str, term: str) -> None:
    text = TEXT.format(draw=draw, lattice="chain(4, boundary=open)")
    text = text.replace("ising", spins).replace("J[i,j]*s[i]*s[j]", term)
    certificate = rgc.verify(text.replace(", q2, q4", ""), backends=[])
    assert not failed(certificate)
    checks = {each.check for each in certificate.findings if each.verdict == "passed"}
    assert {"energies", "energy differences", "detailed balance", "sampled averages"} <= checks


def test_numbers_wrong_by_one_per_cent_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = random_couplings.number_fields
    monkeypatch.setattr(
        random_couplings,
        "number_fields",
        lambda *given: [1.01 * field for field in right(*given)],
    )
    text = TEXT.format(draw=NUMBERS, lattice="chain(3, boundary=open)").replace(", q2, q4", "")
    text = text.replace("ising", "potts(3)").replace("s[i]*s[j]", "delta(s[i], s[j])")
    found = failed(rgc.verify(text, backends=[]))
    assert {"energies", "energy differences", "detailed balance"} <= found


@pytest.mark.slow
def test_a_wrong_sign_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = random_couplings.sign_fields

    def wrong(*given: Any) -> Any:
        fields = right(*given)
        fields[0][0, 0] ^= ~np.uint64(0)
        return fields

    monkeypatch.setattr(random_couplings, "sign_fields", wrong)
    text = TEXT.format(draw="bimodal(1, p=0.6)", lattice="chain(5)")
    assert {"energies", "detailed balance"} <= failed(rgc.verify(text, backends=[]))
