"""Options of the test run: slow tests and their rotating parts.

Slow tests stay out unless asked for, and can be run in rotating parts. No test fails by the clock.
"""

from __future__ import annotations

from zlib import crc32

import pytest
from hypothesis import HealthCheck, settings

collect_ignore_glob = ["tests/bad/*", "tests/language/*", "tests/outsiders/*.rgc"]
"""Files that are not collected, since other tests are about them.

They are specs that must not check, specs of everything that parses, and specs with a test of
their own.
"""

settings.register_profile("no clock", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("no clock")


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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Which check caught which mutant (tests/mutations), one line each."""
    reports = [
        report for kind in ("passed", "failed") for report in terminalreporter.getreports(kind)
    ]
    rows = [
        value for report in reports for name, value in report.user_properties if name == "mutant"
    ]
    if rows:
        terminalreporter.section("mutants, and the parts of rgc verify that caught them")
    for where, program, what, parts, why in rows:
        caught = " ".join(part if part in parts else "." for part in "abcde")
        terminalreporter.write_line(f"{where:<9} {program:<9} {what:<32} {caught}  {why}")
