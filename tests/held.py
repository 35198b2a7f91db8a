"""Which tests and specs hold the numbers of a file of reference values.

    python -m tests.held FILE

FILE is JSON whose `entries` have an `id` and a `value`. For each entry it prints how many of its
numbers stand somewhere to all their digits, and where most of them do. Numbers that are 0 up to
rounding, or shorter than eight digits, say nothing. The status is 1 if an entry stands nowhere.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
WHERE = ("tests/**/*.py", "specs/*.rgc", "tests/language/*.rgc")
NUMBER = re.compile(r"\d+\.\d+(?:e-?\d+)?")
DIGITS, ROUNDING = 8, 1e-12


def numbers(value: Any) -> Iterator[str]:
    """The numbers of a value that can be told from others, without their signs."""
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from numbers(each)
    elif isinstance(value, float) and abs(value) > ROUNDING:
        text = repr(abs(value))
        if sum(map(str.isdigit, text.lstrip("0."))) >= DIGITS:
            yield text


def main(file: str) -> int:
    """Print a line for each entry."""
    held: dict[str, set[str]] = {}
    for path in (path for pattern in WHERE for path in sorted(ROOT.glob(pattern))):
        for number in NUMBER.findall(path.read_text("utf-8", errors="replace")):
            held.setdefault(number, set()).add(path.relative_to(ROOT).as_posix())
    nowhere = 0
    for entry in json.loads(Path(file).read_text("utf-8"))["entries"]:
        wanted = [*numbers(entry["value"])]
        found = Counter(path for number in wanted for path in held.get(number, ()))
        several = sum(number in held for number in wanted)
        places = ", ".join(f"{path} {count}" for path, count in found.most_common(3))
        print(f"{entry['id']}: {several} of {len(wanted)}: {places or 'NOWHERE'}")
        nowhere += not several and bool(wanted)
    return bool(nowhere)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
