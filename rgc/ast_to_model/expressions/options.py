"""Reading the options of calls by their kinds and within their limits, in whatever section."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import cast

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.expressions.calls import bind, name_span, named, signature_of
from rgc.ast_to_model.expressions.evaluate import INTEGER_TOLERANCE, kind, number, numbers
from rgc.ast_to_model.scope import CONSTANTS, FUNCTIONS, Scope, Unknowable, problem
from rgc.errors import SpecError, listing, suggest
from rgc.language.lattices import LATTICES
from rgc.language.signatures import Field, Signature
from rgc.language.values import CallValue, OperatorBasis, Value
from rgc.syntax import ast
from rgc.text import Span, in_yaml

_A = {
    "integer": "an integer",
    "number": "a number",
    "flag": "true or false",
    "word": "a word",
    "name": "a name",
    "names": "a list of names",
    "numbers": "a list or range of numbers",
    "knots": "a number or a list of numbers",
    "points": "a list of points",
    "call": "a word or a call",
    "calls": "a list of methods",
    "text": "a quoted text",
    "path": "a quoted path",
    "lattice": "a lattice or a number of units",
}


@dataclass(slots=True)
class Reading:
    """The options of one call by name: their values and where they stand.

    An option with an error has a place and no value.
    """

    signature: Signature
    values: dict[str, Value] = field(default_factory=dict)
    places: dict[str, ast.Expr] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether every option that was written has a value, and every required one is there."""
        required = {option.name for option in self.signature.fields if option.required}
        return self.places.keys() | required <= self.values.keys()


def read_call(
    expr: ast.Expr, known: Mapping[str, Signature], what: str, context: Context
) -> Reading | None:
    """A call of one of the `known` signatures with every problem reported, or None where its name
    means nothing.

    `what` is the noun of the messages (scheme, layer, ...), which becomes part of the code
    `unknown-...`.
    """
    try:
        call, signature = signature_of(expr, known, what)
    except SpecError as error:
        context.problems.extend(error.problems)
        return None
    bound = bind(call, signature, lambda name: _is_free(signature, name, context))
    context.problems.extend(bound.problems)
    reading = Reading(signature, places=dict(bound.places))
    for name, value in bound.places.items():
        field = signature.field(name)
        if field is None and signature.free == "quantity":
            continue
        read = read_value(field or Field(name, "numbers", f"values of {name}"), value, context)
        if read is not None:
            reading.values[name] = read
    return reading


def _is_free(signature: Signature, name: str, context: Context) -> bool:
    """Whether an option may bear a name of the user's. Couplings are known later, when the
    Hamiltonian is.
    """
    if signature.free == "parameter":
        return context.scope.known(name)
    return signature.free in ("quantity", "coupling")


def read_value(field: Field, expr: ast.Expr, context: Context) -> Value | None:
    """The value of one option, or None where it is wrong (reported), unknowable, or kept as
    written.
    """
    try:
        return _value(field, expr, context)
    except SpecError as error:
        context.problems.extend(error.problems)
    except Unknowable:
        pass
    return None


def _value(field: Field, expr: ast.Expr, context: Context) -> Value | None:
    match field.kind:
        case "integer" | "number":
            return read_number(field, expr, context.scope)
        case "flag":
            return _flag(field, expr)
        case "word" | "name":
            return _word(field, expr)
        case "text" | "path":
            if not isinstance(expr, ast.Text):
                raise _wrong(field, expr)
            return expr.value
        case "call":
            return _call(field, expr, context)
        case "names" | "numbers" | "points" | "calls":
            return _list(field, expr, context)
        case "knots":
            return _knots(field, expr, context)
        case "lattice":
            return _lattice(field, expr, context)
    return None


def _wrong(field: Field, expr: ast.Expr) -> SpecError:
    what = f"the word {expr.name}" if isinstance(expr, ast.Name) else kind(expr)
    message = f"'{field.name}' is {_A[field.kind]}, not {what}"
    return problem("wrong-kind", message, expr.span, hint=f"{field.name}: {field.doc}")


