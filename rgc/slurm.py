"""What a file says of the jobs of SLURM that shall be the workers of a run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rgc.errors import Problems, suggest
from rgc.syntax.read import read_source
from rgc.syntax.yamltree import Items, Scalar, Tree, read_yaml
from rgc.syntax.yamltree import Mapping as Pairs
from rgc.text import Span

EXAMPLE = "queue: normal"


@dataclass(frozen=True, slots=True)
class Slurm:
    """`jobs` jobs in a queue, each with so many cores, all of which one task uses.

    `memory` is a text such as 8 GiB, `walltime` one such as 12:00:00. The lines of `prologue` run
    in the shell before the worker.
    """

    queue: str
    cores: int
    memory: str
    walltime: str
    jobs: int
    account: str = ""
    prologue: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Key:
    """A key of the file: what its value looks like, in a pattern and as an example."""

    pattern: re.Pattern[str]
    example: str
    needed: bool = True


WORD, COUNT = re.compile(r"[\w.,:@-]+"), re.compile(r"[1-9]\d{0,4}")
KEYS: Mapping[str, Key] = {
    "queue": Key(WORD, "normal"),
    "cores": Key(COUNT, "4"),
    "memory": Key(re.compile(r"[1-9]\d{0,4} ?[MGT]i?B"), "8 GiB"),
    "walltime": Key(re.compile(r"(\d{1,3}-)?\d{1,3}:[0-5]\d:[0-5]\d"), "12:00:00"),
    "jobs": Key(COUNT, "16"),
    "account": Key(WORD, "physics", needed=False),
    "prologue": Key(re.compile(r"[^\n]+"), "[module load python]", needed=False),
}


def read_slurm(path: Path) -> Slurm:
    """The jobs that a file asks for. Raises `SpecError` with every mistake of the file, at its
    place.
    """
    source, problems = read_source(path), Problems()
    tree, _ = read_yaml(source)
    if not isinstance(tree, Pairs):
        span = Span(source, 0, 0) if tree is None else tree.span
        hint = f"write one key a line, such as {EXAMPLE}"
        problems.error("wrong-cluster-file", "the file of a cluster is a mapping", span, hint=hint)
    found: dict[str, tuple[str, ...]] = {}
    for key, value in tree.pairs if isinstance(tree, Pairs) else ():
        _read(key, value, found, problems)
    missing = [name for name, each in KEYS.items() if each.needed and name not in found]
    if missing and not problems.errors:
        hint = "; ".join(f"{name}: {KEYS[name].example}" for name in missing)
        message = f"the file says nothing of {', '.join(missing)}"
        problems.error("wrong-cluster-file", message, Span(source, 0, 0), hint=f"add {hint}")
    problems.raise_errors()
    said = {name: values[0] for name, values in found.items() if name != "prologue"}
    return Slurm(
        queue=said["queue"],
        cores=int(said["cores"]),
        memory=said["memory"],
        walltime=said["walltime"],
        jobs=int(said["jobs"]),
        account=said.get("account", ""),
        prologue=found.get("prologue", ()),
    )


def _read(key: Scalar, value: Tree, found: dict[str, tuple[str, ...]], problems: Problems) -> None:
    """Read one key and its value."""
    if key.value not in KEYS:
        hint = suggest(key.value, KEYS) or f"the keys are {', '.join(KEYS)}"
        problems.error("wrong-cluster-file", f"there is no key '{key.value}'", key.span, hint=hint)
        return
    if key.value in found:
        problems.error("wrong-cluster-file", f"'{key.value}' is given twice", key.span)
        return
    wanted, several = KEYS[key.value], key.value == "prologue"
    items = value.items if isinstance(value, Items) and several else (value,)
    words = [item.value for item in items if isinstance(item, Scalar)]
    if len(words) < len(items) or not all(map(wanted.pattern.fullmatch, words)):
        shown = f"'{value.value}'" if isinstance(value, Scalar) else "this"
        message = f"{shown} is no {key.value}"
        hint = f"write {key.value}: {wanted.example}"
        problems.error("wrong-cluster-file", message, value.span, hint=hint)
    found[key.value] = tuple(words)
