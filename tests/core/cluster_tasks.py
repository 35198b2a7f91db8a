"""What the workers of the tests of clusters run."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from rgc import runner
from rgc.results import checkpoint
from rgc.tasks import Common, run_point, run_share

DIES_AT = 3
"""The checkpoint of a task at which its worker dies."""


def point_dies(common: Common, place: Any, before: list[Any]) -> Any:
    """A point. The eighth kills the process of its worker in the middle, when it is run first."""
    with_death(common, place.number == 7)
    return run_point(common, place, before)


def share_dies(common: Common, argument: Any, before: list[Any]) -> Any:
    """A share of a point. The second kills the process of its worker in the middle, when it is run
    first.
    """
    with_death(common, argument[1].number == 1)
    return run_share(common, argument, before)


def with_death(common: Common, dies: bool) -> None:
    """Let the next run in this process die at a checkpoint, where no other one has."""
    assert common.job.out is not None
    mark: Path = common.job.out / "died"
    write, written = checkpoint.write, 0

    def counted(*arguments: Any) -> None:
        nonlocal written
        write(*arguments)
        written += 1
        if written == DIES_AT:
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)

    if dies and not mark.exists():
        runner.EVERY = 0.0
        checkpoint.write = counted  # type: ignore[assignment]


def on_two_devices(common: Common, argument: Any, before: list[Any]) -> Any:
    """A share of a point, in a process in which JAX sees two devices."""
    import jax

    assert jax.local_device_count() == 2
    return run_share(common, argument, before)
