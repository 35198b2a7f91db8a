"""Specs that a spec refers to: those that it includes, and those whose answers it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rgc.ast_to_model.scope import problem
from rgc.ast_to_model.sections.data import check_path
from rgc.ast_to_model.today import later
from rgc.errors import Problems
from rgc.model.spec import Spec
from rgc.text import Span

DEPTH_LIMIT = 16  # specs that refer to one another


@dataclass(frozen=True, slots=True)
class Reference:
    """A way to refer to another spec, by the codes and in the words of its messages."""

    without_folder: str
    in_a_circle: str
    to_do: str
    done: str


def check_runs_today(spec: Spec, path: str, span: Span | None) -> None:
    """Raise `SpecError` for another spec that was checked and cannot be run."""
    for reason in later(spec):
        message = f"'{path}' cannot be run: {reason.message}"
        raise problem(reason.code, message, span, hint=f"rgc check {path} says more")


def find_spec(
    path: str, span: Span | None, folder: Path | None, above: Sequence[Path], how: Reference
) -> Path:
    """Where another spec lies, with the folder of this one before its path.

    `above` are the specs, resolved, that led here. Raises `SpecError` for a text without a folder,
    a path that leaves the folder, a circle, and what is no regular file.
    """
    if folder is None:
        message = f"this text is no file, so it has no folder to {how.to_do}"
        raise problem(how.without_folder, message, span)
    problems = Problems()
    check_path(path, span, problems)
    problems.raise_errors()
    target = (folder / path).resolve()
    if folder.resolve() not in target.parents:
        raise problem("path-outside", "this file lies outside the spec's folder", span)
    if target in above:
        circle = " -> ".join(each.name for each in (*above[above.index(target) :], target))
        raise problem(how.in_a_circle, f"these specs {how.done} each other: {circle}", span)
    if target.exists() and not target.is_file():
        raise problem("unreadable-file", f"'{path}' is no regular file", span)
    if len(above) >= DEPTH_LIMIT:
        message = f"more than {DEPTH_LIMIT} specs {how.done} one another"
        raise problem(how.in_a_circle, message, span)
    return folder / path
