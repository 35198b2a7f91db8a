"""`rgc explain CODE`: what an error means and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from rgc.cli import DONE
from rgc.cli.arguments import Parser
from rgc.errors import Problem, SpecError, escape, suggest


def parser() -> Parser:
    made = Parser(
        "explain",
        "Say what an error means and what to do about it. Without a code all codes are listed.",
        example="rgc explain unknown-name",
    )
    made.add_argument(
        "code", nargs="?", metavar="CODE", help="what stands in brackets: error[unknown-name]"
    )
    return made


def main(words: Sequence[str]) -> int:
    code, known = parser().read(words).code, entries()
    if code is None:
        print("\n".join(known))
        return DONE
    if code not in known:
        hint = suggest(code, known) or "rgc explain lists the codes"
        raise SpecError(
            [Problem("command-line", f"no error has the code '{escape(code)}'", hint=hint)]
        )
    print(known[code])
    return DONE


def entries() -> dict[str, str]:
    """The text of docs/errors.md below the heading of each code.

    It lies inside the package in an installed wheel, and beside it in a checkout.
    """
    package = Path(__file__).resolve().parent.parent
    installed = package / "_docs" / "errors.md"
    path = installed if installed.exists() else package.parent / "docs" / "errors.md"
    _, *parts = re.split(r"^## (\S+)\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {code: text.strip() for code, text in zip(parts[::2], parts[1::2], strict=True)}
