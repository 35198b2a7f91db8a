"""The iteration of a map of a few quantities from many points at once."""

from __future__ import annotations

from typing import Any

from rgc.program.arithmetic import Arithmetic, evaluate


def iterate_map(program: Arithmetic, constants: Any, points: Any, steps: int, kept: int = 1) -> Any:
    """The points after each of the last `kept` of some steps, float64[kept, n, points].

    `program` computes n new quantities of n, with the `constants` [given] that it is given, and
    `points` [n, points] are where it starts. Every step rounds as the nodes of the program do, one
    after the other. What is not finite stays so.
    """
    xp = points.__array_namespace__()
    columns, last = [points[k, :] for k in range(program.inputs)], []
    for step in range(steps):
        columns = [
            xp.broadcast_to(column, points.shape[1:])
            for column in evaluate(program, columns, constants, xp)
        ]
        if step >= steps - kept:
            last.append(xp.stack(columns))
    return xp.stack(last)
