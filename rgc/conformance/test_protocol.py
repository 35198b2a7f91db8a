"""The protocol of `rgc.backend`, as far as no program is needed."""

from __future__ import annotations

import numpy as np
import pytest

from rgc.backend import installed, load
from rgc.program.family import find, known


def test_it_is_found_and_says_what_it_is(name: str) -> None:
    backend = load(name)
    assert name in installed()
    assert backend.name == name
    assert backend.missing() is None
    assert all(callable(routine) for routine in backend.routines.values())


def test_it_says_what_it_compiles_and_lacks(name: str) -> None:
    """Families and capabilities that are declared, each lack with a reason."""
    families = load(name).families
    assert set(families) <= set(known())
    for family, lacks in families.items():
        assert set(lacks) <= set(find(family).capabilities)
        assert all(reason.strip() for reason in lacks.values())


def test_arrays_have_64_bits_inside_the_context(name: str) -> None:
    with load(name).arrays() as xp:
        third = xp.asarray([1.0]) / 3
        assert str(third.dtype) == "float64"
        assert float(third[0]) == 1 / 3
        assert int(xp.sum(xp.asarray([2**40, 2**40]))) == 2**41


def test_an_array_that_no_program_keeps_is_refused(name: str) -> None:
    with pytest.raises(TypeError, match="float32"):
        load(name).pack(np.zeros((1, 2, 1, 1), np.float32))
