"""No module of the project imports itself through others, at whatever depth the import stands."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "rgc": ROOT,
    "rgc_reference": ROOT / "backends",
    "rgc_numba": ROOT / "backends",
    "rgc_jax": ROOT / "backends",
}


def modules() -> dict[str, Path]:
    """Every module of the packages by its dotted name."""
    files = [
        (source, p) for name, source in PACKAGES.items() for p in (source / name).rglob("*.py")
    ]
    return {
        ".".join(path.relative_to(source).with_suffix("").parts).removesuffix(".__init__"): path
        for source, path in files
    }


def imported(text: str, known: Mapping[str, object]) -> Iterator[str]:
    """What a text imports of the modules that are known, also inside functions and under
    `TYPE_CHECKING`.
    """
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                if inner in known or node.module in known:
                    yield inner if inner in known else node.module


def circle(texts: Mapping[str, str]) -> list[str]:
    """The modules of one circle of imports, in order; empty where there is none."""
    graph = {name: set(imported(text, texts)) - {name} for name, text in texts.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


@pytest.mark.parametrize(
    "line",
    [
        "from rgc.b import B",
        "from rgc import b",
        "import rgc.b",
        "def f():\n    from rgc.b import B",
        "if TYPE_CHECKING:\n    from rgc.b import B",
    ],
)
def test_a_circle_is_found(line: str) -> None:
    texts = {"rgc": "", "rgc.a": line, "rgc.b": "import rgc.c", "rgc.c": "from rgc.a import A"}
    assert set(circle(texts)) == {"rgc.a", "rgc.b", "rgc.c"}
    assert circle(texts | {"rgc.c": ""}) == []


def test_no_circle_of_imports() -> None:
    assert circle({name: path.read_text("utf-8") for name, path in modules().items()}) == []
