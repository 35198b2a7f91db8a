"""Where training data come from, every option evaluated."""

from __future__ import annotations

from dataclasses import dataclass

from rgc.language.values import Value
from rgc.model import shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """`count` configurations of the Hamiltonian, `every` sweeps apart, after `thermalise` sweeps
    (None: the default of the sampler).

    `sets` = (parameter, values) makes one set of configurations for each value. `update` is how
    they are updated.
    """

    count: int
    every: int
    thermalise: int | None = None
    update: Value = "auto"
    sets: tuple[tuple[str, tuple[float, ...]], ...] = ()

    def __str__(self) -> str:
        options = {"thermalise": self.thermalise, "every": self.every, "update": self.update}
        return shown.call("samples", self.count, options={**options, **dict(self.sets)})


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """The rows of a file inside the folder of the spec. Values above `threshold` are spin up (None:
    values are kept). `validation` is the share of the rows that is kept apart.
    """

    path: str
    threshold: float | None = None
    validation: float | None = None

    def __str__(self) -> str:
        options = {"threshold": self.threshold, "validation": self.validation}
        return shown.call("file", f'"{self.path}"', options=options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patterns:
    """`count` random patterns, each spin up or down with equal probability."""

    count: int

    def __str__(self) -> str:
        return shown.call("patterns", self.count)


Source = Samples | File | Patterns


@dataclass(frozen=True, slots=True, kw_only=True)
class ShuffledSites:
    """The data of `source` with the sites permuted, the same way in every row."""

    source: Source

    def __str__(self) -> str:
        return shown.call("shuffle_sites", self.source)


Data = Source | ShuffledSites
