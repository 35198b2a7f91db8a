"""Progress of a run: on stderr, a bar with the time left on a terminal and occasional plain lines
elsewhere; in a notebook, one line below the cell.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable
from itertools import pairwise
from statistics import median
from time import monotonic
from typing import Any, Protocol, TextIO

EVERY = 30.0  # seconds between plain lines

SHOWN = 0.5
"""Seconds between changes of a line in a notebook."""

RECENT = 101
"""Ends of calls from which the time left follows."""
FEWEST = 3
"""The fewest calls after the first one from which it follows."""
COMPILES = 10.0
"""How many times longer for a step a call takes in which kernels are compiled, at least."""


class Progress(Protocol):
    """What the runner calls.

    A task begins with `done` of `total` steps already made, advances and is finished; `close` ends
    the display. `say` shows a line by itself.
    """

    def start(self, task: str, total: int, done: int = 0) -> None: ...

    def advance(self, done: int) -> None: ...

    def finish(self) -> None: ...

    def close(self) -> None: ...

    def say(self, line: str) -> None: ...


class Silent:
    """Progress that is not shown."""

    def start(self, task: str, total: int, done: int = 0) -> None: ...

    def advance(self, done: int) -> None: ...

    def finish(self) -> None: ...

    def close(self) -> None: ...

    def say(self, line: str) -> None: ...


class Pace:
    """How long the rest of a task takes, by the calls that were made of late.

    Kernels are compiled in the first call, and those that measure, block or exchange in later ones.
    So the first call says nothing, nor does one that took `COMPILES` times as long for a step as
    the others did in the median, and fewer than three others say nothing at all.
    """

    def __init__(self) -> None:
        self._calls: deque[tuple[float, int]] = deque(maxlen=RECENT)

    def note(self, now: float, done: int) -> None:
        """A call has ended, after which so many steps are made."""
        self._calls.append((now, done))

    def left(self, total: int) -> float | None:
        """The seconds until all steps are made, or None where that is not known yet."""
        pairs = pairwise(self._calls)
        calls = [(after - before, steps - made) for (before, made), (after, steps) in pairs]
        calls = [(seconds, steps) for seconds, steps in calls if steps > 0]
        if len(calls) < FEWEST:
            return None
        usual = median(seconds / steps for seconds, steps in calls)
        kept = [(s, steps) for s, steps in calls if s <= COMPILES * usual * steps]
        seconds, steps = map(sum, zip(*kept, strict=True))
        return (total - self._calls[-1][1]) * seconds / steps


class Lines:
    """One plain line for each task every `every` seconds, and one at its end if it took that
    long. With `announces` there is one at its beginning too.
    """

    def __init__(
        self,
        stream: TextIO,
        every: float = EVERY,
        clock: Callable[[], float] = monotonic,
        *,
        announces: bool = False,
    ) -> None:
        self._stream, self._every, self._clock = stream, every, clock
        self._announces = announces
        self._task, self._total = "", 0
        self._began = self._last = clock()
        self._pace = Pace()

    def start(self, task: str, total: int, done: int = 0) -> None:
        self._task, self._total, self._pace = task, total, Pace()
        self._began = self._last = self._clock()
        if self._announces:
            self.say(task)

    def advance(self, done: int) -> None:
        now = self._clock()
        self._pace.note(now, done)
        if now - self._last < self._every:
            return
        self._last = now
        seconds = self._pace.left(self._total)
        left = "" if seconds is None else f", about {duration(seconds)} left"
        self.say(
            f"{self._task}: {done} of {self._total} steps ({100 * done // max(1, self._total)} "
            f"%){left}"
        )

    def finish(self) -> None:
        if self._clock() - self._began >= self._every:
            self.say(f"{self._task}: done in {duration(self._clock() - self._began)}")

    def close(self) -> None: ...

    def say(self, line: str) -> None:
        print(line, file=self._stream, flush=True)


class Bar:
    """A bar for each running task, with the time left."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
        )

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
        )
        self._bar = Progress(*columns, console=Console(file=stream), transient=True)
        self._bar.start()
        self._task: Any = None
        self._pace, self._total = Pace(), 0

    def start(self, task: str, total: int, done: int = 0) -> None:
        from rich.markup import escape

        self._pace, self._total = Pace(), total
        self._task = self._bar.add_task(escape(task), total=total, completed=done, left="")

    def advance(self, done: int) -> None:
        self._pace.note(monotonic(), done)
        seconds = self._pace.left(self._total)
        left = "" if seconds is None else f"about {duration(seconds)} left"
        self._bar.update(self._task, completed=done, left=left)

    def finish(self) -> None:
        self._bar.remove_task(self._task)

    def close(self) -> None:
        self._bar.stop()

    def say(self, line: str) -> None:
        from rich.markup import escape

        self._bar.console.print(escape(line))


