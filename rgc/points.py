"""One point of a run: its flow, its checkpoints, and the shares that its work is cut into."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from rgc import runner
from rgc.flows.shares import Shared, joined, told
from rgc.model.share import WHOLE, Share
from rgc.results.answer_data import Point
from rgc.results.store import Job

if TYPE_CHECKING:
    from rgc.flows.flow import Flow, State
    from rgc.loaded import Loaded
    from rgc.progress import Progress
    from rgc.results.result import Result
    from rgc.runner import Stop
    from rgc.syntax.ast import Entry

Values = Mapping[str, float]
Entries = Sequence["Entry"]


class Prepared(Protocol):
    """What is run: `rgc.compiler.Compiled`."""

    @property
    def loaded(self) -> Loaded: ...

    @property
    def provenance(self) -> Mapping[str, Any]:
        """The backend, the versions and the machine."""

    def flow(self, point: Values, seed: int, share: Share = WHOLE) -> Flow:
        """The flow at one point, or that of a share of its work."""

    def settle(self, values: Values) -> Prepared:
        """The same with parameters that other specs have answered."""

    def other(self, file: Path, settings: Entries = (), scan: Entries = ()) -> Prepared:
        """Another spec, prepared on the same machine, with other parameters or another scan."""

    def read(self, file: Path, settings: Entries = (), scan: Entries = ()) -> Loaded:
        """Another spec with other parameters or another scan, read and checked alone."""

    def pictures(self) -> Mapping[str, str]:
        """Pictures of the spec itself as SVG texts by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One of all the points of a run: its scanned parameters, how far uncertain ones are moved, and
    its number from 0 of `total`.
    """

    point: Values
    shift: Values
    number: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a run goes on: whether it resumes, what it shows and tells, and what stops it.

    `others` collects the jobs of other specs, whose checkpoints are kept until the whole has ended.
    `scatter` runs the points in other processes, where there are some. `within` says to people of
    what this run is a part.
    """

    resume: bool
    progress: Progress
    stop: Stop
    warn: Callable[[str], object]
    others: list[Job] = field(default_factory=list)
    scatter: Scatter | None = None
    within: str = ""


Scatter = Callable[[Prepared, Sequence[Place], Job, Manner], Sequence[tuple[Point, ...]]]


def run_point(
    prepared: Prepared, at: Place, job: Job, manner: Manner, total: int = 1
) -> tuple[Point, ...]:
    """Run one point of the scan, in so many shares one after the other; the points at all values
    of a tempered parameter are run at once.
    """
    if total > 1:
        shares = [Share(number, total) for number in range(total)]
        return join(
            prepared, at, job, [run_share(prepared, at, share, job, manner) for share in shares]
        )
    made, saving = _flow(prepared, at, WHOLE, job, manner)
    state = _last_state(prepared, made, at, WHOLE, saving, job, manner)
    return _points(prepared, at, runner.finished(made, state, saving=saving, warn=manner.warn))


def run_share(prepared: Prepared, at: Place, share: Share, job: Job, manner: Manner) -> State:
    """Run a share of one point: what the whole needs of its last state."""
    made, saving = _flow(prepared, at, share, job, manner)
    state = _last_state(prepared, made, at, share, saving, job, manner)
    return told(cast(Shared, made), share, state)


def join(prepared: Prepared, at: Place, job: Job, shares: Sequence[State]) -> tuple[Point, ...]:
    """The same, from what all of its shares have told, in their order."""
    made = prepared.flow({**at.shift, **at.point}, job.seed)
    return _points(prepared, at, made.finish(joined(cast(Shared, made), shares)))


def _points(prepared: Prepared, at: Place, result: Result) -> tuple[Point, ...]:
    """A result by its point, or those that it holds by theirs."""
    spec = prepared.loaded.at({**at.shift, **at.point})
    values = {value for each in spec.species if each.states for value in each.values}
    lattice, states = spec.lattice, tuple(sorted(values))
    if not result.tempered:
        return (Point(at.point, result, lattice, states, spec.hamiltonian),)
    along = zip(prepared.loaded.along(at.point), result.tempered, strict=True)
    return tuple(Point(point, each, lattice, states, spec.hamiltonian) for point, each in along)


def _flow(
    prepared: Prepared, at: Place, share: Share, job: Job, manner: Manner
) -> tuple[Flow, runner.Saving | None]:
    """A flow, and where its checkpoints go."""
    loaded, place = prepared.loaded, {**at.shift, **at.point}
    made = prepared.flow(place, job.seed, share)
    identity = {
        "spec": job.sha256,
        "seed": job.seed,
        "point": {**loaded.settled, **place},
        "scheme": made.scheme,
        **({"share": str(share)} if share != WHOLE else {}),
        **loaded.digests(),
    }
    saving = runner.Saving(
        job.checkpoint(at.number, share),
        identity,
        resume=manner.resume,
        finished=at.total > 1 or share != WHOLE or job.kept,
        every=runner.EVERY,
    )
    return made, saving if job.saves else None


def _last_state(
    prepared: Prepared,
    made: Flow,
    at: Place,
    share: Share,
    saving: runner.Saving | None,
    job: Job,
    manner: Manner,
) -> State:
    place = {**at.shift, **at.point}
    name = " ".join(f"{name}={value:g}" for name, value in place.items()) or made.scheme
    name = f"[{at.number + 1}/{at.total}] {name}" if at.total > 1 else name
    name = f"{name}, share {share}" if share != WHOLE else name
    return runner.last_state(
        made,
        saving=saving,
        progress=manner.progress,
        stop=manner.stop,
        task=f"{manner.within}: {name}" if manner.within else name,
        warn=manner.warn,
    )
