"""Expressions in canonical form: no parenthesis without need, `K * sum(<i,j>) s[i]*s[j]`, brackets
tight.
"""

from __future__ import annotations

from rgc.syntax.ast import (
    Ascending,
    Binary,
    Call,
    Changed,
    Domain,
    Entry,
    Expectation,
    Expr,
    Faces,
    Index,
    List,
    Member,
    Members,
    Name,
    Negate,
    Number,
    Option,
    Pairs,
    Range,
    Reduction,
    Shell,
    Sites,
    Sourced,
    Taken,
    Text,
    Tuple,
    Within,
)
from rgc.syntax.strings import quote

# How tightly the outermost operation of a text binds: the rules of expressions.lark, outermost
# first.
RANGE, SUM, TERM, PRODUCT, FACTOR, POWER, ATOM = range(7)


def print_expression(expression: Expr, *, tight: bool = False) -> str:
    """The canonical text; `tight` leaves out the spaces around `+` and `-`, as inside brackets."""
    match expression:
        case Number(digits=digits):
            return digits
        case Text(value=value):
            return quote(value)
        case Name(name=name):
            return name
        case List(items=items):
            return f"[{_list(items)}]"
        case Tuple(items=items):
            return f"({_list(items)},)" if len(items) == 1 else f"({_list(items)})"
        case Range(start=start, stop=stop, count=count):
            return ":".join(_within(part, SUM, tight=True) for part in (start, stop, count))
        case Negate(operand=operand):
            return "-" + _within(operand, FACTOR, tight=tight, reduction=True)
        case Binary():
            return _binary(expression, tight)
        case Call(name=name, arguments=arguments, options=options):
            return f"{name}({_list((*arguments, *options))})"
        case Index(base=base, arguments=arguments, options=options):
            return f"{_within(base, ATOM)}[{_selectors(arguments, options)}]"
        case Member(base=Number() as base, name=name):
            return f"({base.digits}).{name}"
        case Member(base=base, name=name):
            return f"{_within(base, ATOM)}.{name}"
        case Reduction(kind=kind, domain=domain, body=body):
            return f"{kind}({print_domain(domain)}) {_within(body, TERM, tight=tight)}"
        case Taken(path=path, target=target):
            return f"from {quote(path)} {print_expression(target)}"
        case Changed(path=path, settings=settings):
            inside = ", ".join(f"{each.name} = {print_expression(each.value)}" for each in settings)
            return f"{quote(path)} {{ {inside} }}"
        case Sourced(text=text, source=source):
            return f"{quote(text)} from {quote(source)}"


def print_domain(domain: Domain) -> str:
    """What stands between the parentheses of a reduction."""
    match domain:
        case Sites(index=index):
            return index
        case Pairs(first=first, second=second, order=order, along=along):
            return f"{'<' * order}{first},{second}{'>' * order}{_along(along)}"
        case Shell(order=order, first=first, second=second):
            return f"shell({print_expression(order, tight=True)},{first},{second})"
        case Faces(kind=kind, corners=corners, along=along):
            return f"{kind}({','.join(corners)}){_along(along)}"
        case Members(index=index, collection=collection):
            return f"{index} in {collection}"
        case Ascending(indices=indices):
            return " < ".join(indices)


def print_entry(entry: Entry) -> str:
    """An entry on one line, beginning with no operator."""
    if entry.op is None or entry.value is None:
        return _left(entry.target)
    op = ":" if entry.op == ":" else f" {entry.op}"
    return f"{_left(entry.target)}{op} {print_expression(entry.value)}"


def print_item(expression: Expr) -> str:
    """An item of a list of expressions. One that begins with a minus gets parentheses."""
    return _left(expression)


def print_expectation(expectation: Expectation) -> str:
    """An expectation on one line."""
    text = f"{_left(expectation.target)} {expectation.op} {print_expression(expectation.value)}"
    if expectation.within:
        text += f" within {print_tolerances(expectation.within)}"
    return text if expectation.source is None else f"{text} from {quote(expectation.source)}"


def print_tolerances(within: tuple[Within, ...]) -> str:
    """Tolerances without the word `within`."""
    units = {"absolute": "", "percent": " %", "sigma": " sigma"}
    return " and ".join(print_expression(part.value) + units[part.unit] for part in within)


def _left(target: Expr) -> str:
    """The text where a minus at the front would continue the line before."""
    text = print_expression(target)
    if not text.startswith("-"):
        return text
    if isinstance(target, Range):
        return _left(target.start) + text.removeprefix(print_expression(target.start, tight=True))
    return f"({text})"


def _level(expression: Expr) -> int:
    match expression:
        case Range():
            return RANGE
        case Binary(op="+" | "-"):
            return SUM
        case Binary(op="*" | "/", right=right):
            return TERM if _is_reduction(right) else PRODUCT
        case Binary():
            return POWER
        case Reduction():
            return TERM
        case Negate(operand=operand):
            return TERM if _is_reduction(operand) else FACTOR
        case _:
            return ATOM


def _is_reduction(expression: Expr) -> bool:
    while isinstance(expression, Negate):
        expression = expression.operand
    return isinstance(expression, Reduction)


def _within(expression: Expr, level: int, *, tight: bool = False, reduction: bool = False) -> str:
    """The text where the grammar expects that level (or a reduction), in parentheses if need be."""
    text = print_expression(expression, tight=tight)
    fits = _level(expression) >= level or (reduction and _is_reduction(expression))
    return text if fits else f"({text})"


def _binary(expression: Binary, tight: bool) -> str:
    op, left, right = expression.op, expression.left, expression.right
    if op == "^":
        return f"{_within(left, ATOM, tight=tight)}^{_exponent(right, tight)}"
    if op in "+-":
        space = "" if tight else " "
        first, second = _within(left, SUM, tight=tight), _within(right, TERM, tight=tight)
        return f"{first}{space}{op}{space}{second}"
    space = " " if _is_reduction(right) and not tight else ""
    first = _within(left, PRODUCT, tight=tight)
    second = _within(right, FACTOR, tight=tight, reduction=True)
    return f"{first}{space}{op}{space}{second}"


def _exponent(expression: Expr, tight: bool) -> str:
    if isinstance(expression, Negate):
        return "-" + _exponent(expression.operand, tight)
    return _within(expression, POWER, tight=tight)


def _list(parts: tuple[Expr | Option, ...]) -> str:
    return ", ".join(_part(part) for part in parts)


def _selectors(arguments: tuple[Expr, ...], options: tuple[Option, ...]) -> str:
    if options:
        return _list((*arguments, *options))
    return ",".join(print_expression(argument, tight=True) for argument in arguments)


def _part(part: Expr | Option) -> str:
    return (
        f"{part.name}={print_expression(part.value)}"
        if isinstance(part, Option)
        else print_expression(part)
    )


def _along(direction: Expr | None) -> str:
    return "" if direction is None else f" along {print_expression(direction)}"
