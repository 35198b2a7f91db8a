"""`rgc show SPEC`: what the compiler made of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from rgc.cli import DONE
from rgc.cli.arguments import Parser
from rgc.cli.settings import add_settings, entries
from rgc.compiler import BACKEND, compile, load
from rgc.loaded import Loaded


def main(words: Sequence[str]) -> int:
    parser = Parser("show", "Show what the compiler made of a spec.")
    parser.add_argument("spec", metavar="SPEC", help="a spec, .rgc or .yaml")
    parser.add_argument(
        "--as", dest="form", choices=[*LIGHT, *COMPILED], default="model",
        help="model: the physics (default); program: rules and schedules; code: what the backend generated; latex: the formulas; "
        "spec: the spec as run, with settings",
    )  # fmt: skip
    parser.add_argument(
        "--backend", default=BACKEND, metavar="NAME", help=f"whose code (default {BACKEND})"
    )
    add_settings(parser)
    options = parser.read(words)
    settings, scan = entries(options)
    loaded = load(Path(options.spec), settings=settings, scan=scan)
    light = LIGHT.get(options.form)
    print(
        (light(loaded) if light else COMPILED[options.form](loaded, options.backend)).rstrip("\n")
    )
    return DONE


def _model(loaded: Loaded) -> str:
    from rgc.cli.listing import listing

    return listing(loaded.spec)


def _latex(loaded: Loaded) -> str:
    from rgc.cli.latex import latex

    return latex(loaded.document)


def _program(loaded: Loaded, backend: str) -> str:
    from rgc.program.family import family_of

    return "\n\n".join(
        dict.fromkeys(
            family_of(p).show(p) for p, _ in compile(loaded, backend=backend).machine.made
        )
    )


def _code(loaded: Loaded, backend: str) -> str:
    sources = dict.fromkeys(
        kernel.source for _, kernel in compile(loaded, backend=backend).machine.made
    )
    return "\n\n".join(sources)


LIGHT: dict[str, Callable[[Loaded], str]] = {
    "model": _model,
    "latex": _latex,
    "spec": lambda loaded: loaded.text,
}
COMPILED: dict[str, Callable[[Loaded, str], str]] = {"program": _program, "code": _code}
