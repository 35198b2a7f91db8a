"""Rules that differ only in where they load from, or in which weights they add up, share one body,
hence one compiled function: addresses and slots come from tables."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rgc.program.lattice.nodes import Load, Node, Store, Tally, Weigh
from rgc.program.lattice.program import Program, Rule


@dataclass(frozen=True, slots=True)
class Body:
    """The nodes of a rule with addresses taken out: `Load.offset` is (n,), n the number of the load
    in `Outlined.loads`, and `Store.plane` the number of the store in `Outlined.stores`, without a
    letter.

    Where slots are `apart`, those of `Weigh` are numbers in `Outlined.slots`.
    """

    nodes: tuple[Node, ...]
    apart: bool = False


@dataclass(frozen=True, slots=True)
class Outlined:
    """A rule as the number of its body, and the addresses and slots that the body's loads, stores
    and weights stand for. A store is given as a load of the words that it writes over."""

    body: int
    letter: int
    loads: tuple[Load, ...]
    stores: tuple[Load, ...]
    slots: tuple[int, ...] = ()


Outline = tuple[tuple[Body, ...], tuple[Outlined, ...]]


def outline(program: Program) -> Outline:
    """The distinct bodies of a program, and its rules in terms of them. Slots of weights are taken
    out where there are fewer bodies without them."""
    whole, apart = (_outline(program, apart=apart) for apart in (False, True))
    return apart if len(apart[0]) < len(whole[0]) else whole


def _outline(program: Program, *, apart: bool) -> Outline:
    bodies: dict[Body, int] = {}
    outlined = []
    for rule in program.rules:
        body, loads, stores, slots = _take_out(rule, len(program.shape), apart=apart)
        number = bodies.setdefault(body, len(bodies))
        outlined.append(Outlined(number, rule.letter, loads, stores, slots))
    return tuple(bodies), tuple(outlined)


def _take_out(
    rule: Rule, dimension: int, *, apart: bool
) -> tuple[Body, tuple[Load, ...], tuple[Load, ...], tuple[int, ...]]:
    loads: dict[Load, int] = {}
    stores: list[Load] = []
    nodes: list[Node] = []
    slots: list[int] = []
    for node in rule.nodes:
        if isinstance(node, Load):
            nodes.append(Load(node.field, (loads.setdefault(node, len(loads)),)))
        elif isinstance(node, Store):
            nodes.append(replace(node, plane=len(stores), letter=None))
            field, plane, letter = node.place(rule.letter)
            stores.append(Load(field, (0,) * dimension, letter, plane))
        elif isinstance(node, Weigh) and apart:
            first, count = len(slots), len(node.slots)
            nodes.append(Weigh(node.masks, tuple(range(first, first + count)), first + count))
            slots += (*node.slots, node.base)
        else:
            nodes.append(node)
    return Body(tuple(nodes), apart), tuple(loads), tuple(stores), tuple(slots)


def kept_axes(program: Program) -> tuple[tuple[int, ...], ...]:
    """The distinct sets of axes, other than none, that tally arrays keep."""
    return tuple(dict.fromkeys(array.axes for array in program.tallies if array.axes))


def tallied(body: Body) -> tuple[Tally, ...]:
    """The tallies of a body, in order."""
    return tuple(node for node in body.nodes if isinstance(node, Tally))
