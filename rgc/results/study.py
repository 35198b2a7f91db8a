"""What a study answers: its measures, made of the answers of its runs, and its verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rgc.results.find_in_answer import of_runs
from rgc.results.result import Estimate, Result
from rgc.results.verdict import Verdict, verdict

if TYPE_CHECKING:
    from rgc.model.spec import Spec
    from rgc.model.target import ExpectedValue
    from rgc.results.answer_data import AnswerData

SCHEME = "study"


def study_result(spec: Spec, runs: Mapping[str, AnswerData]) -> Result:
    """The measures of a study as values of a result, from the answers of its runs by name."""
    values = {
        measure.name: of_runs(measure.of_runs, runs)
        for measure in spec.measures
        if measure.of_runs is not None
    }
    return Result(SCHEME, values=values)


def study_verdict(spec: Spec, runs: Mapping[str, AnswerData]) -> Verdict | None:
    """The verdict on the claim of a study; None where it makes none."""

    def find(line: ExpectedValue) -> Estimate:
        return Estimate(None, None) if line.of_runs is None else of_runs(line.of_runs, runs)

    return None if spec.claim is None else verdict(spec.claim, find)
