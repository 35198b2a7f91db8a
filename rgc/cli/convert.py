"""`rgc convert A B`: the same spec in the other spelling."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rgc.cli import DONE
from rgc.cli.arguments import Parser
from rgc.compiler import parse
from rgc.errors import Problem, SpecError
from rgc.results import files
from rgc.syntax.read import SPELLINGS, spelling_of


def parser() -> Parser:
    made = Parser(
        "convert",
        "Rewrite a spec in the spelling that the name of the second file tells.",
        example="rgc convert model.rgc model.yaml",
    )
    made.add_argument("source", metavar="A", help="a spec, .rgc or .yaml")
    made.add_argument(
        "target", metavar="B", help="where to write it; .rgc or .yaml alone prints it"
    )
    made.add_argument("--force", action="store_true", help="replace B if it exists")
    return made


def main(words: Sequence[str]) -> int:
    options = parser().read(words)
    from rgc.syntax.print import convert

    only_print = options.target in SPELLINGS
    spelling = SPELLINGS[options.target] if only_print else spelling_of(options.target)
    text = convert(parse(Path(options.source)), spelling)
    if only_print:
        print(text, end="")
        return DONE
    target = Path(options.target)
    if target.exists() and not options.force:
        raise SpecError(
            [Problem("file-exists", f"'{target}' exists already", hint="--force replaces it")]
        )
    files.write_text(target, text)
    print(f"{options.source} -> {target}")
    return DONE
