"""Small specs with a mistake or two, and what becomes of them when they run.

A mutant is a spec of `tests/language` or of this folder with sections of others, numbers at the
edge of what is possible, and options and sections left out, cut down to a size that runs at once.
It may be refused, by the check and at a place, or run. Then no number lacks its reason.

`python -m tests.outsiders.mutated 0 1000` tries these mutants and prints what is wrong.
"""

from __future__ import annotations

import json
import random
import re
import sys
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import rgc
from rgc.ast_to_model.today import later
from rgc.cli.table import render_answer
from rgc.errors import RunWarning, SpecError
from rgc.syntax.ast import SECTIONS

HERE = Path(__file__).parent
SOURCES = (HERE, HERE.parent / "language")

Sections = dict[str, str]

NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?:e-?\d+)?(?![\w.])")
EDGES = ("0", "1", "2", "3", "5", "-1", "0.5", "1e-9", "1e-300", "700", "1e300", "-0.4", "64")
OPTION = re.compile(r",\s*\w+=[^,(){}\[\]]+")

SMALL = (
    (re.compile(r"\b(sweeps|thermalise|samples|epochs|updates|steps)\s*=\s*[\d_]+"), r"\1={}"),
    (re.compile(r"\b(replicas)\s*=\s*[\d_]+"), r"\1=64"),
    (re.compile(r"\b(chi)\s*=\s*\d+"), r"\1=4"),
    (re.compile(r"(:[^:,\]\)\s]+:)\d+"), r"\g<1>3"),
    (re.compile(r"integrate\((?!.*sweeps)"), "integrate(sweeps=20, replicas=64, "),
    (re.compile(r"disorder\s*=\s*\d+"), "disorder=2"),
    (re.compile(r"(enumerate\(.*?)find=\w+(, *)?"), r"\1"),
)
"""What takes long, and what it becomes. {} is 1, 10 or 20."""

LATE = ("wrong-scale", "no-stationary-p", "equal-terms")
"""Refusals that only a computation finds."""


@cache
def sources() -> tuple[Sections, ...]:
    paths = sorted(path for folder in SOURCES for path in folder.glob("*.rgc"))
    texts = [path.read_text() for path in paths]
    return tuple(sections(text) for text in texts if "file(" not in text and "data" not in text)


def sections(text: str) -> Sections:
    """The sections of a spec, without its title and what it says of itself."""
    out: Sections = {}
    name = ""
    for line in text.splitlines(keepends=True):
        first = re.match(r"[a-z]+", line)
        name = first[0] if first and first[0] in SECTIONS else name
        out[name] = out.get(name, "") + line
    return {name: body for name, body in out.items() if name not in ("", "title", "about")}


def mutant(seed: int) -> str:
    """The spec of that number."""
    chance = random.Random(seed)  # noqa: S311
    spec = dict(chance.choice(sources()))
    for _ in range(chance.choice((1, 1, 2, 3))):
        _mutate(spec, chance)
    if chance.random() < 0.8:
        spec.pop("expect", None)
    return "".join(_small(spec[name], name, chance) for name in SECTIONS if name in spec)


def _mutate(spec: Sections, chance: random.Random) -> None:
    name, other = chance.choice([*spec]), chance.choice(sources())
    match chance.choice(("splice", "splice", "number", "number", "option", "drop")):
        case "splice":
            taken = chance.choice([*other])
            spec[taken] = other[taken]
        case "number":
            spec[name] = _replaced(NUMBER, spec[name], chance.choice(EDGES), chance)
        case "option":
            spec[name] = _replaced(OPTION, spec[name], "", chance)
        case _ if len(spec) > 1:
            del spec[name]


def _replaced(pattern: re.Pattern[str], text: str, by: str, chance: random.Random) -> str:
    places = [found.span() for found in pattern.finditer(text)]
    if not places:
        return text
    first, last = chance.choice(places)
    return text[:first] + by + text[last:]


def _small(text: str, name: str, chance: random.Random) -> str:
    if name in ("expect", "title"):
        return text
    for pattern, by in SMALL:
        text = pattern.sub(by.format(chance.choice((1, 10, 20))), text)
    if name in ("lattice", "parameters", "scan"):
        text = re.sub(r"(?<![\w.])[1-9]\d+(?![\w.])", lambda _: chance.choice("2334"), text)
    if "sample" in text or "mcrg" in text:
        text = re.sub(r"(sample|mcrg)\((?!.*replicas)", r"\1(replicas=64, ", text)
        text = re.sub(r"(sample|mcrg)\((?!.*sweeps)", r"\1(sweeps=20, ", text)
    return text


def wrong(text: str) -> str:
    """What is wrong with how rgc takes a spec, or nothing."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", RunWarning)
        try:
            loaded = rgc.load(text)
        except SpecError as refused:
            placed = all(problem.span is not None for problem in refused.problems)
            return "" if placed else f"a refusal without a place: {refused.problems[0].message}"
        try:
            answer = rgc.compile(loaded, backend="reference", threads=1).run(checkpoints=False)
        except SpecError as refused:
            codes = {problem.code for problem in refused.problems}
            told = {problem.code for problem in (*later(loaded.spec), *loaded.warnings)}
            return "" if codes <= {*told, *LATE} or loaded.spec.flow is None else str(refused)
        document = answer.document()
        render_answer(answer, [])
    json.dumps(document, allow_nan=False)
    bugs = [said for said in answer.warnings if "bug in rgc" in said]
    raw = [str(each.message) for each in caught]
    return "; ".join([*bugs, *raw, *(f"no reason for {place}" for place in unexplained(document))])


def unexplained(document: Any, place: str = "") -> Iterator[str]:
    """Where a number or its error is null without a note."""
    if isinstance(document, Mapping):
        numbers = {"value", "error", "exponent"} & document.keys() if "kind" in document else ()
        if any(document[name] is None for name in numbers) and not document.get("note"):
            yield place
        for key, below in document.items():
            if key not in ("checks", "provenance"):
                yield from unexplained(below, f"{place}.{key}")
    elif isinstance(document, list):
        for number, below in enumerate(document):
            yield from unexplained(below, f"{place}[{number}]")


def main(first: int, last: int) -> None:
    told: Counter[str] = Counter()
    for seed in range(first, last):
        try:
            said = wrong(mutant(seed))
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
        told["wrong" if said else "right"] += 1
        if said:
            print(f"{seed}: {said}")
    print(dict(told))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
