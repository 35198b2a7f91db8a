"""The library of specs: every one checks without a warning, and twins are one spec. pytest itself
collects and runs them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import rgc
from rgc.cli import main

FOLDER = Path(__file__).parents[3] / "specs"
SPECS = sorted(path for path in FOLDER.iterdir() if path.suffix in (".rgc", ".yaml"))


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.name)
def test_every_spec_checks_and_expects_something(path: Path) -> None:
    assert main(["check", "--strict", str(path)]) == 0
    assert rgc.load(path).spec.expectations


@pytest.mark.parametrize(
    "path", [p for p in SPECS if p.suffix == ".yaml"], ids=lambda path: path.name
)
def test_twins_are_one_spec(path: Path) -> None:
    assert rgc.load(path).sha256 == rgc.load(path.with_suffix(".rgc")).sha256
