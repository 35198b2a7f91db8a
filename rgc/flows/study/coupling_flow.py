"""The study of a recursion of couplings as a flow, in steps that can be interrupted.

Its parts are the trajectory, the free energy, the critical point, the fixed points and the flow
diagram.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import isfinite
from typing import Any

import numpy as np

from rgc.analysis.fixed_points import distinct
from rgc.analysis.folded import folded, newton_cycle
from rgc.analysis.manifolds import critical_line
from rgc.analysis.newton import PointNotFound, newton, symmetric
from rgc.analysis.recursion import Diverges, Floats, free_energy, is_invariant, trajectory
from rgc.flows.flow import Account, State
from rgc.flows.study.coupling_result import coupling_result
from rgc.flows.study.study import Study
from rgc.results.result import Result

RAYS = 33
"""The number of rays on which a flow diagram looks for the critical line."""

ARROWS = 9
"""The number of starts of a flow diagram along each axis."""


_NONE_NEAR = "the flow of the critical couplings comes to none"


@dataclass(frozen=True, slots=True, eq=False)
class CouplingFlow:
    """A flow that studies a recursion. Its steps are the parts of the study.

    State arrays are `couplings` [1 + steps, n], `constants`, `free_energy` [value, error],
    `critical` [factor, K...], `fixed_points` [k, n], `paths_<k>` [1 + steps, n], `critical_line`
    and `diagram_<k>`. The value `why` holds the reasons for what was not found.
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
    told = [f"{study.scheme}: a map of couplings K' = R(K)"]
    told += [f"b = {recursion.scale:g}"] if isfinite(recursion.scale) else []
    if isfinite(recursion.sites):
        told.append(f"{recursion.sites:g} {study.per}s to one a step")
    return Account(", ".join(told), lines)


def _questions(study: Study) -> Iterator[str]:
    yield f"{study.steps} steps from the couplings of the spec"
    if study.accumulates:
        yield f"F per {study.per}, the sum of the constants of all steps ({study.kind})"
    if study.find and study.line:
        yield "the critical point on the line of the spec's couplings"
    if study.find == "fixed_point" and study.line:
        yield "the fixed point that it flows to, by Newton's method, and the spectrum there"
    elif study.find == "fixed_point":
        cycles = f" of the map of {study.period} steps" if study.period > 1 else ""
        yield f"fixed points{cycles} by Newton's method, and the spectra there"
    if study.linearise:
        yield "the linearised map and its spectrum"
    if study.starts is not None:
        yield f"trajectories from {len(study.starts)} starts"
    if study.plane is not None:
        names = " and ".join(study.recursion.names[k] for k in study.plane)
        yield f"the flow diagram in the plane of {names}"


def provenance(study: Study) -> dict[str, Any]:
    """The provenance of every study of a recursion."""
    return {"reproducibility": "L3", "sites_per_step": study.recursion.sites, **study.provenance}


def parts(study: Study) -> tuple[Callable[[State], None], ...]:
    """The parts of the study, each of which adds to the state."""
    return tuple(_parts(study))


def _parts(study: Study) -> Iterator[Callable[[State], None]]:
    yield partial(_trajectory, study)
    if study.accumulates:
        yield partial(_free_energy, study)
    starts = [study.start] if study.starts is None else list(study.starts)
    if study.find and study.line:
        yield partial(_critical, study)
    if study.find == "fixed_point" and study.search is not None:
        yield partial(_all_fixed_points, study)
    elif study.find == "fixed_point":
        for start in starts:
            yield partial(_fixed_point, study, start=start)
    if study.starts is not None:
        for k, start in enumerate(starts):
            yield partial(_path, study, number=k, start=start)
    if study.plane is not None:
        yield from _diagram(study, study.plane)


def _trajectory(study: Study, state: State) -> None:
    couplings, constants = trajectory(study.recursion, study.start, study.steps)
    state.arrays |= {"couplings": couplings, "constants": study.constant + constants}


def _free_energy(study: Study, state: State) -> None:
    if study.close is None:
        try:
            total = free_energy(study.recursion, study.start)
        except Diverges as diverging:
            state.values["why"]["free_energy"] = str(diverging)
            return
        state.arrays["free_energy"] = np.array([study.constant + total.value, total.error])
        return
    couplings, constants = trajectory(study.recursion, study.start, study.close.steps)
    units = study.recursion.sites**study.close.steps
    log_z = study.close.log_z(couplings[-1]) - units * (study.constant + constants[-1])
    error = 8 * np.finfo(np.float64).eps * max(abs(log_z), units * abs(constants[-1]))
    state.arrays["log_z"] = np.array([log_z, error])
    state.arrays["free_energy"] = np.array([-log_z / units, error / units])


