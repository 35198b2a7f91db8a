"""After how many cells a coefficient that depends on the coordinates of its sites repeats.

The answer follows from the form of the expression: `(-1)^n` repeats after two steps of n, `mod(n,
m)` after m, a sine after a turn, and a function of what repeats with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import lcm, pi, prod

from rgc.ast_to_model.expressions.resolve import resolve
from rgc.ast_to_model.expressions.sites import vector
from rgc.ast_to_model.scope import Inhomogeneous, Scope, problem
from rgc.model.expressions import REAL, Apply, Constant, Expression
from rgc.model.lattice import Cell, Lattice
from rgc.model.lattices import AXES, MOST_LETTERS
from rgc.model.spins import Species
from rgc.model.supercells import in_supercells
from rgc.syntax import ast
from rgc.text import Span

ROUNDING = 1e-9
"""How far from a fraction a number of turns for each step may be."""


@dataclass(frozen=True, slots=True)
class _Linear(Expression):
    """A value that grows by slopes[k] with every cell along vector k.

    One that is the same everywhere has slopes of 0, and a `value` where that is known.
    """

    slopes: tuple[float, ...]
    value: float | None = None

    @property
    def fixed(self) -> bool:
        return not any(self.slopes)


@dataclass(frozen=True, slots=True)
class _Periodic(Expression):
    """A value that repeats after `periods` cells along each vector."""

    periods: Cell


_Dependence = _Linear | _Periodic


class _NotPeriodic(Exception):
    pass


def with_supercells(
    addends: Sequence[ast.Expr], lattice: Lattice, species: Sequence[Species], scope: Scope
) -> Lattice:
    """The lattice in cells after which every coefficient of an energy repeats.

    Raises `SpecError` for a coefficient that does not repeat, for cells that do not divide the
    lattice, and for cells of too many sites.
    """
    periods = (1,) * lattice.dimension
    spins = frozenset(spin.name for spin in species)
    for part in (part for expr in addends for part in coordinate_parts(expr, spins)):
        multiple = _joined(periods, _periods(part, lattice, scope))
        _check_cells(multiple, lattice, part.span)
        periods = multiple
    return in_supercells(lattice, periods) if max(periods) > 1 else lattice


def coordinate_parts(expr: ast.Node, spins: frozenset[str]) -> Iterator[ast.Expr]:
    """The largest parts without spins that hold a coordinate."""
    inside = list(ast.walk(expr))
    if not any(isinstance(node, ast.Call) and node.name == "coordinate" for node in inside):
        return
    held = any(
        isinstance(n, ast.Index) and isinstance(n.base, ast.Name) and n.base.name in spins
        for n in inside
    )
    if not held and not isinstance(expr, ast.Option):
        yield expr  # type: ignore[misc]
        return
    for child in ast.children(expr):
        yield from coordinate_parts(child, spins)


def _check_cells(multiple: Cell, lattice: Lattice, span: Span | None) -> None:
    shown = " x ".join(map(str, multiple))
    sites = prod(multiple) * len(lattice.basis)
    if sites > MOST_LETTERS:
        message = (
            f"with this the energy repeats after {shown} cells, which hold {sites} sites; "
            f"the limit is {MOST_LETTERS}"
        )
        raise problem("not-uniform", message, span, hint="take shorter periods")
    for axis, (size, m) in enumerate(zip(lattice.shape, multiple, strict=True)):
        if size is not None and size % m:
            below, above = size - size % m, size - size % m + m
            near = f"{below} or {above}" if below else f"{above}"
            name = AXES[axis : axis + 1] or axis + 1
            message = (
                f"along {name} this repeats after {m} cells, which do not divide a length of {size}"
            )
            hint = f"lengths that do are multiples of {m}: {near}"
            raise problem("bad-division", message, span, hint=hint)


def _periods(part: ast.Expr, lattice: Lattice, scope: Scope) -> Cell:
    """The periods of a part without spins. Raises `SpecError`."""
    try:
        found = _dependence(part, lattice, scope)
    except _NotPeriodic:
        found = None
    if isinstance(found, _Linear) and found.fixed:
        return (1,) * lattice.dimension
    if isinstance(found, _Periodic):
        return found.periods
    message = "a coefficient that depends on coordinates must repeat, and this does not"
    hint = (
        "what repeats is such as (-1)^(coordinate(i,x) + coordinate(i,y)) or "
        "mod(coordinate(i,x), 3)"
    )
    raise problem("not-uniform", message, part.span, hint=hint)


def _dependence(expr: ast.Expr, lattice: Lattice, scope: Scope) -> _Dependence:
    """How a part without spins depends on the cell. Raises `_NotPeriodic`."""
    still = (0.0,) * lattice.dimension

    def leaf(part: ast.Expr) -> Expression | None:
        match part:
            case ast.Call("coordinate", (_, along)):
                axis = coordinate_axis(along, part, lattice, scope)
                return _Linear(tuple(float(k == axis) for k in range(lattice.dimension)))
            case ast.Call("distance"):
                return _Linear(still)
            case ast.Index(ast.Name(name)) if isinstance(scope.parameters.get(name), Inhomogeneous):
                return _Linear(still)
            case ast.Reduction(_, _, body):
                inside = _dependence(body, lattice, scope)
                if isinstance(inside, _Linear) and not inside.fixed:
                    raise _NotPeriodic
                return replace(inside, value=None) if isinstance(inside, _Linear) else inside
        return None

    return _followed(resolve(expr, scope, leaf), still)


def coordinate_axis(along: ast.Expr, call: ast.Call, lattice: Lattice, scope: Scope) -> int:
    """The number of the vector in `coordinate(i, x)`. Raises `SpecError`."""
    direction = vector(along, lattice, scope)
    if sorted(map(abs, direction)) != [0] * (lattice.dimension - 1) + [1]:
        raise problem("bad-offset", "a coordinate belongs to one lattice vector", call.span)
    return next(k for k, x in enumerate(direction) if x)


def _followed(expression: Expression, still: tuple[float, ...]) -> _Dependence:
    match expression:
        case Constant(value):
            return _Linear(still, value)
        case _Linear() | _Periodic():
            return expression
        case Apply(function, operands):
            return _applied(function, [_followed(operand, still) for operand in operands])
    raise _NotPeriodic


def _applied(function: str, operands: list[_Dependence]) -> _Dependence:
    linear = [operand for operand in operands if isinstance(operand, _Linear)]
    if len(linear) == len(operands):
        if all(operand.fixed for operand in linear):
            return replace(linear[0], value=_value(function, [x.value for x in linear]))
        if function in _OF_LINEAR:
            return _OF_LINEAR[function](*linear)
    if any(not operand.fixed for operand in linear):
        raise _NotPeriodic
    periods = [operand.periods for operand in operands if isinstance(operand, _Periodic)]
    return _Periodic(_joined(*periods))


def _value(function: str, values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    try:
        return REAL[function](*known) if len(known) == len(values) else None
    except (ValueError, ZeroDivisionError, OverflowError):
        raise _NotPeriodic from None


def _joined(*periods: Cell) -> Cell:
    return tuple(lcm(*along) for along in zip(*periods, strict=True))


def _sum(sign: float) -> Callable[[_Linear, _Linear], _Dependence]:
    return lambda a, b: _Linear(
        tuple(x + sign * y for x, y in zip(a.slopes, b.slopes, strict=True))
    )


def _product(a: _Linear, b: _Linear) -> _Dependence:
    factor, other = (a, b) if a.fixed else (b, a)
    return _scaled(other, factor.value if factor.fixed else None)


def _scaled(linear: _Linear, factor: float | None) -> _Linear:
    if factor is None:
        raise _NotPeriodic
    return _Linear(tuple(factor * x for x in linear.slopes))


def _quotient(a: _Linear, b: _Linear) -> _Dependence:
    return _scaled(a, 1 / b.value if b.fixed and b.value else None)


def _power(base: _Linear, exponent: _Linear) -> _Dependence:
    if not base.fixed or base.value != -1 or any(x != round(x) for x in exponent.slopes):
        raise _NotPeriodic
    return _turning(_scaled(exponent, 0.5))


def _modulo(a: _Linear, b: _Linear) -> _Dependence:
    return _turning(_scaled(a, 1 / b.value if b.fixed and b.value else None))


def _wave(a: _Linear) -> _Dependence:
    return _turning(_scaled(a, 1 / (2 * pi)))


def _turning(turns: _Linear) -> _Periodic:
    """What repeats after a whole turn, by the turns for each cell."""
    fractions = [Fraction(x).limit_denominator(MOST_LETTERS) for x in turns.slopes]
    if any(abs(x - y) > ROUNDING for x, y in zip(turns.slopes, fractions, strict=True)):
        raise _NotPeriodic
    return _Periodic(tuple(fraction.denominator for fraction in fractions))


_OF_LINEAR: Mapping[str, Callable[..., _Dependence]] = {
    "+": _sum(1.0),
    "-": _sum(-1.0),
    "negate": lambda a: _scaled(a, -1.0),
    "*": _product,
    "/": _quotient,
    "^": _power,
    "mod": _modulo,
    "sin": _wave,
    "cos": _wave,
}
"""How functions of linear values depend on the cell."""
