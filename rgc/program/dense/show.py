"""A dense program as people read it."""

from __future__ import annotations

from collections import Counter

from rgc.program.dense.nodes import (
    Affine,
    Apply,
    Change,
    Energy,
    Exchange,
    Node,
    Pairs,
    Put,
    Read,
    Scale,
    Take,
    Tally,
    Term,
    Total,
    Unit,
    Units,
    Value,
    operands,
)
from rgc.program.dense.program import Dense, Parameter


def show(program: Dense) -> str:
    """The whole program: what it keeps, a line for each node, what it is handed."""
    fields = ", ".join(
        f"{field.name} ({'means of ' * field.means}{_units(field.units)}, {field.chains} chains)"
        for field in program.fields
    )
    parameters = ", ".join(map(_parameter, program.parameters))
    lines = [f"program {program.name}"]
    if fields:
        lines.append(f"  fields {fields}")
    if parameters:
        lines.append(f"  parameters {parameters}")
    text = _Text(program)
    lines += [f"    {line}" for k in range(len(program.nodes)) for line in text.lines(k)]
    return "\n".join([*lines, _arguments(program)])


def _units(units: Units) -> str:
    states = f"({units.states})" if units.kind == "softmax" else ""
    return f"{units.number} {units.kind}{states}"


def _parameter(each: Parameter) -> str:
    return f"{each.name} {each.dtype}[{', '.join(map(str, each.shape))}]"


def _arguments(program: Dense) -> str:
    given = {
        "rows": program.rows,
        "numbers N": program.numbers,
        "scales S": program.scales,
        "draws a step": program.draws,
    }
    return "  arguments: " + (", ".join(f"{n} {what}" for what, n in given.items() if n) or "none")


class _Text:
    """The nodes as text. What is used once, and keeps no states, stands where it is used."""

    def __init__(self, program: Dense) -> None:
        self.program = program
        self._uses = Counter(value for node in program.nodes for value in operands(node))
        shown = Unit | Take | Read | Exchange | Change
        self._inside = {
            k
            for k, node in enumerate(program.nodes)
            if self._uses[k] == 1 and not isinstance(node, shown)
        }

    def lines(self, k: int) -> tuple[str, ...]:
        node = self.program.nodes[k]
        if k in self._inside:
            return ()
        return (f"v{k} = {self._node(node)}" if self._uses[k] else self._node(node),)

    def _value(self, k: Value) -> str:
        """A value, by its name or as a whole."""
        return f"({self._bare(k)})" if k in self._inside else self._bare(k)

    def _bare(self, k: Value) -> str:
        """A value where it needs no brackets of its own."""
        return self._node(self.program.nodes[k]) if k in self._inside else f"v{k}"

    def _node(self, node: Node) -> str:
        value = self._value
        match node:
            case Take(field, first, chains):
                return f"take {self.program.fields[field].name}[rows {first}..{first + chains - 1}]"
            case Read(field):
                return f"read {self.program.fields[field].name}"
            case Put(field, x):
                return f"put {self.program.fields[field].name} = {value(x)}"
            case Affine():
                return self._affine(node)
            case Scale(x, slot, base):
                return ("" if base is None else f"{value(base)} + ") + f"S{slot} {value(x)}"
            case Unit(x, units, draw, mask):
                masked = "" if mask is None else f" where {value(mask)}"
                how = "means" if draw is None else f"draw {draw}"
                return f"{_units(units)}({how}; {self._bare(x)}){masked}"
            case Pairs(x, y, chains):
                return f"sum {value(x)} {value(y)}{_of(chains)}"
            case Total(x, chains):
                return f"sum {value(x)}{_of(chains)}"
            case Energy(products, traced):
                terms = [f"{value(x)} {value(f)}" for x, f in products]
                terms += [f"log Z({_units(units)}; {self._bare(f)})" for f, units in traced]
                return "energy -" + " - ".join(terms)
            case Exchange(x, energies, slot, draw, temperatures, first):
                return (
                    f"exchange(draw {draw}; {value(x)}) by {value(energies)} at S{slot}, "
                    f"{temperatures} temperatures, from {'odd' if first else 'even'} ones up"
                )
            case Change():
                return self._change(node)
            case Apply(matrix, vector, turned):
                return f"{value(matrix)}{_turned(turned)} {value(vector)}"
            case Tally(what, x, other):
                compared = "" if other is None else f", {value(other)}"
                return f"tally {what} {self._bare(x)}{compared}"

    def _affine(self, node: Affine) -> str:
        parts = [] if node.bias is None else [self.program.parameters[node.bias].name]
        if node.matrix is not None and node.x is not None:
            name = self.program.parameters[node.matrix].name
            parts.append(f"{self._value(node.x)} {name}{_turned(node.turned)}")
        return " + ".join(parts)

    def _change(self, node: Change) -> str:
        names = [each.name for each in self.program.parameters]
        terms = " + ".join(map(self._term, node.terms)) or "0"
        sums = terms if not node.shift else f"({terms}) / 2^{node.shift}"
        slots = {
            "momentum": node.momentum,
            "ahead": node.ahead,
            "decay": node.decay,
            "shrink": node.shrink,
            "norm": node.norm,
        }
        others = {"velocity": node.velocity, "ties": node.ties, "mask": node.mask}
        options = [f"{what} N{slot}" for what, slot in slots.items() if slot is not None]
        options += [f"{what} {names[k]}" for what, k in others.items() if k is not None]
        return "; ".join([f"{names[node.parameter]} += {sums}", *options])

    def _term(self, term: Term) -> str:
        slot = f"N{term.slot}"
        return slot if term.counts is None else f"{slot} {self._value(term.counts)}"


def _turned(turned: bool) -> str:
    return "^T" if turned else ""


def _of(chains: int | None) -> str:
    return "" if chains is None else f" of chains 0..{chains - 1}"
