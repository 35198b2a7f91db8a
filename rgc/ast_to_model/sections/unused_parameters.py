"""Parameters that nothing uses."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from rgc.ast_to_model.scope import names
from rgc.ast_to_model.sections.parameter_values import arguments_of
from rgc.errors import Problems
from rgc.syntax import ast

TEMPERATURES = ("T", "beta", "temperature")
OPTIONS_NAME_PARAMETERS = ("data", "map", "flow")


def report_unused(
    document: ast.Document, entries: Mapping[str, ast.Entry], problems: Problems
) -> None:
    """Warn of parameters that no other entry or section names. A temperature among them is an
    error, since couplings already contain it.
    """
    used = _used(document)
    for name, entry in entries.items():
        if name in used:
            continue
        if name in TEMPERATURES:
            message = f"the parameter '{name}' is not used: couplings are in units of kT, K = J/T"
            hint = f"divide by it in the hamiltonian, or drop '{name}'"
            problems.error("unused-temperature", message, entry.target.span, hint=hint)
        else:
            problems.warning(
                "unused-parameter", f"the parameter '{name}' is not used", entry.target.span
            )


def _used(document: ast.Document) -> set[str]:
    """Every name on any right side.

    Names of options are included in the sections where they may mean a parameter.
    """
    used: set[str] = set()
    for section in document.sections:
        for expr, own in right_sides(section):
            used |= {name for name, _ in names(expr)} - own
            if section.name in OPTIONS_NAME_PARAMETERS:
                used |= {node.name for node in ast.walk(expr) if isinstance(node, ast.Option)}
            if section.name == "map":
                used |= _quantities(document, used)
    return used


def _quantities(document: ast.Document, used: Collection[str]) -> set[str]:
    """The arguments of functions that a map is made of, which are its quantities. A parameter of
    such a name is where the map starts.
    """
    section = document.section("parameters")
    entries = section.body if section is not None and isinstance(section.body, tuple) else ()
    calls = (entry.target for entry in entries if isinstance(entry, ast.Entry))
    return {
        argument.name
        for call in calls
        if isinstance(call, ast.Call) and call.name in used
        for argument in call.arguments
        if isinstance(argument, ast.Name)
    }


def right_sides(section: ast.Section) -> Iterator[tuple[ast.Expr, set[str]]]:
    """The expressions of a section without the names that they define, and the arguments of
    functions.
    """
    if isinstance(section.body, str):
        return
    for part in section.body if isinstance(section.body, tuple) else (section.body,):
        match part:
            case ast.Entry() if part.op is None:
                yield part.target, set()
            case ast.Entry():
                if part.value is not None:
                    yield (
                        part.value,
                        {
                            argument.name
                            for argument in arguments_of(part)
                            if isinstance(argument, ast.Name)
                        },
                    )
            case ast.Item() | ast.Expectation():
                yield part.value, set()
            case _:
                yield part, set()
