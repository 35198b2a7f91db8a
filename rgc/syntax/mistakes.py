"""Where the grammar stops: what the user did, in the user's words."""

from __future__ import annotations

from rgc.errors import Problem
from rgc.syntax.grammar import Unexpected
from rgc.text import Span


def explain(error: Unexpected, end: Span) -> Problem:
    """The problem at the word that does not fit."""
    if error.position < len(error.words):
        word = error.words[error.position]
        return Problem("unexpected-word", f"'{word.text}' does not fit here", word.span)
    return Problem("unexpected-end", "the expression ends too early", end)
