"""Parts of a state: arrays whose names begin alike."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from rgc.flows.flow import State

Arrays = dict[str, NDArray[Any]]


def named(state: State, head: str) -> Arrays:
    """The arrays of a state whose names begin so, by the rest of their names, which has no dot."""
    found = {
        name.removeprefix(head): array
        for name, array in state.arrays.items()
        if name.startswith(head)
    }
    return {name: array for name, array in found.items() if "." not in name}


def put(state: State, head: str, arrays: Arrays) -> None:
    """Put arrays in the place of those whose names begin so."""
    others = {name: array for name, array in state.arrays.items() if not name.startswith(head)}
    state.arrays = others | {f"{head}{name}": array for name, array in arrays.items()}
