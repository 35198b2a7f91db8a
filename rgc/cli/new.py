"""`rgc new NAME`: a first spec to start from."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from rgc.cli import DONE
from rgc.cli.arguments import Parser
from rgc.compiler import parse
from rgc.errors import Problem, SpecError
from rgc.results import files
from rgc.schemes import SCHEMES
from rgc.syntax.read import SPELLINGS

TEMPLATES = {name: scheme.template for name, scheme in SCHEMES.items() if scheme.template}
FIRST = next(iter(TEMPLATES))


def parser() -> Parser:
    made = Parser(
        "new",
        "Write a first spec, NAME.rgc or, if NAME ends in .yaml, in the YAML spelling.",
        example="rgc new model --flow mcrg",
    )
    made.add_argument("name", nargs="?", metavar="NAME", help="e.g. model, model.rgc or model.yaml")
    made.add_argument("--list", action="store_true", help="list the schemes that have a template")
    made.add_argument(
        "--flow",
        choices=sorted(TEMPLATES),
        default=FIRST,
        help=f"the scheme to start from (default {FIRST})",
    )
    return made


def main(words: Sequence[str]) -> int:
    options = parser().read(words)
    if options.list:
        width = max(map(len, TEMPLATES)) + 2
        print("\n".join(f"{name:<{width}}{SCHEMES[name].doc}" for name in TEMPLATES))
        return DONE
    if options.name is None:
        hint = "rgc new model --flow mcrg; rgc new --list says what there is"
        raise SpecError([Problem("command-line", "rgc new needs a name for the file", hint=hint)])
    path = Path(options.name)
    if path.suffix not in SPELLINGS:
        path = path.with_name(path.name + ".rgc")
    if path.exists():
        raise SpecError(
            [Problem("file-exists", f"'{path}' exists already", hint="choose another name")]
        )
    text = TEMPLATES[options.flow]
    if path.suffix != ".rgc":
        from rgc.syntax.print import convert

        text = convert(parse(text), "yaml")
    files.write_text(path, text)
    print(f"wrote {path}; next: {shlex.join(['rgc', 'run', str(path)])}")
    return DONE
