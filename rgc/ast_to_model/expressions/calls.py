"""Calls in a spec: their name, their positional arguments and their options."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from rgc.ast_to_model.expressions.evaluate import kind
from rgc.ast_to_model.expressions.scope import problem
from rgc.errors import suggest
from rgc.language.signatures import Signature
from rgc.syntax import ast


def as_call(expr: ast.Expr, what: str) -> ast.Call:
    """`square` and `square(64)` as a call. Raises `SpecError` (wrong-kind) for anything else; `what` is needed there."""
    match expr:
        case ast.Call():
            return expr
        case ast.Name(name):
            return ast.Call(name, span=expr.span)
    raise problem("wrong-kind", f"{what} is needed here, not {kind(expr)}", expr.span)


def options_of(table: Mapping[str, Signature], call: ast.Call) -> tuple[str, ...]:
    """The names of the options that a table gives to a call."""
    return tuple(field.name for field in table[call.name].fields)


def read_call(
    call: ast.Call, most: int, options: Collection[str]
) -> tuple[tuple[ast.Expr, ...], dict[str, ast.Expr]]:
    """The positional arguments, at most `most`, and the options by name, each among `options`.

    Raises `SpecError` for further arguments, unknown options and options given twice.
    """
    if len(call.arguments) > most:
        wanted = "no argument" if most == 0 else "one argument" if most == 1 else f"at most {most} arguments"
        message = f"{call.name} takes {wanted} without a name, not {len(call.arguments)}"
        hint = f"with a name it takes {', '.join(options)}" if options else ""
        raise problem("wrong-arity", message, call.arguments[most].span, hint=hint)
    found: dict[str, ast.Expr] = {}
    for option in call.options:
        if option.name not in options:
            hint = suggest(option.name, options) or _those(options)
            message = f"{call.name} has no option '{option.name}'"
            raise problem("unknown-option", message, option.span, hint=hint)
        if option.name in found:
            message = f"the option '{option.name}' is given twice"
            raise problem("duplicate-name", message, option.span)
        found[option.name] = option.value
    return call.arguments, found


def word(expr: ast.Expr, words: Collection[str], what: str) -> str:
    """A bare word out of a fixed set. Raises `SpecError` (wrong-kind, unknown-word)."""
    if not isinstance(expr, ast.Name):
        raise problem("wrong-kind", f"{what} is one of {', '.join(words)}", expr.span)
    if expr.name not in words:
        hint = suggest(expr.name, words)
        message = f"{what} is one of {', '.join(words)}, not '{expr.name}'"
        raise problem("unknown-word", message, expr.span, hint=hint)
    return expr.name


def _those(options: Collection[str]) -> str:
    return f"it has {', '.join(options)}" if options else "it has no options"
