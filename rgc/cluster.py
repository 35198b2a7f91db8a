"""Tasks of one run on several processes or machines, by dask.distributed.

What is distributed does not know how many workers there are: a task has its own state and its own
checkpoint, and results come back in the order of the tasks. Imported late, since `distributed` is
an extra.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from logging import CRITICAL
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from rgc.backend import cores
from rgc.errors import Problem, SpecError
from rgc.progress import Progress
from rgc.runner import Interrupted, Stop
from rgc.slurm import Slurm, read_slurm

if TYPE_CHECKING:
    from distributed import Client, Future

PATIENCE = 0.5
"""Seconds between two looks at whether to stop."""

AGAIN = 10.0
"""Seconds between two looks at whether jobs have ended."""

LOCAL = re.compile(r"local:([1-9]\d{0,3})")
ADDRESS = re.compile(r"(tcp|tls|ucx)://.+")
FILE = re.compile(r".+\.ya?ml")


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """The call `function(common, argument, what the tasks of `after` return)`, with one `common`
    for all tasks of a run.
    """

    function: Callable[[Any, Any, list[Any]], Any]
    argument: object
    after: tuple[Task, ...] = ()

    @property
    def count(self) -> int:
        """This task and those before it."""
        return 1 + sum(task.count for task in self.after)


@dataclass(frozen=True, slots=True)
class Local:
    """So many processes on this machine."""

    workers: int

    def threads(self, asked: int | None) -> int | None:
        """The cores that each task uses: those of this machine are shared out."""
        return max(1, (asked or cores()) // self.workers)

    @contextmanager
    def client(self) -> Iterator[Client]:
        from dask import config
        from distributed import Client, LocalCluster

        workers = {"n_workers": self.workers, "threads_per_worker": 1}
        shown = {"dashboard_address": "127.0.0.1:0", "silence_logs": CRITICAL}
        deaf = {"preload": [__name__]}  # `dask_setup`
        idle = {"distributed.worker.profile.enabled": False}  # a third of what waiting costs
        with (
            config.set(idle),
            LocalCluster(**workers, **shown, **deaf) as cluster,
            Client(cluster) as client,
        ):
            yield client


@dataclass(frozen=True, slots=True)
class Address:
    """The workers of a scheduler that runs already."""

    address: str

    def threads(self, asked: int | None) -> int | None:
        return asked

    @contextmanager
    def client(self) -> Iterator[Client]:
        from distributed import Client

        with Client(self.address) as client:
            yield client


@dataclass(frozen=True, slots=True)
class Jobs:
    """Jobs of SLURM, which are handed in when the run begins, and again where one has ended, and
    taken back at its end. What they print goes into files of the folder `logs`.
    """

    slurm: Slurm
    logs: Path

    def threads(self, asked: int | None) -> int | None:
        return min(asked or self.slurm.cores, self.slurm.cores)

    @contextmanager
    def client(self) -> Iterator[Client]:
        from dask_jobqueue import SLURMCluster
        from distributed import Client
        from tornado.ioloop import PeriodicCallback

        self.logs.mkdir(parents=True, exist_ok=True)
        with SLURMCluster(**job(self.slurm, self.logs)) as cluster, Client(cluster) as client:
            # The first call makes the jobs, and each later one those that have ended.
            scale = PeriodicCallback(lambda: cluster.scale(jobs=self.slurm.jobs), 1e3 * AGAIN)
            cluster.scale(jobs=self.slurm.jobs)
            cluster.loop.add_callback(scale.start)
            yield client
            cluster.loop.add_callback(scale.stop)


Cluster = Local | Address | Jobs


def job(slurm: Slurm, logs: Path) -> dict[str, Any]:
    """The arguments of `dask_jobqueue.SLURMCluster`: one worker a job, which runs one task at a
    time on all cores of the job, and prints into a file of that folder.
    """
    where = str(logs.absolute()).replace("%", "%%")
    return {
        "queue": slurm.queue,
        "account": slurm.account or None,
        "memory": slurm.memory,
        "walltime": slurm.walltime,
        "job_script_prologue": list(slurm.prologue),
        "job_extra_directives": [f'--output="{where}/%j.txt"'],
        "scheduler_options": {"dashboard_address": ":0"},
        "job_cpu": slurm.cores,
        "cores": 1,
        "processes": 1,
    }


def find(where: str, out: Path | None) -> Cluster:
    """The cluster of that name.

    Raises `SpecError` where a run cannot be on it: there is none of that name, its file holds
    mistakes (wrong-cluster-file), the run has no folder for the checkpoints of its tasks, or a
    library is not installed (no-cluster).
    """
    cluster: Cluster
    if local := LOCAL.fullmatch(where):
        cluster = Local(int(local[1]))
    elif ADDRESS.fullmatch(where):
        cluster = Address(where)
    elif FILE.fullmatch(where):
        cluster = Jobs(read_slurm(Path(where)), (out or Path()) / "jobs")
    else:
        hint = (
            "write local:4 for four processes here, a scheduler's address, tcp://host:8786, or a "
            "file for SLURM, slurm.yaml"
        )
        raise _no_cluster(f"'{where}' is no cluster", hint)
    if out is None:
        message = "the tasks of a cluster keep their checkpoints in the output folder"
        raise _no_cluster(message, "give --out")
    for library in ("distributed", *["dask_jobqueue"] * isinstance(cluster, Jobs)):
        try:
            import_module(library)
        except ImportError:
            message = f"a cluster needs {library.replace('_', '-')}, which is not installed"
            hint = "python -m pip install 'rgc-compiler[cluster]'"
            raise _no_cluster(message, hint) from None
    return cluster


def _no_cluster(message: str, hint: str) -> SpecError:
    return SpecError([Problem("no-cluster", message, hint=hint)])


def run(
    cluster: Cluster,
    common: object,
    tasks: Sequence[Task],
    *,
    saved: Path,
    progress: Progress,
    stop: Stop,
    tell: Callable[[str], object],
) -> list[Any]:
    """What each task returns, in their order.

    A task whose worker dies is given to another one, at most three times. `tell` is handed the
    address of the dashboard. Raises what a task raises, and `Interrupted` when stopped: checkpoints
    are in the folder of `saved` then.
    """
    with cluster.client() as client:
        if client.dashboard_link:
            tell(f"dashboard: {client.dashboard_link}")
        shared = client.submit(_itself, common, pure=False)
        everything: list[Future] = []
        last = [_submitted(client, shared, task, everything) for task in tasks]
        workers = len(client.scheduler_info(n_workers=-1)["workers"])
        total, pending = len(everything), set(everything)
        ended: SimpleQueue[Future] = SimpleQueue()
        progress.start(f"{total} tasks on {workers or 'coming'} workers", total)
        for future in everything:
            future.add_done_callback(ended.put)
        everything.clear()  # what a share has told is dropped when its point has it
        while pending:
            if reason := stop.reason():
                client.cancel(list(pending))
                raise Interrupted(reason, total - len(pending), total, saved, "tasks")
            try:
                future = ended.get(timeout=PATIENCE)
            except Empty:
                continue
            if future.status != "finished":
                future.result()  # raises at once what a task raised
            pending.discard(future)
            progress.advance(total - len(pending))
        progress.finish()
        found: list[Any] = client.gather(last)
        return found


def _submitted(client: Client, shared: Future, task: Task, everything: list[Future]) -> Future:
    """The future of a task, behind those of the tasks before it."""
    after = [_submitted(client, shared, each, everything) for each in task.after]
    future: Future = client.submit(task.function, shared, task.argument, after, pure=False)
    everything.append(future)
    return future


def dask_setup(worker: object) -> None:
    """Let a worker that begins on this machine leave Ctrl-C, which all processes of a terminal
    hear, to the run that it works for.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _itself(common: object) -> object:
    """What all tasks share, sent to each worker once."""
    return common
