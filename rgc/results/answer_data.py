"""The data of an answer: a result for each point of the scan, the checks, the warnings and the
provenance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rgc.results.checks import CheckedExpectation
from rgc.results.result import Eigenvalue, Estimate, Level, Result

if TYPE_CHECKING:
    from rgc.model.hamiltonian import Hamiltonian
    from rgc.model.lattice import Geometry
    from rgc.model.spec import Axis
    from rgc.results.verdict import Verdict


SHOWN = 3
"""The number of quantities that the one line of an answer names."""


@dataclass(frozen=True, slots=True)
class Point:
    """The result at one point of the scan. `parameters` are the scanned ones; without a scan there
    are none. `states` are the values that the spins of the configurations may have. What a coupling
    multiplies stands in the `hamiltonian`.
    """

    parameters: Mapping[str, float]
    result: Result
    lattice: Geometry | None = None
    states: tuple[int, ...] = ()
    hamiltonian: Hamiltonian | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AnswerData:
    """Everything a run found.

    - `text` is the spec as it was run, in the text spelling; `sha256` is its hash without comments.
    - `points` holds one result for each point of the scan over `axes`, and a single one without a
      scan.
    - `over_scan` are the measures of a finished scan. `located` says of those that are a value of a
      parameter, such as a crossing, of which measure against which parameter.
    - `folder` is the output folder, if there is one.

    Every number carries its error and its kind.
    """

    title: str
    sha256: str
    text: str
    backend: str
    seed: int
    points: tuple[Point, ...]
    axes: tuple[Axis, ...] = ()
    over_scan: Mapping[str, Estimate] = field(default_factory=dict)
    located: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    checks: tuple[CheckedExpectation, ...] = ()
    warnings: tuple[str, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    folder: Path | None = None
    runs: Mapping[str, AnswerData] = field(default_factory=dict)
    verdict: Verdict | None = None

    @property
    def result(self) -> Result:
        """The result of a run without a scan.

        Raises `ValueError` for a scan, which has a result at each of its `points`.
        """
        if self.axes:
            raise ValueError("a scan has a result at each of its `points`")
        return self.points[0].result

    @property
    def exponents(self) -> Mapping[str, Estimate]:
        """The headline exponents: `y_t` and `y_h`, then `nu`, `eta`, and so on."""
        return self.result.exponents

    @property
    def observables(self) -> Mapping[str, Estimate]:
        """The averages and other values by name. Those of a scan are the measures over all its
        points; each of the `points` has its own.
        """
        return self.over_scan if self.axes else self.result.observables

    @property
    def couplings(self) -> tuple[Mapping[str, Estimate], ...]:
        """The couplings by name, one mapping for each level from level 0."""
        return tuple(level.couplings for level in self.result.levels)

    @property
    def levels(self) -> tuple[Level, ...]:
        """The levels of the result, from level 0."""
        return self.result.levels

    @property
    def eigenvalues(self) -> tuple[Eigenvalue, ...]:
        """The eigenvalues of the linearised maps, by sector, level and size of the basis."""
        return self.result.eigenvalues

    @property
    def passed(self) -> bool:
        """Whether everything in `expect` came out."""
        return all(check.passed for check in self.checks)

    def __repr__(self) -> str:
        """One line: the title, what ran, the first numbers, the expectations and the warnings."""
        numbers = {} if self.axes else {**self.exponents, **self.result.observables}
        shown = [f"{name} = {number!r}" for name, number in list(numbers.items())[:SHOWN]]
        parts = [
            f"{self.points[0].result.scheme} on {self.backend}",
            *([f"{len(self.points)} points"] if self.axes else shown),
            *(
                [f"{sum(check.passed for check in self.checks)} of {len(self.checks)} expected"]
                if self.checks
                else ()
            ),
            *([f"{len(self.warnings)} warnings"] if self.warnings else ()),
        ]
        return f"<Answer {self.title!r}: {', '.join(parts)}>"
