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


@pytest.mark.parametrize(
    ("spins", "term"),
    [
        ("potts(3)", "J[i,j]*delta(s[i], s[j])"),
        pytest.param("clock(4)", "J[i,j]*cos(s[i] - s[j])", marks=pytest.mark.slow),
        pytest.param("spin(1)", "J[i,j]*s[i]^2*s[j]^2", marks=pytest.mark.slow),
    ],
)
def test_random_signs_of_many_states_are_certified(spins: str, term: str) -> None:
    text = TEXT.format(draw="bimodal(1, p=0.6)", lattice="chain(4, boundary=open)")
    text = text.replace("ising", spins).replace("J[i,j]*s[i]*s[j]", term)
    certificate = rgc.verify(text.replace(", q2, q4", ""), backends=[])
    assert not failed(certificate)
    checks = {each.check for each in certificate.findings if each.verdict == "passed"}
    assert {"energies", "energy differences", "detailed balance", "sampled averages"} <= checks


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
