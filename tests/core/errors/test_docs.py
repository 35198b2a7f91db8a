"""Every code that the source uses has its entry in docs/errors.md, and every entry its code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from rgc.language.data import DATA
from rgc.language.layers import LAYERS
from rgc.language.maps import MAPS
from rgc.language.measures import MEASURES
from rgc.language.signatures import Field, Signature
from rgc.schemes import SCHEMES

ROOT = Path(__file__).parents[2].parent
CODE = re.compile(r"[a-z]+(-[a-z]+)+")
NO_CODES = {"utf-8", "non-negative", "latin-1"}
NOUNS = (
    *("lattice", "alphabet", "block", "scheme", "data"),
    *("layer", "map", "measure", "method"),
)


def constants(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def nouns(signatures: tuple[Signature, ...]) -> Iterator[str]:
    """What the calls inside calls are called: their codes are made as `unknown-NOUN`."""
    for signature in signatures:
        for field in signature.fields:
            if field.calls:
                yield noun(field)
                yield from nouns(field.calls)


def noun(field: Field) -> str:
    return field.noun or field.name


def used_codes() -> set[str]:
    sources = (ROOT / "rgc").rglob("*.py")
    found = {
        text
        for path in sources
        for text in constants(ast.parse(path.read_text("utf-8")))
        if CODE.fullmatch(text)
    }
    mistakes = yaml.safe_load((ROOT / "grammar" / "mistakes.yaml").read_text("utf-8"))
    tables = tuple(
        table for tables in (SCHEMES, DATA, LAYERS, MAPS, MEASURES) for table in tables.values()
    )
    made = {f"unknown-{each}" for each in (*NOUNS, *nouns(tables))}
    return (found - NO_CODES) | {row["code"] for row in mistakes} | made


def entries() -> list[str]:
    text = (ROOT / "docs" / "errors.md").read_text("utf-8")
    return re.findall(r"^## ([a-z-]+)\n\n\S", text, flags=re.MULTILINE)


def test_every_code_has_its_entry_and_every_entry_its_code() -> None:
    assert set(entries()) == used_codes()


def test_the_entries_are_in_order_and_there_once() -> None:
    assert entries() == sorted(set(entries()))


def test_every_mark_of_a_bad_spec_is_a_documented_code() -> None:
    marks = re.compile(r"^# expect: \d+:\d+ ([a-z-]+)", re.MULTILINE)
    specs = [
        path for path in (ROOT / "tests" / "bad").iterdir() if path.suffix in (".rgc", ".yaml")
    ]
    codes = [
        code for path in specs for code in marks.findall(path.read_text("utf-8", errors="replace"))
    ]
    assert set(codes) <= set(entries())
    assert len(specs) >= 60
    assert len(set(codes)) >= 40
    assert sum(path.suffix == ".yaml" for path in specs) >= 20
