"""The text of the module of steps: its head, and every operation as a function that makes the
arguments from its row of code."""

from __future__ import annotations

from pathlib import Path

from rgc_numba.dense.ops import OPERATIONS, Operation

HEAD = Path(__file__).with_name("steps.py")

MADE = {
    "": "{word}",
    "int": "np.int64({word})",
    "flag": "{word} != ZERO",
    "words": "words_at({word}, MOST)",
    "ints": "ints_at({word}, MOST)",
    "longs": "longs_at({word}, MOST)",
    "rows": "rows_of(c, {word})",
    "numbers": "numbers_of(c)",
    "floats": "floats_of(c)",
    "scales": "scales_of(c, {word})",
    "stream": "stream_of(c, {word})",
    "terms": "terms_of(c, {word})",
    "tally": "tally_of(c, {word})",
}
"""How an argument is made of its word of code, by its kind in `ops.py`."""


def module() -> str:
    """The whole text."""
    head = HEAD.read_text(encoding="utf-8")
    return "\n\n\n".join([head.rstrip(), *(_function(*each) for each in OPERATIONS.items())]) + "\n"


def _function(name: str, operation: Operation) -> str:
    columns = {argument: k for k, argument in enumerate(operation.arguments, 1)}
    made = [MADE[kind].format(word=f"o[{columns.get(each)}]") for each, kind in operation.given]
    return "\n    ".join(
        [
            f"def {name}(op, context):",
            "o, c = words_at(op, WIDTH), words_at(context, SIZE)",
            f"{operation.function}(",
            *(f"    {each}," for each in made),
            ")",
        ]
    )
