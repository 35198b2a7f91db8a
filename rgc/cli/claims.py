"""`rgc claims`: the claims that come with rgc, run and judged, on one page."""

from __future__ import annotations

import json
import shlex
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rgc import claims, cost
from rgc.cli import DONE, INTERRUPTED, UNEXPECTED, tell
from rgc.cli.arguments import Parser, at_least, named
from rgc.cli.columns import WIDTH, aligned
from rgc.cli.settings import add_settings, entries
from rgc.compiler import BACKEND, compile, load
from rgc.errors import escape
from rgc.loaded import Loaded
from rgc.progress import Silent, for_stream
from rgc.results import files
from rgc.results.verdict import SAID
from rgc.runner import Interrupted
from rgc.schemes.options import LARGEST_SEED

SLOW = 240.0
"""Seconds of one core from which on a claim runs only where it is asked for."""

PAGE = "index.html"


def parser() -> Parser:
    made = Parser(
        "claims",
        "Run studies of what is claimed of deep learning and the renormalisation group, and write "
        "one page of verdicts. Those that were finished in the folder are not run again.",
        example="rgc claims X1 X4 --out out/claims",
    )
    made.add_argument("names", nargs="*", metavar="ID", help="claims, such as X1 (default: all)")
    made.add_argument("--list", action="store_true", help="list the claims and run nothing")
    made.add_argument("--slow", action="store_true", help="also those that take minutes")
    made.add_argument(
        "-o", "--out", type=named, default="ledger", metavar="DIR", help="default: ledger"
    )
    made.add_argument("--backend", default=BACKEND, metavar="NAME", help=f"default {BACKEND}")
    made.add_argument(
        "--threads", type=at_least(1), metavar="N", help="cores to use (default: all)"
    )
    made.add_argument(
        "--seed", type=at_least(0, LARGEST_SEED), default=0, metavar="N", help="default 0"
    )
    made.add_argument("--strict", action="store_true", help="exit status 1 if an `expect` fails")
    made.add_argument("--quiet", action="store_true", help="no progress")
    add_settings(made)
    return made


def main(words: Sequence[str]) -> int:
    options = parser().read(words)
    settings, scan = entries(options)
    studies = {
        name: load(claims.study(name), settings=settings, scan=scan)
        for name in options.names or claims.names()
    }
    if options.list:
        tell(aligned((name, _claim(loaded)) for name, loaded in studies.items()))
        return DONE
    out, left, passed = Path(options.out), dict[str, str](), True
    for name, loaded in studies.items():
        needed = cost.of_run(loaded).seconds
        if needed > SLOW and not (options.slow or options.names):
            left[name] = f"it takes about {cost.duration(needed)}, with --slow"
            continue
        try:
            found = claims.finished(out / name, loaded, options.seed) or _run(name, loaded, options)
        except Interrupted as stopped:
            print(f"{name}: {stopped}\ngo on with: {_again(words)}", file=sys.stderr)
            return INTERRUPTED
        _tell(name, found)
        passed = passed and all(check["passed"] for check in found["checks"])
    page = _page(out, left)
    tell(f"{len(studies) - len(left)} claims: {page}")
    return UNEXPECTED if options.strict and not passed else DONE


def _claim(loaded: Loaded) -> str:
    return loaded.spec.claim.text if loaded.spec.claim is not None else loaded.title


def _run(name: str, loaded: Loaded, options: Namespace) -> Mapping[str, Any]:
    """Run the study of a claim, from where it was interrupted, and give its document."""
    compiled = compile(loaded, backend=options.backend, threads=options.threads)

    def warn(message: str) -> None:
        print(f"warning: {name}: {escape(message)}", file=sys.stderr)

    progress = Silent() if options.quiet else for_stream(sys.stderr)
    out = Path(options.out) / name
    resume = any(out.glob("**/checkpoints/point-*"))
    compiled.run(options.seed, out, resume=resume, progress=progress, warn=warn)
    found: Mapping[str, Any] = json.loads((out / "summary.json").read_text("utf-8"))
    return found


def _tell(name: str, found: Mapping[str, Any]) -> None:
    from textwrap import fill

    verdict = found["verdict"]
    said = f"{name}  {SAID[verdict['verdict']]}: {escape(verdict['claim'])}"
    because = fill(escape(verdict["because"]), WIDTH, initial_indent="  ", subsequent_indent="  ")
    tell(f"{said}\n{because}")


def _page(out: Path, left: Mapping[str, str]) -> Path:
    """Write the page of all claims of which the folder has a result."""
    from rgc.results.pages.ledger import Entry, ledger

    made = []
    for name in claims.names():
        folder = out / name
        if (folder / "summary.json").exists():
            summary = json.loads((folder / "summary.json").read_text("utf-8"))
            drawing = folder / "evidence.svg"
            text = drawing.read_text("utf-8") if drawing.exists() else ""
            made.append(
                Entry(
                    name=name,
                    summary=summary,
                    drawing=text,
                    changed=claims.changed(name, folder),
                    history=claims.history(name),
                )
            )
    done = {entry.name for entry in made}
    rest = {name: reason for name, reason in left.items() if name not in done}
    files.write_text(out / PAGE, ledger(made, rest))
    return out / PAGE


def _again(words: Sequence[str]) -> str:
    return shlex.join(["rgc", "claims", *words])
