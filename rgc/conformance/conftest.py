"""Which backends the suite runs on: the option `--rgc-backends`, else `$RGC_BACKENDS`, else all that are installed but the reference."""

from __future__ import annotations

import os

import pytest

from rgc.backend import installed
from rgc.pytest_plugin import backends


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests that take `name` run once on every backend."""
    if "name" in metafunc.fixturenames:
        metafunc.parametrize("name", _names(metafunc.config))


def _names(config: pytest.Config) -> list[str]:
    asked = [name.strip() for name in os.environ.get("RGC_BACKENDS", "").split(",") if name.strip()]
    return list(backends(config, asked)) or sorted(set(installed()) - {"reference"})
