"""`--set NAME=EXPR` and `--scan NAME=VALUES`, read by the spec's own grammar."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rgc.compiler import entry
from rgc.errors import Problems, SpecError

if TYPE_CHECKING:
    from rgc.syntax.ast import Entry

Entries = tuple["Entry", ...]


def add_settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--set", action="append", default=[], dest="settings", metavar="NAME=EXPR",
        help="give a parameter another value, e.g. --set K=0.43 (may be repeated)",
    )  # fmt: skip
    parser.add_argument(
        "--scan", action="append", default=[], dest="scans", metavar="NAME=VALUES",
        help="scan a parameter, e.g. --scan K=0.4:0.48:9 or --scan L=[16,32] (may be repeated)",
    )  # fmt: skip


def source(name: str) -> str | Path:
    """The spec that a command names: a file, or behind `-` the text on standard input."""
    if name != "-":
        return Path(name)
    text = sys.stdin.read()
    return text if text.endswith("\n") else f"{text}\n"


def entries(options: argparse.Namespace) -> tuple[Entries, Entries]:
    """The settings and the scan entries of the command line. Raises `SpecError` with every mistake
    in them.
    """
    problems = Problems()
    settings = _read("--set", options.settings, problems)
    scan = _read("--scan", options.scans, problems)
    problems.raise_errors()
    return settings, scan


def _read(option: str, texts: list[str], problems: Problems) -> Entries:
    parsed = []
    for text in texts:
        try:
            parsed.append(entry(text, option))
        except SpecError as error:
            problems.extend(error.problems)
    return tuple(parsed)
