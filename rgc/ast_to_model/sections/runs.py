"""The section `runs`: other specs that a study runs, with some of their parameters changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.scope import RESERVED, problem
from rgc.ast_to_model.sections.other_specs import Reference, check_runs_today, find_spec
from rgc.ast_to_model.sections.read_target import with_numbers
from rgc.errors import SpecError
from rgc.model.spec import Run, Spec
from rgc.syntax import ast

RUNS = Reference("runs-without-folder", "runs-cycle", "run specs of", "run")

SECTIONS = (
    *("title", "about", "include", "parameters", "runs", "measure"),
    *("claim", "supports", "refutes", "identity", "expect"),
)
"""What a study may say besides its runs."""


def check_runs(spec: Spec, context: Context) -> Spec:
    """The spec as a study of its runs.

    Reports names that mean something else, specs that are not there, outside the folder, wrong or
    cannot be run, circles, parameters that they do not have, and sections of physics, which belongs
    to the runs.
    """
    context.problems.extend(error for each in _physics(context) for error in each.problems)
    runs, place = [], context.document.place("runs")
    for entry in context.listed("runs"):
        with context.failing("runs"):
            if isinstance(entry, ast.Entry):
                runs.append(_run(entry, context))
    if not runs and "runs" not in context.failed:
        message, hint = "a study runs something", 'write hot = "ising.rgc" { K = 0.2 }'
        context.fail("runs", problem("missing-entry", message, place, hint=hint))
    return replace(spec, runs=tuple(runs))


def _physics(context: Context) -> Iterator[SpecError]:
    for section in context.document.sections:
        if section.name not in SECTIONS:
            message = f"a study has no {section.name} of its own: it runs other specs"
            hint = f"move the {section.name} to a spec that a run names"
            yield problem("unused-section", message, section.name_span, hint=hint)
    if context.scan and context.section("scan") is None:
        message, hint = "a study is not scanned", "scan in its runs: { K = 0.2:0.4:3 }"
        yield problem("unused-section", message, context.scan[0].target.span, hint=hint)


def _run(entry: ast.Entry, context: Context) -> Run:
    name = entry.target.name if isinstance(entry.target, ast.Name) else ""
    _check_name(name, entry, context)
    path, settings, scan = _changes(entry, context)
    span = entry.value.span if entry.value is not None else None
    file = find_spec(path, span, context.folder, context.above, RUNS)
    try:
        spec, inside = context.read(file, settings, scan)
    except SpecError as error:
        raise SpecError(
            [replace(each, span=each.span or span) for each in error.problems]
        ) from None
    check_runs_today(spec, path, span)
    if spec.flow is None and not (spec.runs or spec.measures):
        message = f"'{path}' runs nothing: it has no flow"
        raise problem("nothing-to-run", message, span)
    inside.problems = context.problems
    context.others[name] = spec, inside
    return Run(name=name, path=path, file=file, settings=settings, scan=scan, spec=spec)


def _check_name(name: str, entry: ast.Entry, context: Context) -> None:
    if name in context.scope.parameters:
        message = f"'{name}' is a parameter already"
        raise problem(
            "duplicate-name", message, entry.target.span, hint="give the run another name"
        )
    if name in RESERVED or name == "verdict":
        message = f"'{name}' has a meaning of its own and cannot name a run"
        hint = "give the run another name"
        raise problem("reserved-name", message, entry.target.span, hint=hint)


def _changes(
    entry: ast.Entry, context: Context
) -> tuple[str, tuple[ast.Entry, ...], tuple[ast.Entry, ...]]:
    """The path of a run, and what it changes: parameters, and values of the scan, which are those
    with a range or a list.
    """
    match entry.value:
        case ast.Text(path):
            return path, (), ()
        case ast.Changed(path, options):
            changes = [_change(option, context) for option in options]
            scan = tuple(each for each in changes if isinstance(each.value, ast.Range | ast.List))
            return path, tuple(each for each in changes if each not in scan), scan
    raise TypeError("a run is a spec, with changes or without")


def _change(option: ast.Option, context: Context) -> ast.Entry:
    """What replaces a parameter of the other spec. Parameters of the study stand in it for their
    numbers.
    """
    target = ast.Name(option.name, span=option.span)
    return ast.Entry(target, "=", with_numbers(option.value, context), span=option.span)
