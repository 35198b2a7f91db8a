"""What each node of a dense program yields: its kind, shape and range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

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
    Total,
    Unit,
    Units,
    Value,
    operands,
)
from rgc.program.dense.program import Dense, Field
from rgc.program.family import ProgramError
from rgc.program.units import MEAN, MEAN_BITS, REAL

Kind = Literal["states", "means", "fields", "counts", "energies", "nothing"]

FIELD = 2**31
"""The largest absolute value of a field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Yield:
    """What a node yields.

    - `shape` is that of counts, and the number of features of everything else but energies.
    - `chains` is their number, 0 of what is no longer kept by chain.
    - `units` are those of states and means.
    - `most` is the largest absolute value of an entry.
    """

    kind: Kind
    shape: tuple[int, ...] = ()
    chains: int = 0
    units: Units | None = None
    most: int = 0


Item = TypeVar("Item")

NOTHING = Yield(kind="nothing")


def yields(program: Dense) -> tuple[Yield, ...]:
    """What every node yields. Raises `ProgramError` where an operand does not come before, or is
    not of the kind that the node asks for."""
    found: list[Yield] = []
    for number, node in enumerate(program.nodes):
        try:
            _before(node, number)
            found.append(_yield(program, found, node))
        except (ProgramError, LookupError) as error:
            raise ProgramError(f"'{program.name}', v{number}: {error}") from None
    return tuple(found)


def tally_shape(found: Sequence[Yield], node: Tally) -> tuple[int, ...]:
    """The shape of what a step leaves in a tally array."""
    if node.what != "whole":
        return ()
    x = found[node.x]
    return (x.chains,) if x.kind == "energies" else x.shape


def _before(node: Node, number: int) -> None:
    for value in operands(node):
        if not 0 <= value < number:
            raise ProgramError(f"operand v{value} does not come before")


def operand(found: list[Yield], value: Value, *kinds: Kind) -> Yield:
    """An operand. Raises `ProgramError` if it is of no such kind."""
    if found[value].kind not in kinds:
        raise ProgramError(f"operand v{value} yields no {' or '.join(kinds)}")
    return found[value]


def _yield(program: Dense, found: list[Yield], node: Node) -> Yield:
    match node:
        case Take(field, _, chains):
            return _of_field(_item(program.fields, field, "field"), chains)
        case Read(field):
            read = _item(program.fields, field, "field")
            return _of_field(read, read.chains)
        case Put(_, x):
            operand(found, x, "states", "means")
            return NOTHING
        case Affine():
            return _affine(program, found, node)
        case Scale(x, _, base):
            if base is not None:
                operand(found, base, "fields")
            return operand(found, x, "fields")
        case Unit(x, units, draw):
            fields = operand(found, x, "fields")
            drawn = draw is not None and units.kind != "gaussian"
            return (states if drawn else means)(units, fields.chains)
        case Pairs(x, y, chains):
            one, other = (operand(found, k, "states", "means", "counts") for k in (x, y))
            counted = 1 if not one.chains else one.chains if chains is None else chains
            most = one.most * other.most * counted
            return Yield(kind="counts", shape=one.shape + other.shape, most=most)
        case Total(x, chains):
            one = operand(found, x, "states", "means")
            counted = one.chains if chains is None else chains
            return Yield(kind="counts", shape=one.shape, most=one.most * counted)
        case Energy(products, traced):
            for x, f in products:
                operand(found, x, "states", "means")
                operand(found, f, "fields")
            values = [f for _, f in products] + [f for f, _ in traced]
            fields_of = [operand(found, f, "fields") for f in values]
            if not fields_of:
                raise ProgramError("an energy of nothing")
            # a logarithm of at most 32 states adds less than 4 kT to the largest field
            most = sum(each.shape[0] * (FIELD + 2**22) for each in fields_of)
            if any(found[x].kind == "means" for x, _ in node.products):
                most *= REAL >> MEAN_BITS
            return Yield(kind="energies", chains=fields_of[0].chains, most=most)
        case Exchange(x, energies):
            operand(found, energies, "energies")
            return operand(found, x, "states", "means", "energies")
        case Change(parameter, limit=limit):
            shape = _item(program.parameters, parameter, "parameter").shape
            return Yield(kind="counts", shape=shape, most=2 * limit)
        case Apply(matrix, vector, turned):
            one, other = (operand(found, k, "counts") for k in (matrix, vector))
            if len(one.shape) != 2 or other.shape != one.shape[0 if turned else 1 :][:1]:
                raise ProgramError(f"counts {one.shape} times counts {other.shape}")
            most = one.most * other.most * other.shape[0]
            return Yield(kind="counts", shape=one.shape[1:] if turned else one.shape[:1], most=most)
        case Tally(_, x, other_value):
            for k in (x, other_value):
                if k is not None:
                    operand(found, k, "states", "counts", "energies", "fields")
            return NOTHING


def states(units: Units, chains: int) -> Yield:
    return Yield(kind="states", shape=(units.features,), chains=chains, units=units, most=1)


def means(units: Units, chains: int) -> Yield:
    """Means of units, or values of real ones."""
    most = REAL if units.kind == "gaussian" else MEAN
    return Yield(kind="means", shape=(units.features,), chains=chains, units=units, most=most)


def _of_field(field: Field, chains: int) -> Yield:
    return (means if field.numbers else states)(field.units, chains)


def _affine(program: Dense, found: list[Yield], node: Affine) -> Yield:
    if node.matrix is not None:
        matrix = _item(program.parameters, node.matrix, "parameter")
        width = matrix.shape[0 if node.turned else -1]
    elif node.bias is not None:
        width = _item(program.parameters, node.bias, "parameter").shape[0]
    else:
        raise ProgramError("fields of neither a matrix nor a bias")
    chains = node.chains or 0
    if node.x is not None:
        chains = operand(found, node.x, "states", "means").chains
    return Yield(kind="fields", shape=(width,), chains=chains, most=FIELD)


def _item(items: tuple[Item, ...], number: int, what: str) -> Item:
    if not 0 <= number < len(items):
        raise ProgramError(f"no {what} {number}")
    return items[number]
