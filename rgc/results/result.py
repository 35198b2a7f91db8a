"""What a flow answers: numbers with an error and a kind, level by level. The JSON contract is a
direct image of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from numpy.typing import NDArray

Kind = Literal["exact", "lower bound", "upper bound", "estimate", "truncated"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number that leaves rgc. `error` is one standard deviation, statistical and systematic in
    quadrature; None means that it could not be determined, and `note` says why. `rule` says how a
    headline was chosen.
    """

    value: float | None
    error: float | None
    kind: Kind = "estimate"
    statistical: float | None = None
    systematic: float | None = None
    rule: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Level:
    """One RG level: its lattice in unit cells, its couplings (level 0: the spec's) and averages
    measured on it.
    """

    level: int
    shape: tuple[int, ...]
    couplings: Mapping[str, Estimate] = field(default_factory=dict)
    observables: Mapping[str, Estimate] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Eigenvalue:
    """An eigenvalue of the linearised map from level - 1 to `level`, with the leading `operators`
    operators of its sector.

    `value` and `imag` are its real and imaginary parts, `exponent` = ln|value| / ln b. `wrapped`:
    the coarse lattice is too small for the basis (L' <= 2 range), so that it takes no part in a
    headline. `index` counts from 1 by modulus within its matrix.
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


@dataclass(frozen=True, slots=True)
class FreeEnergy:
    """F/N in kT (`per` site) as one method finds it; `note` says why an error is not known, and
    what was looked at besides.
    """

    method: str
    value: float
    error: float | None
    kind: Kind
    per: str = "site"
    note: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """The answer of one flow at one point. `series`: named time series kept for autocorrelations,
    float64[record]; `configurations`: one replica at every level, int8[*shape, letters] of spin
    values; `tables`: named arrays for the record; `terms`: what couplings that the spec does not
    name multiply in -H, in the language, such as `sum(<i,j>) s[i]*s[j]`.
    """

    scheme: str
    exponents: Mapping[str, Estimate] = field(default_factory=dict)
    fixed_point: Mapping[str, Estimate] = field(default_factory=dict)
    levels: tuple[Level, ...] = ()
    eigenvalues: tuple[Eigenvalue, ...] = ()
    free_energy: tuple[FreeEnergy, ...] = ()
    observables: Mapping[str, Estimate] = field(default_factory=dict)
    series: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    configurations: tuple[NDArray[Any], ...] = ()
    tables: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    terms: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
