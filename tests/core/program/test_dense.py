"""Dense programs: invariants, one broken at a time, and the listing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from rgc.conformance.dense.programs import (
    BINARY,
    POTTS,
    cd,
    centring,
    dropout,
    hand_made,
    means,
    pcd,
    tempering,
)
from rgc.program.dense import (
    Affine,
    Change,
    Dense,
    Exchange,
    Pairs,
    Parameter,
    Put,
    Tally,
    Term,
    Unit,
)
from rgc.program.dense.show import show
from rgc.program.dense.verify import verify
from rgc.program.family import ProgramError


def test_contrastive_divergence_is_a_short_program() -> None:
    lines = show(cd()).splitlines()
    assert len(lines) < 15
    assert "    v2 = 11 binary(draw 0; c + v0 w)" in lines
    assert "    w += N0 (sum v0 v2) + N1 (sum v4 v6)" in lines


@pytest.mark.parametrize("program", hand_made(), ids=lambda program: program.name)
def test_every_parameter_slot_and_draw_is_shown(program: Dense) -> None:
    text = show(program)
    assert all(f"draw {draw};" in text for draw in range(program.draws))
    assert all(f"N{slot}" in text for slot in range(program.numbers))
    assert all(f"S{slot}" in text for slot in range(program.scales))
    assert all(field.name in text for field in program.fields)
    assert all(parameter.name in text for parameter in program.parameters)


def changed(program: Dense, kind: type, **new: Any) -> Dense:
    """A program whose first node of a kind is another."""
    k = next(k for k, node in enumerate(program.nodes) if isinstance(node, kind))
    nodes = list(program.nodes)
    nodes[k] = replace(nodes[k], **new)
    return replace(program, nodes=tuple(nodes))


def wide(rows: int) -> Dense:
    """Means of so many units times a matrix."""
    return means(BINARY, replace(BINARY, number=rows))


WRONG: dict[str, tuple[Callable[[], Dense], str]] = {
    "no chains": (
        lambda: replace(cd(), fields=(replace(cd().fields[0], chains=0),)),
        "field 'data' has no chains",
    ),
    "states": (lambda: cd(replace(POTTS, states=33)), "softmax units of 33 states"),
    "binary states": (lambda: cd(replace(BINARY, states=3)), "binary units of 3 states"),
    "order": (lambda: changed(cd(), Affine, x=5), "v1: operand v5 does not come before"),
    "kind": (lambda: changed(cd(), Unit, x=0), "v2: operand v0 yields no fields"),
    "matrix": (lambda: changed(cd(), Affine, matrix=1), "v1: .*no matrix of int32"),
    "no matrix": (lambda: changed(cd(), Affine, matrix=9), "v1: no parameter 9"),
    "bias": (lambda: changed(cd(), Affine, bias=0), "v1: 'w' is no vector of int64"),
    "turned": (
        lambda: changed(cd(POTTS), Affine, turned=True),
        "15 features times 11",
    ),
    "rows": (lambda: replace(cd(), rows=3), "v0: rows 0 to 69 of 3"),
    "draw twice": (lambda: changed(cd(), Unit, draw=1), "draw 1 is used or written 2 times"),
    "draw": (lambda: changed(cd(), Unit, draw=7), "v2: draw 7 of 3"),
    "number": (lambda: replace(cd(), numbers=1), "number 0, 1 of 1"),
    "put": (lambda: changed(pcd(), Put, field=0), "states of another kind than field 0"),
    "chains": (lambda: changed(cd(), Pairs, y=2, x=2, chains=99), "the first 99 of 70 chains"),
    "limit": (lambda: changed(cd(), Change, limit=2**40), "a limit of 1099511627776, more than"),
    "changed twice": (
        lambda: replace(cd(), nodes=(*cd().nodes, cd().nodes[9])),
        "parameter 0 is used or written 2 times",
    ),
    "velocity": (lambda: changed(pcd(), Change, velocity=1), "'b' is not int32 of shape"),
    "momentum": (lambda: changed(pcd(), Change, momentum=None), "a velocity goes with its mom"),
    "counts": (
        lambda: changed(cd(), Change, parameter=1),
        r"v7 is no counts of \(11,\)",
    ),
    "counts of a later node": (
        lambda: changed(cd(), Change, terms=(Term(0, 10),)),
        "v9: operand v10 does not come before",
    ),
    "later mask": (lambda: changed(dropout(), Unit, mask=9), "v2: operand v9 does not come before"),
    "mask": (lambda: changed(dropout(), Unit, mask=0), "a mask of other units"),
    "temperatures": (
        lambda: changed(tempering(), Exchange, temperatures=5),
        "68 chains at 5 temperatures",
    ),
    "exchange draw": (
        lambda: changed(tempering(), Exchange, draw=4),
        "draw 4 is used or written 2 times",
    ),
    "tally": (lambda: changed(centring(), Tally, what="reach"), "no reach of counts"),
    "ties": (lambda: changed(cd(), Change, classes=3), "3 classes of ties"),
    "exact": (lambda: wide(10_000_000), "sums of products may reach"),
    "parameter": (
        lambda: replace(
            cd(), parameters=(Parameter("w", (3, 3, 3), "int32"), *cd().parameters[1:])
        ),
        "parameter 'w' of shape",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_broken_invariant_is_named(name: str) -> None:
    make, complaint = WRONG[name]
    with pytest.raises(ProgramError, match=complaint):
        verify(make())
