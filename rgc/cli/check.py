"""`rgc check SPEC...`: parse and type-check specs, without running or importing anything heavy."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from rgc.ast_to_model.today import later
from rgc.cli import DONE, WRONG
from rgc.cli.arguments import Parser
from rgc.cli.settings import add_settings, entries
from rgc.compiler import load
from rgc.errors import SpecError, render


def main(words: Sequence[str]) -> int:
    parser = Parser(
        "check",
        "Parse and type-check specs. "
        "Prints one line for each good spec, every problem of the others.",
        example="rgc check specs/*.rgc",
    )
    parser.add_argument("specs", nargs="+", metavar="SPEC", help="a spec, .rgc or .yaml")
    parser.add_argument("--strict", action="store_true", help="warnings are errors")
    add_settings(parser)
    options = parser.read(words)
    settings, scan = entries(options)
    status = DONE
    for name in options.specs:
        try:
            loaded = load(Path(name), settings=settings, scan=scan)
        except SpecError as error:
            print(error, file=sys.stderr)
            status = WRONG
            continue
        warnings = (*loaded.warnings, *later(loaded.spec))
        for warning in warnings:
            print(render(warning), file=sys.stderr)
        if warnings and options.strict:
            status = WRONG
        else:
            print(f"{name}: {loaded.summary}")
    return status
