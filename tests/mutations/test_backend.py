"""A bug in one backend, which runs another program than the others do.

The comparison must say where they differ first.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import pytest

from rgc.backend import Arguments, load
from rgc.program.lattice import Program
from rgc.program.lattice.arguments import lattice_arguments
from rgc.verification.bits import check_bits
from rgc.verification.certificate import Finding
from rgc.verification.subject import Subject
from rgc_reference import ReferenceBackend
from rgc_reference.lattice import LatticeKernel
from tests.mutations.cases import loaded
from tests.mutations.mutants import Mutation
from tests.mutations.test_front_end import (
    OF_NAME,
    PLAN,
    last_plane_wrong,
    never_always,
    off_by_one_plane,
    weight_rounded,
)

KINDS = {"sweep": "update", "measure": "record", "block": "block"}
"""What the programs of a run are for, by their names."""

PLACES = {
    "update": (
        r"sweep 1, site set \d+ of \d+ \(rule \d+, \d+ cells .*\), site \(\d+, \d+\) of "
        r"\w+(\.\w)?, plane 0: \d+ of 256 replicas differ"
    ),
    "record": (
        r"record of level 0, operator \S+( along axis \d)?,( coordinate \d+,)? replica \d+: "
        r"reference has -?\d+, mutant has -?\d+"
    ),
    "block": (
        r"block map to level 1, site set 1 of 1 \(rule 0, .*\), site \(\d+(, \d+)*\) of \w+', "
        r"plane 0: \d+ of 256 replicas differ"
    ),
}

EQUIVALENT = {
    (
        "update",
        "Bernoulli: a mask ignored",
    ): "the masks of joint classes are a partition: who is in no other class is in the first",
    (
        "block",
        "schedule: a site set twice",
    ): "a block map reads fine spins and draws by site: done again it writes the same",
}
ROWS = [(kind, name, case) for kind, names in PLAN.items() for name, case in names.items()]


class Mutant(ReferenceBackend):
    """Mutates the programs of one kind, without a look at their invariants."""

    name = "mutant"

    def __init__(self, kind: str, mutation: Mutation) -> None:
        super().__init__()
        self.kind, self.mutation = kind, mutation

    def compile(self, program: Program, *, constant: Any = None) -> Any:
        changed = self.mutation.apply(program) if KINDS[program.name] == self.kind else None
        return LatticeKernel(changed or program)


@lru_cache
def right(case: str) -> Any:
    """The run on the reference backend, once for each spec."""
    return Subject(loaded(case), (load("reference"),), 0)


def compared(case: str, backend: Any) -> list[Finding]:
    subject = Subject(loaded(case), (right(case).reference, backend), 0)
    subject._traces["reference"] = right(case).trace(right(case).reference)
    return list(check_bits(subject))


@pytest.mark.parametrize(
    ("kind", "name", "case"), ROWS, ids=[f"{kind} {name}" for kind, name, _ in ROWS]
)
def test_a_backend_with_a_wrong_program_is_caught_and_the_place_is_named(
    kind: str, name: str, case: str, record_property: Callable[[str, object], None]
) -> None:
    first, *_ = compared(case, Mutant(kind, OF_NAME[name]))
    reason = EQUIVALENT.get((kind, name), "")
    parts = ["c"] if first.verdict == "failed" else []
    record_property("mutant", ("backend", kind, name, parts, reason or first.detail))
    assert (first.verdict == "failed") == (not reason)
    if not reason:
        assert_place(first.detail, PLACES[kind])


def assert_place(text: str, pattern: str) -> None:
    import re

    assert re.match(pattern, text), text


# -- what is no part of a program ------------------------------------------------------------------


class Careless(ReferenceBackend):
    """Hands its kernels something else than it was given."""

    name = "mutant"

    def __init__(self, change: Callable[[Arguments, Any, int], tuple[Arguments, Any, int]]) -> None:
        super().__init__()
        self.change = change

    def compile(self, program: Program, *, constant: Any = None) -> Any:
        kernel = LatticeKernel(program)
        return lambda state, arguments, keys, word0=0: kernel(
            state, *self.change(arguments, keys, word0)
        )


def given(change: Any) -> Any:
    def changed(arguments: Arguments, keys: Any, word0: int) -> tuple[Arguments, Any, int]:
        return (
            lattice_arguments(*change(arguments["thresholds"], arguments["weights"])),
            keys,
            word0,
        )

    return changed


def first_step(arguments: Arguments, keys: Any, word0: int) -> tuple[Arguments, Any, int]:
    return arguments, keys[:1].repeat(len(keys), 0), word0


CARELESS = [
    (
        "threshold off by one plane",
        "joint",
        given(off_by_one_plane),
        0,
        r"sweep 1, site set 1 of 2 ",
    ),
    (
        "last plane of thresholds wrong",
        "joint",
        given(last_plane_wrong),
        1,
        r"site set 1 of 2 .* site \(0, 0\) of s",
    ),
    ("always forgotten", "joint", given(never_always), 0, r"sweep 1, site set 1 of 2 "),
    ("weights rounded", "weigh", given(weight_rounded), 0, r"sweep \d+, site set \d+ of 9 "),
    ("keys of the first step for all", "joint", first_step, 2, "sweeps 1 to 5 in one call"),
    (
        "keys in reverse",
        "joint",
        lambda a, keys, w: (a, keys[::-1], w),
        2,
        "sweeps 1 to 5 in one call",
    ),
    (
        "draws of the first replicas for all",
        "joint",
        lambda a, keys, w: (a, keys, 0),
        2,
        "replicas from 64 on",
    ),
]
"""What is wrong, in which spec, how, the finding that says so, and how that begins."""


@pytest.mark.parametrize(
    ("name", "case", "change", "which", "place"), CARELESS, ids=[row[0] for row in CARELESS]
)
def test_a_careless_backend_is_caught(
    name: str,
    case: str,
    change: Any,
    which: int,
    place: str,
    record_property: Callable[[str, object], None],
) -> None:
    finding = compared(case, Careless(change))[which]
    record_property("mutant", ("backend", "arguments", name, ["c"], finding.detail))
    assert finding.verdict == "failed"
    assert_place(finding.detail, place)


class Upset(ReferenceBackend):
    """Turns one spin of one replica after one sweep."""

    name = "upset"

    def __init__(self, sweep: int, place: tuple[int, ...], replica: int) -> None:
        super().__init__()
        self.sweep, self.place, self.replica = sweep, place, replica

    def compile(self, program: Program, *, constant: Any = None) -> Any:
        kernel = LatticeKernel(program)
        wanted = right("joint").sampler
        from rgc.program.draws import step_keys

        fatal = (
            step_keys(wanted.key("update"), self.sweep - 1, 1, program.draws)
            if program.draws
            else None
        )

        def run(state: Any, arguments: Arguments, keys: Any, word0: int = 0) -> Any:
            tallies: list[Any] = []
            for key in keys:
                state, tallies = kernel(state, arguments, key[None], word0)
                if (
                    program.name == "sweep"
                    and np.array_equal(key, fatal[0])
                    and len(program.schedule) > 1
                ):
                    state[0][(*self.place, self.replica // 64)] ^= np.uint64(1 << self.replica % 64)
            return state, tallies

        return run


def test_a_single_wrong_spin_is_found() -> None:
    """At sweep 7, once the second site set has run: cell (2, 5), replica 77."""
    first, *_ = compared("joint", Upset(7, (0, 2, 5, 0), 77))
    assert first.verdict == "failed"
    assert first.detail.startswith(
        "sweep 7, site set 2 of 2 (rule 0, 18 cells of residues), site (2, 5) of s, plane 0: "
    )
    assert "1 of 256 replicas differ, the first is 77, where reference has " in first.detail