def read_number(field: Field, expr: ast.Expr, scope: Scope) -> int | float:
    """A number within the limits of its option, an integer where the option is one. Raises like
    `evaluate`.
    """
    word = (
        isinstance(expr, ast.Name) and not scope.known(expr.name) and expr.name in ("true", "false")
    )
    if word or isinstance(expr, ast.Text | ast.List | ast.Tuple | ast.Range | ast.Reduction):
        raise _wrong(field, expr)
    value: int | float = _exact(expr) or number(expr, scope)
    if field.kind == "integer" and isinstance(value, float):
        value = _whole(field, value, expr)
    if field.choices and value not in field.choices:
        allowed = listing(field.choices, "or")
        raise problem("out-of-range", f"'{field.name}' is {allowed}, not {value:.10g}", expr.span)
    check_limits(field, value, expr.span)
    return value


def _exact(expr: ast.Expr) -> int:
    """An integer written out, beyond what a float64 can hold."""
    digits = expr.digits.replace("_", "") if isinstance(expr, ast.Number) else ""
    return int(digits) if digits.isdigit() and len(digits) <= 20 else 0


def _whole(field: Field, value: float, expr: ast.Expr) -> int:
    if abs(value - round(value)) > INTEGER_TOLERANCE:
        raise problem("not-an-integer", f"'{field.name}' is an integer, not {value!r}", expr.span)
    return round(value)


def check_limits(field: Field, value: float, span: Span | None) -> None:
    """Raise SpecError where a number lies outside the limits of its option, with the nearest number
    allowed.
    """
    limit, nearest = "", ""
    if field.least is not None and value < field.least:
        limit, nearest = f"at least {_shown(field.least)}", _shown(field.least)
    elif field.above is not None and value <= field.above:
        limit = f"above {_shown(field.above)}"
    elif field.most is not None and value > field.most:
        limit, nearest = f"at most {_shown(field.most)}", _shown(field.most)
    if limit and field.multiple == 1:
        message = f"'{field.name}' must be {limit}, not {_shown(value)}"
        hint = f"the nearest is {nearest}" if nearest else ""
        raise problem("out-of-range", message, span, hint=hint)
    if limit or (field.multiple > 1 and value % field.multiple):
        multiple = max(round(value / field.multiple), 1) * field.multiple
        message = f"'{field.name}' must be a multiple of {field.multiple}, not {_shown(value)}"
        raise problem("not-a-multiple", message, span, hint=f"the nearest is {multiple}")


def _shown(value: float) -> str:
    short = isinstance(value, int) and abs(value) < 10**15
    return str(value) if short else f"{value:.10g}"


def _flag(field: Field, expr: ast.Expr) -> bool:
    if isinstance(expr, ast.Name) and expr.name in ("true", "false"):
        return expr.name == "true"
    word = expr.name if isinstance(expr, ast.Name) else ""
    hint = {"yes": "write true", "on": "write true", "no": "write false", "off": "write false"}.get(
        word.lower(), ""
    )
    raise problem("wrong-kind", f"'{field.name}' is true or false", expr.span, hint=hint)


def _word(field: Field, expr: ast.Expr) -> str:
    allowed = listing(field.choices, "or") if field.choices else ""
    if not isinstance(expr, ast.Name):
        if not allowed:
            raise _wrong(field, expr)
        raise problem(
            "wrong-kind", f"'{field.name}' is the word {allowed}", expr.span, label="not a word"
        )
    if allowed and expr.name not in field.choices:
        hint = suggest(expr.name, map(str, field.choices))
        raise problem(
            "unknown-word", f"'{field.name}' is {allowed}, not '{expr.name}'", expr.span, hint=hint
        )
    return expr.name


def _call(field: Field, expr: ast.Expr, context: Context) -> Value | None:
    reading = read_call(
        expr,
        {signature.name: signature for signature in field.calls},
        field.noun or field.name,
        context,
    )
    return None if reading is None else as_value(reading)


def as_value(reading: Reading) -> Value:
    """A bare word where nothing was written beside it, else the call; `operators(...)` with its
    defaults.
    """
    if reading.signature.name == "operators":
        given = {**reading.signature.defaults, **reading.values}
        return OperatorBasis(cast(float, given["range"]), cast(int, given["bodies"]))
    if not reading.places:
        return reading.signature.name
    return CallValue(reading.signature.name, (), tuple(reading.values.items()))


