"""Which backends the suite runs on: the option `--rgc-backends`, else `$RGC_BACKENDS`, else all
that are installed but the reference."""

from __future__ import annotations

import os

import pytest

from rgc.backend import installed
from rgc.program.family import find, known
from rgc.pytest_plugin import backends


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests that take `name` run once on every backend, those that take `family` once for every
    family of programs, and those that take `family` and `number` once for each of its examples."""
    if "name" in metafunc.fixturenames:
        metafunc.parametrize("name", _names(metafunc.config))
    if {"family", "number"} <= set(metafunc.fixturenames):
        metafunc.parametrize(("family", "number"), _examples())
    elif "family" in metafunc.fixturenames:
        metafunc.parametrize("family", known())


def _names(config: pytest.Config) -> list[str]:
    asked = [name.strip() for name in os.environ.get("RGC_BACKENDS", "").split(",") if name.strip()]
    return list(backends(config, asked)) or sorted(set(installed()) - {"reference"})


def _examples() -> list[tuple[str, int]]:
    return [
        (family, number)
        for family in known()
        for number in range(len(find(family).make_examples()))
    ]
