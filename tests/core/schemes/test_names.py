"""What is known of a scheme stands in its own files: its name is no string anywhere else."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from rgc.schemes import SCHEMES

ROOT = Path(__file__).parents[3]

OTHER_MEANINGS = {
    "exact": "the kind of a number without an error",
    "fit": "the table, the figure and the check of a curve through data",
    "iterate": "the option that says how often chains go up and down a stack",
    "train": "the option of a layer and of a map that says how it is trained",
}
"""Names of schemes that are words with another meaning too, which strings are written for."""

STAYS = {
    "rgc/language/measures.py": "methods of a free energy are called as the schemes that do them",
    "rgc/conformance/": "the flows that the suite runs on every backend",
}
"""Files, or folders, whose strings name schemes, each with the reason."""


def strings(path: Path) -> Iterator[str]:
    """The strings of a module that are names of schemes and mean schemes."""
    meant = set(SCHEMES) - set(OTHER_MEANINGS)
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in meant:
            yield node.value


def own(path: Path, name: str) -> bool:
    """Whether a module is one of those of a flow: its maker's, or one named after it."""
    ready = SCHEMES[name].ready
    if ready is None:
        return False
    maker = ROOT / (ready.maker.split(":")[0].replace(".", "/") + ".py")
    return path.parent == maker.parent and path.stem.startswith(maker.stem)


def hits() -> dict[str, set[str]]:
    """The modules outside `rgc/schemes/` and the flows' own, with the names of schemes in them."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "rgc").rglob("*.py")):
        place = path.relative_to(ROOT).as_posix()
        if not place.startswith("rgc/schemes/"):
            names = {name for name in strings(path) if not own(path, name)}
            found |= {place: names} if names else {}
    return found


def test_no_scheme_is_named_outside_its_own_files() -> None:
    assert not {
        place: names for place, names in hits().items() if not place.startswith(tuple(STAYS))
    }


@pytest.mark.parametrize("place", STAYS)
def test_what_stays_is_still_there(place: str) -> None:
    assert any(found.startswith(place) for found in hits())
