"""What the checkers of all sections share: document, names in scope, problems so far."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from rgc.ast_to_model.scope import Scope, Unknowable
from rgc.errors import Problems, SpecError
from rgc.model.spec import Axis, Spec
from rgc.syntax import ast
from rgc.text import Span

Read = Callable[[Path, tuple[ast.Entry, ...], tuple[ast.Entry, ...]], "tuple[Spec, Context]"]
"""Reads and checks the spec at a path with other right sides of parameters and another scan. Raises
`SpecError`.
"""


def _none(path: Path, *_: object) -> NoReturn:
    raise LookupError(f"no other spec is read here: {path}")


@dataclass(slots=True)
class Context:
    """The state of one build.

    - `scan` holds entries of the command line that replace those of the `scan` section.
    - `axes` are those of the scan where they are known from another point, None where its section
      is to be read.
    - `folder` is the folder of the spec, or None for a spec that is not a file.
    - `failed` holds the names of the sections with errors; what depends on them is skipped
      silently.
    - `read` reads another spec, and `above` are the specs that led here.
    - `others` are the specs that a study runs, by the name of the run.
    """

    document: ast.Document
    problems: Problems = field(default_factory=Problems)
    scope: Scope = field(default_factory=Scope)
    folder: Path | None = None
    scan: tuple[ast.Entry, ...] = ()
    axes: tuple[Axis, ...] | None = None
    failed: set[str] = field(default_factory=set)
    read: Read = field(default=_none)
    above: tuple[Path, ...] = ()
    others: dict[str, tuple[Spec, Context]] = field(default_factory=dict)

    def fail(self, section: str, error: SpecError) -> None:
        """Keep the problems of one entry and go on with the next."""
        self.failed.add(section)
        self.problems.extend(error.problems)

    @contextmanager
    def failing(self, section: str) -> Iterator[None]:
        """A context that keeps the problems raised inside and counts the section as failed.

        The section also fails where a value is unknowable.
        """
        try:
            yield
        except SpecError as error:
            self.fail(section, error)
        except Unknowable:
            self.failed.add(section)

    def section(self, name: str) -> ast.Section | None:
        return self.document.section(name)

    def body(self, name: str) -> ast.Expr | None:
        """The expression that a section holds; None without one, or where it holds entries."""
        section = self.section(name)
        return None if section is None or isinstance(section.body, str | tuple) else section.body

    def listed(self, name: str) -> tuple[ast.Entry | ast.Item | ast.Expectation, ...]:
        """The entries of a section; none without one."""
        section = self.section(name)
        return section.body if section is not None and isinstance(section.body, tuple) else ()

    @property
    def is_study(self) -> bool:
        """Whether the document is a study, which runs other specs."""
        return self.section("runs") is not None

    @property
    def places(self) -> dict[str, Span | None]:
        """Where each section says what it says."""
        sections = self.document.sections
        return {section.name: self.document.place(section.name) for section in sections}


Check = Callable[[Spec, Context], Spec]
"""A section's checker. It returns the spec with that section filled in; problems go into the
context.
"""
