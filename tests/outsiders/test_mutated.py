"""Mutants of small specs are refused with a place, or run and have a reason for what they lack."""

from __future__ import annotations

import pytest

from tests.outsiders.mutated import mutant, wrong

SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    "first", [*range(0, 60, 20), *(pytest.param(k, marks=SLOW) for k in range(60, 400, 20))]
)
def test_mutants(first: int) -> None:
    for seed in range(first, first + 20):
        said = wrong(mutant(seed))
        assert not said, f"{seed}: {said}\n{mutant(seed)}"
