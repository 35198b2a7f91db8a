"""One spoilt input: what became of it, and what it took."""

from __future__ import annotations

import resource
import signal
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from rgc.errors import SpecError
from tests.fuzz.edits import Edit
from tests.fuzz.targets import TARGETS

HANG = 5.0
"""Seconds of a core, beyond which an input hangs."""

MOST = 2**30
"""Bytes that an input may take."""


class Hang(BaseException):
    """An input takes too long. Nothing that handles `Exception` stops it."""


def tried(name: str, number: int, made: Sequence[Edit]) -> bool:
    """Hand a target one of its seeds, spoilt; whether it was taken. All but a refusal is raised."""
    target = TARGETS[name]
    what, content = target.spoilt(number, made)
    before = _largest()
    try:
        with limited(HANG), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            target.read(what, content)
    except SpecError:
        return False
    finally:
        assert _largest() - before < MOST, "an input took more than 1 GiB"
    return True


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """A context that raises `Hang` after so many seconds of this process's own work."""

    def over(number: int, frame: FrameType | None) -> None:
        raise Hang(f"more than {seconds:g} s")

    before = signal.signal(signal.SIGPROF, over)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _largest() -> int:
    """The most memory that this process has had in bytes, as Linux counts it in KiB."""
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
