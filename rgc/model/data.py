"""Where training data come from, every option evaluated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from math import floor
from pathlib import Path

from rgc.language.values import Value
from rgc.model import shown
from rgc.model.hamiltonian import Hamiltonian
from rgc.model.point_clouds import Cloud
from rgc.text import Span

CHAINS = 1024
"""The replicas that samples are taken from, or fewer where there are fewer rows. The more there
are, the fewer configurations follow one another in a replica.
"""

THERMALISE = 1000
"""The least updates of every site before the first sample, by default. It is a fifth of the sweeps
where that is more.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """`count` configurations of the Hamiltonian, `every` sweeps apart, after `thermalise` sweeps
    (None: the default of the sampler).

    `sets` = (parameter, values) makes one set of `count` configurations for each value, of several
    parameters for each combination, the last the fastest. `hamiltonians` are those of the sets, in
    this order; without `sets` there is one. `update` is how configurations are updated.
    `validation` is the share of the rows that is kept apart.
    """

    count: int
    every: int
    thermalise: int | None = None
    update: Value = "local"
    validation: float | None = None
    sets: tuple[tuple[str, tuple[float, ...]], ...] = ()
    hamiltonians: tuple[Hamiltonian, ...] = field(default=(), repr=False, compare=False)
    span: Span | None = field(default=None, repr=False, compare=False)

    @property
    def points(self) -> tuple[dict[str, float], ...]:
        """The values of the parameters in each set; without parameters there is one set."""
        names = [name for name, _ in self.sets]
        values = product(*(values for _, values in self.sets))
        return tuple(dict(zip(names, each, strict=True)) for each in values)

    @property
    def rows(self) -> int:
        """The configurations of all sets together."""
        return self.count * len(self.points)

    @property
    def replicas(self) -> int:
        """The replicas that the configurations of a set are taken from."""
        return min(CHAINS, -(-self.count // 64) * 64)

    @property
    def sweeps(self) -> int:
        """The updates of every site for a set, after those before the first configuration."""
        return -(-self.count // self.replicas) * self.every

    @property
    def before(self) -> int:
        """The updates of every site before the first configuration."""
        default = max(THERMALISE, self.sweeps // 5)
        return default if self.thermalise is None else self.thermalise

    def __str__(self) -> str:
        options = {
            "thermalise": self.thermalise,
            "every": self.every,
            "update": self.update,
            "validation": self.validation,
        }
        return shown.call("samples", self.count, options={**options, **dict(self.sets)})


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """The rows of a file inside `folder`, which is that of the spec. Values above `threshold` are
    spin up (None: values are kept). `validation` is the share of the rows that is kept apart.

    Values are multiplied by `scale`, if there is one, and then, to `centre` them, the mean of each
    column is subtracted.

    `array` names one of several arrays of an `.npz`. `weights` is a file that holds how often each
    row counts. `rows` and `columns` are those that the header of the file says, `names` those of
    its columns.
    """

    path: str
    threshold: float | None = None
    validation: float | None = None
    array: str | None = None
    weights: str | None = None
    scale: float | None = None
    centre: bool = False
    rows: int = field(default=0, repr=False, compare=False)
    columns: int = field(default=0, repr=False, compare=False)
    names: tuple[str, ...] = field(default=(), repr=False, compare=False)
    folder: Path = field(default=Path(), repr=False, compare=False)
    span: Span | None = field(default=None, repr=False, compare=False)

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that are read, relative to the folder of the spec."""
        return (self.path,) if self.weights is None else (self.path, self.weights)

    def __str__(self) -> str:
        options = {
            "array": None if self.array is None else f'"{self.array}"',
            "threshold": self.threshold,
            "validation": self.validation,
            "weights": None if self.weights is None else f'"{self.weights}"',
            "scale": self.scale,
            "centre": self.centre or None,
        }
        return shown.call("file", f'"{self.path}"', options=options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patterns:
    """`count` random patterns, each spin up or down with equal probability."""

    count: int

    def __str__(self) -> str:
        return shown.call("patterns", self.count)


Source = Samples | File | Patterns


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """The data of `source`, changed so that something of them is lost.

    `name` says how:

    - `shuffle_sites`: the sites are permuted, the same way in every row.
    - `independent`: the rows of each site are permuted, of each site by itself, so that sites keep
      their averages and lose their correlations.
    - `gaussian_twin`: rows are signs of a Gaussian field that has the two-point function of the
      rows of `source`, so that all higher correlations follow from it.
    """

    name: str
    source: Source

    def __str__(self) -> str:
        return shown.call(self.name, self.source)


Data = Source | Control | Cloud


def source_of(data: Data) -> Source | Cloud:
    """Where the rows come from, before any control."""
    return data.source if isinstance(data, Control) else data


def rows_of(data: Data | None) -> int | None:
    """The rows to train on, without those for validation; None without data."""
    source = source_of(data) if data is not None else None
    match source:
        case Samples(rows=rows) | File(rows=rows):
            return rows - rows_apart(source)
        case None:
            return None
        case other:
            return other.count


def rows_apart(data: Data | None) -> int:
    """The rows that are kept for validation."""
    match source_of(data) if data is not None else None:
        case Samples(rows=rows, validation=share) | File(rows=rows, validation=share):
            return kept_apart(rows, share)
    return 0


def columns_of(data: Data | None) -> int | None:
    """The numbers of one row, where the data say it; a lattice says it otherwise."""
    source = source_of(data) if data is not None else None
    return None if source is None or isinstance(source, Samples | Patterns) else source.columns


def files_of(data: Data | None) -> Iterator[tuple[Path, str]]:
    """The files that data are read from: the folder of the spec and the path in it."""
    source = source_of(data) if data is not None else None
    if isinstance(source, File):
        yield from ((source.folder, path) for path in source.paths)


def kept_apart(rows: int, share: float | None) -> int:
    """How many rows a share for validation is, rounded down."""
    return floor(rows * (share or 0.0) + 1e-9)
