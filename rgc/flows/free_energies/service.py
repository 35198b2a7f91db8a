"""Free energies as a service: each method of `free_energy(methods=[...])` is a flow, and their
results are compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from pkgutil import resolve_name
from typing import Any

from rgc.errors import SpecError, placed
from rgc.flows import sequence
from rgc.flows.flow import Account, Flow, State
from rgc.flows.request import Request
from rgc.model.lattice import Lattice
from rgc.model.spec import FlowOfSpec, Method
from rgc.passes.instances import resized, seam, two_copies
from rgc.results.numbers import with_error
from rgc.results.result import Estimate, FreeEnergy, Result
from rgc.schemes.free_energies import FREE_ENERGIES

DIGITS_LOST = 1e-13
"""A change below this, relative to a free energy, is rounding and has no digit."""

ROUNDING = 1e-8
"""What differences of free energies may come to, relative to them, by rounding and by minimisers
that stop.
"""


FAR = 4.0
"""An estimate so many errors from an exact value is wrong: of right ones 1 in 16,000 is."""


@dataclass(frozen=True, slots=True, eq=False)
class SizeCheck:
    """A method on a small instance of the spec: as it is, twice as long along one axis, and two
    copies without interaction.

    `sites` is the number of sites of `small`. `seam` limits |F(2N) - 2 F(N)| of anything extensive.
    """

    method: str
    small: Flow
    double: Flow
    copies: Flow
    sites: int
    seam: float

    @property
    def flows(self) -> tuple[Flow, ...]:
        return self.small, self.double, self.copies


@dataclass(frozen=True, slots=True, eq=False)
class FreeEnergies:
    """The flow of a spec, if it has one, then one flow for each method, then the checks that its F
    is a free energy.

    `names` gives the measures that are one of the methods, by label. The state is that of all
    flows, one after the other.
    """

    main: Flow | None
    methods: tuple[Method, ...]
    method_flows: tuple[Flow, ...]
    checks: tuple[SizeCheck, ...]
    names: Mapping[str, str]

    @property
    def scheme(self) -> str:
        return self.main.scheme if self.main is not None else "measure"

    @property
    def steps(self) -> int:
        return sequence.steps(self._flows)

    @property
    def _flows(self) -> tuple[Flow, ...]:
        before = () if self.main is None else (self.main,)
        return (
            *before,
            *self.method_flows,
            *(flow for check in self.checks for flow in check.flows),
        )

    @property
    def provenance(self) -> Mapping[str, Any]:
        own = dict(self.main.provenance) if self.main is not None else {"reproducibility": "L3"}
        return own | {
            "free_energy": {
                m.label: dict(f.provenance)
                for m, f in zip(self.methods, self.method_flows, strict=True)
            }
        }

    def start(self) -> State:
        return sequence.start()

    def step(self, state: State) -> State:
        return sequence.step(self._flows, state)

    def accounts(self) -> Sequence[Account]:
        own = () if self.main is None else self.main.accounts()
        return (*own, *(account for flow in self.method_flows for account in flow.accounts()))

    def finish(self, state: State) -> Result:
        results = sequence.results(self._flows, state)
        main = results.pop(0) if self.main is not None else Result("measure")
        of_methods, rest = results[: len(self.method_flows)], results[len(self.method_flows) :]
        notes, warnings = self._sizes(rest)
        entries = [
            _entry(method, result, notes)
            for method, result in zip(self.methods, of_methods, strict=True)
        ]
        found = {entry.method for entry in entries}
        every = (*(own for own in main.free_energy if own.method not in found), *entries)
        check_order(every)
        by_label = {
            entry.method: Estimate(entry.value, entry.error, entry.kind, note=entry.note)
            for entry in entries
        }
        totals = {
            name: number
            for result in of_methods
            for name, number in result.observables.items()
            if name == "log_z" and number.kind == "exact"
        }
        besides = {
            f"{name}[{method.label}]": result.values[name]
            for method, result in zip(self.methods, of_methods, strict=True)
            for name in FREE_ENERGIES[method.name].answers
            if name in result.values
        }
        own = {name: by_label[label] for name, label in self.names.items()}
        said = dict.fromkeys(
            (
                *main.warnings,
                *(text for result in of_methods for text in result.warnings),
                *warnings,
                *disagreements(every),
            )
        )
        return replace(
            main,
            free_energy=every,
            values={**totals, **main.values, **besides, **own},
            tables={
                **main.tables,
                **{name: table for result in of_methods for name, table in result.tables.items()},
            },
            warnings=tuple(said),
            provenance=self.provenance,
        )

    def _sizes(self, results: Sequence[Result]) -> tuple[dict[str, str], list[str]]:
        """What the checks say of each method, and the warnings."""
        notes, warnings = {}, []
        for number, check in enumerate(self.checks):
            one, two, both = (
                result.free_energy[0] for result in results[3 * number : 3 * number + 3]
            )
            copies, doubled = both.value - 2 * one.value, two.value - one.value
            copied, twice = (_shown(change, one.value) for change in (copies, doubled))
            notes[check.method] = f"F of two copies {copied}, of twice the size {twice} a site"
            slack = ROUNDING * (1 + abs(one.value))
            if abs(copies) > slack + 2 * ((both.error or 0) + 2 * (one.error or 0)):
                warnings.append(
                    f"{check.method} is not size-consistent: "
                    f"of two copies F differs from twice F by {copies:.2g} a site"
                )
            if (
                2 * check.sites * (abs(doubled) - slack - (two.error or 0) - (one.error or 0))
                > check.seam
            ):
                warnings.append(
                    f"{check.method} is not size-extensive: "
                    f"F/N changes by {doubled:.2g} from {check.sites} sites to twice as many"
                )
        return notes, warnings


def _entry(method: Method, result: Result, notes: Mapping[str, str]) -> FreeEnergy:
    entry = result.free_energy[0]
    said = [text for text in (entry.note, notes.get(method.label, "")) if text]
    return replace(entry, method=method.label, note="; ".join(said))


def check_order(entries: Sequence[FreeEnergy]) -> None:
    """Raise `RuntimeError` unless lower bounds <= exact values <= upper bounds, per site.

    Anything else is a mistake of this program.
    """
    rank = {"lower bound": 0, "exact": 1, "upper bound": 2}
    for low in entries:
        for high in entries:
            ordered = low.kind in rank and high.kind in rank and rank[low.kind] < rank[high.kind]
            if (
                ordered
                and low.per == high.per
                and low.value > high.value + ROUNDING * (1 + abs(high.value))
            ):
                raise RuntimeError(
                    "free energies contradict each other: "
                    f"{low.method} ({low.kind}) is {low.value!r}, "
                    f"{high.method} ({high.kind}) {high.value!r}"
                )


def disagreements(entries: Sequence[FreeEnergy]) -> list[str]:
    """A warning for each value with an error that is further than `FAR` errors from an exact one
    beside it.
    """
    exact = next((entry for entry in entries if entry.kind == "exact"), None)
    return [
        f"{entry.method} gives F = {with_error(entry.value, entry.error)}, and {exact.method}, "
        f"which is exact, {exact.value:.10g}: {abs(entry.value - exact.value) / entry.error:.2g} "
        "errors apart"
        for entry in entries
        if exact is not None
        and entry.per == exact.per
        and entry.kind in ("estimate", "truncated")
        and entry.error
        and abs(entry.value - exact.value) > FAR * entry.error + ROUNDING * (1 + abs(exact.value))
    ]


# -- making it -------------------------------------------------------------------------------------


def make_free_energies(request: Request, main: Flow | None) -> FreeEnergies:
    """The free energies that the measures of a spec ask for, each method once, behind its flow.

    Raises `SpecError` for what a method cannot do.
    """
    measures = request.spec.measures
    methods = tuple({m.label: m for measure in measures for m in measure.methods}.values())
    flows = []
    for method in methods:
        with placed(method.span):
            flows.append(_make(method, request))
    names = {
        measure.name: measure.methods[0].label
        for measure in measures
        if len(measure.methods) == 1 and measure.name != "free_energy"
    }
    return FreeEnergies(main, methods, tuple(flows), tuple(_checks(request, methods)), names)


def _make(method: Method, request: Request) -> Flow:
    """The flow of a method: its maker reads the options where those of a scheme stand."""
    row, spec = FREE_ENERGIES[method.name], request.spec
    flow = FlowOfSpec(method.name, row.complete(method.options, spec), method.span)
    asked = replace(request, spec=replace(spec, flow=flow), path=method.path)
    made: Flow = resolve_name(row.maker)(asked)
    return made


def _checks(request: Request, methods: Sequence[Method]) -> Iterator[SizeCheck]:
    lattice = request.spec.lattice
    if not isinstance(lattice, Lattice):
        return
    for method in methods:
        for size in FREE_ENERGIES[method.name].sizes:
            shape = tuple(min(size, n or size) for n in lattice.shape)
            small = resized(request.spec, shape)
            double = resized(request.spec, (2 * shape[0], *shape[1:]))
            try:
                one, two, both = (
                    _make(method, replace(request, spec=instance, zero=(), quick=True))
                    for instance in (small, double, two_copies(small))
                )
            except SpecError:
                continue
            sites = prod(shape) * len(lattice.basis)
            yield SizeCheck(
                method=method.label,
                small=one,
                double=two,
                copies=both,
                sites=sites,
                seam=seam(small, 0),
            )
            break


def _shown(change: float, of: float) -> str:
    """A change of a free energy, for people: equal is what rounding alone tells apart."""
    return "the same" if abs(change) < DIGITS_LOST * (1 + abs(of)) else f"{change:+.1e}"
