"""Every value recomputed from first principles is reproduced by a spec, or says why not; the table
of the specs is of these specs.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import rgc
from benchmarks.specs import PUBLISHED, TABLE, references, results, table

FOLDER = Path(__file__).parents[2] / "specs"
KNOWN: dict[str, dict[str, Any]] = json.loads(PUBLISHED.read_text("utf-8"))
SPECS = sorted(each.name for each in FOLDER.glob("*.rgc"))


def test_every_recomputed_value_is_reproduced_or_says_why_not() -> None:
    cited = {
        name
        for path in SPECS
        for expectation in rgc.load(FOLDER / path).spec.expectations
        for name in references(expectation.source, KNOWN)
    }
    assert not [name for name, row in KNOWN.items() if name not in cited and "instead" not in row]
    assert not [name for name in cited if "instead" in KNOWN[name]]


@pytest.mark.parametrize("name", SPECS)
def test_what_the_table_says_was_found_by_this_spec(name: str) -> None:
    """Run `python benchmarks/specs.py NAME` after a change of a spec."""
    entry, loaded = results()[name], rgc.load(FOLDER / name)
    assert entry["sha256"] == loaded.sha256
    wanted = [(each.target, each.word or each.value) for each in loaded.spec.expectations]
    assert [(each["name"], each["expected"]) for each in entry["checks"]] == wanted
    for found in entry["found"].values():
        for check, (value, _) in zip(entry["checks"], found, strict=True):
            if isinstance(check["expected"], str):
                assert value == check["expected"]
            if check["within"] is not None:
                assert abs(value - check["expected"]) <= check["within"]


def test_the_table_is_made_of_what_was_found() -> None:
    assert TABLE.read_text("utf-8") == table(results())
    assert set(results()) == set(SPECS)


def test_published_numbers_are_in_the_table() -> None:
    """A number of the literature that no expectation is called after would stand nowhere."""
    named = {each["name"] for entry in results().values() for each in entry["checks"]}
    assert not [
        name for row in KNOWN.values() for name in row.get("values", {}) if name not in named
    ]
