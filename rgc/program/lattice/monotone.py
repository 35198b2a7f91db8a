"""Whether a rule may be repeated until nothing changes: it must only ever set bits."""

from __future__ import annotations

from rgc.program.lattice.nodes import Bit, Load, Store
from rgc.program.lattice.program import Rule


def not_monotone(rule: Rule) -> str:
    """Why a rule is none of a closure, or the empty string.

    What it stores must be an `or` with the word that is there, of loads and of `and`s and `or`s of
    them. Then bits are set and never cleared, a bit that is set keeps no other from being set, and
    the order of sites makes no difference in the end.
    """
    zero = (0,) * next((len(node.offset) for node in rule.nodes if isinstance(node, Load)), 0)
    for k, node in enumerate(rule.nodes):
        match node:
            case Load() | Bit("and" | "or"):
                pass
            case Store(word=word):
                union = rule.nodes[word]
                own = [
                    n
                    for n, load in enumerate(rule.nodes)
                    if isinstance(load, Load)
                    and (load.field, load.plane, load.letter) == node.place(rule.letter)
                    and (load.offset, load.stride) == (zero, None)
                ]
                if not (isinstance(union, Bit) and union.op == "or" and {*own} & {*union.operands}):
                    return f"v{k} stores what is no union with the word that is there"
            case _:
                return f"v{k} may clear a bit, or is not decided by loads alone"
    return ""
