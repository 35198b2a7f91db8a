"""`rgc show SPEC`: show what the compiler made of a spec."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from textwrap import fill

from rgc.backend import load as load_backend
from rgc.cli import DONE
from rgc.cli.arguments import Parser
from rgc.cli.columns import WIDTH
from rgc.cli.settings import add_settings, entries, source
from rgc.cli.watched import Watched
from rgc.compiler import BACKEND, Compiled, compile, load
from rgc.errors import escape
from rgc.flows.flow import Account
from rgc.loaded import Loaded


def parser() -> Parser:
    made = Parser(
        "show",
        "Show what the compiler made of a spec.",
        example="rgc show specs/ising2d_mcrg.rgc --as program",
    )
    made.add_argument("spec", metavar="SPEC", help="a spec, .rgc or .yaml; - reads one from stdin")
    made.add_argument(
        "--as", dest="form", choices=[*LIGHT, *COMPILED], default="model",
        help=("model: the physics (default); program: rules and schedules, or what is computed "
            "with whole arrays; code: what the backend generated; latex: the formulas; spec: the "
            "spec as run, with settings"),
    )  # fmt: skip
    made.add_argument(
        "--backend", default=BACKEND, metavar="NAME", help=f"whose code (default {BACKEND})"
    )
    add_settings(made)
    return made


def main(words: Sequence[str]) -> int:
    options = parser().read(words)
    settings, scan = entries(options)
    loaded = load(source(options.spec), settings=settings, scan=scan)
    light = LIGHT.get(options.form)
    print(
        (light(loaded) if light else COMPILED[options.form](loaded, options.backend)).rstrip("\n")
    )
    return DONE


def _model(loaded: Loaded) -> str:
    from rgc.cli.listing import listing

    return "\n".join(map(escape, listing(loaded.spec).split("\n")))


def _latex(loaded: Loaded) -> str:
    from rgc.portrait.latex import latex

    return latex(loaded.document)


def _program(loaded: Loaded, backend: str) -> str:
    """The programs, and what the flow computes with whole arrays."""
    from rgc.program.family import family_of

    watched, compiled = _watched(loaded, backend)
    programs = (family_of(program).show(program) for program, _ in compiled.machine.made)
    return "\n\n".join((*dict.fromkeys(programs), *_accounts(loaded, watched, compiled)))


def _code(loaded: Loaded, backend: str) -> str:
    """The sources of the kernels, or, for a flow without kernels, what it calls."""
    watched, compiled = _watched(loaded, backend)
    sources = dict.fromkeys(kernel.source for _, kernel in compiled.machine.made)
    if sources:
        return "\n\n".join(sources)
    head = "# no code is generated: this flow computes with whole arrays"
    *_, called = _accounts(loaded, watched, compiled)
    return f"{head}\n\n{called}"


def _watched(loaded: Loaded, backend: str) -> tuple[Watched, Compiled]:
    watched = Watched(load_backend(backend))
    return watched, compile(loaded, backend=watched)


def _accounts(loaded: Loaded, watched: Watched, compiled: Compiled) -> list[str]:
    """What the flow says of its arithmetic with whole arrays, and what the backend saw of a step of
    it; nothing of a flow that has none.
    """
    flow = compiled.flow(loaded.places[0], loaded.seed)
    watched.forget()
    accounts = [*flow.accounts()]
    if not accounts:
        return []
    seen = Account(f"called in a step, on the backend {watched.name}", watched.summary())
    return [_shown(account) for account in (*accounts, seen)]


def _shown(account: Account) -> str:
    """The headline, then labels and their texts as two columns."""
    width = max(map(len, account.lines))
    rows = (
        fill(
            text,
            WIDTH,
            initial_indent=f"  {label:<{width}}  ",
            subsequent_indent=" " * (width + 4),
            break_long_words=False,
        )
        for label, text in account.lines.items()
    )
    return "\n".join((account.head, *rows))


LIGHT: dict[str, Callable[[Loaded], str]] = {
    "model": _model,
    "latex": _latex,
    "spec": lambda loaded: loaded.text,
}
COMPILED: dict[str, Callable[[Loaded, str], str]] = {"program": _program, "code": _code}
