"""What is asked of a recursion of couplings, in steps that can be interrupted: trajectory, ledger,
fixed points, separatrix, diagram.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rgc.analysis.fixed_points import PointNotFound, critical, distinct, newton
from rgc.analysis.manifolds import critical_line
from rgc.analysis.recursion import Floats, free_energy, trajectory
from rgc.flows.flow import Account, State
from rgc.flows.study.coupling_result import coupling_result
from rgc.flows.study.study import Study
from rgc.results.result import Result

RAYS = 33
"""Rays on which a flow diagram looks for the critical line."""

ARROWS = 9
"""Starts of a flow diagram along each axis where the spec names none."""


_NONE_NEAR = "the flow of the critical couplings comes to none"


@dataclass(frozen=True, slots=True, eq=False)
class CouplingFlow:
    """A flow that studies a recursion; its steps are the parts of the study. State arrays:
    `couplings` [1 + steps, n], `constants`, `free_energy` [value, error], `critical` [factor,
    K...], `fixed_points` [k, n], `paths_<k>` [1 + steps, n], `critical_line`, `diagram_<k>`;
    values: `why` for what was not found.
    """

    study: Study

    @property
    def scheme(self) -> str:
        return self.study.scheme

    @property
    def steps(self) -> int:
        return len(parts(self.study))

    @property
    def provenance(self) -> Mapping[str, Any]:
        return provenance(self.study)

    def start(self) -> State:
        return State(0, {}, {"why": {}})

    def step(self, state: State) -> State:
        parts(self.study)[state.done](state)
        state.done += 1
        return state

    def accounts(self) -> Sequence[Account]:
        return (account(self.study),)

    def finish(self, state: State) -> Result:
        return coupling_result(self.study, state, self.provenance)


def account(study: Study) -> Account:
    """The map of a study and the questions that are asked of it. Takes one step of the map."""
    recursion = study.recursion
    recursion(study.start)
    recursion.jacobian(study.start)
    sectors = (
        f"{name}, {directions.shape[1]} of {len(recursion.names)} directions"
        for name, directions in recursion.sectors.items()
    )
    lines = {
        "couplings": ", ".join(recursion.names),
        "sectors": "; ".join(sectors),
        **recursion.account,
        "questions": "; ".join(_questions(study)),
    }
    map_of = f"a map of couplings K' = R(K), b = {recursion.scale:g}"
    return Account(f"{study.scheme}: {map_of}, {recursion.sites:g} {study.per}s to one a step", lines)


def _questions(study: Study) -> Iterator[str]:
    yield f"{study.steps} steps from the couplings of the spec"
    if study.ledger:
        yield f"F per {study.per}, the sum of the constants of all steps ({study.kind})"
    if study.find:
        yield "the critical point on the line of the spec's couplings"
    if study.find == "fixed_point":
        yield "the fixed point that it flows to, by Newton's method, and the spectrum there"
    if study.linearise:
        yield "the linearised map and its spectrum"
    if study.starts is not None:
        yield f"trajectories from {len(study.starts)} starts"
    if study.plane is not None:
        names = " and ".join(study.recursion.names[k] for k in study.plane)
        yield f"the flow diagram in the plane of {names}"


def provenance(study: Study) -> dict[str, Any]:
    """What every study of a recursion says of itself."""
    return {"reproducibility": "L3", "sites_per_step": study.recursion.sites, **study.provenance}


def parts(study: Study) -> tuple[Callable[[State], None], ...]:
    """The study in parts, each of which adds to the state."""
    return tuple(_parts(study))


def _parts(study: Study) -> Iterator[Callable[[State], None]]:
    yield lambda state: _trajectory(study, state)
    if study.ledger:
        yield lambda state: _ledger(study, state)
    starts = [study.start] if study.starts is None else list(study.starts)
    if study.find:
        yield lambda state: _critical(study, state)
    if study.find == "fixed_point":
        for start in starts:
            yield lambda state, start=start: _fixed_point(study, state, start)  # type: ignore[misc]
    if study.starts is not None:
        for k, start in enumerate(starts):
            yield lambda state, k=k, start=start: _path(study, state, k, start)  # type: ignore[misc]
    if study.plane is not None:
        yield from _diagram(study, study.plane)


def _trajectory(study: Study, state: State) -> None:
    couplings, constants = trajectory(study.recursion, study.start, study.steps)
    state.arrays |= {"couplings": couplings, "constants": study.constant + constants}


def _ledger(study: Study, state: State) -> None:
    if study.close is None:
        found = free_energy(study.recursion, study.start)
        state.arrays["free_energy"] = np.array([study.constant + found.value, found.error])
        return
    couplings, constants = trajectory(study.recursion, study.start, study.close.steps)
    units = study.recursion.sites**study.close.steps
    log_z = study.close.log_z(couplings[-1]) - units * (study.constant + constants[-1])
    error = 8 * np.finfo(np.float64).eps * max(abs(log_z), units * abs(constants[-1]))
    state.arrays["log_z"] = np.array([log_z, error])
    state.arrays["free_energy"] = np.array([-log_z / units, error / units])


def _critical(study: Study, state: State) -> None:
    """The critical point on the line of the spec's couplings; where there is none, the reason."""
    try:
        found = critical(study.recursion, study.start)
    except PointNotFound as error:
        state.values["why"]["critical"] = str(error)
        return
    state.arrays["critical"] = np.concatenate([[found.factor], found.couplings])
    if found.fixed_point is not None:
        state.arrays["nearest"] = found.fixed_point


