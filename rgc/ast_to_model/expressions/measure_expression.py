"""The expression of a measure: what may stand in it, and where averages may.

`sum` belongs to a configuration and `avg` to the ensemble.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from rgc.ast_to_model.expressions.calls import name_span, suggest_other
from rgc.ast_to_model.expressions.domains import indices, members, summands
from rgc.ast_to_model.expressions.evaluate import check_arity, kind
from rgc.ast_to_model.expressions.measure_words import Words
from rgc.ast_to_model.expressions.sites import Bound, site
from rgc.ast_to_model.scope import (
    CONSTANTS,
    FUNCTIONS,
    GEOMETRIC,
    THERMAL,
    Function,
    Inhomogeneous,
    problem,
)
from rgc.errors import SpecError, suggest
from rgc.language.expect import ANSWERS_WITH_MEMBERS
from rgc.language.measures import MEASURES, SCAN_MEASURES
from rgc.model.graphs import columns_of
from rgc.model.lattice import Site
from rgc.syntax import ast

Level = Literal["number", "configuration", "average"]
"""Where an expression has a value: it is constant, or has one in each configuration, or in the
ensemble.
"""


def check_expression(expr: ast.Expr, words: Words) -> Level:
    """Where the expression has a value.

    Raises `SpecError` at the first thing that is wrong with it.
    """
    match expr:
        case ast.Number():
            return "number"
        case ast.Name():
            return _name(expr, words)
        case ast.Negate(operand):
            return check_expression(operand, words)
        case ast.Binary(_, left, right):
            return _together((left, right), expr, words)
        case ast.Call():
            return _call(expr, words)
        case ast.Index():
            return _index(expr, words)
        case ast.Reduction():
            return _reduction(expr, words)
        case ast.Member(ast.Name(head), name) if head in ANSWERS_WITH_MEMBERS:
            message = f"'{head}.{name}' is known when the run has ended, and is no average"
            hint = (
                "a study can compute with it, which runs this spec under some NAME: write there an "
                f"expression of NAME.{head}.{name}"
            )
            raise problem("wrong-kind", message, expr.span, hint=hint)
        case ast.Member():
            raise problem("wrong-kind", "a site is no value: write s[...] around it", expr.span)
    raise problem("wrong-kind", f"a measure is a number, not {kind(expr)}", expr.span)


def _together(parts: tuple[ast.Expr, ...], whole: ast.Expr, words: Words) -> Level:
    levels = [check_expression(part, words) for part in parts]
    if "average" in levels and "configuration" in levels:
        part = parts[levels.index("configuration")]
        message = "this is a value of one configuration, beside an average"
        raise problem("mixed-average", message, part.span, hint="average it too: avg(...)")
    return (
        "average"
        if "average" in levels
        else "configuration"
        if "configuration" in levels
        else "number"
    )


def _name(expr: ast.Name, words: Words) -> Level:
    name = expr.name
    if name in words.bound:
        raise problem(
            "wrong-kind",
            f"'{name}' is an index, not a value",
            expr.span,
            hint=f"a spin is written s[{name}]",
        )
    if name in words.species:
        hint = f"one site is {name}[i], inside a sum, a product or a mean"
        raise problem("missing-index", f"the spin '{name}' stands at no site", expr.span, hint=hint)
    if name in words.measures and name not in words.open:
        inside = replace(words, bound={}, averaged=False, open=(*words.open, name))
        return _quiet(words.measures[name], inside)
    if name in words.scope.parameters:
        if isinstance(words.scope.parameters[name], Function | Inhomogeneous | tuple):
            raise problem("wrong-kind", f"'{name}' is not a single number", expr.span)
        return "number"
    refusal = words.refusal(name, expr)
    if refusal is not None:
        raise refusal
    if name in MEASURES:
        return _level(name)
    if name in CONSTANTS or name in words.scope.broken or name in words.measures:
        return "number"
    raise _unknown(expr, words)


def _level(built_in: str) -> Level:
    return "configuration" if MEASURES[built_in].of == "configuration" else "average"


def _unknown(expr: ast.Name, words: Words) -> SpecError:
    if expr.name in FUNCTIONS or expr.name in THERMAL:
        return problem(
            "wrong-kind", f"'{expr.name}' is a function", expr.span, hint=f"write {expr.name}(...)"
        )
    hint = suggest(expr.name, (*words.names, *words.species)) or suggest_other(
        expr.name, words.names
    )
    if expr.name == "N":
        hint = "energy and m are per site; the number of sites can be a parameter: N = 64"
    return problem(
        "unknown-name", f"unknown name '{expr.name}'", expr.span, label="not declared", hint=hint
    )


def _quiet(expr: ast.Expr, words: Words) -> Level:
    """The level of another measure, whose own errors are reported where it stands."""
    if (
        isinstance(expr, ast.Call | ast.Name)
        and expr.name in MEASURES
        and expr.name not in words.measures
    ):
        return _level(expr.name)
    try:
        return check_expression(expr, words)
    except SpecError:
        return "number"


def _call(expr: ast.Call, words: Words) -> Level:
    name = expr.name
    if name in THERMAL:
        return _average(expr, words)
    if name in GEOMETRIC:
        return _geometric(expr, words)
    if isinstance(words.scope.parameters.get(name), Function):
        return _arguments(expr, 1, words)
    if name in FUNCTIONS:
        return _arguments(expr, FUNCTIONS[name][0], words)
    if name in MEASURES or name in SCAN_MEASURES:
        hint = f"give it a name of its own: q = {name}(...)"
        raise problem("wrong-kind", f"'{name}' with options stands alone", expr.span, hint=hint)
    if name in words.species or name in words.scope.parameters:
        message, hint = f"'{name}' is no function", f"brackets index, parentheses call: {name}[...]"
        raise problem("not-a-function", message, name_span(expr), hint=hint)
    functions = [
        key for key, value in words.scope.parameters.items() if isinstance(value, Function)
    ]
    hint = suggest(name, (*FUNCTIONS, *THERMAL, *functions, *MEASURES))
    raise problem(
        "unknown-function",
        f"unknown function '{name}'",
        name_span(expr),
        label="not declared",
        hint=hint,
    )


def _arguments(expr: ast.Call, arity: int, words: Words) -> Level:
    check_arity(expr, arity)
    return _together(expr.arguments, expr, words)


def _average(expr: ast.Call, words: Words) -> Level:
    if words.averaged:
        hint = "average once: the inside of avg and var is a value of one configuration"
        raise problem("nested-average", "an average inside an average", expr.span, hint=hint)
    if words.bound:
        message = "an average inside a sum over sites"
        raise problem(
            "average-in-sum", message, expr.span, hint="average the whole sum: avg(sum(i) ...)"
        )
    inside = replace(words, averaged=True)
    level = _arguments(expr, 1, inside)
    if level == "average":
        hint = "use measures of one configuration, such as m or energy"
        raise problem(
            "nested-average", "this is an average already", expr.arguments[0].span, hint=hint
        )
    return "average"


def _geometric(expr: ast.Call, words: Words) -> Level:
    if len(expr.arguments) != 2:
        shown = "distance(i,j)" if expr.name == "distance" else "coordinate(i,x)"
        raise problem(
            "wrong-arity", f"{expr.name} takes two arguments", expr.span, hint=f"as in {shown}"
        )
    sites = expr.arguments if expr.name == "distance" else expr.arguments[:1]
    for place in sites:
        _site(place, words)
    return "number"


def _index(expr: ast.Index, words: Words) -> Level:
    base = expr.base.name if isinstance(expr.base, ast.Name) else ""
    if base in words.species:
        if len(expr.arguments) != 1 or expr.options:
            raise problem(
                "wrong-arity",
                f"the spin '{base}' has one index",
                expr.span,
                hint=f"as in {base}[i]",
            )
        _site(expr.arguments[0], words)
        return "configuration"
    value = words.scope.parameters.get(base)
    if isinstance(value, Inhomogeneous):
        for argument in expr.arguments:
            _site(argument, words)
        return "number"
    if isinstance(value, tuple):
        return _together(expr.arguments, expr, words)
    if base in words.scope.broken:
        return "number"
    if base in columns_of(words.lattice):
        message = f"'{base}' differs from place to place: that cannot be measured yet"
        raise problem("not-yet", message, expr.base.span)
    if base in words.names:
        hint = f"parentheses call, brackets index: {base} has no entries"
        raise problem("wrong-kind", f"'{base}' has no index", expr.span, hint=hint)
    hint = suggest(base, words.species)
    raise problem(
        "unknown-name", f"unknown spin '{base}'", expr.base.span, label="not declared", hint=hint
    )


def _site(expr: ast.Expr, words: Words) -> None:
    """`i`, `i+x`, `i+(1,0)`, `c.a`, `c.b-x`: a site that starts from a bound index."""
    if words.lattice is not None:
        site(expr, words.bound, words.lattice, words.scope)


def _reduction(expr: ast.Reduction, words: Words) -> Level:
    if words.lattice is None and not words.species:
        raise problem("missing-section", "a sum over sites needs a lattice", expr.span)
    new = indices(expr.domain)
    for k, index in enumerate(new):
        if index in new[:k] or index in words.bound:
            raise problem("repeated-index", f"the index '{index}' is bound twice", expr.domain.span)
    level = check_expression(
        expr.body, replace(words, bound={**words.bound, **_first(expr.domain, words)})
    )
    if level == "average":
        message = "an average inside a sum over sites"
        raise problem(
            "average-in-sum", message, expr.body.span, hint="average the whole sum: avg(sum(i) ...)"
        )
    return level


def _first(domain: ast.Domain, words: Words) -> Bound:
    """What the indices stand for in the first summand.

    A sum inside a sum runs over the sites of a face or a cell.
    """
    if words.lattice is None:
        return {index: Site(()) for index in indices(domain)}
    if words.bound and not isinstance(domain, ast.Members):
        message = (
            "a sum binds all that is multiplied on its right, so this one stands inside another"
        )
        hint = "put the first one in parentheses; inside a sum stand those over the sites of a face"
        raise problem("nested-sum", message, domain.span, hint=hint)
    if words.bound:
        return next(members(domain, words.bound))
    return summands(domain, words.lattice, words.scope).bounds[0]
