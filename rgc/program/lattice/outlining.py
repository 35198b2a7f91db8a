"""Rules that differ only in where they load from share one body, hence one compiled function:
addresses come from tables."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rgc.program.lattice.nodes import Load, Node, Store, Tally
from rgc.program.lattice.program import Program, Rule


@dataclass(frozen=True, slots=True)
class Body:
    """The nodes of a rule with addresses taken out: `Load.offset` is (n,), n the number of the load
    in `Outlined.loads`, and `Store.plane` the number of the store in `Outlined.stores`."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Outlined:
    """A rule as the number of its body, and the addresses that the body's loads and stores stand
    for."""

    body: int
    letter: int
    loads: tuple[Load, ...]
    stores: tuple[Store, ...]


def outline(program: Program) -> tuple[tuple[Body, ...], tuple[Outlined, ...]]:
    """The distinct bodies of a program, and its rules in terms of them."""
    bodies: dict[Body, int] = {}
    outlined = []
    for rule in program.rules:
        body, loads, stores = _take_out(rule)
        outlined.append(Outlined(bodies.setdefault(body, len(bodies)), rule.letter, loads, stores))
    return tuple(bodies), tuple(outlined)


def _take_out(rule: Rule) -> tuple[Body, tuple[Load, ...], tuple[Store, ...]]:
    loads: dict[Load, int] = {}
    stores: list[Store] = []
    nodes: list[Node] = []
    for node in rule.nodes:
        if isinstance(node, Load):
            nodes.append(Load(node.field, (loads.setdefault(node, len(loads)),)))
        elif isinstance(node, Store):
            nodes.append(replace(node, plane=len(stores)))
            stores.append(node)
        else:
            nodes.append(node)
    return Body(tuple(nodes)), tuple(loads), tuple(stores)


def kept_axes(program: Program) -> tuple[tuple[int, ...], ...]:
    """The distinct sets of axes, other than none, that tally arrays keep."""
    return tuple(dict.fromkeys(array.axes for array in program.tallies if array.axes))


def tallied(body: Body) -> tuple[Tally, ...]:
    """The tallies of a body, in order."""
    return tuple(node for node in body.nodes if isinstance(node, Tally))
