"""The flow of a map that a spec writes: the study of its recursion, how its orbits end, and how
fast neighbouring orbits part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from rgc.analysis.orbits import End, EndKind, Lyapunov, end_of
from rgc.analysis.recursion import MOST_STEPS, Floats, Recursion, free_energy
from rgc.flows.flow import Account, State
from rgc.flows.maps.expression_recursion import ExpressionRecursion
from rgc.flows.maps.orbits import FEWER, lyapunov_from, orbits
from rgc.flows.maps.rate_recursion import RateRecursion
from rgc.flows.maps.tables import attractor, basins, graph, rate_at, settling
from rgc.flows.study.coupling_flow import CouplingFlow
from rgc.program.arithmetic_text import listing
from rgc.results.numbers import with_error
from rgc.results.result import Estimate, Result

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rgc.backend import Backend

KINDS: tuple[EndKind, ...] = ("settles", "repeats", "leaves", "wanders")


@dataclass(frozen=True, slots=True, eq=False)
class MapFlow:
    """A flow whose steps are those of `study`, the end of the orbit from each of the `starts`
    [k, n], the Lyapunov exponents of the first where they are asked for, and where the orbits of a
    `grid` [points, n] end. A flow that is `alone`, not a point of a scan, says in words what became
    of its orbits.

    State arrays besides those of the study are `ends` [k, 3], the number of the kind in `KINDS`,
    steps and period of each end, `lyapunov_<k>` [2, n], values and errors, and the tables of
    `rgc.flows.maps.tables`.
    """

    study: CouplingFlow
    backend: Backend
    starts: Floats
    grid: Floats | None
    lyapunov: bool
    alone: bool

    @property
    def scheme(self) -> str:
        return self.study.scheme

    @property
    def steps(self) -> int:
        return self.study.steps + len(self._parts())

    @property
    def provenance(self) -> Mapping[str, Any]:
        return self.study.provenance

    def start(self) -> State:
        state = self.study.start()
        state.arrays["ends"] = np.zeros((len(self.starts), 3), dtype=np.int64)
        return state

    def step(self, state: State) -> State:
        if state.done < self.study.steps:
            return self.study.step(state)
        self._parts()[state.done - self.study.steps](state)
        state.done += 1
        return state

    def accounts(self) -> Sequence[Account]:
        study = self.study.study
        orbits(study.recursion, self.backend, self.starts, 1, 1)
        return (*self.study.accounts(), *_programs(study.recursion))

    def finish(self, state: State) -> Result:
        result = self.study.finish(state)
        ends = [_read(state, k) for k in range(len(self.starts))]
        told = dict(_values(ends[0], _exponents(state, 0)))
        return replace(
            result,
            free_energy=(),
            values={**result.values, **self._sum(state), **told},
            tables={**result.tables, **self._tables(state)},
            warnings=(*result.warnings, *self._warnings(state, ends)),
        )

    def _tables(self, state: State) -> dict[str, NDArray[Any]]:
        """The tables of `rgc.flows.maps.tables`."""
        names = ("settling", "settling_rate", "attractor", "grid", "basins", "attractors")
        tables = {name: state.arrays[name] for name in names if name in state.arrays}
        study, paths = self.study.study, (state.arrays["couplings"], self.grid, self.starts)
        if len(study.start) == 1 and isinstance(study.recursion, ExpressionRecursion):
            points = [*(path for path in paths if path is not None)]
            points += [state.arrays["fixed_points"]] if "fixed_points" in state.arrays else []
            tables["graph"] = graph(study, np.concatenate(points))
        return tables

    def _sum(self, state: State) -> dict[str, Estimate]:
        """F at the start, and the `residual` |F(p) - g(p) - F(p')/n| of its equation."""
        study = self.study.study
        if not study.accumulates:
            return {}
        if "free_energy" not in state.arrays:
            null = Estimate(None, None, "exact", note=state.values["why"]["free_energy"])
            return {"F": null, "residual": null}
        value, error = map(float, state.arrays["free_energy"])
        moved = study.recursion(study.start)
        after = free_energy(study.recursion, moved.couplings)
        residual = abs(value - moved.constant - after.value / study.recursion.sites)
        room = error + after.error / study.recursion.sites
        return {"F": Estimate(value, error, "exact"), "residual": Estimate(residual, room, "exact")}

    def _parts(self) -> list[Callable[[State], None]]:
        parts = [partial(self._end, number) for number in range(len(self.starts))]
        return [*parts, self._attractor, self._basins]

    def _attractor(self, state: State) -> None:
        recursion = self.study.study.recursion
        if isinstance(recursion, ExpressionRecursion):
            state.arrays["attractor"] = attractor(recursion, self.backend, self.starts[0])

    def _basins(self, state: State) -> None:
        study = self.study.study
        if self.grid is not None and isinstance(study.recursion, ExpressionRecursion):
            numbers, points = basins(study.recursion, self.backend, self.grid, study.turns)
            state.arrays |= {"grid": self.grid, "basins": numbers, "attractors": points}

    def _end(self, number: int, state: State) -> None:
        study, start = self.study.study, self.starts[number]
        rates = isinstance(study.recursion, RateRecursion)
        end = end_of(study.recursion, start, study.turns, FEWER if rates else MOST_STEPS)
        state.arrays["ends"][number] = KINDS.index(end.kind), end.steps, end.period
        if number == 0 and end.kind == "settles":
            state.arrays["settling"] = settling(study.recursion, start, end)
            state.arrays["settling_rate"] = rate_at(study.recursion, end, study.turns)
        if end.kind == "wanders" or (number == 0 and self.lyapunov):
            found = lyapunov_from(study.recursion, self.backend, start)
            state.arrays[f"lyapunov_{number}"] = np.array([found.values, found.errors])

    def _warnings(self, state: State, ends: Sequence[End]) -> Iterator[str]:
        """What became of orbits that come to no fixed point. One that leaves is not mentioned where
        fixed points were found, or where it leaves after the steps that were asked for.
        """
        if not self.alone:
            return
        names, steps = self.study.study.recursion.names, self.study.study.steps
        steps = 0 if "fixed_points" in state.arrays else steps
        for number, (end, start) in enumerate(zip(ends, self.starts, strict=True)):
            told = _told(end, _exponents(state, number))
            if told and not (end.kind == "leaves" and end.steps > steps):
                shown = ", ".join(f"{name} = {x:g}" for name, x in zip(names, start, strict=True))
                yield f"from {shown}: {told}"


def _programs(recursion: Recursion) -> Iterator[Account]:
    """The straight-line programs of a map: its new quantities, and their derivatives."""
    for turn in recursion.turns if isinstance(recursion, ExpressionRecursion) else ():
        for what, lowered in (("new quantities", turn.moves), ("derivatives", turn.slopes)):
            if lowered is not None:
                head = f"program of the {what}, {len(lowered.program.nodes)} nodes"
                constants = ", ".join(f"{x:.17g}" for x in lowered.constants)
                lines = enumerate(listing(lowered.program, recursion.names), 1)
                shown = {str(number): line for number, line in lines}
                yield Account(head, {"constants": constants, **shown})


def _read(state: State, number: int) -> End:
    kind, steps, period = map(int, state.arrays["ends"][number])
    return End(KINDS[kind], steps, np.empty(0), period)


def _exponents(state: State, number: int) -> Lyapunov | None:
    found = state.arrays.get(f"lyapunov_{number}")
    return None if found is None else Lyapunov(*found)


def _told(end: End, exponents: Lyapunov | None) -> str:
    """What became of an orbit, or nothing where it settled."""
    if end.kind == "settles":
        return ""
    if end.kind == "repeats":
        return f"no fixed point: period {end.period}"
    if end.kind == "leaves":
        return f"leaves at step {end.steps}"
    if exponents is None or not np.isfinite(exponents.values[0]):
        return "no fixed point: neither settles nor repeats"
    value, error = float(exponents.values[0]), float(exponents.errors[0])
    if value > max(3 * error, 1e-6):
        return f"no fixed point: chaotic, lyapunov {with_error(value, error)}"
    shown = "0" if abs(value) <= error else with_error(value, error)
    return f"no fixed point: neither settles nor repeats, lyapunov {shown}"


def _values(end: End, exponents: Lyapunov | None) -> Iterator[tuple[str, Estimate]]:
    """The period of the orbit and its Lyapunov exponents."""
    if end.kind in ("settles", "repeats"):
        yield "period", Estimate(float(end.period), 0.0, "exact")
    else:
        yield "period", Estimate(None, None, "exact", note=_told(end, exponents))
    if exponents is None:
        return
    for number, (value, error) in enumerate(
        zip(exponents.values, exponents.errors, strict=True), 1
    ):
        known = bool(np.isfinite([value, error]).all())
        note = "" if known else _told(end, None) or "the map has no derivative, or contracts to 0"
        yield (
            f"lyapunov[{number}]",
            Estimate(float(value) if known else None, float(error) if known else None, note=note),
        )
