"""`python -m tests.fuzz SECONDS [--first ROUND] [TARGET...]` spoils files until the time is over,
and prints every kind of finding with its smallest example. Rounds have numbers, and a round has the
same inputs whenever it is made.
"""

from __future__ import annotations

import argparse
import sys
import traceback
from collections import Counter
from collections.abc import Sequence
from itertools import count, cycle
from time import monotonic

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.fuzz.edits import BINARY, TEXT, Edit, edits
from tests.fuzz.engine import Hang, tried
from tests.fuzz.targets import TARGETS


def main(seconds: float, names: Sequence[str], first: int) -> int:
    ends, told, found = monotonic() + seconds, Counter[str](), set[str]()
    for name, number in zip(cycle(names), count(first), strict=False):
        if monotonic() > ends:
            break
        error = _round(name, number, told)
        if error is not None and (kind := _kind(error)) not in found:
            found.add(kind)
            print(
                f"== {name}, round {number}", *traceback.format_exception(error)[-12:], flush=True
            )
    print(f"rounds {first} to {number}: {dict(told)}; {len(found)} kinds of findings")
    return 1 if found else 0


def _kind(error: BaseException) -> str:
    """What is raised, and where."""
    *_, last = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} {last.filename}:{last.lineno}"


def _round(name: str, number: int, told: Counter[str]) -> BaseException | None:
    """A hundred inputs of a target; what was wrong with the smallest that fails."""

    @seed(number)
    @settings(
        max_examples=100,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=[*HealthCheck],
    )
    @given(st.integers(0, 2**16), edits(TEXT if TARGETS[name].text else BINARY))
    def one(which: int, made: Sequence[Edit]) -> None:
        told[f"{name} {'taken' if tried(name, which, made) else 'refused'}"] += 1

    try:
        one()
    except (Exception, Hang) as error:
        told[f"{name} wrong"] += 1
        return error
    return None


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("seconds", type=float)
    parser.add_argument("targets", nargs="*", default=[*TARGETS])
    parser.add_argument("--first", type=int, default=0, help="the number of the first round")
    asked = parser.parse_intermixed_args()
    sys.exit(main(asked.seconds, asked.targets, asked.first))
