"""Options of the test run: slow tests stay out unless asked for, and can be run in rotating parts."""

from __future__ import annotations

from zlib import crc32

import pytest

collect_ignore = ["tests/bad", "tests/language"]
"""Specs that must not check, and specs of everything that parses: other tests are about them."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--slow",
        default="none",
        metavar="none|all|K/N",
        help="slow tests to run: none of them, all, or the K-th of N parts (K from 0)",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    chosen = config.getoption("--slow")
    if chosen == "all":
        return
    part, parts = (int(number) for number in chosen.split("/")) if "/" in chosen else (-1, 1)
    dropped = [
        item
        for item in items
        if item.get_closest_marker("slow") and crc32(item.nodeid.encode()) % parts != part
    ]
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = [item for item in items if item not in set(dropped)]
