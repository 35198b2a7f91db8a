"""Calls bound to their signatures: which argument is which option, and every mistake in that.

This is the only reader of calls, so that one mistake has one code in every section. What stands for
an option is read by its section, or by `rgc.ast_to_model.expressions.options` where the table says
what kind it is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from rgc.ast_to_model.expressions.evaluate import kind
from rgc.ast_to_model.scope import problem
from rgc.errors import Problem, SpecError, listing, suggest
from rgc.language.measures import OTHER_NAMES
from rgc.language.signatures import Field, Signature
from rgc.syntax import ast
from rgc.text import Span

S = TypeVar("S", bound=Signature)
TEMPERATURES = ("T", "beta", "temperature", "kT")


@dataclass(frozen=True, slots=True)
class Bound:
    """A call whose arguments were assigned to options.

    - `places` says what was written for each option, the first time.
    - `problems` are arguments that belong to no option, options that were written twice, and
      required ones that are missing.
    """

    places: Mapping[str, ast.Expr]
    problems: tuple[Problem, ...]


# -- names -----------------------------------------------------------------------------------------


def named(expr: ast.Expr) -> tuple[str, tuple[ast.Expr, ...], tuple[ast.Option, ...]] | None:
    """Name, arguments and options of a call or a bare word; None for anything else."""
    if isinstance(expr, ast.Name):
        return expr.name, (), ()
    return (expr.name, expr.arguments, expr.options) if isinstance(expr, ast.Call) else None


def name_span(expr: ast.Expr) -> Span | None:
    """The place of the word before the parentheses."""
    if isinstance(expr, ast.Call) and expr.span is not None:
        return Span(expr.span.source, expr.span.start, expr.span.start + len(expr.name))
    return expr.span


def suggest_other(name: str, known: Collection[str]) -> str:
    """A hint for what others call something that we know by another name."""
    ours = OTHER_NAMES.get(name)
    return f"here it is called '{ours}'" if ours in known else ""


def word(expr: ast.Expr, words: Collection[str], what: str) -> str:
    """A bare word out of a fixed set. Raises `SpecError` (wrong-kind, unknown-word)."""
    if not isinstance(expr, ast.Name):
        raise problem("wrong-kind", f"{what} is one of {', '.join(words)}", expr.span)
    if expr.name not in words:
        hint = suggest(expr.name, words)
        message = f"{what} is one of {', '.join(words)}, not '{expr.name}'"
        raise problem("unknown-word", message, expr.span, hint=hint)
    return expr.name


# -- binding ---------------------------------------------------------------------------------------


def bound(
    expr: ast.Expr, table: Mapping[str, Signature], what: str
) -> tuple[ast.Call, dict[str, ast.Expr]]:
    """A call of one of the signatures of a table, and what stands for each of its options.

    Raises `SpecError` with every problem of the call: those of `signature_of` and of `bind`.
    """
    call, signature = signature_of(expr, table, what)
    assigned = bind(call, signature)
    if assigned.problems:
        raise SpecError(assigned.problems)
    return call, dict(assigned.places)


def signature_of(expr: ast.Expr, table: Mapping[str, S], what: str) -> tuple[ast.Call, S]:
    """A call or a bare word as a call, with its signature. `what` is the noun of the messages.

    Raises `SpecError` for anything else (wrong-kind) and for a name that the table lacks (unknown-
    and the first word of `what`).
    """
    given = named(expr)
    if given is None:
        one = ", and there is one" if isinstance(expr, ast.List) else ""
        hint = f"{_a(what)} is a word or a call, such as {next(iter(table))}{one}"
        raise problem(
            "wrong-kind", f"{_a(what)} is needed here, not {kind(expr)}", expr.span, hint=hint
        )
    name, arguments, options = given
    if name not in table:
        hint = suggest(name, table) or suggest_other(name, table) or _known(table)
        raise problem(
            f"unknown-{what.split()[0]}", f"unknown {what} '{name}'", name_span(expr), hint=hint
        )
    return ast.Call(name, arguments, options, span=expr.span), table[name]


def bind(
    call: ast.Call, signature: Signature, is_free: Callable[[str], bool] = lambda name: False
) -> Bound:
    """What was written for each option of a call.

    `is_free` says whether an option may bear a name of the user's. The problems are arguments
    beyond the positional options (wrong-arity), options that do not exist (unknown-option) or that
    are written twice (duplicate-option), and required ones that are missing (missing-option).
    """
    arguments, surplus = _arranged(call.arguments, signature)
    places: dict[str, ast.Expr] = {}
    problems = [_one_too_many(signature, surplus[0])] if surplus else []
    given = [(name, argument, argument.span) for name, argument in arguments]
    given += [(option.name, option.value, option.span) for option in call.options]
    for name, value, span in given:
        if name in places:
            problems.append(Problem("duplicate-option", f"'{name}' is given twice", span))
        elif signature.field(name) is not None or is_free(name):
            places[name] = value
        else:
            problems.append(_unknown(signature, name, span))
    problems += [
        _missing(signature, field, call)
        for field in signature.fields
        if field.required and field.name not in places
    ]
    return Bound(places, tuple(problems))


def _arranged(
    arguments: Sequence[ast.Expr], signature: Signature
) -> tuple[list[tuple[str, ast.Expr]], tuple[ast.Expr, ...]]:
    """The arguments with their options, and the arguments that have none.

    Several arguments of a call that takes any number of them are a list.
    """
    most = len(signature.positional)
    if signature.variadic and len(arguments) > most:
        *first, name = signature.positional
        rest = ast.List(tuple(arguments[most - 1 :]), span=arguments[most - 1].span)
        return [*zip(first, arguments, strict=False), (name, rest)], ()
    return list(zip(signature.positional, arguments, strict=False)), tuple(arguments[most:])


def _one_too_many(signature: Signature, argument: ast.Expr) -> Problem:
    places = len(signature.positional)
    takes = (
        "no arguments" if places == 0 else "one argument" if places == 1 else f"{places} arguments"
    )
    message = f"'{signature.name}' takes {takes} without a name"
    return Problem("wrong-arity", message, argument.span, "one too many", _options_of(signature))


def _unknown(signature: Signature, name: str, span: Span | None) -> Problem:
    hint = " ".join(part for part in (_likely(name, signature), _options_of(signature)) if part)
    return Problem("unknown-option", f"'{signature.name}' has no option '{name}'", span, hint=hint)


def _missing(signature: Signature, field: Field, call: ast.Call) -> Problem:
    message = f"'{signature.name}' needs {field.name}: {field.doc}"
    hint = f"write {signature.example or _example(signature, field)}"
    return Problem("missing-option", message, name_span(call), hint=hint)


def _example(signature: Signature, wanted: Field) -> str:
    value = {
        "integer": "16",
        "number": "1",
        "path": '"file.npy"',
        "lattice": "square(16)",
        "name": "K",
    }
    shown = value.get(wanted.kind, "...")
    inside = shown if wanted.name in signature.positional else f"{wanted.name}={shown}"
    return f"{signature.name}({inside})"


def _known(signatures: Mapping[str, Signature]) -> str:
    """The calls that are known, with the options if there is only one call."""
    if len(signatures) > 1:
        return f"known: {', '.join(signatures)}"
    (only,) = signatures.values()
    return f"known: {only.name}({', '.join(f'{field.name}=...' for field in only.fields)})"


def _likely(name: str, signature: Signature) -> str:
    """What was probably meant by an unknown option."""
    if name in TEMPERATURES:
        return "couplings are in units of kT: put T = 2.27, K = 1/T into the parameters."
    if name in ast.SECTIONS:
        return f"'{name}' is a section of its own."
    return suggest(name, [field.name for field in signature.fields])


def _options_of(signature: Signature) -> str:
    names = sorted(
        field.name for field in signature.fields if field.name not in signature.positional
    )
    free = [f"the values of a {signature.free}"] if signature.free else []
    if not names and not free:
        return "" if signature.positional else f"{signature.name} takes no options"
    return f"{signature.name} takes {listing((*names, *free))}"


def _a(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
