"""Tasks of one run on several processes or machines, by dask.distributed.

What is distributed does not know how many workers there are: a task has its own state and its own
checkpoint, and results come back in the order of the tasks. Imported late, since `distributed` is
an extra.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from logging import CRITICAL
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from rgc.backend import cores
from rgc.errors import Problem, SpecError
from rgc.progress import Progress
from rgc.runner import Interrupted, Stop

if TYPE_CHECKING:
    from distributed import Client

T = TypeVar("T")
R = TypeVar("R")

PATIENCE = 0.5
"""Seconds between two looks at whether to stop."""

LOCAL = re.compile(r"local:([1-9]\d{0,3})")
ADDRESS = re.compile(r"(tcp|tls|ucx)://.+")


def check(where: str, out: Path | None) -> None:
    """Raise `SpecError` where a run cannot be on a cluster (no-cluster): there is none of that
    name, no folder for the checkpoints of its tasks, or no dask.distributed.
    """
    if not (LOCAL.fullmatch(where) or ADDRESS.fullmatch(where)):
        hint = "write local:4 for four processes here, or a scheduler's address, tcp://host:8786"
        raise SpecError([Problem("no-cluster", f"'{where}' is no cluster", hint=hint)])
    if out is None:
        message = "the tasks of a cluster keep their checkpoints in the output folder"
        raise SpecError([Problem("no-cluster", message, hint="give --out")])
    try:
        import distributed  # noqa: F401
    except ImportError:
        hint = "python -m pip install 'rgc-compiler[cluster]'"
        message = "a cluster needs dask.distributed, which is not installed"
        raise SpecError([Problem("no-cluster", message, hint=hint)]) from None


def threads(where: str, asked: int | None) -> int | None:
    """The cores that each task uses: those of this machine are shared out."""
    local = LOCAL.fullmatch(where)
    return max(1, (asked or cores()) // int(local[1])) if local else asked


def run(
    where: str,
    function: Callable[[T], R],
    tasks: Sequence[T],
    *,
    saved: Path,
    progress: Progress,
    stop: Stop,
) -> list[R]:
    """What a function makes of each task, in their order.

    A task whose worker dies is given to another one, at most three times. Raises what a task
    raises, and `Interrupted` when stopped: checkpoints are in the folder of `saved` then.
    """
    from distributed import wait

    with _client(where) as client:
        futures = client.map(function, tasks, pure=False)
        workers = len(client.scheduler_info(n_workers=-1)["workers"])
        progress.start(f"{len(tasks)} tasks on {workers} workers", len(tasks))
        pending = set(futures)
        while pending:
            if reason := stop.reason():
                client.cancel(list(pending))
                done = len(tasks) - len(pending)
                raise Interrupted(reason, done, len(tasks), saved, "tasks")
            try:
                ready, pending = wait(pending, PATIENCE, return_when="FIRST_COMPLETED")
            except TimeoutError:
                continue
            for future in ready:
                future.result()  # raises at once what a task raised
            progress.advance(len(tasks) - len(pending))
        progress.finish()
        found: list[R] = client.gather(futures)
        return found


@contextmanager
def _client(where: str) -> Iterator[Client]:
    from distributed import Client, LocalCluster

    local = LOCAL.fullmatch(where)
    if not local:
        with Client(where) as client:
            yield client
        return
    workers = {"n_workers": int(local[1]), "threads_per_worker": 1}
    with (
        LocalCluster(**workers, dashboard_address=None, silence_logs=CRITICAL) as cluster,
        Client(cluster) as client,
    ):
        yield client
