"""Parameters that are answers of other specs: `K = from "binder.rgc" K_c`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.scope import problem
from rgc.ast_to_model.sections.other_specs import Reference, check_runs_today, find_spec
from rgc.ast_to_model.sections.read_target import check_point, read_target
from rgc.ast_to_model.sections.scan_points import needed_by
from rgc.errors import SpecError
from rgc.model.spec import TakenAnswer
from rgc.syntax import ast

FROM = Reference("from-without-folder", "from-cycle", "take answers from", "take answers from")


def check_taken(context: Context, settings: Sequence[ast.Entry]) -> tuple[TakenAnswer, ...]:
    """The parameters that other specs answer, where `settings` replace right sides.

    Reports specs that are not there, outside the folder, wrong, or cannot be run, circles, targets
    that they do not answer or that are not one number, parameters on which the lattice or the
    spins depend, and those of a study, whose runs take answers themselves.
    """
    found: list[TakenAnswer] = []
    shaping = needed_by(("lattice", "spins"), context.document)
    for name, taken in _entries(context, settings):
        try:
            if context.section("runs") is not None:
                context.problems.extend(_of_study(name, taken).problems)
            if name in shaping:
                raise _shapes(name, taken)
            found.append(_taken(name, taken, context))
        except SpecError as error:
            context.problems.extend(
                replace(each, span=each.span or taken.span) for each in error.problems
            )
    return tuple(found)


def _shapes(name: str, taken: ast.Taken) -> SpecError:
    message = f"the lattice or the spins depend on '{name}', which has an error when it is answered"
    hint = f"write the number: {name} = 16"
    return problem("structural-parameter", message, taken.span, hint=hint)


def _of_study(name: str, taken: ast.Taken) -> SpecError:
    message = f"a study takes no answers for its parameters, and '{name}' would be one"
    hint = f"write {name} = from ... in a spec that a run names: its error widens what comes out"
    return problem("from-in-study", message, taken.span, hint=hint)


def _entries(context: Context, settings: Sequence[ast.Entry]) -> Iterator[tuple[str, ast.Taken]]:
    """The entries of the section by name whose right sides, as set, are answers."""
    section = context.section("parameters")
    written = section.body if section is not None and isinstance(section.body, tuple) else ()
    replaced = {entry.target: entry.value for entry in settings}
    for entry in written:
        if isinstance(entry, ast.Entry) and isinstance(entry.target, ast.Name) and entry.op == "=":
            value = replaced.get(entry.target, entry.value)
            if isinstance(value, ast.Taken):
                yield entry.target.name, value


def _taken(name: str, taken: ast.Taken, context: Context) -> TakenAnswer:
    file = find_spec(taken.path, taken.span, context.folder, context.above, FROM)
    spec, inside = context.read(file, (), ())
    check_runs_today(spec, taken.path, taken.span)
    target = read_target(taken.target, spec, inside)
    check_point(target, spec)
    return TakenAnswer(name=name, path=taken.path, file=file, target=target, spec=spec)
