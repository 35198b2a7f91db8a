"""`rgc report DIR`: the HTML page of an output folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rgc.cli import DONE
from rgc.cli.arguments import Parser
from rgc.results.pages.report import rebuild


def parser() -> Parser:
    made = Parser(
        "report",
        "Make the self-contained HTML page of an output folder again, from its summary and plots.",
        example="rgc report out/ising2d",
    )
    made.add_argument("folder", metavar="DIR", help="what `rgc run --out DIR` wrote")
    return made


def main(words: Sequence[str]) -> int:
    print(rebuild(Path(parser().read(words).folder)))
    return DONE
