"""`rgc check SPEC...`: parse and type-check specs, without running or importing anything heavy."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from rgc import cost
from rgc.ast_to_model.today import later
from rgc.cli import DONE, WRONG, tell, tell_problems
from rgc.cli.arguments import Parser, add_max_memory
from rgc.cli.settings import Entries, add_settings, entries, source
from rgc.compiler import compile, load
from rgc.errors import Problem, SpecError, escape, placed, render
from rgc.large_couplings import MOST_DRAWS, doubtful_places, draws, some_places
from rgc.loaded import Loaded
from rgc.model.weighed import Weighed
from rgc.schemes import SCHEMES
from rgc.schemes.cost import NOTHING, Cost

LARGE = 1 << 26
"""Files of more bytes are not read in a check, which takes a moment."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of a spec: its summary, empty where it is wrong, what a run of it takes, and its
    problems.
    """

    name: str
    summary: str
    cost: Cost
    problems: tuple[Problem, ...]

    @property
    def line(self) -> str:
        takes = f"; {cost.told(self.cost)}" if self.cost != NOTHING else ""
        return f"{escape(self.name)}: {self.summary}{takes}"

    @property
    def document(self) -> dict[str, object]:
        """The same as JSON values."""
        return {
            "spec": self.name,
            "ok": bool(self.summary),
            "summary": self.summary,
            "memory_bytes": _finite(self.cost.memory),
            "core_seconds": _finite(self.cost.seconds),
            "compile_seconds": _finite(self.cost.compiling),
            "problems": [_document(problem) for problem in self.problems],
        }


def parser() -> Parser:
    made = Parser(
        "check",
        "Parse and type-check specs. "
        "Prints one line for each good spec, with about how much memory and time it takes, and "
        "every problem of the others.",
        example="rgc check specs/*.rgc",
    )
    made.add_argument(
        "specs", nargs="+", metavar="SPEC", help="a spec, .rgc or .yaml; - reads one from stdin"
    )
    made.add_argument("--strict", action="store_true", help="warnings are errors")
    made.add_argument("--json", action="store_true", help="print one JSON document instead")
    add_max_memory(made)
    add_settings(made)
    return made


def main(words: Sequence[str]) -> int:
    options = parser().read(words)
    settings, scan = entries(options)
    found = []
    for name in options.specs:
        checked = _check(name, settings, scan, options)
        found.append(checked)
        if not options.json:
            _say(checked)
    if options.json:
        tell(json.dumps([checked.document for checked in found], indent=2, allow_nan=False))
    return DONE if all(checked.summary for checked in found) else WRONG


def _check(name: str, settings: Entries, scan: Entries, options: Namespace) -> Checked:
    try:
        loaded = load(source(name), settings=settings, scan=scan)
        _check_laws(loaded)
        unread = sum(map(_check_files, (loaded, *loaded.others)))
        cost.refuse(loaded, options.max_memory)
        undrawn = not unread and _check_couplings(loaded, options.max_memory)
    except SpecError as error:
        return Checked(name, "", NOTHING, error.problems)
    warnings = (*loaded.warnings, *later(loaded.spec))
    are = "file is" if unread == 1 else "files are"
    later_on = f"; {unread} large {are} looked at when it runs" if unread else ""
    later_on += "; random couplings are looked at when it runs" if undrawn else ""
    summary = "" if warnings and options.strict else loaded.summary + later_on
    return Checked(name, summary, cost.of_run(loaded), warnings)


def _check_laws(loaded: Loaded) -> None:
    """Raise `SpecError` for block maps whose laws no program can hold: written out ones, whose
    tables may be too long and whose fields too large.

    The lowering is imported for these alone.
    """
    spec = loaded.spec
    ready = SCHEMES[spec.flow.scheme].ready if spec.flow is not None else None
    laws = (law for block in spec.blocks for rule in block.rules for law in rule.laws)
    if ready is None or ready.kind != "programs" or not any(isinstance(x, Weighed) for x in laws):
        return
    from rgc.model_to_program.block_to_rule import check_laws

    blocks = (block for place in some_places(loaded) for block in loaded.at(place).blocks)
    for block in dict.fromkeys(blocks):
        with placed(spec.place("block")):
            check_laws(block, spec.species)


def _check_files(loaded: Loaded) -> int:
    """Raise `SpecError` for values of files that a run refuses, where all files are small. Returns
    how many are too large to be read in a check. The array library is imported for these alone.
    """
    large = sum((folder / path).stat().st_size > LARGE for folder, path in loaded.files)
    if loaded.files and not large:
        from rgc.flows.values_of_files import check_values

        check_values(loaded.spec)
    return large


def _check_couplings(loaded: Loaded, most: float | None) -> bool:
    """Raise `SpecError` for couplings that are too large to be sampled, by making the flow, with
    its draws, where they may be. Returns whether there are too many of these for a check.
    """
    doubtful = any(True for _ in doubtful_places(loaded))
    if doubtful and draws(loaded.spec) <= MOST_DRAWS:
        compile(loaded, backend="reference", max_memory=most)
        return False
    return doubtful


def _say(checked: Checked) -> None:
    if checked.problems:
        wrong = any(problem.severity == "error" for problem in checked.problems)
        tell_problems(("\n\n" if wrong else "\n").join(map(render, checked.problems)))
    if checked.summary:
        tell(checked.line)


def _document(problem: Problem) -> dict[str, object]:
    place = problem.span.position if problem.span is not None else (None, None)
    return {
        "severity": problem.severity,
        "code": problem.code,
        "message": problem.message,
        "line": place[0],
        "column": place[1],
        "hint": problem.hint,
    }


def _finite(number: float) -> float | None:
    return number if isfinite(number) else None
