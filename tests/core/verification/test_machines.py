"""The certificate of a spec that trains: what passes, and what is wrong and caught."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import rgc
from rgc.program.dense import Affine, Change, Dense, Unit
from rgc.progress import Silent
from rgc.schemes.checks import TRAINING
from rgc.verification.checks import run
from rgc.verification.subject import Subject, make_subject
from rgc_reference import ReferenceBackend
from rgc_reference.dense import DenseKernel

SPEC = """
parameters {{ K = 0.4 }}
lattice square(4, 3)
spins s: {spins}
hamiltonian - K * sum(<i,j>) s[i]*s[j]
data samples(110)
stack {{ {layers} }}
flow train()
"""

PERSISTENT = "rbm(6, spins=ising, train=pcd(chains=30, epochs=20, batch=30, rate=0.1, l1=1e-3))"
DIVERGENCE = "rbm(3, spins=binary, train=cd(k=2, epochs=20, batch=50, rate=0.1, momentum=0.5))"

Wrong = Callable[[Any], Any]


def subject_of(layers: str, *others: Any, spins: str = "ising") -> Subject:
    return make_subject(rgc.load(SPEC.format(layers=layers, spins=spins)), others, 0)


def findings(subject: Subject, *names: str) -> list[Any]:
    checks = [check for check in TRAINING if check.name in names]
    assert len(checks) == len(names)
    return list(run(checks, subject, Silent()))


def failed(found: list[Any]) -> str:
    return "\n".join(each.detail for each in found if each.verdict == "failed")


class Faulty(ReferenceBackend):
    """The reference backend with one kind of node of dense programs changed."""

    name = "faulty"

    def __init__(self, kind: type, wrong: Wrong) -> None:
        super().__init__()
        self.kind, self.wrong = kind, wrong

    def compile(self, program: Any, *, constant: Any = None) -> Any:
        if isinstance(program, Dense):
            nodes = tuple(
                self.wrong(node) if type(node) is self.kind else node for node in program.nodes
            )
            return DenseKernel(replace(program, nodes=nodes))
        return super().compile(program, constant=constant)


def test_updates_of_two_layers_are_the_same_bits() -> None:
    found = findings(subject_of(f"{PERSISTENT}\n  {DIVERGENCE}", "numba"), "bit identity")
    assert [each.verdict for each in found] == ["passed"] * 4, failed(found)
    assert found[0].figures["updates"] == 32


def test_where_backends_part_is_told_by_node_and_place() -> None:
    wrong = Faulty(Unit, lambda node: replace(node, draw=max(node.draw - 1, 0)))
    found = findings(subject_of(DIVERGENCE, wrong), "bit identity")
    assert found[0].verdict == "failed"
    assert "update 1, node 4 of" in found[0].detail
    assert "(Unit, states), unit 0, chain " in found[0].detail


@pytest.mark.parametrize(
    ("kind", "wrong", "place"),
    [
        (Affine, lambda node: replace(node, bias=None), "(Affine, fields)"),
        (Change, lambda node: replace(node, shift=node.shift - 1), "(Change, counts), entry"),
        (Change, lambda node: replace(node, terms=node.terms[::-1][:1]), "(Change, counts), entry"),
    ],
)
def test_a_wrong_node_of_one_backend_is_found(kind: type, wrong: Wrong, place: str) -> None:
    found = findings(subject_of(PERSISTENT, Faulty(kind, wrong)), "bit identity")
    assert "update 1" in failed(found)
    assert place in failed(found)
