"""Every invariant of a dense program. A violation is a bug of the compiler, never the user's
mistake."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from rgc.program.dense.nodes import (
    Affine,
    Apply,
    Change,
    Energy,
    Exchange,
    Node,
    Pairs,
    Put,
    Scale,
    Take,
    Tally,
    Total,
    Unit,
    Units,
)
from rgc.program.dense.program import BIAS_LIMIT, SHIFT, WEIGHT_LIMIT, Dense, Parameter
from rgc.program.dense.yields import Yield, yields
from rgc.program.family import ProgramError

EXACT = 2**53
"""Sums of products stay within the integers that a float64 holds exactly, so that a backend may
multiply matrices of float64 in any order."""

WHOLE = 2**63
"""Those that a backend adds up as integers of 64 bits."""

HALF = 2**14
"""The largest absolute value of either of two limbs of what units see of a weight, or of a real
unit, which are multiplied one by one where a product might leave float64."""

MOST_STATES = 32

Found = tuple[Yield, ...]


def verify(program: Dense) -> None:
    """Check fields and parameters, operands and what they yield, shapes, chains, slots and draws,
    that no product can leave the range in which it is exact, and that a field is put, a parameter
    changed and a draw used once in a step.

    Raises `ProgramError` naming the first violation.
    """
    for complaint in _declared(program):
        raise ProgramError(f"'{program.name}': {complaint}")
    found = yields(program)
    for k, node in enumerate(program.nodes):
        for complaint in _complaints(program, found, k, node):
            raise ProgramError(f"'{program.name}', v{k}: {complaint}")
    for complaint in _used(program):
        raise ProgramError(f"'{program.name}': {complaint}")


def _declared(program: Dense) -> Iterator[str]:
    for field in program.fields:
        if field.chains < 1:
            yield f"field '{field.name}' has no chains"
        yield from _units(field.units)
    for each in program.parameters:
        if len(each.shape) not in (1, 2) or min(each.shape) < 1:
            yield f"parameter '{each.name}' of shape {each.shape}"
    if min(program.rows, program.numbers, program.scales, program.draws) < 0:
        yield "a negative number of rows, numbers, scales or draws"


def _units(units: Units) -> Iterator[str]:
    if units.number < 1:
        yield "a layer without units"
    if units.kind == "softmax" and not 2 <= units.states <= MOST_STATES:
        yield f"softmax units of {units.states} states"
    if units.kind != "softmax" and units.states != 2:
        yield f"{units.kind} units of {units.states} states"


def _complaints(program: Dense, found: Found, k: int, node: Node) -> Iterator[str]:
    match node:
        case Take(_, first, chains):
            if chains < 1 or first < 0 or first + chains > program.rows:
                yield f"rows {first} to {first + chains - 1} of {program.rows}"
        case Put(number, x):
            field = program.fields[number] if 0 <= number < len(program.fields) else None
            given = found[x].units, found[x].chains, found[x].kind == "means"
            if field is None or (field.units, field.chains, field.numbers) != given:
                yield f"states of another kind than field {number}"
        case Affine():
            yield from _affine(program, found, node)
        case Scale(x, slot, base):
            yield from _slots("scale", program.scales, slot)
            if base is not None and (found[base].shape, found[base].chains) != (
                found[x].shape,
                found[x].chains,
            ):
                yield "a base of another shape"
        case Unit(x, units, draw, mask):
            yield from _units(units)
            yield from _slots("draw", program.draws, *(() if draw is None else (draw,)))
            if found[x].shape != (units.features,):
                yield f"{found[x].shape[0]} fields of {units.features} features"
            if mask is not None:
                yield from _mask(found, units, mask, found[x].chains)
        case Pairs(x, y, chains):
            kinds = {found[each].kind == "counts" for each in (x, y)}
            if len(kinds) > 1 or len(found[k].shape) != 2:
                yield "pairs of counts and of states, or of counts of pairs"
            if found[x].chains != found[y].chains:
                yield f"pairs of {found[x].chains} and {found[y].chains} chains"
            yield from _chains(chains, found[x].chains)
            yield from _exact(found[k].most, WHOLE)
            if found[x].chains:
                larger = max(found[x].most, found[y].most)
                yield from _exact(found[k].most // larger * min(larger, HALF))
        case Total(x, chains):
            yield from _chains(chains, found[x].chains)
        case Energy():
            yield from _energy(found, node)
        case Exchange(x, energies, slot, draw, temperatures, first):
            yield from _slots("scale", program.scales, slot)
            yield from _slots("draw", program.draws, draw)
            if found[x].chains != found[energies].chains:
                yield "energies of other chains"
            if temperatures < 2 or found[x].chains % temperatures or first not in (0, 1):
                yield f"{found[x].chains} chains at {temperatures} temperatures, the first {first}"
        case Change():
            yield from _change(program, found, node)
        case Apply():
            yield from _exact(found[k].most, WHOLE)
        case Tally():
            yield from _tally(program, found, node)
        case _:
            pass


def _slots(what: str, number: int, *slots: int) -> Iterator[str]:
    if not all(0 <= slot < number for slot in slots):
        yield f"{what} {', '.join(map(str, slots))} of {number}"


def _exact(most: int, limit: int = EXACT) -> Iterator[str]:
    if most > limit:
        yield f"sums of products may reach {most}, more than 2^{limit.bit_length() - 1}"


def _chains(counted: int | None, chains: int) -> Iterator[str]:
    if counted is not None and not 0 < counted <= chains:
        yield f"the first {counted} of {chains} chains"


def _mask(found: Found, units: Units, mask: int, chains: int) -> Iterator[str]:
    given = found[mask]
    if units.kind != "binary" or given.kind != "states":
        yield "a mask is states, of binary units"
    elif given.units != units or given.chains != chains:
        yield "a mask of other units"


def _affine(program: Dense, found: Found, node: Affine) -> Iterator[str]:
    if (node.x is None) != (node.matrix is None) or (node.x is None) != (node.chains is not None):
        yield "states and a matrix, or a number of chains"
    if node.chains is not None and node.chains < 1:
        yield "no chains"
    width = 0
    if node.matrix is not None and node.x is not None:
        matrix = program.parameters[node.matrix]
        if len(matrix.shape) != 2 or matrix.dtype != "int32":
            yield f"'{matrix.name}' is no matrix of int32"
            return
        rows, width = matrix.shape[:: -1 if node.turned else 1]
        x = found[node.x]
        if x.shape != (rows,):
            yield f"{x.shape[0]} features times {rows}"
        yield from _exact(x.shape[0] * x.most * HALF)
        yield from _exact(x.shape[0] * x.most * (WEIGHT_LIMIT >> SHIFT), WHOLE)
    if node.bias is not None:
        if not 0 <= node.bias < len(program.parameters):
            yield f"no parameter {node.bias}"
            return
        bias = program.parameters[node.bias]
        if bias.dtype != "int64" or len(bias.shape) != 1:
            yield f"'{bias.name}' is no vector of int64"
        elif width and bias.shape != (width,):
            yield f"{bias.shape[0]} biases of {width} fields"


def _energy(found: Found, node: Energy) -> Iterator[str]:
    values = {k for pair in node.products for k in pair} | {f for f, _ in node.traced}
    if len({found[k].chains for k in values}) > 1:
        yield "an energy of different chains"
    if any(found[x].shape != found[f].shape for x, f in node.products):
        yield "states and fields of different features"
    for f, units in node.traced:
        yield from _units(units)
        if found[f].shape != (units.features,):
            yield f"{found[f].shape[0]} fields of {units.features} features"


def _change(program: Dense, found: Found, node: Change) -> Iterator[str]:
    changed = program.parameters[node.parameter]
    most = WEIGHT_LIMIT if changed.dtype == "int32" else BIAS_LIMIT
    if not 0 < node.limit <= most:
        yield f"a limit of {node.limit}, more than {most}"
    options = node.momentum, node.ahead, node.decay, node.shrink, node.norm
    slots = [slot for slot in options if slot is not None] + [term.slot for term in node.terms]
    yield from _slots("number", program.numbers, *slots)
    for term in node.terms:
        k = term.counts
        if k is not None and (found[k].kind != "counts" or found[k].shape != changed.shape):
            yield f"v{k} is no counts of {changed.shape}"
    if not 0 <= node.shift < 63:
        yield f"a shift by {node.shift}"
    if (node.velocity is None) != (node.momentum is None) or (
        node.ahead is not None and node.velocity is None
    ):
        yield "a velocity goes with its momentum"
    if node.norm is not None and (len(changed.shape) != 2 or changed.dtype != "int32"):
        yield "a norm of no matrix of int32"
    if node.decay is not None and changed.dtype != "int32":
        yield "a decay of no int32"
    if (node.ties is None) != (node.classes == 0) or node.classes < 0:
        yield f"{node.classes} classes of ties"
    yield from _alike(program, node.velocity, changed, changed.dtype)
    for extra in (node.ties, node.mask):
        yield from _alike(program, extra, changed, "int32")


def _alike(program: Dense, number: int | None, changed: Parameter, dtype: str) -> Iterator[str]:
    if number is None:
        return
    if not 0 <= number < len(program.parameters):
        yield f"no parameter {number}"
        return
    each = program.parameters[number]
    if each.shape != changed.shape or each.dtype != dtype or each is changed:
        yield f"'{each.name}' is not {dtype} of shape {changed.shape}"


def _tally(program: Dense, found: Found, node: Tally) -> Iterator[str]:
    x = found[node.x]
    suits = {
        "whole": x.kind in ("counts", "energies"),
        "mismatches": x.kind == "states",
        "largest": x.kind == "fields" or isinstance(program.nodes[node.x], Change),
        "reach": isinstance(program.nodes[node.x], Affine),
    }
    if not suits[node.what]:
        yield f"no {node.what} of {x.kind}"
    if (node.other is None) != (node.what != "mismatches"):
        yield "mismatches of two states"
    if node.other is not None and (found[node.other].units, found[node.other].chains) != (
        x.units,
        x.chains,
    ):
        yield "mismatches of different layers"


def _used(program: Dense) -> Iterator[str]:
    """A second use of a draw would be the same numbers, but for chains that change places as
    others do; and of two values that are put in a place one would be lost."""
    changes = [node for node in program.nodes if isinstance(node, Change)]
    exchanges = {replace(node, x=0) for node in program.nodes if isinstance(node, Exchange)}
    draws = [node.draw for node in program.nodes if isinstance(node, Unit)]
    uses = {
        "draw": [draw for draw in draws if draw is not None] + [node.draw for node in exchanges],
        "field": [node.field for node in program.nodes if isinstance(node, Put)],
        "parameter": [node.parameter for node in changes]
        + [node.velocity for node in changes if node.velocity is not None],
    }
    for what, numbers in uses.items():
        for number, times in Counter(numbers).items():
            if times > 1:
                yield f"{what} {number} is used or written {times} times in a step"
