"""A copy of the source tree that a test extends as a stranger would, and commands run on that
copy.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = ("rgc", "backends", "grammar")


@dataclass(frozen=True, slots=True)
class House:
    """The tree under `root`. Every change is an ordinary edit of a file, so what a test does here
    is what `ARCHITECTURE.md` tells a person to do.
    """

    root: Path

    @classmethod
    def build(cls, folder: Path) -> House:
        """A fresh copy of the sources in an empty folder."""
        for name in SOURCES:
            shutil.copytree(
                ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        return cls(folder)

    def write(self, path: str, text: str) -> None:
        """Make a new file. Raises `FileExistsError` where there is one."""
        place = self.root / path
        if place.exists():
            raise FileExistsError(path)
        place.write_text(text, encoding="utf-8")

    def insert(self, path: str, text: str, *, before: str) -> None:
        """Insert a text in front of the only occurrence of `before`. Raises `ValueError` unless
        there is exactly one.
        """
        place = self.root / path
        source = place.read_text("utf-8")
        if source.count(before) != 1:
            raise ValueError(f"{path} holds {before!r} {source.count(before)} times")
        place.write_text(source.replace(before, text + before), encoding="utf-8")

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`rgc WORDS` on this tree; with a first word that ends in `.py` that script instead."""
        command = (
            [sys.executable, *words]
            if words[0].endswith(".py")
            else [sys.executable, "-m", "rgc", *words]
        )
        sources = os.pathsep.join(str(self.root / name) for name in (".", "backends"))
        return subprocess.run(
            command,
            cwd=self.root,
            env={**os.environ, "PYTHONPATH": sources},
            capture_output=True,
            text=True,
        )