def _critical(study: Study, state: State) -> None:
    """The critical point on the line of the spec's couplings, or the reason why there is none.

    A point at which the map does not hold is kept for the record, and its flow is not followed.
    """
    try:
        point = study.critical_on(study.start)
    except PointNotFound as error:
        state.values["why"]["critical"] = str(error)
        return
    state.arrays["critical"] = np.concatenate([[point.factor], point.couplings])
    beyond = study.beyond(point.couplings)
    if beyond:
        state.values["why"]["critical"] = beyond
    elif point.fixed_point is not None:
        state.arrays["nearest"] = point.fixed_point


def _fixed_point(study: Study, state: State, start: Floats) -> None:
    """The fixed point that Newton's method reaches.

    It starts from `start` if the spec gives starts, else from where the critical flow stays
    longest, since from anywhere else it may find the fixed point of a phase, which has no relevant
    direction.
    """
    if study.starts is None and "nearest" not in state.arrays:
        state.values["why"].setdefault(
            "fixed_point", state.values["why"].get("critical", _NONE_NEAR)
        )
        return
    try:
        begin = start if study.starts is not None else state.arrays["nearest"]
        point = _found(study, begin)
    except PointNotFound as error:
        state.values["why"].setdefault("fixed_point", str(error))
        return
    known = list(state.arrays.get("fixed_points", ()))
    state.arrays["fixed_points"] = np.array(distinct([*known, point]))


def _found(study: Study, start: Floats) -> Floats:
    """The fixed point, or a point of the cycle, that Newton's method reaches from `start`."""
    if study.period > study.turns:
        return newton_cycle(study.recursion, start, study.period, study.turns)
    point = symmetric(study.returning, newton(study.returning, start))
    for each in study.nearby:
        if not is_invariant(each, point):
            point = symmetric(folded(each, study.period), point)
    return point


def _all_fixed_points(study: Study, state: State) -> None:
    """The fixed points that a search finds at once."""
    points = [] if study.search is None else study.search(study)
    if len(points):
        state.arrays["fixed_points"] = np.array(points)
    else:
        state.values["why"].setdefault("fixed_point", f"there is none {study.searched}")


def _path(study: Study, state: State, number: int, start: Floats) -> None:
    state.arrays[f"paths_{number}"] = trajectory(study.recursion, start, study.steps)[0]


def _diagram(study: Study, plane: tuple[int, int]) -> Iterator[Callable[[State], None]]:
    """The critical line, and the flow from a grid of starts in the plane."""
    for k in range(ARROWS):
        yield partial(_row, study, plane=plane, row=k)
    if study.rays:
        yield partial(_critical_line, study, plane=plane)


def _row(study: Study, state: State, plane: tuple[int, int], row: int) -> None:
    width, height = _window(study, state, plane)
    arrows = []
    for x in np.linspace(*width, ARROWS):
        start = np.zeros(len(study.start)) if study.rest is None else study.rest.copy()
        start[list(plane)] = x, np.linspace(*height, ARROWS)[row]
        arrows.append(trajectory(study.recursion, start, 1)[0][:, list(plane)])
    state.arrays[f"diagram_{row}"] = np.array(arrows)


def _critical_line(study: Study, state: State, plane: tuple[int, int]) -> None:
    angles = np.linspace(-0.3 * np.pi, 0.5 * np.pi, RAYS)
    rays = np.zeros((RAYS, len(study.start)))
    rays[:, plane[0]], rays[:, plane[1]] = np.cos(angles), np.sin(angles)
    scale = float(np.linalg.norm(study.start)) or 1.0
    line = critical_line(study.critical_on, scale * rays)
    state.arrays["critical_line"] = line[[not study.beyond(point) for point in line]]


def _window(
    study: Study, state: State, plane: tuple[int, int]
) -> tuple[tuple[float, float], tuple[float, float]]:
    """The part of the plane that is drawn. The spec's couplings, the starts, the critical point and
    the fixed point lie well inside.
    """
    if study.window is not None:
        low, high = study.window[:, list(plane)]
        return (float(low[0]), float(high[0])), (float(low[1]), float(high[1]))
    origin = np.zeros(len(study.start)) if study.rest is None else study.rest
    starts = () if study.starts is None else study.starts
    points = [origin, study.start, *starts, *state.arrays.get("fixed_points", ())]
    if "critical" in state.arrays:
        points.append(state.arrays["critical"][1:])
    shown = np.array(points)[:, list(plane)]
    low, high = shown.min(axis=0), shown.max(axis=0)
    room = np.maximum(0.5 * (high - low), 0.3 * float(np.abs(high - low).max()))
    return (float(low[0]), float(high[0] + room[0])), (
        float(low[1] - room[1]),
        float(high[1] + room[1]),
    )
