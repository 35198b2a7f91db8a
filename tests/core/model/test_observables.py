"""Expressions and observables as data: their values, their text, what they are made of."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from rgc.ast_to_model.expressions.resolve import resolve
from rgc.ast_to_model.scope import FUNCTIONS as WRITTEN
from rgc.ast_to_model.scope import Function, Scope
from rgc.ast_to_model.written_out import Extent
from rgc.language.measures import MEASURES
from rgc.model.expressions import (
    FUNCTIONS,
    Apply,
    Constant,
    Expression,
    apply,
    evaluate,
    leaves,
    written,
)
from rgc.model.lattices import honeycomb, square
from rgc.model.map import Quantity
from rgc.model.observables import (
    Average,
    Energy,
    Known,
    Linear,
    Observable,
    averaged,
    averages,
    tallies,
    with_known,
)
from rgc.model.spins import Species
from rgc.passes import built_in as passes
from rgc.passes.built_in import BUILT_IN, built_in, named
from rgc.syntax.parse import parse_expression
from rgc.syntax.read import make_source

ISING, POTTS = (Species("s"),), (Species("s", "potts", 3),)
X = {"a": 1.7, "b": -0.4, "c": 3.0}


def parsed(text: str, scope: Scope | None = None) -> Expression:
    """An expression in the quantities a, b, c."""

    def leaf(part: object) -> Expression | None:
        name = getattr(part, "name", "")
        return Quantity(name) if name in X else None

    return resolve(parse_expression(make_source("<test>", text)), scope or Scope(), leaf)


def value(expression: Expression) -> float:
    def leaf(node: Expression) -> np.ndarray:
        assert isinstance(node, Quantity)
        return np.asarray(X[node.name])

    return float(evaluate(expression, leaf, np))


@pytest.mark.parametrize(
    "text",
    [
        "a - b - c",
        "a - (b - c)",
        "a/b/c",
        "a/(b/c)",
        "-a^2",
        "(-a)^2",
        "a^b^2",
        "(a^2)^b",
        "-(a + b)*c",
        "a*(b + c)/2",
        "max(a, b, -c) + sqrt(a) - delta(a, a)",
        "exp(-abs(b))*tanh(a)/acosh(c)",
    ],
)
def test_an_expression_is_evaluated_and_written_as_python_reads_it(text: str) -> None:
    names = {name: function for name, (_, function) in WRITTEN.items()} | X
    expected = eval(text.replace("^", "**"), {"__builtins__": {}}, names)  # noqa: S307
    node = parsed(text)
    assert value(node) == pytest.approx(expected, rel=1e-14)
    assert value(parsed(written(node))) == pytest.approx(expected, rel=1e-11)


def test_every_function_of_the_language_has_a_value_over_arrays() -> None:
    assert set(WRITTEN) <= set(FUNCTIONS)


def test_functions_and_entries_of_parameters_are_written_out() -> None:
    body = parse_expression(make_source("<test>", "K*r^2"))
    scope = Scope({"K": 0.5, "f": Function("r", body, Extent()), "W": ((1.0, 2.0), (3.0, 4.0))})
    assert parsed("f(a + 1)*W[1,0]", scope) == apply(
        "*",
        apply(
            "*",
            Constant(0.5),
            apply("^", apply("+", Quantity("a"), Constant(1.0)), Constant(2.0)),
        ),
        Constant(3.0),
    )


@pytest.mark.parametrize("lattice", [square(4), honeycomb(3, 4)])
@pytest.mark.parametrize("species", [ISING, POTTS])
def test_built_in_observables_are_what_the_table_says(lattice: object, species: object) -> None:
    for name in BUILT_IN:
        options = {"r": 1} if MEASURES[name].fields else {}
        expression = built_in(name, lattice, species, **options)  # type: ignore[arg-type]
        of = "ensemble" if any(True for _ in averages(expression)) else "configuration"
        assert MEASURES[name].of == of


def test_a_table_that_contradicts_a_function_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {**MEASURES, "m": replace(MEASURES["m"], of="ensemble")}
    monkeypatch.setattr(passes, "MEASURES", wrong)
    with pytest.raises(LookupError, match="'m' is of the ensemble"):
        built_in("m", square(4), ISING)


def test_the_energy_takes_its_place_inside_averages_too() -> None:
    h = Linear((), 0.25)
    (heat,) = named(("specific_heat",), square(4), ISING)
    replaced = with_known(heat.expression, h)
    inside = [leaf for average in averages(replaced) for leaf in leaves(average.of)]
    assert inside == [h, h]
    assert with_known(Energy(), h) == h


def test_what_is_of_one_configuration_is_averaged_and_nothing_else() -> None:
    m = built_in("m", square(4), ISING)
    assert averaged(m) == Average(m)
    assert averaged(Constant(2.0)) == Average(Constant(2.0))
    for whole in (Average(m), Known("log_z"), apply("+", Constant(1.0), Known("dF"))):
        assert averaged(whole) == whole


def test_tallies_come_in_the_order_of_the_expression() -> None:
    lattice = square(4)
    length, pair = (
        built_in(name, lattice, ISING, **options)
        for name, options in (("correlation_length", {}), ("correlation", {"r": 1}))
    )
    axes = [t.axis for a in averages(length) for t in tallies(a.of)]
    assert axes == [None, 0, None, 1]
    first, second = (next(tallies(a.of)) for a in averages(pair))
    assert [len(t.operator.products[0]) for t in (first, second)] == [2, 1]


def test_an_observable_is_data() -> None:
    one, two = (
        Observable(n, e)
        for n, e in product(["x"], [Apply("abs", (Constant(1.0),)), apply("abs", Constant(1.0))])
    )
    assert one == two
    assert hash(one) == hash(two)
    assert str(Observable("x", Constant(1.0), "avg(m)")) == "x = avg(m)"
