"""A few hundred spoilt files of every kind that rgc reads: each is taken or refused.

`python -m tests.fuzz 3600` goes on for an hour.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.edits import BINARY, TEXT, Edit, edits
from tests.fuzz.engine import tried
from tests.fuzz.targets import TARGETS

EXAMPLES = {"rgc": 80, "yaml": 60, "tables": 40, "weights": 40, "checkpoints": 60, "outputs": 60}


@pytest.mark.parametrize("name", TARGETS)
def test_a_spoilt_file_is_taken_or_refused(name: str) -> None:
    @settings(max_examples=EXAMPLES[name], suppress_health_check=[*HealthCheck])
    @given(st.integers(0, 2**16), edits(TEXT if TARGETS[name].text else BINARY))
    def one(number: int, made: Sequence[Edit]) -> None:
        tried(name, number, made)

    one()
