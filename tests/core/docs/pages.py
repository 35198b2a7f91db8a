"""The pages of the documentation, and the examples in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
LANGUAGE = ROOT / "docs/language.md"
DOCS = [ROOT / f"{name}.md" for name in ("README", "ARCHITECTURE", "CONTRIBUTING", "CHANGELOG")]
DOCS += sorted((ROOT / "docs").rglob("*.md"))
FENCE = re.compile(r"^```(\S*)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Example:
    """A fenced block: its language, the words behind it, its text, and where it stands."""

    language: str
    words: tuple[str, ...]
    text: str
    place: str

    @property
    def names(self) -> list[str]:
        """The file that the page calls it, if it does: `name=binder.rgc`."""
        return [word.removeprefix("name=") for word in self.words if word.startswith("name=")]

    def lines(self) -> list[str]:
        """Its lines without comments and blank ones."""
        bare = (line.split("#")[0].rstrip() for line in self.text.splitlines())
        return [line for line in bare if line]


def examples(path: Path) -> Iterator[Example]:
    text = path.read_text("utf-8")
    for found in FENCE.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        yield Example(
            found[1], tuple(found[2].split()), found[3], f"{path.relative_to(ROOT)}:{line}"
        )


EXAMPLES = [example for path in DOCS for example in examples(path)]


def spec_of(
    *,
    parameters: str = "  K = 0.3",
    lattice: str = "square(8)",
    spins: str = "ising",
    terms: str = "- K * sum(<i,j>) s[i]*s[j]",
    block: str = "",
    more: str = "",
    flow: str = "",
) -> str:
    sampled = (
        "mcrg(sweeps=100, steps=1, basis=operators(range=1, bodies=2))"
        if block
        else "sample(sweeps=100)"
    )
    flow = flow or sampled
    blocks = f"block {block}\n" if block else ""
    return (
        f'title "example"\nparameters {{\n{parameters}\n}}\nlattice {lattice}\nspins s: {spins}\n'
        f"hamiltonian {terms}\n{blocks}flow {flow}\n{more}"
    )