class Cell:
    """One line below the cell of a notebook, which is gone when the run has ended."""

    def __init__(self, display: Callable[..., Any], clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._task, self._total, self._pace = "", 0, Pace()
        self._shown = -SHOWN
        self._handle = display(_html(""), raw=True, display_id=True)

    def start(self, task: str, total: int, done: int = 0) -> None:
        self._task, self._total, self._pace = task, total, Pace()
        self._show(f"{task}: {done} of {total} steps")

    def advance(self, done: int) -> None:
        now = self._clock()
        self._pace.note(now, done)
        if now - self._shown < SHOWN:
            return
        self._shown = now
        seconds = self._pace.left(self._total)
        left = "" if seconds is None else f", about {duration(seconds)} left"
        self._show(f"{self._task}: {done} of {self._total} steps{left}")

    def finish(self) -> None:
        self._show("")

    def close(self) -> None:
        self._show("")

    def say(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    def _show(self, line: str) -> None:
        self._handle.update(_html(line), raw=True)


def _html(line: str) -> dict[str, str]:
    from html import escape

    return {"text/plain": line, "text/html": f"<small>{escape(line)}</small>" if line else ""}


class Guarded:
    """Another progress display that is dropped silently the first time it raises, since showing
    progress must never fail a run.
    """

    def __init__(self, make: Callable[[], Progress]) -> None:
        self._inner: Progress = Silent()
        self._safely(lambda: setattr(self, "_inner", make()))

    def start(self, task: str, total: int, done: int = 0) -> None:
        self._safely(lambda: self._inner.start(task, total, done))

    def advance(self, done: int) -> None:
        self._safely(lambda: self._inner.advance(done))

    def finish(self) -> None:
        self._safely(lambda: self._inner.finish())

    def close(self) -> None:
        self._safely(lambda: self._inner.close())

    def say(self, line: str) -> None:
        self._safely(lambda: self._inner.say(line))

    def _safely(self, action: Callable[[], object]) -> None:
        try:
            action()
        except Exception:  # whatever a terminal, a closed pipe or a notebook may do
            self._inner = Silent()


def for_stream(stream: TextIO | None = None, *, announces: bool = False) -> Progress:
    """A bar if the stream (default stderr) is a terminal, and plain lines otherwise; a line below
    the cell in a notebook. It never raises. With `announces` plain lines also say what begins.
    """
    target = stream if stream is not None else sys.stderr
    if stream is None and (display := _display()) is not None:
        return Guarded(lambda: Cell(display))
    return Guarded(lambda: Bar(target) if target.isatty() else Lines(target, announces=announces))


def _display() -> Callable[..., Any] | None:
    """What shows something below the cell that runs, or None outside of notebooks."""
    interactive = sys.modules.get("IPython")
    shell = interactive.get_ipython() if interactive is not None else None
    if getattr(shell, "kernel", None) is None:
        return None
    shown: Callable[..., Any] = sys.modules["IPython.display"].display
    return shown


def duration(seconds: float) -> str:
    """A duration such as `8 s`, `2 min 5 s` or `1 h 12 min`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
