"""The section `spins`: species and their alphabets."""

from __future__ import annotations

from dataclasses import replace

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.expressions.calls import as_call
from rgc.ast_to_model.expressions.evaluate import integer
from rgc.ast_to_model.expressions.scope import RESERVED, Scope, Unknowable, problem
from rgc.errors import SpecError, suggest
from rgc.language.alphabets import ALPHABETS
from rgc.model.spec import Spec
from rgc.model.spins import Species
from rgc.syntax import ast

LEAST_STATES = {"potts": 2, "clock": 2, "height": 1}
MOST_STATES = 256


def check_spins(spec: Spec, context: Context) -> Spec:
    """The spec with its species. Problems: unknown alphabets, counts of states, names given twice or taken already."""
    section = context.section("spins")
    species: list[Species] = []
    entries = section.body if section is not None and isinstance(section.body, tuple) else ()
    for entry in entries:
        if not isinstance(entry, ast.Entry):
            continue
        try:
            name = _name(entry, context.scope)
            species.append(alphabet(entry.value, context.scope, name))
        except SpecError as error:
            context.fail("spins", error)
        except Unknowable:
            context.failed.add("spins")
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
            "reserved-name", f"'{name}' has a meaning of its own and cannot name spins", target.span
        )
    if name in scope.parameters or name in scope.broken:
        raise problem("duplicate-name", f"'{name}' is a parameter already", target.span)
    return name


def alphabet(expr: ast.Expr | None, scope: Scope, name: str) -> Species:
    """The species `name` with an alphabet such as `ising(symmetric)` or `potts(3)`. Raises `SpecError`."""
    if expr is None:
        raise problem("bad-spins", f"the spins '{name}' need an alphabet", None)
    call = as_call(expr, "an alphabet")
    known = next((each for each in ALPHABETS if each == call.name), None)
    if known is None:
        hint = suggest(call.name, ALPHABETS) or f"there are {', '.join(ALPHABETS)}"
        raise problem("unknown-alphabet", f"unknown alphabet '{call.name}'", call.span, hint=hint)
    if call.options:
        option = call.options[0]
        raise problem("unknown-option", f"{known} has no option '{option.name}'", option.span)
    symmetric = ast.Name("symmetric") in call.arguments
    counts = [argument for argument in call.arguments if argument != ast.Name("symmetric")]
    if symmetric and known != "ising":
        message = f"only ising spins are declared symmetric, not {known}"
        raise problem("bad-symmetry", message, call.span)
    return Species(name, known, _states(call, known, counts, scope), symmetric)


def _states(call: ast.Call, alphabet: str, counts: list[ast.Expr], scope: Scope) -> int | None:
    wants = alphabet in LEAST_STATES or alphabet == "spin"
    if len(counts) != int(wants):
        written = {"spin": "spin(1)"}.get(alphabet, f"{alphabet}(3)") if wants else alphabet
        message = f"{alphabet} takes {'one number' if wants else 'no number'}, not {len(counts)}"
        raise problem("wrong-arity", message, call.span, hint=f"write {written}")
    if alphabet == "spin":
        if integer(counts[0], scope) != 1:
            raise problem("out-of-range", "of spin(S) there is spin(1) only", counts[0].span)
        return 3
    if not wants:
        return None if alphabet == "gaussian" else 2
    states = integer(counts[0], scope, least=LEAST_STATES[alphabet])
    if states > MOST_STATES:
        raise problem("out-of-range", f"at most {MOST_STATES} states, not {states}", counts[0].span)
    return states
