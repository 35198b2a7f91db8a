"""Every bad spec is reported where its author marked it, with the message pinned beside it.

The first lines of a bad spec say what must be found: `# expect: LINE:COLUMN CODE`, or `CODE warning`, or `CODE when compiled` of what a check
lets pass. They are written by hand.
`UPDATE_BAD_SPECS=1 pytest tests/core/test_bad_specs.py` rewrites the pinned messages, and still fails where a mark disagrees.
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

BAD = Path(__file__).parent.parent / "bad"
SPECS = sorted(path.name for path in BAD.iterdir() if path.suffix in (".rgc", ".yaml"))
MARK = re.compile(r"# expect: (\d+):(\d+) ([a-z-]+)( warning| when compiled)?")

Mark = tuple[int, int, str, str]


def problems_of(path: Path, *, compiled: bool = False) -> tuple[Problem, ...]:
    """Everything that a check of the file reports: its errors, or the warnings of one that has none; or what its compiler reports, after a
    check without errors."""
    try:
        _, warnings = build(read(path), folder=path.parent)
    except SpecError as error:
        return () if compiled else error.problems
    if not compiled:
        return warnings
    with pytest.raises(SpecError) as refused:
        rgc.compile(path, backend="reference")
    return refused.value.problems


def marks_in(text: str) -> list[Mark]:
    head = re.match(r"(# expect: .*\n)+", text)
    assert head, "a bad spec begins with its marks"
    lines = head.group().splitlines()
    found = [MARK.fullmatch(line) for line in lines]
    assert all(found), lines
    return [(int(m[1]), int(m[2]), m[3], "warning" if m[4] == " warning" else "error") for m in found if m]


def marks_of(problems: tuple[Problem, ...]) -> list[Mark]:
    placed = [(problem.span.position if problem.span else (0, 0), problem) for problem in problems]
    return [(*place, problem.code, problem.severity) for place, problem in placed]


@pytest.mark.parametrize("name", SPECS)
def test_bad_spec(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(BAD)
    text = Path(name).read_text("utf-8", errors="replace")
    problems = problems_of(Path(name), compiled=bool(re.match(r"# expect: .* when compiled\n", text)))
    message = "\n\n".join(map(render, problems)) + "\n"
    pinned = Path(f"{name}.txt")
    if os.environ.get("UPDATE_BAD_SPECS"):
        pinned.write_text(message, "utf-8")
    assert sorted(marks_of(problems)) == sorted(marks_in(text)), message
    assert message == pinned.read_text("utf-8")