def _fixed_point(study: Study, state: State, start: Floats) -> None:
    """With starts of its own Newton's method begins at each of them, else where the critical flow
    stays longest: a fixed point without a relevant direction is the end of a phase.
    """
    if study.starts is None and "nearest" not in state.arrays:
        state.values["why"].setdefault(
            "fixed_point", state.values["why"].get("critical", _NONE_NEAR)
        )
        return
    try:
        found = newton(
            study.recursion, start if study.starts is not None else state.arrays["nearest"]
        )
    except PointNotFound as error:
        state.values["why"].setdefault("fixed_point", str(error))
        return
    known = list(state.arrays.get("fixed_points", ()))
    state.arrays["fixed_points"] = np.array(distinct([*known, found]))


def _path(study: Study, state: State, number: int, start: Floats) -> None:
    state.arrays[f"paths_{number}"] = trajectory(study.recursion, start, study.steps)[0]


def _diagram(study: Study, plane: tuple[int, int]) -> Iterator[Callable[[State], None]]:
    """The critical line, and the flow from a grid of starts in the plane."""
    for k in range(ARROWS):
        yield lambda state, k=k: _row(study, state, plane, k)  # type: ignore[misc]
    yield lambda state: _critical_line(study, state, plane)


def _row(study: Study, state: State, plane: tuple[int, int], row: int) -> None:
    width, height = _window(study, state, plane)
    found = []
    for x in np.linspace(*width, ARROWS):
        start = np.zeros(len(study.start))
        start[list(plane)] = x, np.linspace(*height, ARROWS)[row]
        found.append(trajectory(study.recursion, start, 1)[0][:, list(plane)])
    state.arrays[f"diagram_{row}"] = np.array(found)


def _critical_line(study: Study, state: State, plane: tuple[int, int]) -> None:
    angles = np.linspace(-0.3 * np.pi, 0.5 * np.pi, RAYS)
    rays = np.zeros((RAYS, len(study.start)))
    rays[:, plane[0]], rays[:, plane[1]] = np.cos(angles), np.sin(angles)
    scale = float(np.linalg.norm(study.start)) or 1.0
    state.arrays["critical_line"] = critical_line(study.recursion, list(scale * rays))


def _window(
    study: Study, state: State, plane: tuple[int, int]
) -> tuple[tuple[float, float], tuple[float, float]]:
    """The part of the plane that is drawn: the spec's couplings, the critical and the fixed point
    lie well inside.
    """
    points = [np.zeros(len(study.start)), study.start, *state.arrays.get("fixed_points", ())]
    if "critical" in state.arrays:
        points.append(state.arrays["critical"][1:])
    shown = np.array(points)[:, list(plane)]
    low, high = shown.min(axis=0), shown.max(axis=0)
    room = np.maximum(0.5 * (high - low), 0.3 * float(np.abs(high - low).max()))
    return (float(low[0]), float(high[0] + room[0])), (
        float(low[1] - room[1]),
        float(high[1] + room[1]),
    )
