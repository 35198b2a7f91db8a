"""The work of a run as tasks of a cluster: points of a scan, and shares of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from rgc import cluster, cost, points
from rgc.cluster import Cluster, Task
from rgc.model.options import Options
from rgc.model.share import Share
from rgc.progress import Silent
from rgc.runner import Stop
from rgc.schemes import SCHEMES

if TYPE_CHECKING:
    from rgc.flows.flow import State
    from rgc.loaded import Loaded
    from rgc.model.spec import Spec
    from rgc.points import Manner, Place, Prepared, Scatter
    from rgc.results.answer_data import Point
    from rgc.results.store import Job

TASK = 30.0
"""Seconds that a share of a point is to take at least, as the cost of the run says. What a task
costs a scheduler is nothing beside them. Shorter points keep their words together: kernels are
slower on a share of one word.
"""

Prepare = Callable[..., "Prepared"]
"""`rgc.compile`: prepares a spec with keywords `backend`, `threads` and `max_memory`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """What all tasks of a run share. `prepare` makes the spec ready on the machine of a worker, of
    which a task uses so many `threads`.
    """

    loaded: Loaded
    job: Job
    prepare: Prepare
    backend: str
    threads: int | None


_on_worker: dict[tuple[object, ...], Prepared] = {}
"""What the process of a worker has prepared, whose kernels the tasks share."""


def scatter_over(where: Cluster, prepare: Prepare) -> Scatter:
    """Runs points on a cluster."""

    def scatter(
        prepared: Prepared, places: Sequence[Place], job: Job, manner: Manner
    ) -> list[tuple[Point, ...]]:
        common = Common(
            loaded=prepared.loaded.bare,
            job=job,
            prepare=prepare,
            backend=prepared.provenance["backend"],
            threads=where.threads(prepared.provenance["threads"]),
        )
        begun = job.begun if manner.resume else {}
        found = cluster.run(
            where,
            common,
            [_task(prepared.loaded, place, begun.get(place.number)) for place in places],
            saved=job.checkpoint(0),
            progress=manner.progress,
            stop=manner.stop,
            tell=manner.progress.say,
        )
        for message in (message for _, said in found for message in said):
            manner.warn(message)
        return [points for points, _ in found]

    return scatter


def _task(loaded: Loaded, place: Place, begun: int | None) -> Task:
    """The task of a point, behind those of its shares where it has some: so many where it was
    begun.
    """
    total = begun or shares(loaded.at({**place.shift, **place.point}))
    if total == 1:
        return Task(run_point, place)
    parts = (Task(run_share, (place, Share(number, total))) for number in range(total))
    return Task(join, place, tuple(parts))


def shares(spec: Spec) -> int:
    """Into how many shares a point is cut: as many as it can be, of at least `TASK` seconds.

    It does not depend on the workers, so that a run goes on with other ones.
    """
    parts = tuple(cost.parts(spec))
    if spec.flow is None or len(parts) != 1:
        return 1
    (part,) = parts
    most = SCHEMES[part.name].shares(spec, Options(part.options))
    return max(1, min(most, int(part.cost.seconds / TASK)))


# -- on a worker -----------------------------------------------------------------------------------


Said = tuple[tuple["Point", ...], list[str]]


def run_point(common: Common, place: Place, before: list[object]) -> Said:
    """The points, and the warnings on the way. It goes on from its own checkpoint, which is there
    where another worker died over it.
    """
    said: list[str] = []
    return points.run_point(_prepared(common), place, common.job, _manner(said)), said


def run_share(
    common: Common, argument: tuple[Place, Share], before: list[object]
) -> tuple[State, list[str]]:
    """What the whole point needs of a share, and the warnings on the way."""
    said: list[str] = []
    prepared, manner = _prepared(common), _manner(said)
    return points.run_share(prepared, *argument, common.job, manner), said


def join(common: Common, place: Place, shares: list[tuple[State, list[str]]]) -> Said:
    """The point, from what its shares have told."""
    said = [message for _, of_share in shares for message in of_share]
    states = [state for state, _ in shares]
    return points.join(_prepared(common), place, common.job, states), said


def _prepared(common: Common) -> Prepared:
    key = common.job.sha256, common.backend, common.threads, tuple(common.loaded.settled.items())
    if key not in _on_worker:
        _on_worker.clear()
        _on_worker[key] = common.prepare(
            common.loaded,
            backend=common.backend,
            threads=common.threads,
            max_memory=inf,  # the size of the run was judged where it began
        )
    return _on_worker[key]


def _manner(said: list[str]) -> Manner:
    return points.Manner(resume=True, progress=Silent(), stop=Stop(), warn=said.append)
