"""Couplings that options name: those of the Hamiltonian, or quantities of the map."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from rgc.errors import Problem, listing, suggest
from rgc.language.values import CallValue, Value
from rgc.schemes.scheme import Asked, Limit
from rgc.syntax import ast
from rgc.text import Span


def a_plane(asked: Asked) -> Iterator[Problem]:
    """Report a plane of other than two couplings."""
    plane = asked.options.get("plane")
    if isinstance(plane, tuple) and len(plane) != 2:
        message = f"a plane of couplings has two names, not {len(plane)}"
        yield Problem("wrong-arity", message, asked.place("plane"), hint="write plane=[K1, K2]")


def known_couplings(asked: Asked) -> Iterator[Problem]:
    """Report names in `plane`, `first_order` and `starts=grid(...)` that are not couplings."""
    spec = asked.spec
    if spec.hamiltonian is None and not spec.map:
        return
    terms = spec.hamiltonian.terms if spec.hamiltonian else ()
    known = {term.name for term in terms if term.of_spins}
    known |= {name for step in spec.map for name in step.quantities}
    for name, span in _named(asked):
        if name not in known:
            hint = suggest(name, known) or f"known: {listing(sorted(known))}"
            yield Problem("unknown-coupling", f"unknown coupling '{name}'", span, hint=hint)


def _named(asked: Asked) -> Iterator[tuple[str, Span | None]]:
    starts = asked.places.get("starts")
    for listed in (asked.places.get("plane"), asked.places.get("first_order")):
        for item in listed.items if isinstance(listed, ast.List) else ():
            if isinstance(item, ast.Name):
                yield item.name, item.span
    for option in starts.options if isinstance(starts, ast.Call) else ():
        yield option.name, option.span


MOST_STARTS = 10_000
"""The largest number of points from which flows start."""


def count_starts(value: Value | None) -> int:
    """The number of points in the option `starts`, 1 where it is not given."""
    if isinstance(value, CallValue):
        return prod(len(each) if isinstance(each, tuple) else 1 for _, each in value.options)
    return len(value) if isinstance(value, tuple) else 1


def few_starts(grid: int) -> Limit:
    """The limit of starts: as many as are followed one after the other, and `grid` of a grid."""

    def limit(asked: Asked) -> Iterator[Problem]:
        value = asked.options.get("starts")
        number = count_starts(value)
        most = grid if isinstance(value, CallValue) else MOST_STARTS
        if number > most:
            message = f"{number} points to start from; the limit is {most}"
            hint = "take fewer values"
            yield Problem("too-many-points", message, asked.place("starts"), hint=hint)

    return limit


KNOWN = (a_plane, known_couplings)
"""The limits of every scheme that names couplings."""

NAMED = (*KNOWN, few_starts(MOST_STARTS))
"""The limits of every scheme that studies a map of couplings from one start after the other."""
