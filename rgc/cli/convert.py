"""`rgc convert A B`: a spec in the other spelling, or a model of another program as a spec."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rgc.cli import DONE
from rgc.cli.arguments import Parser
from rgc.compiler import parse
from rgc.errors import Problem, SpecError
from rgc.interchange.alps import Chosen, read_alps
from rgc.interchange.foreign import Foreign
from rgc.results import files
from rgc.syntax.ast import Document
from rgc.syntax.read import SPELLINGS, spelling_of

DIMOD = (".coo", ".json", ".bqm")
ALPS = ".xml"


def parser() -> Parser:
    made = Parser(
        "convert",
        "Rewrite a spec in the spelling that the name of the second file tells, or make a spec of "
        "a model of dimod (.coo, .json, .bqm) or of a lattice of ALPS (.xml).",
        example="rgc convert model.rgc model.yaml",
    )
    made.add_argument("source", metavar="A", help="a spec, or a model of another program")
    made.add_argument(
        "target", metavar="B", help="where to write it; .rgc or .yaml alone prints it"
    )
    made.add_argument("--force", action="store_true", help="replace B if it exists")
    made.add_argument("--lattice", metavar="NAME", help="the LATTICEGRAPH or GRAPH of an .xml file")
    made.add_argument("--model", metavar="FILE", type=Path, help="the ALPS models, as .xml")
    made.add_argument("--hamiltonian", metavar="NAME", help="the HAMILTONIAN of that file")
    made.add_argument(
        "--set", action="append", default=[], dest="settings", metavar="NAME=VALUE",
        help="give a parameter of ALPS a value, e.g. --set L=16 (may be repeated)",
    )  # fmt: skip
    return made


def main(words: Sequence[str]) -> int:
    options = parser().read(words)
    from rgc.syntax.print import convert

    only_print = options.target in SPELLINGS
    spelling = SPELLINGS[options.target] if only_print else spelling_of(options.target)
    target = Path(options.target)
    found = _foreign(options, "model" if only_print else target.stem)
    text = convert(_parsed(found, options.source), spelling)
    for note in found.notes if found else ():
        print(f"note: {note}", file=sys.stderr)
    if only_print:
        print(text, end="")
        return DONE
    written = {target: text}
    if found:
        written |= {target.with_name(name): table for name, table in found.tables.items()}
    for path in written:
        if path.exists() and not options.force:
            raise SpecError(
                [Problem("file-exists", f"'{path}' exists already", hint="--force replaces it")]
            )
    for path, each in written.items():
        files.write_text(path, each)
    print(f"{options.source} -> {', '.join(map(str, written))}")
    return DONE


def _foreign(options: argparse.Namespace, stem: str) -> Foreign | None:
    """The model of another program, None for a spec. Raises `SpecError`."""
    source = Path(options.source)
    alps = source.suffix == ALPS
    for name in ("lattice", "model", "hamiltonian"):
        if getattr(options, name) is not None and not alps:
            raise SpecError([Problem("command-line", f"--{name} is for a lattice of ALPS, .xml")])
    if options.settings and not alps:
        raise SpecError([Problem("command-line", "--set is for a lattice of ALPS, .xml")])
    if not alps and source.suffix not in DIMOD:
        return None
    for path in (source, options.model):
        if path is not None and not path.is_file():
            raise SpecError([Problem("missing-file", f"there is no file '{path}'")])
    if not alps:
        from rgc.interchange.dimod import read_dimod  # the only one that needs NumPy

        return read_dimod(source, stem)
    wrong = next((each for each in options.settings if "=" not in each), None)
    if wrong is not None:
        raise SpecError([Problem("command-line", f"--set {wrong} is no NAME=VALUE")])
    pairs = (each.partition("=") for each in options.settings)
    values = {name.strip(): value.strip() for name, _, value in pairs}
    chosen = Chosen(options.lattice, options.hamiltonian, values)
    return read_alps(source, stem, chosen, options.model)


def _parsed(found: Foreign | None, source: str) -> Document:
    return parse(Path(source)) if found is None else parse(found.text)
