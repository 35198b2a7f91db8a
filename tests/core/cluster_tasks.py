"""What the workers of the tests of clusters run."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from rgc import runner
from rgc.compiler import Task, run_task
from rgc.results import checkpoint

DIES_AT = 3
"""The checkpoint of a point at which its worker dies."""


def dies_once(task: Task) -> Any:
    """A point that kills the process of its worker in the middle, when it is run first."""
    assert task.job.out is not None
    mark: Path = task.job.out / f"died-{task.place.number}"
    write, written = checkpoint.write, 0

    def counted(*arguments: Any) -> None:
        nonlocal written
        write(*arguments)
        written += 1
        if written == DIES_AT:
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)

    if task.place.number == 7 and not mark.exists():
        runner.EVERY = 0.0
        checkpoint.write = counted  # type: ignore[assignment]
    return run_task(task)
