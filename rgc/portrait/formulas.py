"""The formulas of a spec, whatever they are set in: a left side, a relation and a right side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from rgc.language.maps import MAPS
from rgc.syntax import ast


@dataclass(frozen=True, slots=True)
class Formula:
    """`left relation right`. `of` says of which kind the left side is: the thing itself, its `next`
    value p', or its `rate` dp/dl.
    """

    left: ast.Expr
    right: ast.Expr
    relation: Literal["=", "~"] = "="
    of: Literal["itself", "next", "rate"] = "itself"


def formulas_of(document: ast.Document) -> Iterator[Formula]:
    """The parameters, the Hamiltonian, the map and the measures, in this order."""
    yield from _entries(document, "parameters")
    hamiltonian = _body(document, "hamiltonian")
    if hamiltonian is not None:
        yield Formula(ast.Name("H"), hamiltonian)
    yield from _map(document)
    yield from _entries(document, "measure")


def _entries(document: ast.Document, name: str) -> Iterator[Formula]:
    section = document.section(name)
    for entry in section.body if section is not None and isinstance(section.body, tuple) else ():
        if isinstance(entry, ast.Entry) and entry.value is not None and entry.op in ("=", "~"):
            yield Formula(entry.target, entry.value, "~" if entry.op == "~" else "=")


def _map(document: ast.Document) -> Iterator[Formula]:
    """The quantities of a map that is written out, and what its other options are."""
    call = _body(document, "map")
    if not isinstance(call, ast.Call) or call.name not in MAPS:
        return
    signature = MAPS[call.name]
    if signature.free != "quantity":
        return
    given = {field.name for field in signature.fields}
    for option in call.options:
        of: Literal["next", "rate"] = "rate" if call.name == "ode" else "next"
        name = ast.Name(option.name)
        yield Formula(name, option.value, of="itself" if option.name in given else of)


def _body(document: ast.Document, name: str) -> ast.Expr | None:
    section = document.section(name)
    return None if section is None or isinstance(section.body, str | tuple) else section.body
