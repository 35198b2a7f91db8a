"""`rgc fmt SPEC...`: the standard layout, in place."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from rgc.cli import DONE, UNEXPECTED, WRONG
from rgc.cli.arguments import Parser
from rgc.compiler import parse
from rgc.errors import SpecError
from rgc.syntax.read import spelling_of


def parser() -> Parser:
    made = Parser(
        "fmt",
        "Put specs into the standard layout, in place. Comments and the digits of numbers stay.",
        example="rgc fmt --check specs/*.rgc",
    )
    made.add_argument("specs", nargs="+", metavar="SPEC", help="a spec, .rgc or .yaml")
    made.add_argument(
        "--check", action="store_true", help="change nothing; exit status 1 if a file would change"
    )
    return made


def main(words: Sequence[str]) -> int:
    options = parser().read(words)
    status = DONE
    for name in options.specs:
        try:
            changed = _format(Path(name), write=not options.check)
        except SpecError as error:
            print(error, file=sys.stderr)
            status = WRONG
            continue
        if changed:
            print(f"{name}: {'would change' if options.check else 'changed'}")
            status = max(status, UNEXPECTED) if options.check else status
    return status


def _format(path: Path, *, write: bool) -> bool:
    from rgc.results import files
    from rgc.syntax.print import convert

    text = convert(parse(path), spelling_of(path))
    changed = text != path.read_text(encoding="utf-8")
    if changed and write:
        files.write_text(path, text)
    return changed
