"""What a flow answers: numbers with an error and a kind, level by level. The JSON document shows
these directly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from numpy.typing import NDArray

Kind = Literal["exact", "lower bound", "upper bound", "estimate", "truncated"]


@dataclass(frozen=True, slots=True, repr=False)
class Estimate:
    """A number that leaves rgc. It prints as `0.9973(31)`, with two digits of its error.

    - `error` is one standard deviation, with the statistical and the systematic part in quadrature.
      It is None if it could not be determined, and `note` then says why.
    - `rule` says how a headline was chosen.
    - `resamples` are the number from all groups of replicas and from all but one, of which its
      statistical error is the jackknife. They stay with the run, and are no part of what it writes.
    """

    value: float | None
    error: float | None
    kind: Kind = "estimate"
    _: KW_ONLY
    statistical: float | None = None
    systematic: float | None = None
    rule: str = ""
    note: str = ""
    resamples: tuple[float, ...] = field(default=(), repr=False, compare=False)

    def __repr__(self) -> str:
        """The value with its error, and its kind unless that is `estimate`."""
        from rgc.results.numbers import with_error

        text = with_error(self.value, self.error)
        return text if self.kind == "estimate" else f"{text} {self.kind}"


@dataclass(frozen=True, slots=True)
class Level:
    """One RG level: its lattice in unit cells, its couplings and the averages measured on it.

    The couplings of level 0 are those of the spec. `values` are numbers that are no averages, such
    as the accumulated constant.
    """

    level: int
    shape: tuple[int, ...]
    couplings: Mapping[str, Estimate] = field(default_factory=dict)
    averages: Mapping[str, Estimate] = field(default_factory=dict)
    values: Mapping[str, Estimate] = field(default_factory=dict)

    @property
    def observables(self) -> Mapping[str, Estimate]:
        """The averages and the values."""
        return {**self.averages, **self.values}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Eigenvalue:
    """An eigenvalue of the linearised map from level - 1 to `level`, with the leading `operators`
    operators of its sector.

    - `value` and `imag` are its real and imaginary parts.
    - `exponent` is ln|value| / ln b. It is NaN where the eigenvalue is rounding, as `note` says.
    - `index` counts the eigenvalues of a matrix from 1 by falling modulus.
    - `wrapped` says that the coarse lattice is too small for the basis (L' <= 2 range), so that the
      eigenvalue is no headline.
    """

    value: float
    imag: float
    error: float | None
    exponent: float
    exponent_error: float | None
    sector: str
    level: int
    operators: int
    index: int = 1
    wrapped: bool = False
    kind: Kind = "estimate"
    note: str = ""

    def __eq__(self, other: object) -> bool:
        from rgc.results.equality import same_fields

        return type(self) is type(other) and same_fields(self, other)


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedPoint:
    """A fixed point of a map of couplings.

    - `kind` is `sink`, `critical`, `tricritical` or `multicritical`, for no, one, two or more
      relevant directions in the invariant sector.
    - `eigenvalues` are those of the map linearised there, in every sector.
    - `note` says why exponents are not taken from it, where that has another reason.
    - `period` is 1, or the number of steps after which the point of a cycle comes back. `cycle`
      holds the couplings of all points of a cycle in turn, and `eigenvalues` are those of so many
      steps.
    """

    couplings: Mapping[str, Estimate]
    kind: str
    eigenvalues: tuple[Eigenvalue, ...]
    note: str = ""
    period: int = 1
    cycle: tuple[Mapping[str, Estimate], ...] = ()


@dataclass(frozen=True, slots=True)
class FreeEnergy:
    """F/N in kT (`per` site) as one method computes it.

    `note` says why an error is not known, and what else was looked at.
    """

    method: str
    value: float
    error: float | None
    kind: Kind
    _: KW_ONLY
    per: str = "site"
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IteratedChains:
    """What is seen of chains v -> h -> v after a step.

    - `start` numbers where they come from: 0 the rows of data, then samples of the Hamiltonian at a
      `temperature` each.
    - `values` are averages over the chains, and the temperatures at which the Hamiltonian has them,
      in units of that of the spec.
    """

    start: int
    temperature: float | None
    step: int
    values: Mapping[str, Estimate]


@dataclass(frozen=True, slots=True, eq=False)
class Saved:
    """What a run kept replica by replica.

    - `configurations` by species, int8[replica, record, *shape, letters] of spins as declared.
    - `series` by name, float64[replica, record].
    """

    configurations: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    series: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def __eq__(self, other: object) -> bool:
        from rgc.results.equality import same_fields

        return type(self) is type(other) and same_fields(self, other)


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """The answer of one flow at one point.

    - `fixed_point` is the one from which the exponents are taken, `fixed_points` are all that were
      found.
    - `averages` are those that were measured, `values` other numbers with a name.
    - `critical` holds the critical couplings on the line of the spec's couplings.
    - `series` are time series kept for autocorrelations, float64[record], by name.
    - `configurations` holds one replica at every level, `int8[*shape, letters]` of spin values.
    - `saved` is what `save` and `series` ask for.
    - `tables` are further arrays by name, and `labels` the names along some of their axes, by the
      table and the number of the axis.
    - `iterated` are chains through trained layers, one entry a start and step.
    - `weights` are the parameters of trained layers, as a file holds them that another spec can
      take.
    - `kept` holds options of the flow that list couplings, without which the Hamiltonian of a level
      would not flow on as it does here.
    - `tempered` are the results at each value of a tempered parameter, which make up the whole.
    - `terms` gives for each coupling that the spec does not name what it multiplies in -H, in the
      language, such as `sum(<i,j>) s[i]*s[j]`.
    """

    scheme: str
    _: KW_ONLY
    exponents: Mapping[str, Estimate] = field(default_factory=dict)
    fixed_point: Mapping[str, Estimate] = field(default_factory=dict)
    fixed_points: tuple[FixedPoint, ...] = ()
    levels: tuple[Level, ...] = ()
    eigenvalues: tuple[Eigenvalue, ...] = ()
    free_energy: tuple[FreeEnergy, ...] = ()
    averages: Mapping[str, Estimate] = field(default_factory=dict)
    values: Mapping[str, Estimate] = field(default_factory=dict)
    critical: Mapping[str, Estimate] = field(default_factory=dict)
    series: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    configurations: tuple[NDArray[Any], ...] = ()
    saved: Saved = field(default_factory=Saved)
    tables: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    labels: Mapping[str, Mapping[int, Sequence[str]]] = field(default_factory=dict)
    iterated: tuple[IteratedChains, ...] = ()
    weights: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    terms: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, Sequence[str]] = field(default_factory=dict)
    tempered: tuple[Result, ...] = ()
    warnings: tuple[str, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def observables(self) -> Mapping[str, Estimate]:
        """Averages, values and critical couplings by the names that an expectation calls them."""
        named = {f"critical.{name}": coupling for name, coupling in self.critical.items()}
        return {**self.averages, **self.values, **named}

    def __eq__(self, other: object) -> bool:
        from rgc.results.equality import same_fields

        return type(self) is type(other) and same_fields(self, other)
