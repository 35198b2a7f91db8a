"""A wrong exchange, the same on every backend: `rgc verify` says so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import rgc
from rgc.flows.sampling import exchange
from rgc.flows.sampling.exchange import Exchange
from rgc.model_to_program import exchange_to_program as lowering
from rgc.model_to_program import thresholds
from rgc.program.lattice.nodes import Load, Store
from rgc.program.lattice.program import Rule
from rgc.verification.exchanges import check_exchanges
from rgc.verification.subject import make_subject

SPEC = """parameters { K = 0.4, D = 0.3 }
lattice chain(4)
spins { s: ising, t: spin(1) }
hamiltonian - K * sum(<i,j>) s[i]*s[j] - K * sum(<i,j>) t[i]*t[j] + D * sum(i) t[i]^2
flow sample(update=tempering(K=[0.4, 0.7, 1.2]))
"""


def complaints() -> list[str]:
    """The claims about exchanges that fail."""
    subject = make_subject(rgc.load(SPEC), [], 0)
    return [each.claim for each in check_exchanges(subject) if each.verdict == "failed"]


def test_right_exchanges_pass() -> None:
    assert complaints() == []


BALANCE = "an exchange keeps the product of the weights of its two values"


@pytest.mark.parametrize(
    "wrong",
    [
        lambda energy: np.exp(-abs(energy)),
        lambda energy: np.exp(-np.maximum(-energy, 0)),
        lambda energy: 1 / (1 + np.exp(energy)),
        lambda energy: np.ones_like(energy),
    ],
    ids=["never for certain", "the other sign", "heat bath", "always"],
)
def test_wrong_chances_are_caught(wrong: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thresholds, "chances", wrong)
    assert BALANCE in complaints()


def test_sums_of_one_species_alone_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    right = exchange.make_exchange

    def wrong(*arguments: Any, **how: Any) -> Exchange:
        made = right(*arguments, **how)
        falls = tuple((0 * fall[0], *fall[1:]) for fall in made.falls)
        return replace(made, falls=falls)

    monkeypatch.setattr("rgc.verification.exchanges.make_exchange", wrong)
    assert BALANCE in complaints()


def test_a_species_left_behind_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    right = lowering._rule

    def wrong(field: Any, number: int, *place: Any) -> Rule:
        rule = right(field, number, *place)
        loads = {(n.field, n.plane): k for k, n in enumerate(rule.nodes) if isinstance(n, Load)}
        nodes = (
            replace(node, word=loads[node.field, node.plane]) if isinstance(node, Store) else node
            for node in rule.nodes
        )
        return replace(rule, nodes=tuple(nodes)) if number == 1 else rule

    monkeypatch.setattr(lowering, "_rule", wrong)
    assert any("whole configurations" in claim for claim in complaints())


def test_decisions_that_forget_their_chances_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Exchange.decide

    def wrong(self: Exchange, sweep: int, pair: int, here: Any, there: Any) -> Any:
        return np.roll(right(self, sweep, pair, here, there), 1)

    monkeypatch.setattr(Exchange, "decide", wrong)
    assert "exchanges are decided for as often as their chances say" in complaints()
