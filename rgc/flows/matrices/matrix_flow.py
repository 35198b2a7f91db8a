"""The flow of a map that is a matrix: the matrix is made in steps, and then its iteration is read
off its spectrum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from numpy.typing import NDArray

from rgc.flows.flow import Account, State
from rgc.flows.matrices.matrix_result import Report
from rgc.results.result import Result

Arrays = dict[str, NDArray[Any]]


class Question(Protocol):
    """What is asked of a matrix, in steps over arrays that can be saved."""

    @property
    def steps(self) -> int: ...

    def start(self) -> Arrays:
        """The arrays before the first step."""
        ...

    def step(self, arrays: Arrays) -> None:
        """One step, which changes the arrays. Raises `SpecError` for what has no answer."""
        ...

    def answer(self, arrays: Mapping[str, NDArray[Any]]) -> Report:
        """What the arrays say after the last step."""
        ...

    def account(self) -> Account: ...


@dataclass(frozen=True, slots=True, eq=False)
class MatrixFlow:
    """The steps of a question."""

    scheme: str
    question: Question
    provenance: Mapping[str, Any]

    @property
    def steps(self) -> int:
        return self.question.steps

    def start(self) -> State:
        return State(0, self.question.start(), {})

    def step(self, state: State) -> State:
        self.question.step(state.arrays)
        state.done += 1
        return state

    def accounts(self) -> Sequence[Account]:
        return (self.question.account(),)

    def finish(self, state: State) -> Result:
        found = self.question.answer(state.arrays)
        return Result(
            self.scheme,
            levels=found.levels,
            eigenvalues=found.eigenvalues,
            values=found.values,
            tables=found.tables,
            warnings=found.warnings,
        )
