"""An arithmetic program as lines of source, in languages that write numbers as Python does."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rgc.program.arithmetic import Apply, Arithmetic, Given, Input

INFIX = ("+", "-", "*", "/")


def lines(
    program: Arithmetic,
    read: Callable[[int], str],
    given: Callable[[int], str],
    call: Callable[[str, tuple[str, ...]], str],
) -> Iterator[str]:
    """One assignment `v3 = v0 * v2` for each node.

    `read` and `given` are the texts of an input and of a constant by number, and `call` that of a
    function, other than the four operations, of values by name.
    """
    for number, node in enumerate(program.nodes):
        yield f"v{number} = {_text(node, read, given, call)}"


def _text(
    node: Input | Given | Apply,
    read: Callable[[int], str],
    given: Callable[[int], str],
    call: Callable[[str, tuple[str, ...]], str],
) -> str:
    match node:
        case Input(index):
            return read(index)
        case Given(index):
            return given(index)
        case Apply(function, (left, right)) if function in INFIX:
            return f"v{left} {function} v{right}"
        case Apply(function, operands):
            return call(function, tuple(f"v{k}" for k in operands))


def listing(program: Arithmetic, names: tuple[str, ...]) -> Iterator[str]:
    """The program line by line, for people. `names` are those of its inputs."""

    def call(function: str, operands: tuple[str, ...]) -> str:
        return f"{function}({', '.join(operands)})"

    yield from lines(program, names.__getitem__, lambda k: f"constant {k}", call)
    yield f"return {', '.join(f'v{k}' for k in program.outputs)}"
