"""What a target names in an answer: at a point of its scan, or in the runs of a study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import compress
from operator import not_
from typing import TYPE_CHECKING

from rgc.model.claim import RunAnswer, run_answers
from rgc.model.spec import same_value
from rgc.results.derived import Found, Run, derived
from rgc.results.find import NotFound, find
from rgc.results.result import Estimate

if TYPE_CHECKING:
    from rgc.language.values import Value
    from rgc.model.expressions import Expression
    from rgc.model.target import Target
    from rgc.results.answer_data import AnswerData, Point


def find_in(target: Target, answer: AnswerData) -> Estimate:
    """What a target names in an answer: a measure of the scan, or a number at the one point that
    its selectors choose. Of a study it is made of the answers of its runs. Raises `NotFound` with
    the reason.
    """
    if target.of_runs is not None:
        return of_runs(target.of_runs, answer.runs)
    if target.name in answer.over_scan:
        return answer.over_scan[target.name]
    number, rest = place(target, answer.points)
    return find(replace(target, selectors=rest), answer.points[number].result)


def of_runs(expression: Expression, runs: Mapping[str, AnswerData]) -> Estimate:
    """A number that a study makes of the answers of its runs (`derived`). What a run does not
    answer is None, with a note.
    """
    found: Found = {each: _of_run(each, runs) for each in run_answers(expression)}

    def of(leaf: Expression) -> Run | None:
        return Run(leaf.run, runs[leaf.run].seed) if isinstance(leaf, RunAnswer) else None

    return derived(expression, found, of)


def _of_run(asked: RunAnswer, runs: Mapping[str, AnswerData]) -> Estimate:
    try:
        return find_in(asked.target, runs[asked.run])
    except NotFound as error:
        return Estimate(None, None, note=f"{asked.run}: {error}")


def place(target: Target, points: Sequence[Point]) -> tuple[int, tuple[tuple[str, Value], ...]]:
    """The number of the point that the selectors of a target choose, and those of them that choose
    something else. Raises `NotFound` unless there is one.
    """
    scanned = set(points[0].parameters)
    of_point = [key in scanned and not isinstance(value, str) for key, value in target.selectors]
    wanted = dict(compress(target.selectors, of_point))
    matching = [
        n
        for n, point in enumerate(points)
        if all(same_value(point.parameters[key], value) for key, value in wanted.items())
    ]
    if len(matching) != 1:
        example = ", ".join(f"{key}={value:g}" for key, value in points[0].parameters.items())
        raise NotFound(
            f"{len(matching)} points of the scan match; one is chosen as in "
            f"{target.name}[{example}]"
        )
    return matching[0], tuple(compress(target.selectors, map(not_, of_point)))
