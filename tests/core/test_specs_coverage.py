"""Every value recomputed from first principles is reproduced by a spec, or says why not."""

from __future__ import annotations

import json
import re
from pathlib import Path

import rgc

FOLDER = Path(__file__).parents[2] / "specs"
PUBLISHED: dict[str, dict[str, str]] = json.loads((FOLDER / "published.json").read_text("utf-8"))


def references(source: str | None) -> list[str]:
    """The identifiers behind `recomputed:` in a source."""
    if source is None or not source.startswith("recomputed:"):
        return []
    words = re.findall(r"[\w.+-]+", source.removeprefix("recomputed:"))
    return [word for word in words if word in PUBLISHED]


def test_every_recomputed_value_is_reproduced_or_says_why_not() -> None:
    cited = {
        name
        for path in sorted(FOLDER.glob("*.rgc"))
        for expectation in rgc.load(path).spec.expectations
        for name in references(expectation.source)
    }
    assert not [name for name, row in PUBLISHED.items() if name not in cited and "instead" not in row]
    assert not [name for name in cited if "instead" in PUBLISHED[name]]
