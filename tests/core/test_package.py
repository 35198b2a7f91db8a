"""The package from outside: its names are no modules, and its types reach those who import it."""

from __future__ import annotations

import importlib.util
import pkgutil
from pathlib import Path

import pytest

import rgc


def test_no_public_name_is_also_a_module() -> None:
    """`import rgc.NAME as v` gives the module of that name if there is one, else an error: never a
    function.
    """
    modules = {module.name for module in pkgutil.iter_modules(rgc.__path__)}
    assert modules
    assert modules.isdisjoint(rgc.__all__)


def test_every_public_name_is_there() -> None:
    assert all(hasattr(rgc, name) for name in rgc.__all__)


@pytest.mark.parametrize("package", ["rgc", "rgc_reference", "rgc_numba", "rgc_jax"])
def test_packages_say_that_they_are_typed(package: str) -> None:
    found = importlib.util.find_spec(package)
    assert found is not None
    assert found.origin is not None
    assert (Path(found.origin).parent / "py.typed").is_file()
