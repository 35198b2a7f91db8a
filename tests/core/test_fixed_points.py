"""The tables of fixed points in `docs/fixed_points.md` are those of the specs, and hold what the
page says of them.

`UPDATE_DOCS=1 pytest tests/core/test_fixed_points.py` writes them again from `specs/results.json`.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

import rgc
from benchmarks.specs import results
from rgc.results.numbers import with_error

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/fixed_points.md"
TABLE = re.compile(r"(<!-- table: (\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
SPECS = [found[2] for found in TABLE.finditer(PAGE.read_text("utf-8"))]

FEWEST, LARGEST, SIGMAS = 10, 3e-4, 3.5
"""How many couplings a fixed point has at least, how large their errors are at most, and how many
of them level 1 may be off level 0: of 16 that are the same, one is further off in one table of a
hundred.
"""


def couplings(spec: str) -> dict[str, tuple[float, float, float]]:
    """What a spec gives, what it found at level 1, and the error of that, by coupling."""
    entry, out = results()[f"{spec}.rgc"], {}
    for check, (value, error) in zip(entry["checks"], entry["found"]["numba"], strict=True):
        found = re.fullmatch(r"(\w+)\[level=1\]", check["name"])
        if found:
            out[found[1]] = (check["expected"], value, error)
    return out


def table(spec: str) -> str:
    rows = [
        f"| `{name}` | {given:.5f} | {with_error(value, error)} | {(value - given) / error:.1f} |"
        for name, (given, value, error) in couplings(spec).items()
    ]
    head = "| coupling | of the spec | of its block spins | apart by so many errors |"
    return "\n".join([head, "| --- | --- | --- | --- |", *rows, ""])


def test_the_tables_are_those_of_the_specs() -> None:
    text = PAGE.read_text("utf-8")
    made = TABLE.sub(lambda found: f"{found[1]}{table(found[2])}{found[4]}", text)
    if os.environ.get("UPDATE_DOCS"):
        PAGE.write_text(made, "utf-8")
    assert made == PAGE.read_text("utf-8")


@pytest.mark.parametrize("spec", SPECS)
def test_block_spins_have_the_couplings_of_the_spec(spec: str) -> None:
    found = couplings(spec)
    of_spec = rgc.load(ROOT / f"specs/{spec}.rgc").spec.parameters
    assert len(found) >= FEWEST
    for name, (given, value, error) in found.items():
        assert given == of_spec[name]
        assert 0 < error < LARGEST
        assert abs(value - given) < SIGMAS * error
