"""`rgc backends`: the installed backends, and whether they can run here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rgc.cli import DONE
from rgc.cli.arguments import Parser
from rgc.errors import SpecError


def parser() -> Parser:
    about = "List the installed backends and whether they can run here."
    return Parser("backends", about, example="rgc backends")


def main(words: Sequence[str]) -> int:
    parser().read(words)
    from rgc import backend

    installed = backend.installed()
    width = max(map(len, installed), default=0)
    for name in sorted(installed):
        state, families = _state(name)
        print(f"{name:<{width}}  {state:<12}  {installed[name]}")
        for lacks in families.values():
            for what, reason in sorted(lacks.items()):
                print(f"{'':<{width}}  lacks {what}: {reason}")
    return DONE


def _state(name: str) -> tuple[str, Mapping[str, Mapping[str, str]]]:
    """Whether a backend can run here, and what it lacks of each family of programs that it
    compiles.
    """
    from rgc import backend

    try:
        return "ready", backend.load(name).families
    except SpecError as error:
        return f"unavailable: {error.problems[0].hint or error.problems[0].message}", {}
    except Exception as error:  # a plug-in may raise anything, and the list must still be printed
        return f"broken: {type(error).__name__}: {error}", {}
