"""`rgc backends`: what is installed, and whether it can run here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rgc.cli import DONE
from rgc.cli.arguments import Parser
from rgc.errors import SpecError


def main(words: Sequence[str]) -> int:
    Parser("backends", "List the installed backends and whether they can run here.").read(words)
    from rgc import backend

    found = backend.installed()
    width = max(map(len, found), default=0)
    for name in sorted(found):
        state, families = _state(name)
        print(f"{name:<{width}}  {state:<12}  {found[name]}")
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
    except Exception as error:  # a stranger's plug-in may do anything; the list must still come out
        return f"broken: {type(error).__name__}: {error}", {}