def _knots(field: Field, expr: ast.Expr, context: Context) -> Value | None:
    """A number, a list or range of numbers within the limits of one, or another way to say them."""
    if _is_other(field, expr, context):
        return _other(field, expr, context)
    if not isinstance(expr, ast.List | ast.Range):
        return read_number(field, expr, context.scope)
    if isinstance(expr, ast.Range):
        values: tuple[Value, ...] = numbers(expr, context.scope)
    else:
        values = tuple(read_number(field, item, context.scope) for item in expr.items)
    if not values:
        raise problem("empty-list", f"'{field.name}' needs one number at least", expr.span)
    for value in values:
        check_limits(field, cast(float, value), expr.span)
    return values


def _is_other(field: Field, expr: ast.Expr, context: Context) -> bool:
    """Whether an option is written in the other way that it may be."""
    call = named(expr)
    known = isinstance(expr, ast.Name) and context.scope.known(expr.name)
    return field.also is not None and call is not None and call[0] == field.also.name and not known


def _other(field: Field, expr: ast.Expr, context: Context) -> Value | None:
    assert field.also is not None  # noqa: S101  (asked before)
    reading = read_call(expr, {field.also.name: field.also}, field.name, context)
    return None if reading is None else as_value(reading)


def _list(field: Field, expr: ast.Expr, context: Context) -> Value | None:
    if isinstance(expr, ast.Call) and _is_other(field, expr, context):
        return _other(field, expr, context)
    if field.kind == "numbers" and isinstance(expr, ast.List | ast.Range):
        return numbers(expr, context.scope)
    if field.kind == "calls" and not isinstance(expr, ast.List):
        expr = ast.List((expr,), span=expr.span)  # one method stands for a list of one
    if field.kind == "numbers" or not isinstance(expr, ast.List):
        raise _scalar(field, expr)
    if field.kind == "points":
        return tuple(_point(item, context.scope) for item in expr.items)
    inner = Field(
        field.name,
        "call" if field.kind == "calls" else "name",
        field.doc,
        choices=field.choices,
        calls=field.calls,
        noun=field.noun,
    )
    values = (read_value(inner, item, context) for item in expr.items)
    return tuple(value for value in values if value is not None)


def _point(expr: ast.Expr, scope: Scope) -> Value:
    return numbers(expr, scope) if isinstance(expr, ast.List) else number(expr, scope)


def _scalar(field: Field, expr: ast.Expr) -> SpecError:
    """A scalar where a list belongs."""
    if isinstance(expr, ast.Text | ast.Reduction | ast.Tuple):
        return _wrong(field, expr)
    text = expr.span.text if expr.span is not None else "..."
    shown = f"{field.name}: [{text}]" if in_yaml(expr.span) else f"{field.name}=[{text}]"
    hint = f"write {shown}" if len(text) < 40 else ""
    return problem("scalar-not-list", f"'{field.name}' is {_A[field.kind]}", expr.span, hint=hint)


def _lattice(field: Field, expr: ast.Expr, context: Context) -> Value | None:
    call = named(expr)
    if call is None or (isinstance(expr, ast.Name) and context.scope.known(expr.name)):
        return read_number(Field(field.name, "integer", field.doc, least=1), expr, context.scope)
    return signature_of(expr, LATTICES, "lattice")[1].name


def check_names(
    expr: ast.Expr, known: Collection[str], context: Context, otherwise: str = ""
) -> None:
    """Report every name of an expression that is neither a parameter, a function nor `known`.

    `otherwise` is the hint for a name that is like none of these, with the name for {}.
    """
    allowed = {*known, *CONSTANTS, *FUNCTIONS, *context.scope.parameters, *context.scope.broken}
    for node in ast.walk(expr):
        if isinstance(node, ast.Name | ast.Call) and node.name not in allowed:
            what = "function" if isinstance(node, ast.Call) else "name"
            hint = suggest(node.name, allowed)
            if not hint and what == "name":
                hint = otherwise.format(node.name)
            message = f"unknown {what} '{node.name}'"
            context.problems.error(
                f"unknown-{what}", message, name_span(node), label="not declared", hint=hint
            )
