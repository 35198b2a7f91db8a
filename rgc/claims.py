"""The claims that come with rgc: a folder each, which holds a study and the specs that it runs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from shutil import which
from subprocess import TimeoutExpired, run
from typing import Any

from rgc.compiler import load
from rgc.errors import Problem, SpecError, suggest
from rgc.loaded import Loaded, fingerprint
from rgc.model.claim import BEARINGS, Bearing
from rgc.syntax.ast import Document, Entry, Expectation
from rgc.syntax.print_expression import print_expectation, print_expression
from rgc.syntax.read import read_text
from rgc.version import __version__

STUDY = "study.rgc"


def folder() -> Path:
    """Where the claims lie: beside the package in a checkout, inside it in an installed wheel."""
    package = Path(__file__).resolve().parent
    installed = package / "_claims"
    return installed if installed.exists() else package.parent / "claims"


def names() -> list[str]:
    """The names of all claims: X1, X2, ..., X10, then those about other subjects, K5."""
    found = [path.parent.name for path in folder().glob(f"*/{STUDY}")]
    return sorted(found, key=_rank)


def _rank(name: str) -> tuple[bool, str, int]:
    """Where a claim stands: the letter X first, then by number."""
    letters = name.rstrip("0123456789")
    return letters != "X", letters, int(name.removeprefix(letters) or 0)


def study(name: str) -> Path:
    """The study of a claim. Raises `SpecError` for a claim that is not there."""
    known = names()
    if name not in known:
        hint = suggest(name, known) or f"there are {', '.join(known)}"
        raise SpecError([Problem("unknown-claim", f"there is no claim '{name}'", hint=hint)])
    return folder() / name / STUDY


def finished(out: Path, loaded: Loaded, seed: int) -> Mapping[str, Any] | None:
    """The summary in the folder of a claim, if it is that of this study, of all of its runs and of
    the files that these read, with this seed and this version; else None.
    """
    try:
        summary = json.loads((out / "summary.json").read_text("utf-8"))
        found = [summary["rgc"], summary["seed"], summary["provenance"]["sources"]]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    sources = fingerprint(
        loaded, lambda file, settings, scan: load(file, settings=settings, scan=scan)
    )
    wanted = [__version__, seed, sources]
    whole: Mapping[str, Any] = summary
    return whole if found == wanted and (out / "report.html").exists() else None


def changed(name: str, out: Path) -> list[str]:
    """The parameters of a study that had other values in a folder: `units = 32 (16)`, with its own
    value in brackets.
    """
    try:
        found = _parameters(read_text((out / "spec.rgc").read_text("utf-8")))
    except (OSError, ValueError, SpecError):
        return []
    own = _parameters(read_text(study(name).read_text("utf-8")))
    return [
        f"{target} = {value} ({own[target]})"
        for target, value in found.items()
        if target in own and value != own[target]
    ]


def _parameters(document: Document) -> dict[str, str]:
    """The parameters of a spec as they are written."""
    section = document.section("parameters")
    body = section.body if section is not None and isinstance(section.body, tuple) else ()
    return {
        print_expression(entry.target): print_expression(entry.value)
        for entry in body
        if isinstance(entry, Entry) and entry.value is not None
    }


def history(name: str) -> list[str]:
    """What decided about a claim and was changed: `supports gap above 0.5 (2026-11-30), before gap
    above 0.4 (2026-11-01)`. Empty where the claims are not in a git repository.
    """
    path = study(name)
    changes, before = list[str](), dict[tuple[Bearing, str], tuple[str, str]]()
    for commit, date in _commits(path):
        now = _lines(path, commit)
        for key, asked in now.items():
            old = before.get(key)
            if old is not None and old[0] != asked:
                bearing, target = key
                changes.append(f"{bearing} {target} {asked} ({date}), before {old[0]} ({old[1]})")
            if old is None or old[0] != asked:
                before[key] = asked, date
        for key in before.keys() - now.keys():
            asked, since = before.pop(key)
            changes.append(f"without {key[0]} {key[1]} {asked} ({since}) since {date}")
    return changes


def _commits(path: Path) -> Iterator[tuple[str, str]]:
    """The commits that changed a file, the oldest first, with their dates."""
    for line in _git(path.parent, "log", "--reverse", "--format=%H %as", "--", path.name):
        commit, _, date = line.partition(" ")
        yield commit, date


def _lines(path: Path, commit: str) -> dict[tuple[Bearing, str], str]:
    """What each deciding line asked for at a commit, by its bearing and its number."""
    text = "\n".join(_git(path.parent, "show", f"{commit}:./{path.name}"))
    try:
        document = read_text(text + "\n")
    except SpecError:
        return {}
    found: dict[tuple[Bearing, str], str] = {}
    for bearing in BEARINGS:
        section = document.section(bearing)
        for line in section.body if section is not None and isinstance(section.body, tuple) else ():
            if isinstance(line, Expectation):
                whole, target = print_expectation(line), print_expression(line.target)
                found[bearing, target] = whole.removeprefix(target).strip()
    return found


def _git(where: Path, *words: str) -> list[str]:
    """The lines that git prints; none where it fails or is not there."""
    git = which("git")
    if git is None:
        return []
    try:  # no word of it comes from a spec
        done = run([git, *words], cwd=where, capture_output=True, text=True, timeout=20)  # noqa: S603
    except (OSError, TimeoutExpired):
        return []
    return done.stdout.splitlines() if done.returncode == 0 else []
