"""A dense program as code, in an order in which all changes come last."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rgc.program.dense import Change, Dense, Pairs, Put
from rgc.program.dense.nodes import operands
from rgc_numba.dense.change_nodes import ChangeNodes
from rgc_numba.dense.count_nodes import CountNodes
from rgc_numba.dense.layer_nodes import LayerNodes


class Plan(LayerNodes, CountNodes, ChangeNodes):
    """The code of a program. Each node is written by the method of its name."""

    def __init__(self, program: Dense) -> None:
        super().__init__(program)
        inside = self._inside()
        for k in ordered(program):
            if k not in inside:
                node = program.nodes[k]
                write: Callable[[int, Any], None] = getattr(self, f"_{type(node).__name__.lower()}")
                write(k, node)

    def _inside(self) -> set[int]:
        """Pairs of states or of totals, which are counted where they change a parameter."""
        nodes = self.program.nodes
        elsewhere = {
            value for node in nodes if not isinstance(node, Change) for value in operands(node)
        }
        return {
            k
            for k, node in enumerate(nodes)
            if isinstance(node, Pairs) and k not in elsewhere and self._counted_in_place(node)
        }


def ordered(program: Dense) -> list[int]:
    """The nodes with all changes after what does not follow from them, and then what is put: every
    node reads what the last step left."""
    late: set[int] = set()
    for k, node in enumerate(program.nodes):
        if isinstance(node, Change) or late & set(operands(node)):
            late.add(k)
    puts = {k for k, node in enumerate(program.nodes) if isinstance(node, Put)}
    numbers = range(len(program.nodes))
    early = [k for k in numbers if k not in late | puts]
    return [*early, *sorted(late), *sorted(puts)]
