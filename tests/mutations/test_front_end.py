"""A bug in the front end, so that every backend runs the same wrong program.

`rgc verify` must say so without comparing backends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import rgc
from rgc.flows.sampling import levels, recorder, sampler
from rgc.program.lattice.thresholds import pack_thresholds
from rgc.verification.chances import threshold
from tests.mutations.cases import CASES, loaded, programs
from tests.mutations.mutants import MUTATIONS, Mutation

LOWERING = {
    "update": (sampler, "hamiltonian_to_update"),
    "record": (recorder, "operators_to_tallies"),
    "block": (levels, "block_to_rule"),
}
OF_NAME = {mutation.name: mutation for mutation in MUTATIONS}

PLAN = {
    "update": {
        "Load: neighbour shifted": "joint",
        "Load: neighbour read twice": "joint",
        "Load: wrong letter": "honeycomb",
        "Load: wrong field": "two species",
        "Bit: operation swapped": "joint",
        "Bit: operand lost, sign wrong": "joint",
        "Count: a word dropped": "joint",
        "Equals: number off by one": "joint",
        "Bernoulli: classes swapped": "joint",
        "Bernoulli: a class lost": "joint",
        "Bernoulli: a mask ignored": "joint",
        "Bernoulli: draw reused": "factorised",
        "Bernoulli: draw of another species": "two species",
        "Weigh: slots swapped": "weigh",
        "Weigh: base moved": "weigh",
        "Weigh: a mask lost": "weigh",
        "Accept: draw reused": "lazy weights",
        "Store: wrong word": "joint",
        "Store: wrong field or plane": "two species",
        "Store: complement": "joint",
        "schedule: two site sets merged": "joint",
        "schedule: a site set twice": "joint",
        "schedule: a site set dropped": "joint",
        "schedule: a cell lost": "joint",
        "schedule: order reversed": "joint",
    },
    "record": {
        "Load: neighbour shifted": "joint",
        "Load: neighbour read twice": "joint",
        "Load: wrong letter": "honeycomb",
        "Load: wrong field": "two species",
        "Bit: operation swapped": "joint",
        "Bit: operand lost, sign wrong": "joint",
        "Tally: wrong row": "joint",
        "Tally: wrong array": "factorised",
        "Tally: wrong word": "joint",
        "Tally: counted twice": "joint",
        "schedule: a site set twice": "joint",
        "schedule: a cell lost": "joint",
    },
    "block": {
        "Load: neighbour shifted": "joint",
        "Load: neighbour read twice": "joint",
        "Load: stride lost": "joint",
        "Bit: operation swapped": "joint",
        "Bit: operand lost, sign wrong": "joint",
        "Count: a word dropped": "joint",
        "Equals: number off by one": "joint",
        "Bernoulli: a mask ignored": "joint",
        "Bernoulli: draw reused": "two species",
        "Weigh: base moved": "wide kernel",
        "Weigh: a mask lost": "wide kernel",
        "Logistic: taken for an acceptance": "wide kernel",
        "Store: wrong word": "joint",
        "Store: wrong field or plane": "two species",
        "Store: complement": "joint",
        "schedule: a site set twice": "joint",
        "schedule: a cell lost": "joint",
    },
}
"""Every mutation that a program of its kind can have, and the first spec where it has it."""

EQUIVALENT = {
    (
        "update",
        "Bernoulli: a mask ignored",
    ): "the masks of joint classes are a partition: who is in no other class is in the first",
    (
        "update",
        "schedule: order reversed",
    ): "a product of steps that each keep exp(-H) keeps it in any order",
}
"""Mutants that are as right as the original, and why: they may pass where backends are not
compared.
"""

ROWS = [(kind, name, case) for kind, names in PLAN.items() for name, case in names.items()]


def test_the_plan_holds_every_mutation_that_can_be_made() -> None:
    plan: dict[str, dict[str, str]] = {kind: {} for kind in PLAN}
    for case in CASES:
        for kind, program in programs(case):
            for mutation in MUTATIONS:
                if mutation.apply(program) not in (None, program):
                    plan[kind].setdefault(mutation.name, case)
    assert plan == PLAN
    assert {name for names in PLAN.values() for name in names} == set(OF_NAME)
    assert {name.split(":")[0] for name in OF_NAME} - {"schedule"} == {
        "Load", "Bit", "Count", "Equals", "Bernoulli", "Weigh", "Accept", "Logistic", "Store",
        "Tally",
    }  # fmt: skip


def failures(
    case: str, record_property: Callable[[str, object], None], kind: str, name: str
) -> list[str]:
    """The checks that fail, as `a energies`; what caught the mutant is told at the end of the test
    run.
    """
    certificate = rgc.verify(loaded(case), backends=[])
    assert certificate.backends == ("reference",)
    failed = [
        f"{finding.part} {finding.check}"
        for finding in certificate.findings
        if finding.verdict == "failed"
    ]
    reason = EQUIVALENT.get((kind, name), "")
    record_property(
        "mutant",
        (
            "front end",
            kind,
            name,
            sorted({failure[0] for failure in failed}),
            reason or ", ".join(dict.fromkeys(failed)),
        ),
    )
    return failed


@pytest.mark.parametrize(
    ("kind", "name", "case"), ROWS, ids=[f"{kind} {name}" for kind, name, _ in ROWS]
)
def test_a_wrong_program_is_caught(
    kind: str,
    name: str,
    case: str,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    mutate(monkeypatch, kind, OF_NAME[name])
    failed = failures(case, record_property, kind, name)
    assert bool(failed) == ((kind, name) not in EQUIVALENT)


def mutate(monkeypatch: pytest.MonkeyPatch, kind: str, mutation: Mutation) -> None:
    """What the lowering of that kind writes is wrong from now on, wherever the mutation can be
    made.
    """
    module, function = LOWERING[kind]
    right = getattr(module, function)

    def wrong(*arguments: Any, **options: Any) -> Any:
        made = right(*arguments, **options)
        return replace(made, program=mutation.apply(made.program) or made.program)

    monkeypatch.setattr(module, function, wrong)


# -- run-time arguments ----------------------------------------------------------------------------


def off_by_one_plane(thresholds: Any, weights: Any) -> tuple[Any, Any]:
    """Every threshold that is not "always" is halved."""
    wrong = thresholds.copy()
    wrong[:, 2:], wrong[:, 1] = thresholds[:, 1:-1], 0
    return wrong, weights


def last_plane_wrong(thresholds: Any, weights: Any) -> tuple[Any, Any]:
    """T is 1 too large or too small, 2^-32 of a probability."""
    wrong = thresholds.copy()
    wrong[:, -1] = ~wrong[:, -1]
    wrong[:, -2] = ~wrong[:, -2]
    wrong[:, -3] = ~wrong[:, -3]
    return wrong, weights


def never_always(thresholds: Any, weights: Any) -> tuple[Any, Any]:
    wrong = thresholds.copy()
    wrong[:, 0] = 0
    return wrong, weights


def slots_exchanged(thresholds: Any, weights: Any) -> tuple[Any, Any]:
    return thresholds[::-1].copy(), weights


def weight_rounded(thresholds: Any, weights: Any) -> tuple[Any, Any]:
    """A weight of 2^-13 kT in place of 2^-20."""
    return thresholds, (weights >> 7) << 7


ARGUMENTS = [
    (off_by_one_plane, "joint"),
    (last_plane_wrong, "joint"),
    (never_always, "joint"),
    (slots_exchanged, "joint"),
    (weight_rounded, "weigh"),
]


@pytest.mark.parametrize(
    ("change", "case"), ARGUMENTS, ids=[change.__name__ for change, _ in ARGUMENTS]
)
def test_wrong_thresholds_and_weights_are_caught(
    change: Any,
    case: str,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    from rgc.backend import Arguments
    from rgc.model_to_program.update import Update
    from rgc.program.lattice.arguments import lattice_arguments

    right = Update.arguments

    def wrong(self: Update, *given: Any) -> Arguments:
        made = right(self, *given)
        return lattice_arguments(*change(made["thresholds"], made["weights"]))

    monkeypatch.setattr(Update, "arguments", wrong)
    assert failures(case, record_property, "arguments", change.__name__.replace("_", " "))


def test_a_threshold_is_read_back_as_it_was_packed() -> None:
    from rgc.program.lattice.arguments import lattice_arguments

    numbers = [0, 1, 1 << 32, (1 << 32) - 1, 0xDEADBEEF]
    made = lattice_arguments(pack_thresholds(numbers, 32, 2))
    assert [threshold(made, slot, 32, replica=77) for slot in range(len(numbers))] == numbers
