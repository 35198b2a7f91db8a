"""`rgc report DIR`: the HTML page of an output folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rgc.cli import DONE
from rgc.cli.arguments import Parser
from rgc.results.report import rebuild


def main(words: Sequence[str]) -> int:
    parser = Parser(
        "report",
        "Make the self-contained HTML page of an output folder again, from its summary and plots.",
        example="rgc report out/ising2d",
    )
    parser.add_argument("folder", metavar="DIR", help="what `rgc run --out DIR` wrote")
    print(rebuild(Path(parser.read(words).folder)))
    return DONE
