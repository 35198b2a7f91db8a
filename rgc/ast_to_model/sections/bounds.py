"""Lines that ask a bound for what it cannot show: that a lower bound is below something."""

from __future__ import annotations

from rgc.ast_to_model.scope import problem
from rgc.errors import SpecError
from rgc.model.claim import run_answers
from rgc.model.expressions import REAL, Apply, Constant, Expression, leaves
from rgc.model.spec import Spec
from rgc.model.target import SIDES, Bound, ExpectedValue, Target, article
from rgc.passes.differentiate import NotDifferentiable, differentiate
from rgc.schemes import SCHEMES
from rgc.schemes.free_energies import FREE_ENERGIES

OPPOSITE: dict[Bound, Bound] = {"lower bound": "upper bound", "upper bound": "lower bound"}


def check_side(line: ExpectedValue, spec: Spec) -> None:
    """Raise `SpecError` (wrong-side) for a line on a free energy that is known to be a bound, or on
    a number that rises or falls with one, where the line asks for the other side.
    """
    kind = _kind(line, spec)
    if kind is not None and SIDES.get(line.relation) == kind:
        other = "above" if line.relation == "below" else "below"
        raise _wrong_side(line, kind, f"that something is {line.relation}", other)


def check_shows(line: ExpectedValue, spec: Spec) -> None:
    """Raise `SpecError` (wrong-side) for a line that decides about a claim by what a bound is."""
    kind = _kind(line, spec)
    if kind is not None and line.relation == "=":
        side = next(relation for relation, against in SIDES.items() if against != kind)
        raise _wrong_side(line, kind, "what something is", side)


def _wrong_side(line: ExpectedValue, kind: Bound, asked: str, side: str) -> SpecError:
    message = f"{line.target} is {article(kind)}, which cannot show {asked}"
    hint = f"it can show what is {side} a number"
    return problem("wrong-side", message, line.span, hint=hint)


def _kind(line: ExpectedValue, spec: Spec) -> Bound | None:
    """Which bound the number of a line is, as far as that is certain before it has run."""
    if line.of_runs is None:
        return bound_of(line, spec)
    asked = list(dict.fromkeys(run_answers(line.of_runs)))
    specs = {run.name: run.spec for run in spec.runs}
    if len(asked) != 1 or asked[0].run not in specs:
        return None
    kind, slope = bound_of(asked[0].target, specs[asked[0].run]), _slope(line.of_runs, asked[0])
    if kind is None or not slope:
        return None
    return kind if slope > 0 else OPPOSITE[kind]


def bound_of(target: Target, spec: Spec) -> Bound | None:
    """Which bound a free energy of a spec is; None for any other number."""
    if target.name != "free_energy":
        return None
    method = str(dict(target.selectors).get("method", "")).split("(")[0]
    scheme = SCHEMES[spec.flow.scheme] if spec.flow is not None else None
    if method in FREE_ENERGIES:
        return FREE_ENERGIES[method].bound
    return scheme.bound if scheme is not None else None


def _slope(expression: Expression, leaf: Expression) -> float | None:
    """The slope of an expression that is linear in its one leaf; None for any other."""
    try:
        slope = differentiate(expression, leaf)
        return None if any(leaves(slope)) else _number(slope)
    except (NotDifferentiable, ValueError, ZeroDivisionError, OverflowError):
        return None


def _number(expression: Expression) -> float:
    match expression:
        case Constant(value):
            return value
        case Apply(function, operands):
            return REAL[function](*map(_number, operands))
    raise ValueError("an expression without leaves is a number")
