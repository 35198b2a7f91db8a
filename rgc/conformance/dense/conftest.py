"""The tests of this folder are skipped on a backend that does not compile dense programs."""

from __future__ import annotations

import pytest

from rgc.backend import load
from rgc.conformance.running import require


@pytest.fixture(autouse=True)
def compiles_dense_programs(name: str) -> None:
    require(load(name), "dense")
