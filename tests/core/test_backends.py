"""What backends lack: read off programs, refused with a reason, listed, and told in a table that
the code writes.

`UPDATE_DOCS=1 pytest tests/core/test_backends.py` writes the table of `docs/backends.md` again.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rgc.backend import installed, load, refuse
from rgc.conformance.lattice.programs import blocks, measure, metropolis
from rgc.conformance.lattice.random_programs import random_program
from rgc.errors import SpecError
from rgc.kernel_cache import KernelCache
from rgc.program.family import FAMILIES, find
from rgc.program.lattice import TallyArray
from rgc.program.lattice.needs import needs
from rgc_reference import ReferenceBackend

PAGE = Path(__file__).parents[2] / "docs/backends.md"
TABLE = re.compile(r"(<!-- table: capabilities -->\n)(.*?)(<!-- end -->)", re.DOTALL)
OURS = ("numba", "jax", "reference")


class Without(ReferenceBackend):
    """The reference backend without some capabilities."""

    def __init__(self, lacks: Mapping[str, str]) -> None:
        super().__init__()
        self._lacks = lacks

    @property
    def families(self) -> Mapping[str, Mapping[str, str]]:
        return {"lattice": self._lacks}


@pytest.mark.parametrize(
    ("program", "needed"),
    [
        (metropolis((4, 6)), set()),
        (metropolis((4, 6), "philox", 64), {"philox", "planes"}),
        (blocks(), {"strides"}),
        (measure((4, 6), (TallyArray(3), TallyArray(3, replica=True, axes=(0,)))), {"axes"}),
        (replace(random_program(9, "listed"), tallies=()), {"lists", "letters"}),
        (replace(random_program(4, "lanes"), tallies=()), {"lanes", "letters"}),
    ],
)
def test_needs_are_read_off_a_program(program: Any, needed: set[str]) -> None:
    assert needs(program) == needed


def test_what_is_lacked_is_refused_with_the_reason() -> None:
    program = metropolis((4, 6), "philox", 64)
    refuse(Without({"lanes": "no"}), program)
    machine = KernelCache(
        Without({"planes": "32 must do", "philox": "never heard of it"}), general=True
    )
    with pytest.raises(SpecError) as refused:
        machine.compile(program)
    found = [(each.code, each.message, each.hint) for each in refused.value.problems]
    assert [code for code, _, _ in found] == ["backend-lacks"] * 2
    assert "the generator philox4x32-10" in found[0][1]
    assert found[1][2] == "32 must do"


def table() -> str:
    """A row for each capability of rgc's own families, a column for each of its backends."""
    lines = [
        ("capability", "what it is", *(f"`{name}`" for name in OURS)),
        ("---",) * (2 + len(OURS)),
    ]
    compiled = [load(name).families for name in OURS]
    for family in FAMILIES:
        for name, what in find(family).capabilities.items():
            cells = (each[family].get(name, "yes") if family in each else "no" for each in compiled)
            lines.append((f"`{name}`", what, *cells))
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


@pytest.mark.skipif(not set(OURS) <= set(installed()), reason="needs all of our backends")
def test_the_table_of_what_backends_lack_is_current() -> None:
    text = PAGE.read_text("utf-8")
    right = TABLE.sub(lambda found: f"{found[1]}\n{table()}\n{found[3]}", text)
    if os.environ.get("UPDATE_DOCS"):
        PAGE.write_text(right, "utf-8")
    assert PAGE.read_text("utf-8") == right
