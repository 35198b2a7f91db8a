"""A recursion of couplings and the questions that a spec asks of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from rgc.analysis.recursion import Floats, Recursion
from rgc.errors import Problem, SpecError, suggest
from rgc.language.values import CallValue
from rgc.results.result import Estimate, Kind

if TYPE_CHECKING:
    from rgc.flows.request import Request
    from rgc.language.values import Value
    from rgc.text import Span

STEPS = 10
"""RG steps of a trajectory where the spec names no number."""


@dataclass(frozen=True, slots=True, eq=False)
class Close:
    """After `steps` steps one unit is left, and `log_z` of its couplings ends the sum."""

    steps: int
    log_z: Callable[[Floats], float]


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """A recursion and the questions. `start`: the spec's couplings; `starts`: others, [k, n];
    `plane`: the numbers of two couplings.

    `kind` of the couplings and the free energy, `per` site or bond; `ledger`: whether constants
    belong to the spec's lattice. `exponents`: the kind of exponents: those of an approximate map
    are truncated; `space`: where the map is linearised, if not in all its couplings. `dimension`: d
    of hyperscaling. `close`: how the flow of a finite lattice ends. `constant`: the part of H
    without spins, per unit of the free energy. `frozen`: exponents at zero temperature, where a map
    without another critical point has one. `terms`: see `Result`. `p`: the parameter of the block
    map at each step, in turn; `at_fixed_point`: what else is told of a fixed point, by name.
    """

    scheme: str
    recursion: Recursion
    start: Floats
    dimension: float
    kind: Kind
    exponents: Kind
    steps: int
    find: str | None = None
    linearise: bool = False
    starts: Floats | None = None
    plane: tuple[int, int] | None = None
    ledger: bool = True
    per: str = "site"
    close: Close | None = None
    constant: float = 0.0
    frozen: Callable[[], Mapping[str, float]] | None = None
    terms: Mapping[str, str] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    space: str = ""
    p: tuple[Estimate, ...] = ()
    at_fixed_point: Callable[[Floats], Mapping[str, float]] | None = None
    warnings: tuple[str, ...] = ()


def make_study(
    request: Request,
    recursion: Recursion,
    start: Floats,
    dimension: float,
    *,
    kind: Kind = "exact",
    ledger: bool = True,
    per: str = "site",
    close: Close | None = None,
    constant: float = 0.0,
    terms: Mapping[str, str] | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> Study:
    """The study that the options of a flow ask for. `kind` of free energies: where they are exact
    so are exponents, else those belong to an approximate map. Raises `SpecError` for names of
    couplings that the recursion lacks.
    """
    options, names, span = request.options, recursion.names, request.span
    wanted = options.integer("steps") if "steps" in options else STEPS
    return Study(
        request.flow.scheme,
        recursion,
        start,
        dimension,
        kind,
        "exact" if kind == "exact" else "truncated",
        wanted if close is None else min(wanted, close.steps),
        find=options.word("find") if "find" in options else None,
        linearise=options.flag("linearise"),
        starts=read_starts(options["starts"], names, start, span) if "starts" in options else None,
        plane=_plane(options["plane"], names, span) if "plane" in options else None,
        ledger=ledger,
        per=per,
        close=close,
        constant=constant,
        terms=terms or {},
        provenance=provenance or {},
    )


def _plane(value: Value, names: Sequence[str], span: Span | None) -> tuple[int, int]:
    assert isinstance(value, tuple)  # noqa: S101  (the option's kind)
    first, second = (_number_of(str(name), names, span) for name in value)
    return first, second


def _number_of(name: str, names: Sequence[str], span: Span | None) -> int:
    if name not in names:
        hint = suggest(name, names) or f"it has {', '.join(names)}"
        raise SpecError(
            [Problem("unknown-coupling", f"this flow has no coupling '{name}'", span, hint=hint)]
        )
    return names.index(name)


def read_starts(
    value: Value, names: Sequence[str], start: Floats, span: Span | None = None
) -> Floats:
    """The option `starts` as couplings [k, n]: numbers are values of the first coupling, lists of
    the first few, `grid(K=..., h=...)` every combination; what is not given is as in the spec.
    Raises `SpecError` for names that there are not.
    """
    rows = []
    if isinstance(value, CallValue):
        axes = [(_number_of(name, names, span), _numbers(values)) for name, values in value.options]
        for point in product(*(values for _, values in axes)):
            rows.append({k: x for (k, _), x in zip(axes, point, strict=True)})
    else:
        assert isinstance(value, tuple)  # noqa: S101  (the option's kind)
        rows = [dict(enumerate(_numbers(each))) for each in value]
    found = np.tile(start, (len(rows), 1))
    for k, row in enumerate(rows):
        for n, x in row.items():
            found[k, n] = x
    return found


def _numbers(value: Value) -> tuple[float, ...]:
    values = value if isinstance(value, tuple) else (value,)
    return tuple(float(x) for x in values if isinstance(x, int | float))
