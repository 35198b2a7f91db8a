"""Every bad spec is reported where its author marked it, with the message pinned beside it.

The first lines of a bad spec say what must be found: `# expect: LINE:COLUMN CODE`, or
`CODE warning`, or `CODE when compiled` of what a check lets pass. They are written by hand.
`UPDATE_BAD_SPECS=1 pytest tests/core/errors/test_specs.py` rewrites the pinned messages, and still
fails where a mark disagrees.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

import rgc
from rgc.ast_to_model import build
from rgc.errors import Problem, SpecError, render
from rgc.syntax.read import read

BAD = Path(__file__).parents[2] / "bad"
SPECS = sorted(path.name for path in BAD.iterdir() if path.suffix in (".rgc", ".yaml"))
MARK = re.compile(r"# expect: (\d+):(\d+) ([a-z-]+)(?: (warning|when compiled))?")
COMPILED = "when compiled"

MEMORY = 2.0**34
"""What a run may take here, so that messages are the same on every machine."""

Mark = tuple[int, int, str, str]


def problems_of(path: Path, *, compiled: bool) -> list[tuple[Problem, str]]:
    """Everything that a check of the file reports, with its severity: its errors, or the warnings
    of one that has none, and then what the compiler reports.
    """
    try:
        _, warnings = build(read(path), folder=path.parent)
    except SpecError as error:
        return [(problem, problem.severity) for problem in error.problems]
    found: list[tuple[Problem, str]] = [(problem, problem.severity) for problem in warnings]
    if compiled:
        with pytest.raises(SpecError) as refused:
            rgc.compile(path, backend="reference", max_memory=MEMORY)
        found += [(problem, COMPILED) for problem in refused.value.problems]
    return found


def marks_in(text: str) -> list[Mark]:
    head = re.match(r"(# expect: .*\n)+", text)
    assert head, "a bad spec begins with its marks"
    lines = head.group().splitlines()
    found = [MARK.fullmatch(line) for line in lines]
    assert all(found), lines
    return [(int(m[1]), int(m[2]), m[3], m[4] or "error") for m in found if m]


def marks_of(problems: list[tuple[Problem, str]]) -> list[Mark]:
    return [
        (*(problem.span.position if problem.span else (0, 0)), problem.code, kind)
        for problem, kind in problems
    ]


@pytest.mark.parametrize("name", SPECS)
def test_bad_spec(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(BAD)
    marks = marks_in(Path(name).read_text("utf-8", errors="replace"))
    problems = problems_of(Path(name), compiled=any(kind == COMPILED for *_, kind in marks))
    message = "\n\n".join(render(problem) for problem, _ in problems) + "\n"
    pinned = Path(f"{name}.txt")
    if os.environ.get("UPDATE_BAD_SPECS"):
        pinned.write_text(message, "utf-8")
    assert sorted(marks_of(problems)) == sorted(marks), message
    assert message == pinned.read_text("utf-8")
