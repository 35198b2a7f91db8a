"""A bug in one node of the programs of a spec that trains, in one backend: `rgc verify` tells it.

`tests/mutations/test_dense.py` has the same mutations on hand-made programs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

import rgc
from rgc.loaded import Loaded
from rgc.program.dense import Dense
from rgc.verification import training_bits
from rgc.verification.machine_passes import check_passes
from rgc.verification.subject import make_subject
from rgc.verification.training_bits import check_training_bits
from rgc_reference import ReferenceBackend
from rgc_reference.dense import DenseKernel
from tests.mutations.dense_mutants import MUTATIONS, Mutation

SPEC = """
parameters {{ K = 0.4 }}
lattice square({length})
spins s: {spins}
hamiltonian - K * sum(<i,j>) s[i]*s[j]
data samples(70)
stack {{ {layer} }}
flow train()
"""

LAYERS = {
    "persistent": (
        "ising",
        "rbm(5, spins=ising, train=pcd(k=2, chains=20, batch=20, rate=0.5, momentum=0.5, "
        "nesterov=true, l1=1e-3, l2=1e-2, max_norm=0.05, dropout=0))",
    ),
    "centred": (
        "binary",
        "rbm(5, spins=binary, train=cd(batch=20, rate=0.5, momentum=0.5, gradient=means, "
        "dropout=0.3))",
    ),
    "tempering": (
        "binary",
        "rbm(5, spins=ising, train=tempering(chains=60, betas=[0, 0.6, 1], batch=20, rate=0.5))",
    ),
    "convolution": (
        "ising(symmetric)",
        "rbm(square(2), spins=ising, connect=convolution(b=2, kernel=2), "
        "train=cd(batch=20, rate=0.5))",
    ),
    "patch": (
        "ising",
        "rbm(square(3), spins=binary, connect=patch(b=2, reach=1), train=cd(batch=20, rate=0.5))",
    ),
    "fractional": (
        "binary",
        "rbm(5, spins=binary, train=cd(batch=20, rate=0.5), upward=means)\n  "
        "rbm(3, spins=binary, train=cd(batch=20, rate=0.5))",
    ),
    "square matrix": ("ising", "rbm(16, spins=binary, train=cd(batch=20, rate=0.5))"),
}

NOT_TRAINED = {"Read: wrong field": "the other field holds rows, and other units"}
"""Mutations that no program of a spec can have."""


class Mutant(ReferenceBackend):
    """Compiles each dense program with a mutation, where there is one."""

    name = "mutant"

    def __init__(self, mutation: Mutation) -> None:
        super().__init__()
        self.mutation = mutation

    def compile(self, program: Any, *, constant: Any = None) -> Any:
        wrong = self.mutation.apply(program) if isinstance(program, Dense) else None
        return super().compile(program, constant=constant) if wrong is None else DenseKernel(wrong)


@cache
def loaded(name: str) -> Loaded:
    spins, layer = LAYERS[name]
    length = 6 if name == "patch" else 4
    return rgc.load(SPEC.format(spins=spins, layer=layer, length=length))


def caught(name: str, mutation: Mutation) -> bool:
    subject = make_subject(loaded(name), [Mutant(mutation)], 0)
    for check in (check_training_bits, check_passes):
        if any(finding.verdict == "failed" for finding in check(subject)):
            return True
    return False


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda each: each.name)
def test_a_wrong_node_of_a_training_program_is_told(
    mutation: Mutation,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    monkeypatch.setattr(training_bits, "UPDATES", 3)
    found = next((name for name in LAYERS if caught(name, mutation)), None)
    if mutation.name in NOT_TRAINED:
        assert found is None
    else:
        record_property("mutant", ("backend", "training", mutation.name, ["c"], found))
        assert found is not None
