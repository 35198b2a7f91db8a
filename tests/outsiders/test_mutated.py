"""Mutants of small specs are refused with a place, or run and have a reason for what they lack."""

from __future__ import annotations

import pytest

from tests.outsiders.mutated import mutant, wrong


@pytest.mark.parametrize("first", range(0, 120, 20))
def test_mutants(first: int) -> None:
    for seed in range(first, first + 20):
        said = wrong(mutant(seed))
        assert not said, f"{seed}: {said}\n{mutant(seed)}"
