"""The section `spins`: species and their alphabets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.expressions.calls import signature_of
from rgc.ast_to_model.expressions.options import read_call
from rgc.ast_to_model.scope import RESERVED, Scope, problem
from rgc.errors import SpecError, listing
from rgc.language.alphabets import ALPHABETS
from rgc.model.spec import Spec
from rgc.model.spins import Species
from rgc.syntax import ast
from rgc.text import Span

SYMMETRIC = ast.Name("symmetric")


def check_spins(spec: Spec, context: Context) -> Spec:
    """The spec with its species.

    Reports unknown alphabets, numbers of states, and names that are given twice or taken already.
    """
    section = context.section("spins")
    species: list[Species] = []
    entries = section.body if section is not None and isinstance(section.body, tuple) else ()
    for entry in entries:
        if not isinstance(entry, ast.Entry):
            continue
        try:
            name = _name(entry, context.scope)
            if entry.value is None:
                raise problem("bad-spins", f"the spins '{name}' need an alphabet", None)
            made = species_of(name, entry.value, context)
        except SpecError as error:
            context.fail("spins", error)
            continue
        if made is None:
            context.failed.add("spins")
        else:
            species.append(made)
    if section is not None and not entries:
        context.problems.error(
            "no-spins", "this section declares no spins", section.name_span or section.span
        )
        context.failed.add("spins")
    return replace(spec, species=tuple(species))


def _name(entry: ast.Entry, scope: Scope) -> str:
    target = entry.target
    if not isinstance(target, ast.Name):
        raise problem("bad-spins", "the name of a species is one word", target.span)
    name = target.name
    if name in RESERVED:
        raise problem(
            "reserved-name",
            f"'{name}' has a meaning of its own and cannot name spins",
            target.span,
            hint="give the spins another name",
        )
    if name in scope.parameters or name in scope.broken:
        raise problem("duplicate-name", f"'{name}' is a parameter already", target.span)
    return name


def species_of(name: str, expr: ast.Expr, context: Context) -> Species | None:
    """The species with an alphabet such as `ising(symmetric)` or `potts(3)`.

    It is None where something is wrong, which is reported.
    """
    call, alphabet = signature_of(expr, ALPHABETS, "alphabet")
    if SYMMETRIC in call.arguments and not alphabet.declarable:
        declarable = listing(
            alphabet.name for alphabet in ALPHABETS.values() if alphabet.declarable
        )
        message = f"only {declarable} spins are declared symmetric, not {alphabet.name}"
        raise problem("bad-symmetry", message, call.span)
    reading = read_call(call, ALPHABETS, "alphabet", context)
    if reading is None or not reading.complete:
        return None
    states = reading.values["states"] if alphabet.counted else len(alphabet.values) or None
    return Species(name, alphabet.name, cast(int | None, states), "symmetry" in reading.values)


def places_of_spins(context: Context) -> Mapping[str, Span | None]:
    """Where the alphabet of each species stands."""
    section = context.section("spins")
    entries = section.body if section is not None and isinstance(section.body, tuple) else ()
    return {
        entry.target.name: entry.value.span
        for entry in entries
        if isinstance(entry, ast.Entry)
        and isinstance(entry.target, ast.Name)
        and entry.value is not None
    }
