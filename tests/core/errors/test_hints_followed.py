"""Every hint that holds code is followed: the code is written into the spec that raised it, which
then checks, or leads to a further message whose hint is followed in turn.

The hints are those of all specs in `tests/bad`; `following.py` finds the code in them and writes it
into the specs.
"""

from __future__ import annotations

import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

import rgc
from rgc import cost
from rgc.errors import Problem, SpecError
from rgc.syntax.read import read
from tests.core.errors.following import code_in, followed
from tests.core.errors.test_specs import BAD, COMPILED, MEMORY, SPECS, marks_in, problems_of

SMALL = 2.0**27
"""What a spec may take that is compiled here, in bytes."""

Key = tuple[str, str]


def key(problem: Problem) -> Key:
    return problem.code, problem.message


class Followed:
    """A bad spec, whose hints are followed in copies of it beside its data."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.text = Path(name).read_text("utf-8", errors="replace")
        self.compiled = any(kind == COMPILED for *_, kind in marks_in(self.text))
        self.file = folder / f"followed{Path(name).suffix}"

    def problems(self, text: str, piece: str) -> list[Problem]:
        """What a check says of the text, but for files that the piece of code names."""
        self.file.write_text(text, "utf-8")
        try:
            loaded = rgc.load(self.file)
            cost.refuse(loaded, MEMORY)
            if self.compiled and cost.of_run(loaded).memory < SMALL:
                rgc.compile(loaded, backend="reference", max_memory=MEMORY)
        except SpecError as error:
            named = re.findall(r'"([^"]+)"', piece)
            return [
                problem
                for problem in error.problems
                if not any(file in problem.message for file in named)
            ]
        return list(loaded.warnings)

    def accepts(
        self, text: str, problem: Problem, piece: str, known: Counter[Key], further: bool = True
    ) -> bool:
        """Whether the piece of code can be written into the text so that the problem is gone and
        none is new."""
        onward: dict[Key, tuple[str, Problem]] = {}
        for tried in dict.fromkeys(followed(text, problem, piece)):
            found = self.problems(tried, piece)
            keys = Counter(map(key, found))
            new = [other for other in found if keys[key(other)] > known[key(other)]]
            if keys[key(problem)] >= max(known[key(problem)], 1):
                continue
            if not new:
                return True
            if further and len(new) == 1 and self.reads():
                onward.setdefault(key(new[0]), (tried, new[0]))
        return any(
            self.accepts(tried, new, more, known, further=False)
            for tried, new in onward.values()
            for more in code_in(new.hint)
        )

    def reads(self) -> bool:
        """Whether the text that was tried last is one of the language."""
        try:
            read(self.file)
        except SpecError:
            return False
        return True


HINTED = [name for name in SPECS if "hint: " in (BAD / f"{name}.txt").read_text("utf-8")]


@pytest.fixture(scope="session")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all that stands beside the bad specs."""
    return shutil.copytree(BAD, tmp_path_factory.mktemp("hints") / "bad")


@pytest.mark.parametrize("name", HINTED)
def test_hints_are_accepted(name: str, monkeypatch: pytest.MonkeyPatch, beside: Path) -> None:
    monkeypatch.chdir(BAD)
    spec = Followed(name, beside)
    problems = [problem for problem, _ in problems_of(Path(name), compiled=spec.compiled)]
    known = Counter(map(key, problems))
    for problem in problems:
        for piece in code_in(problem.hint):
            assert spec.accepts(spec.text, problem, piece, known), (problem.hint, piece)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("unknown-scheme.rgc", "mcgr"),
        ("second-value.rgc", "[sample, mcrg]"),
    ],
)
def test_a_hint_that_does_not_help_is_found(
    name: str, wrong: str, monkeypatch: pytest.MonkeyPatch, beside: Path
) -> None:
    monkeypatch.chdir(BAD)
    spec = Followed(name, beside)
    problems = [problem for problem, _ in problems_of(Path(name), compiled=False)]
    known = Counter(map(key, problems))
    assert not spec.accepts(spec.text, problems[0], wrong, known)
