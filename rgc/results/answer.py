"""The answer of a run: one result for each point of the scan (one point without a scan), what was expected, where it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rgc.results.checks import Check
from rgc.results.result import Eigenvalue, Estimate, Level, Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from xarray import Dataset

    from rgc.model.lattice import Geometry
    from rgc.model.spec import Axis


@dataclass(frozen=True, slots=True)
class Point:
    """The result at one point of the scanned `parameters` (none without a scan)."""

    parameters: Mapping[str, float]
    result: Result
    lattice: Geometry | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """Everything a run found. `text` is the spec as run, in the text spelling, `sha256` its hash without comments.

    `observables` are the measures of a finished scan. Numbers carry their error and their kind.
    """

    title: str
    sha256: str
    text: str
    backend: str
    seed: int
    points: tuple[Point, ...]
    axes: tuple[Axis, ...] = ()
    observables: Mapping[str, Estimate] = field(default_factory=dict)
    checks: tuple[Check, ...] = ()
    warnings: tuple[str, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    folder: Path | None = None

    @property
    def result(self) -> Result:
        """The result of a run without a scan. Raises `ValueError` on a scan, which has one for each of its `points`."""
        if self.axes:
            raise ValueError("a scan has a result at each of its `points`")
        return self.points[0].result

    @property
    def exponents(self) -> Mapping[str, Estimate]:
        """The headline exponents: `y_t`, `y_h`, then `nu`, `eta`, ..."""
        return self.result.exponents

    @property
    def couplings(self) -> tuple[Mapping[str, Estimate], ...]:
        """The couplings by name, level by level from level 0."""
        return tuple(level.couplings for level in self.result.levels)

    @property
    def levels(self) -> tuple[Level, ...]:
        return self.result.levels

    @property
    def eigenvalues(self) -> tuple[Eigenvalue, ...]:
        return self.result.eigenvalues

    @property
    def passed(self) -> bool:
        """Whether everything in `expect` came out."""
        return all(check.passed for check in self.checks)

    def document(self) -> dict[str, Any]:
        """The JSON document of `rgc run --json`."""
        from rgc.results.document import document

        return document(self)

    def to_xarray(self) -> Dataset:
        """Every table of the result as one xarray dataset; a scan has one more dimension for each scanned parameter."""
        from rgc.results.dataset import dataset

        return dataset(self)

    def plot(self) -> dict[str, Figure]:
        """The figures by name: `configurations`, `exponents`, `autocorrelation`, `scan`, as far as the run has what they show."""
        from rgc.results.plots import figures

        return figures(self)

    def _repr_html_(self) -> str:
        from rgc.results.report import body

        return body(self.document(), {})
