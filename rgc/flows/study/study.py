"""A recursion of couplings and the questions that a spec asks of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from rgc.analysis.fixed_points import CriticalPoint, critical
from rgc.analysis.folded import folded
from rgc.analysis.recursion import Floats, Recursion, is_invariant
from rgc.errors import Problem, SpecError, suggest
from rgc.language.values import CallValue
from rgc.model.lattice import Lattice
from rgc.passes.lee_yang import excluded_transition
from rgc.results.result import Estimate, Kind
from rgc.schemes.options import SHOWN_STEPS

if TYPE_CHECKING:
    from rgc.flows.request import Request
    from rgc.language.values import Value
    from rgc.model.spec import Spec
    from rgc.text import Span


@dataclass(frozen=True, slots=True, eq=False)
class Close:
    """How the flow of a finite lattice ends: after `steps` steps one unit is left, and `log_z` of
    its couplings ends the sum.
    """

    steps: int
    log_z: Callable[[Floats], float]


def holds_everywhere(couplings: Floats) -> str:
    """What `Study.beyond` says of a map that holds at all couplings."""
    del couplings
    return ""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Study:
    """A recursion and the questions that are asked of it.

    - `start` holds the spec's couplings, `starts` others [k, n], and `plane` the numbers of two
      couplings.
    - `dimension` is d of hyperscaling.
    - `kind` is that of the couplings and of the free energy, which is counted per site or bond
      (`per`).
    - `exponents` is the kind of the exponents. Those of an approximate map are truncated.
    - `space` says where the map is linearised, if not in all its couplings.
    - `accumulates` says whether the accumulated constants belong to the spec's lattice.
    - `close` says how the flow of a finite lattice ends.
    - `constant` is the spin-independent part of H per unit of the free energy.
    - `frozen` gives the exponents at zero temperature, where a map without another critical point
      has one.
    - `terms` and `kept` are as in `Result`.
    - `p` is the parameter of the block map at each step, in turn.
    - `at_fixed_point` gives what else is reported about a fixed point, by name.
    - `beyond` says why given couplings are none of a transition: the map does not hold there, or
      the spins are free. It is empty where they may be.
    - `excluded` says why the spec's couplings, and multiples of them, are never critical, where
      that is known: what the map takes for a critical point is then its own.
    - `turns` is the number of maps that take turns, and `period` a multiple of it: fixed points and
      spectra are those of the map of so many steps. More than `turns` ask for cycles.
    - `search` finds all fixed points at once, where they are not sought from one start after the
      other. `searched` says where, in words.
    - `critical` finds the critical point on a ray, where phases are not told by the flow of
      `recursion`.
    - `nearby` are the same map with the sectors of subspaces that it maps to itself. Those of the
      first one in whose first sector a fixed point lies hold for its spectra.
    - `line` says whether a critical point is sought on the line of the spec's couplings, and `rays`
      whether a flow diagram looks for the critical line on rays through the origin.
    - `logarithms` says that couplings are logarithms of sums of weights, which rounding leaves off
      by a part of the largest coupling of the step before, or of 1.
    - `window` [2, n] is what a flow diagram shows, where its fixed points do not say it, and `rest`
      the couplings that are not in its plane.
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
    accumulates: bool = True
    per: str = "site"
    close: Close | None = None
    constant: float = 0.0
    frozen: Callable[[], Mapping[str, float]] | None = None
    terms: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, Sequence[str]] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    space: str = ""
    p: tuple[Estimate, ...] = ()
    at_fixed_point: Callable[[Floats], Mapping[str, float]] | None = None
    beyond: Callable[[Floats], str] = holds_everywhere
    excluded: str = ""
    turns: int = 1
    period: int = 1
    search: Callable[[Study], Sequence[Floats]] | None = None
    searched: str = ""
    critical: Callable[[Floats], CriticalPoint] | None = None
    nearby: tuple[Recursion, ...] = ()
    line: bool = True
    rays: bool = True
    logarithms: bool = True
    window: Floats | None = None
    rest: Floats | None = None
    warnings: tuple[str, ...] = ()

    @property
    def returning(self) -> Recursion:
        """The map whose fixed points are sought."""
        return folded(self.recursion, self.period)

    def around(self, point: Floats) -> Recursion | None:
        """The first of `nearby` in whose first sector the point lies."""
        return next((each for each in self.nearby if is_invariant(each, point)), None)

    def judging(self, point: Floats) -> Recursion:
        """The map whose linearisation at a fixed point tells what it is."""
        return folded(self.around(point) or self.recursion, self.period)

    def critical_on(self, ray: Floats) -> CriticalPoint:
        """The critical point on a ray of couplings. Raises `PointNotFound`."""
        return critical(self.recursion, ray) if self.critical is None else self.critical(ray)


def make_study(
    request: Request,
    recursion: Recursion,
    start: Floats,
    dimension: float,
    *,
    kind: Kind = "exact",
    accumulates: bool = True,
    per: str = "site",
    close: Close | None = None,
    constant: float = 0.0,
    terms: Mapping[str, str] | None = None,
    kept: Mapping[str, Sequence[str]] | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> Study:
    """The study that the options of a flow ask for.

    `kind` is that of the free energies. Where they are exact so are the exponents. Otherwise the
    exponents are truncated, since the map is approximate. Raises `SpecError` for names of couplings
    that the recursion lacks.
    """
    options, names, span = request.options, recursion.names, request.span
    wanted = options.integer("steps") if "steps" in options else SHOWN_STEPS
    return Study(
        scheme=request.flow.scheme,
        recursion=recursion,
        start=start,
        dimension=dimension,
        kind=kind,
        exponents="exact" if kind == "exact" else "truncated",
        steps=wanted if close is None else min(wanted, close.steps),
        find=options.word("find") if "find" in options else None,
        linearise=options.flag("linearise"),
        starts=read_starts(options["starts"], names, start, span) if "starts" in options else None,
        plane=_plane(options["plane"], names, span) if "plane" in options else None,
        accumulates=accumulates,
        per=per,
        close=close,
        constant=constant,
        terms=terms or {},
        kept=kept or {},
        provenance=provenance or {},
        excluded=_excluded(request.spec),
    )


def _excluded(spec: Spec) -> str:
    """Why the Hamiltonian of a spec on a lattice has no transition, if that is known."""
    if spec.hamiltonian is None or not isinstance(spec.lattice, Lattice):
        return ""
    return excluded_transition(spec.hamiltonian, spec.lattice, spec.species)


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
    """The option `starts` as couplings [k, n].

    Numbers are values of the first coupling, lists are values of the first few, and
    `grid(K=..., h=...)` stands for every combination. Couplings that are not given are those of the
    spec. Raises `SpecError` for unknown names.
    """
    rows = []
    if isinstance(value, CallValue):
        axes = [(_number_of(name, names, span), _numbers(values)) for name, values in value.options]
        for point in product(*(values for _, values in axes)):
            rows.append({k: x for (k, _), x in zip(axes, point, strict=True)})
    else:
        assert isinstance(value, tuple)  # noqa: S101  (the option's kind)
        rows = [dict(enumerate(_numbers(numbers))) for numbers in value]
    starts = np.tile(start, (len(rows), 1))
    for k, row in enumerate(rows):
        for n, x in row.items():
            starts[k, n] = x
    return starts


def _numbers(value: Value) -> tuple[float, ...]:
    values = value if isinstance(value, tuple) else (value,)
    return tuple(float(x) for x in values if isinstance(x, int | float))
