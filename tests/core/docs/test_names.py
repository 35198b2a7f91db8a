"""Paths, links and names in the documents lead somewhere; the map in ARCHITECTURE is the tree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.core.docs.pages import DOCS, FENCE, LANGUAGE, ROOT

FOLDERS = ("rgc", "backends", "tests", "docs", "grammar", "specs", "examples", "benchmarks", ".ci")
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)(?:#([\w-]+))?\)")
PATH = re.compile(rf"`((?:{'|'.join(map(re.escape, FOLDERS))})/[\w./-]*)`")
NAMED_IN = re.compile(r"`(\w+)` (?:of|in) `([\w./]+\.py)`")


def prose(path: Path) -> str:
    return FENCE.sub("", path.read_text("utf-8"))


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_paths_named_in_a_document_exist(path: Path) -> None:
    text = prose(path)
    links = {path.parent / found[1] for found in LINK.finditer(text)}
    named = {ROOT / found[1] for found in PATH.finditer(text)}
    assert not sorted(str(each.relative_to(ROOT)) for each in links | named if not each.exists())


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_names_said_to_stand_in_a_file_do(path: Path) -> None:
    for name, file in NAMED_IN.findall(prose(path)):
        source = (ROOT / file).read_text("utf-8")
        assert re.search(rf"^\s*(def |class )?{name}\b( *[:=(\[]|:)", source, re.MULTILINE), (
            f"{name} in {file}"
        )


def test_links_inside_the_language_page_arrive() -> None:
    text = LANGUAGE.read_text("utf-8")
    heads = {
        re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-")
        for head in re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    }
    assert {found[1] for found in re.finditer(r"\]\(#([\w-]+)\)", text)} <= heads


def test_the_map_of_the_architecture_is_the_tree() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8").split("## The map")[1]
    above, found = ["", ""], set()
    for line in next(FENCE.finditer(text))[3].splitlines():
        depth, name = (len(line) - len(line.lstrip())) // 2, line.split()[0]
        above[depth + 1 :] = [above[depth] + name]
        found.add(above[depth + 1].rstrip("/"))
    missing = sorted(name for name in found if not (ROOT / name).exists())
    assert not missing
    inside = {
        f"rgc/{path.name}"
        for path in (ROOT / "rgc").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    inside |= {
        f"tests/{path.name}"
        for path in (ROOT / "tests").iterdir()
        if path.is_dir() and path.name != "__pycache__" and any(path.iterdir())
    }
    inside |= {
        f"backends/{path.name}"
        for path in (ROOT / "backends").iterdir()
        if (path / "__init__.py").exists()
    }
    assert not sorted(inside - found)
