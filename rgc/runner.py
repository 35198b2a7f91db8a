"""The one loop: steps, progress, checkpoints, signals and limits."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import TYPE_CHECKING, Any

from rgc.errors import CheckpointError, Problem, SpecError
from rgc.progress import Progress, Silent
from rgc.version import __version__

if TYPE_CHECKING:
    from rgc.flows.flow import Flow, State
    from rgc.results.checkpoint import Checkpoint
    from rgc.results.result import Result

EVERY = 10.0  # seconds between checkpoints
# Target duration in seconds of one call to `flow.step`. Signals and progress are handled between
# calls.
STEP = 0.1


SIGNALS: Mapping[int, str] = {
    signal.SIGINT: "interrupted",
    signal.SIGTERM: "terminated",
    **({signal.SIGHUP: "hung up"} if hasattr(signal, "SIGHUP") else {}),
}
"""The signals that stop a run, and what is said of them."""

TIME_IS_UP = "time limit reached"
"""What is said of a run that stops at its time limit."""

LOG = logging.getLogger("rgc")
"""What a run does, for whoever listens: what begins and ends as `INFO`, checkpoints as `DEBUG`."""


class Interrupted(Exception):
    """The run was stopped before its end.

    `checkpoint` is where it can continue, or None if that could not be written.
    """

    def __init__(
        self, reason: str, done: int, steps: int, checkpoint: Path | None, what: str = "steps"
    ) -> None:
        self.reason, self.done, self.steps, self.checkpoint = reason, done, steps, checkpoint
        super().__init__(f"{reason} after {done} of {steps} {what}")


@dataclass(slots=True)
class Stop:
    """A stop that a signal or the time limit requests. The loop checks it between calls to
    `flow.step`, about every `STEP` seconds.
    """

    deadline: float | None = None
    signal: int | None = None

    def reason(self) -> str | None:
        """Why the run must stop now, or None."""
        if self.signal is not None:
            return SIGNALS[self.signal]
        return TIME_IS_UP if self.deadline is not None and monotonic() >= self.deadline else None


@contextmanager
def stopping(time_limit: float | None = None, stop: Stop | None = None) -> Iterator[Stop]:
    """A `Stop` that listens to `SIGNALS` but those that the process ignores, as under nohup, in the
    main thread only. A second signal raises `KeyboardInterrupt`. `stop` may have heard one before.
    """
    stop = stop or Stop()
    if time_limit is not None:
        stop.deadline = monotonic() + time_limit

    def heard(number: int, frame: FrameType | None) -> None:
        if stop.signal is not None:
            raise KeyboardInterrupt
        stop.signal = number

    with handling(heard):
        yield stop


@contextmanager
def handling(heard: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    """A context in which `heard` handles `SIGNALS`, but those that the process ignores. In another
    thread than the main one it does nothing.
    """
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, heard)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass(frozen=True, slots=True)
class Saving:
    """Where a run's checkpoints go, and whether to start from one (`resume`).

    `identity` (spec, seed, point) decides whether a checkpoint belongs to the run. A checkpoint is
    written every `every` seconds and when the run is stopped. With `finished` it is also written at
    the end of the run, so that a scan that is stopped at a later point need not repeat this one.
    """

    path: Path
    identity: Mapping[str, Any] = field(default_factory=dict)
    resume: bool = False
    finished: bool = False
    every: float = EVERY


def run(
    flow: Flow,
    *,
    saving: Saving | None = None,
    progress: Progress | None = None,
    stop: Stop | None = None,
    task: str = "",
    warn: Callable[[str], object] = lambda message: None,
) -> Result:
    """The answer of a flow.

    `warn(message)` is called for each warning. A resumed run gives the same digits as an
    uninterrupted one, because the state is all that a step depends on. Where the answer cannot be
    made of the last state, that is saved.

    Raises `Interrupted` when stopped, and `CheckpointError` when asked to resume and every
    checkpoint is damaged or of another run.
    """
    state = last_state(flow, saving=saving, progress=progress, stop=stop, task=task, warn=warn)
    return finished(flow, state, saving=saving, warn=warn)


def finished(
    flow: Flow,
    state: State,
    *,
    saving: Saving | None = None,
    warn: Callable[[str], object] = lambda message: None,
) -> Result:
    """The answer that a flow makes of its last state. Where it cannot, that is saved."""
    try:
        with _gone_on_from(state.read_from):
            return flow.finish(state)
    except CheckpointError:  # the one before is kept too
        raise
    except Exception:
        _last_save(saving, state, warn)
        raise


def last_state(
    flow: Flow,
    *,
    saving: Saving | None = None,
    progress: Progress | None = None,
    stop: Stop | None = None,
    task: str = "",
    warn: Callable[[str], object] = lambda message: None,
) -> State:
    """The state after the last step of a flow. Raises what `run` raises."""
    progress, stop = progress or Silent(), stop or Stop()
    state = _first_state(flow, saving, warn)
    state.most, read_from = 1, state.read_from
    progress.start(task or flow.scheme, flow.steps, state.done)
    LOG.info("%s: step %d of %d", task or flow.scheme, state.done, flow.steps)
    saved = started = monotonic()
    while state.done < flow.steps:
        if reason := stop.reason():
            raise Interrupted(reason, state.done, flow.steps, _last_save(saving, state, warn))
        before, began = state.done, monotonic()
        with _gone_on_from(read_from):
            state = flow.step(state)
        state.most = _more(state.done - before, monotonic() - began)
        if state.done <= before:
            raise RuntimeError(
                f"a step of {flow.scheme} did not advance the count of steps beyond {before}"
            )
        progress.advance(state.done)
        if saving and monotonic() - saved >= saving.every:
            _try_save(saving, state, warn)
            saved = monotonic()
    progress.finish()
    LOG.info("%s: done in %.1f s", task or flow.scheme, monotonic() - started)
    if saving and saving.finished:
        _try_save(saving, state, warn)
    state.read_from = read_from
    return state


@contextmanager
def _gone_on_from(path: Path | None) -> Iterator[None]:
    """A context in which what fails fails because of the checkpoint from which the run went on,
    where there is one. A flow whose arrays come about one after the other tells by that what is
    none of its states.
    """
    try:
        yield
    except (SpecError, OSError, MemoryError):
        raise
    except Exception as error:
        if path is None:
            raise
        message = (
            f"the run cannot go on from the checkpoint {path}: {type(error).__name__}: {error}"
        )
        hint = f"{_anew(path)}; what fails without it too is a bug in rgc"
        raise CheckpointError([Problem("damaged-checkpoint", message, hint=hint)]) from error


def _more(steps: int, seconds: float) -> int:
    """How many steps to make in the next call when `steps` took so many seconds: as many as fit in
    `STEP`, and at most twice as many as before.
    """
    return max(1, int(steps * min(2.0, STEP / max(seconds, 1e-9))))


def _last_save(saving: Saving | None, state: State, warn: Callable[[str], object]) -> Path | None:
    return saving.path if saving and _try_save(saving, state, warn) else None


def _try_save(saving: Saving, state: State, warn: Callable[[str], object]) -> bool:
    """Save a checkpoint. A failure, such as a full disk, is reported and does not end a run that
    could still finish.
    """
    from rgc.results import checkpoint

    header = {
        "identity": dict(saving.identity),
        "rgc": __version__,
        "done": state.done,
        "values": state.values,
    }
    try:
        checkpoint.write(saving.path, checkpoint.Checkpoint(header, state.arrays))
    except OSError as error:
        warn(f"the checkpoint {saving.path} could not be written: {error}")
        return False
    LOG.debug("checkpoint %s at step %d", saving.path, state.done)
    return True


def _first_state(flow: Flow, saving: Saving | None, warn: Callable[[str], object]) -> State:
    """The state from which the run goes on: the newest checkpoint that is one of this run."""
    from rgc.results import checkpoint

    if saving is None or not saving.resume:
        return flow.start()
    newest: CheckpointError | None = None
    for path in checkpoint.stored(saving.path):
        try:
            state = _restored(flow, path, saving.identity, warn)
        except CheckpointError as error:
            newest = newest or error
            continue
        if newest:
            warn(f"{newest.problems[0].message}; the run goes on from the one before")
            checkpoint.put_back(saving.path)
        return state
    if newest:
        raise newest
    return flow.start()


def _restored(
    flow: Flow, path: Path, identity: Mapping[str, Any], warn: Callable[[str], object]
) -> State:
    """The state that a file holds. Raises `CheckpointError` if it is none of this run."""
    from rgc.flows.flow import State
    from rgc.results import checkpoint

    try:
        stored = checkpoint.read(path)
    except checkpoint.Damaged as error:
        message = f"the checkpoint {path} cannot be read: {error}"
        raise CheckpointError([Problem("damaged-checkpoint", message, hint=_anew(path))]) from None
    _check_identity(path, identity, stored.header.get("identity"))
    _check_content(flow, path, stored)
    written = stored.header.get("rgc")
    if written != __version__:
        warn(f"the checkpoint {path} was written by rgc {written}; this is {__version__}")
    return State(
        stored.header["done"], dict(stored.arrays), dict(stored.header["values"]), read_from=path
    )


def _check_content(flow: Flow, path: Path, stored: Checkpoint) -> None:
    """Raise `CheckpointError` for a checkpoint that this flow cannot have written: it counts steps
    that there are not, or lacks an array of the first state, or has one of another type or shape.
    Where arrays change their shapes on the way their numbers of axes are compared.
    """
    done, first = stored.header.get("done"), flow.start()
    right = type(done) is int and 0 <= done <= flow.steps
    right = right and isinstance(stored.header.get("values"), dict)
    alike = (
        name in stored.arrays
        and stored.arrays[name].dtype == array.dtype
        and stored.arrays[name].ndim == array.ndim
        and (not first.fixed or stored.arrays[name].shape == array.shape)
        for name, array in first.arrays.items()
    )
    if not right or not all(alike):
        message = f"the checkpoint {path} holds no state of '{flow.scheme}' with {flow.steps} steps"
        raise CheckpointError([Problem("damaged-checkpoint", message, hint=_anew(path))])


def _check_identity(path: Path, mine: Mapping[str, Any], theirs: object) -> None:
    """Raise `CheckpointError` if a checkpoint belongs to another spec, seed or point."""
    other = theirs if isinstance(theirs, dict) else {}
    for name, value in mine.items():
        if other.get(name) != value:
            message = (
                f"the checkpoint {path} belongs to another run: its {name} is "
                f"{other.get(name)}, not {value}"
            )
            hint = f"give --out another folder; {_anew(path)}"
            raise CheckpointError([Problem("other-checkpoint", message, hint=hint)])


def _anew(path: Path) -> str:
    """A hint for who does not want a checkpoint."""
    return f"to begin anew, remove {path.parent}"
