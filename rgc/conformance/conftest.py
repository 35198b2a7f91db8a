"""Which backends the suite runs on: the option `--rgc-backends`, where a plug-in has registered it, else `$RGC_BACKENDS`, else all that
are installed but the reference."""

from __future__ import annotations

import os

import pytest

from rgc.backend import installed


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests that take `name` run once on every backend."""
    if "name" in metafunc.fixturenames:
        metafunc.parametrize("name", _names(metafunc.config))


def _names(config: pytest.Config) -> list[str]:
    asked = config.getoption("--rgc-backends", default=None) or os.environ.get("RGC_BACKENDS", "")
    names = [name.strip() for name in str(asked).split(",") if name.strip()]
    return names or sorted(set(installed()) - {"reference"})
