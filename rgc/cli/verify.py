"""`rgc verify SPEC`: the certificate."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from rgc.cli import DONE, UNEXPECTED, tell
from rgc.cli.arguments import Parser, at_least
from rgc.cli.settings import add_settings, entries, source
from rgc.errors import render


def main(words: Sequence[str]) -> int:
    options = parser().read(words)
    settings, scan = entries(options)
    from rgc.cli.certificate import render_certificate
    from rgc.compiler import load
    from rgc.progress import Silent, for_stream
    from rgc.verification import verify

    loaded = load(source(options.spec), settings=settings, scan=scan)
    for warning in loaded.warnings:
        print(render(warning), file=sys.stderr)
    backends = (
        [name.strip() for name in options.backends.split(",")]
        if options.backends is not None
        else None
    )
    progress = Silent() if options.quiet else for_stream(sys.stderr, announces=True)
    certificate = verify(loaded, backends=backends, seed=options.seed, progress=progress)
    if options.json:
        tell(json.dumps(certificate.document(), indent=2, allow_nan=False))
    else:
        tell(render_certificate(certificate))
    return DONE if certificate.passed else UNEXPECTED


def parser() -> Parser:
    about = (
        "Check a spec against exact enumeration, every backend against every other, and print a "
        "certificate. Exit status 1 if anything fails."
    )
    made = Parser("verify", about, example="rgc verify specs/ising2d_sample.rgc")
    add = made.add_argument
    add("spec", metavar="SPEC", help="a spec, .rgc or .yaml; - reads one from stdin")
    add(
        "--backends",
        metavar="A,B",
        help="backends to compare, besides the reference (default: all that can run here)",
    )
    add_settings(made)
    add(
        "--seed",
        type=at_least(0),
        metavar="N",
        help="seed of the random numbers (default: the spec's, else 0)",
    )
    add("--json", action="store_true", help="print the certificate as one JSON document")
    add("--quiet", action="store_true", help="no progress")
    return made
