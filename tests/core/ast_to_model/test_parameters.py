"""Parameters: values, order, settings, points, and what is refused."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest

from rgc.ast_to_model import build
from rgc.ast_to_model.scope import Function, Inhomogeneous, Scope
from rgc.ast_to_model.sections.parameters import check_parameters
from rgc.errors import Problem, Problems
from rgc.syntax.parse import parse, parse_entry
from rgc.syntax.read import read_text
from rgc.text import Source

USES = "lattice chain\nspins s: ising\nhamiltonian - {} * sum(i) s[i]*s[i+x]\n"


def checked(
    parameters: str, used: str = "K", *settings: str, point: Mapping[str, float] | None = None
) -> tuple[Scope, list[Problem]]:
    problems = Problems()
    document = parse(Source("<test>", f"parameters {{ {parameters} }}\n" + USES.format(used)))
    entries = [parse_entry(Source("--set", setting)) for setting in settings]
    return check_parameters(document, problems, entries, point), problems.found


def value(expression: str) -> object:
    scope, found = checked(f"K = {expression}")
    assert not found
    return scope.parameters["K"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("log(1 + sqrt(2)) / 2", math.log(1 + math.sqrt(2)) / 2),
        ("-2^2", -4.0),
        ("2^-1", 0.5),
        ("2^3^2", 512.0),
        ("20_000 + 1e-3", 20000.001),
        ("pi*e", math.pi * math.e),
        ("asinh(sinh(0.3)) + acosh(cosh(0.2)) + atanh(tanh(0.1))", 0.6),
        ("min(3, 1, 2) + max(1, 5)", 6.0),
        ("min(3) + max(0.5)", 3.5),
        ("abs(-2) + sin(pi/2) + cos(0) + exp(0)", 5.0),
        ("delta(2, 2) - delta(1, 2)", 1.0),
    ],
)
def test_scalars(expression: str, expected: float) -> None:
    assert value(expression) == pytest.approx(expected, rel=1e-15)


def test_lists_matrices_and_their_entries() -> None:
    assert value("[1, 2 + 3]") == (1.0, 5.0)
    assert value("[[1, 2], [3, 4]]") == ((1.0, 2.0), (3.0, 4.0))
    assert value("[[1, 2], [3, 4]][1, 0]") == 3.0
    assert checked("W = [5, 6], K = W[1]")[0].parameters["K"] == 6.0


def test_parameters_may_stand_in_any_order() -> None:
    scope, found = checked("K = J/T, T = 2*t, J = 1, t = 1.25")
    assert not found
    assert scope.numbers == {"K": 0.4, "T": 2.5, "J": 1.0, "t": 1.25}
    assert list(scope.parameters) == ["K", "T", "J", "t"]


def test_functions_draws_and_sources() -> None:
    scope, found = checked("J(r) = a/r^2, a = 3, K = J(2)")
    assert not found
    assert scope.parameters["K"] == 0.75
    assert isinstance(scope.parameters["J"], Function)
    for entry in (
        "J ~ normal(0, 1)",
        "J ~ bimodal(1, p=0.7)",
        "J ~ uniform(0, 1)",
        "J = hebb(patterns)",
        'J = file("a.npy")',
    ):
        scope, found = checked(f"K = 1, {entry}", "K*J[i,i]")
        assert not found
        coupling = scope.parameters["J"]
        assert isinstance(coupling, Inhomogeneous)
        assert coupling.drawn is ("~" in entry)


def test_settings_replace_right_sides_and_what_follows_from_them() -> None:
    scope, found = checked("K = 2*a, a = 1", "K", "a = 3", "a = a0")
    assert [each.code for each in found] == ["unknown-name"]
    scope, found = checked("K = 2*a, a = 1", "K", "a = 3", "a = 4")
    assert not found
    assert scope.parameters["K"] == 8.0
    _, found = checked("K = 1", "K", "KK = 3")
    assert [(each.code, each.hint) for each in found] == [
        ("unknown-parameter", "did you mean 'K'?")
    ]


def test_a_point_fixes_scanned_parameters() -> None:
    scope, found = checked("K = 2*a, a = 1/0", "K", point={"a": 5})
    assert not found
    assert scope.numbers == {"K": 10.0, "a": 5.0}
    _, found = checked("K = 1", "K", point={"Q": 1.0})
    assert [each.code for each in found] == ["unknown-parameter"]


@pytest.mark.parametrize(
    ("parameters", "code", "at"),
    [
        ("K = a, a = K", "cyclic-parameters", "K"),
        ("K = K", "cyclic-parameters", "K"),
        ("K = f(1), f(r) = f(r - 1)", "cyclic-parameters", "f(r)"),
        ("K = 1, pi = 3", "reserved-name", "pi"),
        ("K = 1, sqrt = 3", "reserved-name", "sqrt"),
        ("K = beta0", "unknown-name", "beta0"),
        ("K = lg(2)", "unknown-function", "lg(2)"),
        ("K = log(1, 2)", "wrong-arity", "log(1, 2)"),
        ("K = log(x=1)", "unknown-option", "x=1"),
        ("K = log(0)", "not-finite", "log(0)"),
        ("K = sqrt(-1)", "not-finite", "sqrt(-1)"),
        ("K = exp(1000)", "not-finite", "exp(1000)"),
        ("K = (-8)^(1/3)", "not-finite", "(-8)^(1/3)"),
        ("K = 1 / (2 - 2)", "division-by-zero", "1 / (2 - 2)"),
        ('K = "0.4"', "wrong-kind", '"0.4"'),
        ("K = (1, 2)", "wrong-kind", "(1, 2)"),
        ("K = 1 + [1, 2]", "wrong-kind", "[1, 2]"),
        ("K = log", "wrong-kind", "log"),
        ("K = [[1, 2], [3]]", "ragged-matrix", "[[1, 2], [3]]"),
        ("K = [1, [2]]", "ragged-matrix", "[1, [2]]"),
        ("K = [1, 2][2]", "out-of-range", "2"),
        ("J(r) = r, K = J", "wrong-kind", "J"),
        ("J(r) = r, K = J(1, 2)", "wrong-arity", "J(1, 2)"),
        ("J(r) = r + q, K = J(1)", "unknown-name", "q"),
        ("J(r, t) = r, K = 1", "bad-parameter", "J(r, t)"),
        ("a = 2, K = a(3)", "not-a-function", "a(3)"),
        ("K = normal(0, 1)", "draw-with-equals", "normal(0, 1)"),
        ("K ~ normal(0)", "missing-option", "normal"),
        ("K ~ normal(0, 1, sd=2)", "duplicate-option", "sd=2"),
        ("K ~ normal(0, -1)", "out-of-range", "-1"),
        ("K ~ bimodal(1, p=1.5)", "out-of-range", "1.5"),
        ("K ~ bimodal(1, 0.5, q=0.5)", "unknown-option", "q=0.5"),
        ("K ~ gaussian(0, 1)", "unknown-draw", "gaussian(0, 1)"),
        ("K = hebb(data)", "wrong-kind", "data"),
        ("K = file(couplings)", "wrong-kind", "couplings"),
        ("K = 1, T = 2.269", "unused-temperature", "T"),
        ("K = 1, beta = 2", "unused-temperature", "beta"),
        ("K = distance(1, 2)", "unbound-index", "distance(1, 2)"),
    ],
)
def test_refusals(parameters: str, code: str, at: str) -> None:
    _, found = checked(parameters)
    errors = [each for each in found if each.severity == "error"]
    assert [each.code for each in errors] == [code]
    assert [each.span.text for each in errors if each.span] == [at]


def test_what_nothing_uses_is_a_warning() -> None:
    _, found = checked("K = 1, q = 3")
    assert [(each.code, each.severity) for each in found] == [("unused-parameter", "warning")]


def test_one_mistake_is_reported_once() -> None:
    _, found = checked("K = a + b, a = zz, b = a, c = K, d = c", "(K + d)")
    assert [each.code for each in found] == ["unknown-name"]


def test_a_function_does_not_see_the_arguments_of_those_that_call_it() -> None:
    scope, found = checked("x = 10, g(y) = y + x, f(x) = g(x), K = f(1)")
    assert not found
    assert scope.parameters["K"] == 11.0


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ("-0.1:0.2:4", (-0.1, 0.0, 0.1, 0.2)),
        ("0.2:-0.1:4", (0.2, 0.1, 0.0, -0.1)),
        ("-1:1:21", tuple(k / 10 for k in range(-10, 11))),
        ("0.4:0.48:5", (0.4, 0.42, 0.44, 0.46, 0.48)),
        ("0:1e-300:3", (0.0, 5e-301, 1e-300)),
        ("-1e308:1e308:3", (-1e308, 0.0, 1e308)),
    ],
)
def test_ranges_are_made_in_decimals(written: str, values: tuple[float, ...]) -> None:
    text = (
        f"parameters {{ K = 0.4, h = 0.1 }}\nlattice square(4)\nspins s: ising\n"
        "hamiltonian - K * sum(<i,j>) s[i]*s[j] - tanh(h) * sum(i) s[i]\n"
        f"flow sample\nscan {{ h = {written} }}\n"
    )
    (axis,) = build(read_text(text))[0].scan
    assert axis.values == values
    assert str(axis.values).count("-0.0,") == 0
