"""The answer of `rgc run` for people: aligned tables on plain text."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import accumulate
from math import isfinite
from textwrap import fill
from typing import TYPE_CHECKING

from rgc.cli.columns import WIDTH, aligned, marks
from rgc.cli.study_table import render_study
from rgc.errors import escape
from rgc.results.figures.labels import method_names
from rgc.results.numbers import eigenvalue, with_error, with_kind

if TYPE_CHECKING:
    from rgc.results.answer import Answer
    from rgc.results.checks import CheckedExpectation
    from rgc.results.result import Eigenvalue, Estimate, FixedPoint, Result

FEW = 7  # numbers of operators that are all shown


def render_answer(answer: Answer, said: Collection[str] = ()) -> str:
    """The answer as text.

    It consists of the title, exponents, averages, levels, checks, the warnings that were not `said`
    before, and where the files are.
    """
    head = (
        f"{escape(answer.title)}\n{answer.points[0].result.scheme}, backend {answer.backend}, "
        f"seed {answer.seed}"
    )
    blocks = ["\n".join((head, *_taken(answer))), *render_study(answer)]
    blocks += _scan(answer) if answer.axes else _result(answer.result)
    blocks.append("expected\n" + render_checks(answer.checks) if answer.checks else "")
    blocks.append(
        "\n".join(
            fill(f"warning: {escape(text)}", WIDTH, subsequent_indent="  ")
            for text in answer.warnings
            if text not in said
        )
    )
    if answer.folder is not None:
        blocks.append(f"results: {answer.folder} (open {answer.folder / 'report.html'})")
    return "\n\n".join(block for block in blocks if block)


def _taken(answer: Answer) -> list[str]:
    """The parameters that other specs have answered."""
    answers = answer.provenance.get("answers", {})
    return [
        f"{name} = {with_error(each['value'], each['error'])}, the {each['target']} of "
        f"{escape(each['from'])}"
        for name, each in answers.items()
    ]


def _result(result: Result) -> list[str]:
    blocks = []
    if result.exponents:
        blocks.append(
            "exponents\n"
            + aligned(_row(name, estimated) for name, estimated in result.exponents.items())
            + _rule(result)
        )
    if result.fixed_point:
        blocks.append("fixed point\n" + _named(result.fixed_point))
    if len(result.fixed_points) > 1:
        blocks.append("fixed points\n" + _points_found(result.fixed_points))
    for head, table in (
        ("critical couplings", result.critical),
        ("averages", result.averages),
        ("values", result.values),
    ):
        if table:
            blocks.append(f"{head}\n" + _named(table))
    if result.free_energy:
        rows = [
            (
                value.method,
                with_error(value.value, value.error),
                value.kind,
                f"per {value.per}",
                escape(value.note),
            )
            for value in result.free_energy
        ]
        blocks.append("free energy\n" + aligned(rows))
    blocks += [*_levels(result), *_iterated(result), _exponent_table(result.eigenvalues)]
    return blocks


def _row(name: str, exponent: Estimate) -> tuple[str, str, str]:
    parts = [
        f"{label} {value:.2g}"
        for label, value in (
            ("statistical", exponent.statistical),
            ("systematic", exponent.systematic),
        )
        if value is not None
    ]
    return name, str(exponent), ", ".join(parts) or escape(exponent.note)


def _rule(result: Result) -> str:
    rules = dict.fromkeys(exponent.rule for exponent in result.exponents.values() if exponent.rule)
    return "".join(
        "\n" + fill(f"rule: {escape(rule)}", WIDTH, initial_indent="  ", subsequent_indent="    ")
        for rule in rules
    )


def _named(table: Mapping[str, Estimate]) -> str:
    return aligned(
        (name, str(estimated), escape(estimated.note)) for name, estimated in table.items()
    )


def _points_found(points: Sequence[FixedPoint]) -> str:
    """One line a fixed point: its kind, its couplings, and the leading exponent of each sector, or
    the eigenvalue where there are no exponents.
    """
    every = [each for point in points for each in point.eigenvalues]
    sectors, told = list(dict.fromkeys(each.sector for each in every)), _have_exponents(every)
    head = (f"{'y' if told else 'eigenvalue'} ({sector})" for sector in sectors)
    rows = [("kind", *points[0].couplings, *head, "")]
    for point in points:
        leading = {each.sector: each for each in point.eigenvalues if each.index == 1}
        exponents = (
            _exponent(leading[name], exponents=told) if name in leading else "" for name in sectors
        )
        couplings = (with_error(each.value, each.error) for each in point.couplings.values())
        rows.append((point.kind, *couplings, *exponents, escape(point.note)))
    return aligned(rows)


def _levels(result: Result) -> list[str]:
    """Couplings, averages and other values of each level.

    There is no table where only the level of the spec itself could be shown.
    """
    if len(result.levels) < 2:
        return []
    names = {name for level in result.levels for name in level.values}
    tables = (
        ("couplings", [level.couplings for level in result.levels]),
        ("averages of operators", [level.averages for level in result.levels]),
        (
            "constants" if names == {"constant"} else "values",
            [level.values for level in result.levels],
        ),
    )
    return [_by_level(f"{what} by level", result, rows) for what, rows in tables if any(rows[1:])]


def _iterated(result: Result) -> list[str]:
    """What is seen of the chains of each start: one line a step."""
    blocks = []
    for start in dict.fromkeys(chains.start for chains in result.iterated):
        own = [chains for chains in result.iterated if chains.start == start]
        rows = [("step", *own[0].values)]
        for chains in own:
            cells = (with_error(each.value, each.error) for each in chains.values.values())
            rows.append((str(chains.step), *cells))
        at = own[0].temperature
        where = "the rows of the data" if at is None else f"samples at temperature {at:g}"
        notes = dict.fromkeys(each.note for chains in own for each in chains.values.values())
        said = "".join(f"\n  {escape(note)}" for note in notes if note)
        blocks.append(f"chains from {where}\n" + aligned(rows) + said)
    return blocks


def _by_level(head: str, result: Result, tables: Sequence[Mapping[str, Estimate]]) -> str:
    """One line a level, as many columns as fit."""
    names = list(dict.fromkeys(name for table in tables for name in table))
    rows = [("level", "cells", *names)]
    for level, table in zip(result.levels, tables, strict=True):
        cells = [
            with_error(table[name].value, table[name].error) if name in table else ""
            for name in names
        ]
        rows.append((str(level.level), "x".join(map(str, level.shape)), *cells))
    widths = accumulate(max(len(cell) for cell in column) + 2 for column in zip(*rows, strict=True))
    fit = max(3, sum(1 for width in widths if width <= WIDTH))
    more = (
        f"\n  and {len(names) + 2 - fit} more, see --json or --out" if fit < len(names) + 2 else ""
    )
    return f"{head}\n" + aligned(row[:fit] for row in rows) + more


def _exponent_table(eigenvalues: Sequence[Eigenvalue]) -> str:
    """The leading exponent of each sector, or eigenvalue where there are no exponents, with a line
    for each number of operators and a column for each level.
    """
    told = _have_exponents(eigenvalues)
    leading = {
        (eigenvalue.sector, eigenvalue.operators, eigenvalue.level): eigenvalue
        for eigenvalue in eigenvalues
        if eigenvalue.index == 1
    }
    if not leading:
        return ""
    levels = sorted({level for _, _, level in leading})
    rows: list[tuple[str, ...]] = [("sector", "operators", *(f"level {level}" for level in levels))]
    for sector in dict.fromkeys(sector for sector, _, _ in leading):
        for operators in _shown(sorted({number for name, number, _ in leading if name == sector})):
            cells = (
                _exponent(leading.get((sector, operators, level)), exponents=told)
                for level in levels
            )
            rows.append((sector, str(operators), *cells))
    head = "leading exponents" if told else "leading eigenvalues"
    note = (
        "\n  * the coarse lattice is too small for the basis"
        if any(eigenvalue.wrapped for eigenvalue in leading.values())
        else ""
    )
    return f"{head}\n" + aligned(rows) + note


def _shown(numbers: Sequence[int]) -> list[int]:
    """The numbers of operators that are shown.

    A few are all shown. Of many, the first ones, every further doubling and the last two are.
    """
    chosen = {
        k
        for k in range(len(numbers))
        if k < 3 or k + 1 in (4, 8, 16, 32, 64, 128) or k >= len(numbers) - 2
    }
    return [number for k, number in enumerate(numbers) if len(numbers) <= FEW or k in chosen]


def _have_exponents(eigenvalues: Iterable[Eigenvalue]) -> bool:
    """Whether any eigenvalue has an exponent. Those of a map without a ratio of lattice constants
    have none.
    """
    return any(isfinite(each.exponent) for each in eigenvalues)


def _exponent(found: Eigenvalue | None, *, exponents: bool) -> str:
    if found is None:
        return ""
    shown = (
        with_error(found.exponent, found.exponent_error)
        if exponents
        else eigenvalue(found.value, found.imag, found.error)
    )
    return shown + ("*" if found.wrapped else "")


def _scan(answer: Answer) -> list[str]:
    """A table with a line for each point and a column for each quantity. Gaps are dashes, bounds
    stand behind < and >.
    """
    kinds = _found([point.result for point in answer.points])
    names = list(dict.fromkeys(name for tables in kinds for table in tables for name in table))
    rows = [tuple(axis.name for axis in answer.axes) + tuple(names)]
    for point, *parts in zip(answer.points, *kinds, strict=True):
        numbers = {name: number for part in parts for name, number in part.items()}
        cells = (with_kind(*numbers[name]) if name in numbers else "-" for name in names)
        rows.append((*(f"{value:g}" for value in point.parameters.values()), *cells))
    over = "from the scan\n" + _named(answer.observables) if answer.observables else ""
    return ["points\n" + aligned(rows), over]


Found = Mapping[str, tuple[float | None, float | None, str]]
"""Values, errors and kinds by the name of the quantity."""


def _found(results: Sequence[Result]) -> tuple[list[Found], list[Found], list[Found]]:
    """The exponents, the observables and the free energies at each point."""
    column = method_names([{value.method for value in each.free_energy} for each in results])
    return (
        [_numbers(result.exponents) for result in results],
        [_numbers(result.observables) for result in results],
        [
            {
                f"free_energy[{column(value.method)}]": (value.value, value.error, value.kind)
                for value in result.free_energy
            }
            for result in results
        ],
    )


def _numbers(table: Mapping[str, Estimate]) -> Found:
    return {name: (value.value, value.error, value.kind) for name, value in table.items()}


def render_checks(checks: Sequence[CheckedExpectation]) -> str:
    """Each check: whether it passed, the target, the value, what was asked, the source, and the
    reason.
    """
    good, bad = marks()
    rows = []
    for check in checks:
        wanted = check.expectation
        measured = with_error(check.found.value, check.found.error) if check.found else ""
        limits = " and ".join(
            _tolerance(tolerance.value, tolerance.unit) for tolerance in wanted.within
        )
        value = wanted.word or f"{wanted.value:.10g}"
        asked = f"{wanted.relation} {value}" + (f" within {limits}" if limits else "")
        source = f'from "{wanted.source}"' if wanted.source else ""
        rows.append(
            (
                good if check.passed else bad,
                wanted.target,
                measured or check.word or "-",
                asked,
                escape(source),
                escape(check.reason),
            )
        )
    return aligned(rows)


def _tolerance(value: float, unit: str) -> str:
    return f"{value:g}" + {"absolute": "", "percent": " %", "sigma": " sigma"}[unit]
