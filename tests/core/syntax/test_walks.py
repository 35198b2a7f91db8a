"""Walks over the syntax tree: the nodes below a node, all nodes, and expressions with parts
replaced.
"""

from __future__ import annotations

import ast as python
from dataclasses import replace
from pathlib import Path

from rgc.syntax import ast
from rgc.syntax.read import read_text

ROOT = Path(__file__).parents[3]
HAMILTONIAN = "- K * sum(<i,j> along x) s[i]*s[j] - h(r=2) * sum(i < j) min(s[i], J[1], [2, 3])"


def expression(text: str) -> ast.Expr:
    body = read_text(f"hamiltonian {text}\n").sections[0].body
    assert isinstance(body, ast.Node)
    return body  # type: ignore[return-value]


def names(node: ast.Node) -> list[str]:
    return [each.name for each in ast.walk(node) if isinstance(each, ast.Name)]


def test_children_are_the_nodes_directly_below_in_the_order_of_the_text() -> None:
    call = expression("f(a + 1, g(b), c=d)")
    one, two, option = ast.children(call)
    assert (one, two) == (expression("a + 1"), expression("g(b)"))
    assert option == ast.Option("c", ast.Name("d"))
    assert list(ast.children(ast.Name("a"))) == []


def test_a_walk_meets_every_node_once_parents_first() -> None:
    assert names(expression("f(a + b, c=d) * sum(<i,j> along x) s[i]")) == [
        "a",
        "b",
        "d",
        "x",
        "s",
        "i",
    ]
    whole = expression(HAMILTONIAN)
    met = [id(node) for node in ast.walk(whole)]
    assert met[0] == id(whole)
    assert len(set(met)) == len(met)


def test_what_replaces_a_part_is_not_looked_into_again() -> None:
    def doubled(part: ast.Expr) -> ast.Expr | None:
        return ast.Call("f", (part,)) if isinstance(part, ast.Name) and part.name == "K" else None

    assert ast.rewritten(expression("K * K[1] + f(K, b=K)"), doubled) == expression(
        "f(K) * f(K)[1] + f(f(K), b=f(K))"
    )


def test_options_and_domains_are_rewritten_too_and_places_are_kept() -> None:
    whole = expression(HAMILTONIAN)

    def renamed(part: ast.Expr) -> ast.Expr | None:
        return replace(part, name=part.name + "'") if isinstance(part, ast.Name) else None

    changed = ast.rewritten(whole, renamed)
    assert names(changed) == [name + "'" for name in names(whole)]
    assert [node.span for node in ast.walk(changed)] == [node.span for node in ast.walk(whole)]
    assert ast.rewritten(whole, lambda part: None) == whole


def test_nobody_walks_the_tree_by_hand() -> None:
    """A function that goes over the fields of a node belongs into `rgc.syntax.ast`. Leaving out
    comments, in `rgc/syntax/edit.py`, the equality of results and what widens their errors are no
    walks over expressions.
    """
    walkers = [
        path for path in (ROOT / "rgc").rglob("*.py") if goes_over_fields(path.read_text("utf-8"))
    ]
    assert {path.relative_to(ROOT).as_posix() for path in walkers} == {
        "rgc/syntax/ast.py",
        "rgc/syntax/edit.py",
        "rgc/results/equality.py",
        "rgc/results/widened.py",
    }


def goes_over_fields(source: str) -> bool:
    calls = (node for node in python.walk(python.parse(source)) if isinstance(node, python.Call))
    return any(isinstance(each.func, python.Name) and each.func.id == "fields" for each in calls)
