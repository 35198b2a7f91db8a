"""The parameter along which replicas are exchanged, as an axis of the scan."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import pairwise

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.scope import names, problem
from rgc.ast_to_model.sections.scan_points import needed_by, reached
from rgc.model.spec import Axis, Spec
from rgc.model.tempering import NAME, tempering
from rgc.passes.quench import signs_alone
from rgc.syntax import ast

FEWEST = 2
"""The number of values that can be exchanged at all."""

CODE = "wrong-tempering"


def tempered_axis(spec: Spec, scanned: Collection[str], context: Context) -> Axis | None:
    """The values of the parameter that `update=tempering(K=0.4:0.5:9)` names, or None without one.

    Raises `SpecError` for a parameter that is scanned besides, on which the size of a run depends,
    or on which the Hamiltonian does not depend, and for values that are no ladder.
    """
    asked = None if spec.flow is None else tempering(spec.flow.options.get("update"))
    if asked is None or len(asked.along) != 1:
        return None
    (name, values), *_ = asked.along
    option = next(each for each in _options(context) if each.name == name)
    if name in scanned:
        message = f"'{name}' is scanned besides: tempering measures at each of its values"
        raise problem(CODE, message, option.span, hint=f"leave '{name}' out of the scan")
    for used, span in names(option.value):
        if used in scanned:
            message = f"the values of a tempered parameter cannot depend on a scanned one, '{used}'"
            raise problem("scan-of-scan", message, span)
    if name in needed_by(("lattice", "spins"), context.document) | set(_sizes(context)):
        message = f"the lattice, the spins or the length of the run depend on '{name}'"
        hint = "replicas are exchanged along a parameter that only the Hamiltonian depends on"
        raise problem(CODE, message, option.span, hint=hint)
    if name not in needed_by(("hamiltonian",), context.document):
        message = f"the Hamiltonian does not depend on '{name}', so that every exchange is accepted"
        hint = "temper along a parameter that stands in the Hamiltonian"
        raise problem(CODE, message, option.span, hint=hint)
    if name in reached(_numbers(spec, context), context.document):
        message = f"random numbers, or a list of couplings, depend on '{name}'"
        hint = (
            "temper along a parameter that multiplies them: the numbers are the same at all values"
        )
        raise problem(CODE, message, option.span, hint=hint)
    _check_values(name, values, option)
    return Axis(name, values, tempered=True)


def _numbers(spec: Spec, context: Context) -> Iterator[ast.Node]:
    """What decides the numbers of couplings that differ from place to place. The size of signs that
    are drawn is no part of them.
    """
    section = context.document.section("parameters")
    of_signs = spec.hamiltonian is not None and signs_alone(spec.hamiltonian, spec.draws)
    for entry in section.body if section is not None and isinstance(section.body, tuple) else ():
        if not isinstance(entry, ast.Entry) or not isinstance(entry.target, ast.Name):
            continue
        if entry.target.name not in {*spec.draws, *spec.given}:
            continue
        if of_signs and isinstance(entry.value, ast.Call):
            yield from entry.value.arguments[1:]
            yield from (option.value for option in entry.value.options)
        elif entry.value is not None:
            yield entry.value


def _check_values(name: str, values: tuple[float, ...], option: ast.Option) -> None:
    if len(set(values)) < FEWEST:
        number = "one value" if values else "no value"
        message = f"with {number} of '{name}' there is nothing to exchange"
        raise problem(CODE, message, option.span, hint=f"write {NAME}({name}=0.4:0.5:9)")
    rises = [after - before for before, after in pairwise(values)]
    if not (all(rise > 0 for rise in rises) or all(rise < 0 for rise in rises)):
        message = (
            f"neighbouring values of '{name}' are exchanged, and these neither all rise nor all "
            "fall"
        )
        hint = f"write {name}=[{', '.join(f'{x:.10g}' for x in sorted(set(values)))}]"
        raise problem(CODE, message, option.span, hint=hint)


def _options(context: Context) -> tuple[ast.Option, ...]:
    """The options of the update of the flow."""
    body = context.body("flow")
    for node in ast.walk(body) if body is not None else ():
        if isinstance(node, ast.Call) and node.name == NAME:
            return node.options
    raise LookupError("the flow has no tempering")


def _sizes(context: Context) -> Iterator[str]:
    """The parameters in the options of the flow besides its update."""
    body = context.body("flow")
    for option in body.options if isinstance(body, ast.Call) else ():
        if option.name != "update":
            yield from (name for name, _ in names(option.value))
