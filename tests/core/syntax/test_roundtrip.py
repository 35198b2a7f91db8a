"""Printing and parsing are inverse, in both spellings and across them."""

import sys
from pathlib import Path

import pytest
from hypothesis import given, settings

from rgc.syntax.ast import Document, Expr
from rgc.syntax.parse import parse_expression
from rgc.syntax.print import convert, print_expression
from rgc.syntax.read import read, read_text
from rgc.text import Source

sys.path.insert(0, str(Path(__file__).parent))
from syntax_strategies import documents, values

ROOT = Path(__file__).parents[3]
SPECS = sorted([*(ROOT / "tests/language").glob("*.rgc"), *(ROOT / "specs").glob("**/*.rgc")])
TWINS = sorted([*(ROOT / "tests/language").glob("*.yaml"), *(ROOT / "specs").glob("**/*.yaml")])


def check_round_trip(document: Document) -> None:
    """Text, YAML, and text again all mean the same; printing twice changes nothing."""
    for spelling in ("rgc", "yaml"):
        text = convert(document, spelling)
        again = read_text(text, spelling)
        assert again == document, text
        assert convert(again, spelling) == text


@settings(max_examples=150)
@given(values)
def test_printed_expression_parses_to_itself(expression: Expr) -> None:
    text = print_expression(expression)
    assert parse_expression(Source("<test>", text)) == expression, text


@settings(max_examples=150)
@given(documents())
def test_printed_document_parses_to_itself(document: Document) -> None:
    check_round_trip(document)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.name)
def test_specs_round_trip(path: Path) -> None:
    check_round_trip(read(path))


@pytest.mark.parametrize("path", TWINS, ids=lambda path: path.name)
def test_yaml_twin_means_the_same(path: Path) -> None:
    assert read(path) == read(path.with_suffix(".rgc"))


def test_the_specimens_are_all_here() -> None:
    in_tests = [path for path in SPECS if path.parent.name == "language"]
    assert len(in_tests) >= 27
    assert len([path for path in TWINS if path.parent.name == "language"]) >= 12
