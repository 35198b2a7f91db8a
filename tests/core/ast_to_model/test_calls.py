"""One reader binds every call to its row of a table: one mistake has one code, whatever the
section.
"""

from __future__ import annotations

import pytest

from rgc.ast_to_model import build
from rgc.ast_to_model.expressions.calls import bind, bound
from rgc.errors import Problem, SpecError
from rgc.language.signatures import Field, Signature
from rgc.syntax import ast
from rgc.syntax.read import read_text

MODEL = {
    "lattice": "square(16)",
    "spins": "s: ising",
    "hamiltonian": "- sum(<i,j>) s[i]*s[j]",
    "block": "majority(2)",
    "flow": "mcrg()",
}
CALLS = {
    "lattice": ("square(16, {})", "size=16"),
    "spins": ("s: potts(3, {})", "states=3"),
    "block": ("majority(2, {})", "b=2"),
    "data": ("patterns(3, {})", "count=3"),
    "stack": ("{{ rbm(4, {}) }}", "hidden=4"),
    "map": ("topple(4, {})", "threshold=4"),
    "flow": ("trg(16, {})", "chi=16"),
    "measure": ("{{ correlation(1, {}) }}", "r=1"),
}
LEFT_OUT = {
    "lattice": "hypercubic(4)",
    "spins": "s: potts",
    "block": "kadanoff(2)",
    "data": "patterns()",
    "stack": "{ rbm() }",
    "map": "topple()",
    "flow": "trg()",
    "measure": "{ correlation() }",
}


def problems(section: str, text: str) -> list[Problem]:
    sections = {**MODEL, section: text}
    try:
        build(read_text("\n".join(f"{name} {body}" for name, body in sections.items())))
    except SpecError as error:
        return list(error.problems)
    return []


def codes(section: str, text: str) -> set[str]:
    return {problem.code for problem in problems(section, text)}


@pytest.mark.parametrize("section", CALLS)
def test_an_option_that_is_given_twice(section: str) -> None:
    call, option = CALLS[section]
    name = option.split("=")[0]
    found = [each for each in problems(section, call.format(option)) if name in each.message]
    assert [each.code for each in found] == ["duplicate-option"]
    assert found[0].message == f"'{name}' is given twice"
    assert found[0].span is not None
    assert found[0].span.text == option


@pytest.mark.parametrize("section", CALLS)
def test_an_option_that_there_is_not(section: str) -> None:
    found = [
        each
        for each in problems(section, CALLS[section][0].format("zzz=1"))
        if "zzz" in each.message
    ]
    assert [each.code for each in found] == ["unknown-option"]
    assert found[0].message.endswith("has no option 'zzz'")


@pytest.mark.parametrize("section", LEFT_OUT)
def test_an_option_that_is_missing(section: str) -> None:
    found = [each for each in problems(section, LEFT_OUT[section]) if each.code == "missing-option"]
    assert len(found) == 1
    assert " needs " in found[0].message
    assert found[0].hint.startswith("write ")


@pytest.mark.parametrize("section", [name for name in CALLS if name != "lattice"])
def test_an_argument_too_many(section: str) -> None:
    found = [
        each
        for each in problems(section, CALLS[section][0].format("5"))
        if each.code == "wrong-arity"
    ]
    assert [each.label for each in found] == ["one too many"]


@pytest.mark.parametrize(("section", "what"), [("lattice", "a lattice"), ("block", "a block map")])
def test_what_is_no_call(section: str, what: str) -> None:
    (found,) = problems(section, "3")
    assert found.code == "wrong-kind"
    assert found.message == f"{what} is needed here, not an expression"


def test_every_problem_of_a_lattice_is_reported() -> None:
    found = problems("lattice", "crystal(4, size=5, edge=open)")
    wanted = ["duplicate-option", "missing-option", "missing-option", "unknown-option"]
    assert sorted(each.code for each in found) == wanted


# -- the reader itself -----------------------------------------------------------------------------

FIELDS = (Field("a", "integer", "", required=True), Field("b", "integer", ""))


def call(text: str) -> ast.Expr:
    body = read_text(f"lattice {text}").sections[0].body
    assert isinstance(body, ast.Node)
    return body  # type: ignore[return-value]


def test_arguments_find_their_options() -> None:
    table = {"f": Signature("f", "", FIELDS, ("a", "b"))}
    _, given = bound(call("f(1, b=2)"), table, "call")
    assert given == {"a": ast.Number("1"), "b": ast.Number("2")}
    assert bound(call("f(1, 2)"), table, "call")[1] == given


def test_the_last_option_of_a_variadic_call_takes_all_further_arguments() -> None:
    table = {"f": Signature("f", "", FIELDS, ("a", "b"), variadic=True)}
    _, given = bound(call("f(1, 2, 3)"), table, "call")
    assert given == {"a": ast.Number("1"), "b": ast.List((ast.Number("2"), ast.Number("3")))}
    assert bound(call("f(1, 2)"), table, "call")[1]["b"] == ast.Number("2")


def test_options_of_any_name_are_for_whoever_allows_them() -> None:
    signature = Signature("f", "", free="parameter")
    written = call("f(K=1, J=2)")
    assert isinstance(written, ast.Call)
    found = bind(written, signature, lambda name: name == "K")
    assert set(found.places) == {"K"}
    assert [each.code for each in found.problems] == ["unknown-option"]


def test_measures_may_have_the_names_of_axes_letters_and_methods() -> None:
    """None of these depends on itself."""
    written = MODEL | {
        "flow": "sample(sweeps=100)",
        "measure": "{ x = mean(i) (-1)^coordinate(i,x)*s[i], y = correlation(1, along=y), "
        "a = correlation(1, letters=[a, a]), transfer = free_energy(transfer), xx = avg(x^2) }",
    }
    text = "\n".join(f"{section} {body}" for section, body in written.items() if section != "block")
    spec = build(read_text(text))[0]
    assert [measure.name for measure in spec.measures] == ["x", "y", "a", "transfer", "xx"]
