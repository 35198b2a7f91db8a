"""Errors as data: a place in the user's text, a stable code, a message and a hint. One renderer
prints them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from difflib import get_close_matches
from heapq import nsmallest
from typing import Literal

from rgc.text import Span

LIMIT = 20  # problems shown for one file
ENOUGH = 5 * LIMIT  # problems after which a checker goes through no further entries

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem of a spec.

    `code` is stable and described in docs/errors.md. `label` stands beside the caret. `hint` says
    what to do.
    """

    code: str
    message: str
    span: Span | None = None
    label: str = ""
    hint: str = ""
    severity: Severity = "error"


class SpecError(Exception):
    """The user's spec or command line is wrong. The exception carries every problem that was
    found.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n\n".join(render(problem) for problem in self.problems))


class CheckpointError(SpecError):
    """No checkpoint of a run can be used: they are damaged, or those of another run."""


class RunWarning(UserWarning):
    """A run found something that makes its numbers doubtful. `Compiled.run` gives such a warning
    through Python's `warnings`, unless it is told what else to do.
    """


@contextmanager
def placed(span: Span | None) -> Iterator[None]:
    """Give problems that are raised inside and have no place of their own the place `span`."""
    try:
        yield
    except SpecError as error:
        if all(problem.span for problem in error.problems):
            raise
        problems = [replace(problem, span=problem.span or span) for problem in error.problems]
        raise type(error)(problems) from error


class Problems:
    """The problems of one file, collected in order, so that one pass reports them all."""

    def __init__(self) -> None:
        self.found: list[Problem] = []
        self._seen: set[Problem] = set()

    def error(
        self, code: str, message: str, span: Span | None = None, *, label: str = "", hint: str = ""
    ) -> None:
        self._add(Problem(code, message, span, label, hint))

    def warning(
        self, code: str, message: str, span: Span | None = None, *, label: str = "", hint: str = ""
    ) -> None:
        self._add(Problem(code, message, span, label, hint, severity="warning"))

    def extend(self, problems: Iterable[Problem]) -> None:
        for problem in problems:
            self._add(problem)

    def _add(self, problem: Problem) -> None:
        if problem not in self._seen:
            self._seen.add(problem)
            self.found.append(problem)

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.found if problem.severity == "error")

    @property
    def full(self) -> bool:
        """Whether there are so many errors that looking for more is of no use."""
        return len(self._seen) >= ENOUGH and len(self.errors) >= ENOUGH

    @property
    def warnings(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.found if problem.severity == "warning")

    def raise_errors(self) -> None:
        """Raise `SpecError` with at most `LIMIT` errors, in the order of the text, if there are
        any.
        """
        if self.errors:
            raise SpecError(sorted(self.errors, key=_place)[:LIMIT])


def _place(problem: Problem) -> tuple[str, int]:
    return (problem.span.source.name, problem.span.start) if problem.span else ("", -1)


def listing(words: Iterable[object], last: str = "and") -> str:
    """`a, b and c`; `nothing` where there are no words."""
    *first, final = [str(word) for word in words] or ["nothing"]
    return f"{', '.join(first)} {last} {final}" if first else final


COMPARED = 200  # known words with which an unknown one is compared: those of nearest length


SAME = {"ln": "log"}
"""Names that other languages have for what is called otherwise here."""


def suggest(word: str, known: Iterable[str]) -> str:
    """A hint `did you mean 'x'?`, or the empty string when no known word is close. The same word in
    other letters, large or small, is closest.
    """
    if word in SAME and SAME[word] in (known := tuple(known)):
        return f"did you mean '{SAME[word]}'?"
    nearest = nsmallest(COMPARED, known, key=lambda other: abs(len(other) - len(word)))
    close = [other for other in nearest if other.lower() == word.lower()]
    close = close or get_close_matches(word, nearest, n=1, cutoff=0.6)
    return f"did you mean '{close[0]}'?" if close else ""


def escape(text: str) -> str:
    """The text with control characters made visible, so that no spec can drive a terminal."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )


def render(problem: Problem) -> str:
    """The problem as the user reads it: place, code, message, the line with a caret, and the
    hint.
    """
    head = f"{problem.severity}[{problem.code}]: {escape(problem.message)}"
    lines = [head] if problem.span is None else render_place(problem.span, head, problem.label)
    if problem.hint:
        lines.append(f"hint: {escape(problem.hint)}")
    return "\n".join(lines)


def render_place(span: Span, message: str, label: str = "") -> list[str]:
    """The lines that show a place: the message, the line of the text, and a caret with the
    label.
    """
    line, column = span.position
    return [
        f"{escape(span.source.name)}:{line}:{column}: {message}",
        *_excerpt(span, line, column, label),
    ]


def _excerpt(span: Span, line: int, column: int, label: str) -> list[str]:
    text = span.source.line(line).replace("\t", " ")
    width = max(1, min(span.end - span.start, len(text) - column + 1))
    cut = max(0, column - 80)  # a line of a megabyte is shown around the caret
    first, last = "..." if cut else "", "..." if len(text) > cut + 160 else ""
    shown = first + escape(text[cut : cut + 160]) + last
    before = len(first) + len(escape(text[cut : column - 1]))
    caret = f"{'^' * min(width, 80)} {escape(label)}".rstrip()
    gutter = f"{line:>2} | "
    return [gutter + shown, " " * (len(gutter) - 2) + "| " + " " * before + caret]
