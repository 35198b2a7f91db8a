"""The protocol of a flow: start, step and finish over a serialisable state. The runner owns the
loop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from rgc.errors import CheckpointError, Problem
from rgc.results.result import Result

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


ANY = 1 << 62
"""More steps than any flow makes in one call."""

ANEW = "to begin anew, remove the folder of checkpoints"
"""A hint for who does not want a checkpoint."""


@dataclass(slots=True)
class State:
    """Everything that a flow needs to continue: the steps done, arrays, and small JSON values.

    A checkpoint is exactly this, so that a run resumed from one (on any backend) continues it.
    What follows is no part of it, and changes no number. `most` is how many steps the runner wants
    in one call, and `read_from` the checkpoint from which it went on. A first state says by `fixed`
    that its arrays keep their shapes.
    """

    done: int = 0
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    most: int = ANY
    read_from: Path | None = None
    fixed: bool = False


def check_shape(array: NDArray[Any], shape: tuple[int, ...]) -> None:
    """Raise `CheckpointError` for an array of a state that has another shape, so that its
    checkpoint is none of this run. Machine code would read beyond its end.
    """
    if array.shape != shape:
        message = f"an array of the checkpoint has the shape {array.shape}, not {shape}"
        raise CheckpointError([Problem("damaged-checkpoint", message, hint=ANEW)])


def check_alike(array: NDArray[Any], first: NDArray[Any]) -> None:
    """The same for an array that has another shape, or another type, than the first of its name."""
    check_shape(array, first.shape)
    if array.dtype != first.dtype:
        message = f"an array of the checkpoint has the type {array.dtype}, not {first.dtype}"
        raise CheckpointError([Problem("damaged-checkpoint", message, hint=ANEW)])


@dataclass(frozen=True, slots=True)
class Account:
    """What a flow computes with whole arrays, for people: a headline, and a label and a text for
    each thing that there is to say.
    """

    head: str
    lines: Mapping[str, str]


class Flow(Protocol):
    """One scheme at one parameter point, compiled for one backend."""

    @property
    def scheme(self) -> str: ...

    @property
    def steps(self) -> int:
        """The number of steps of the whole run, which are sweeps for schemes that sample. A step
        lasts well under a second.
        """
        ...

    @property
    def provenance(self) -> Mapping[str, Any]:
        """The compiler's choices: update, acceptance, generator, replicas and reproducibility
        level.
        """
        ...

    def start(self) -> State:
        """The state before the first step."""
        ...

    def step(self, state: State) -> State:
        """The state after one or more steps, at most `state.most`. It may change `state` in
        place.
        """
        ...

    def accounts(self) -> Sequence[Account]:
        """What is computed with whole arrays, in words and symbols, with the sizes of the arrays.

        The first step of the arithmetic is carried out on the way, so that one who watches the
        backend sees which functions and routines it takes. Empty where programs do it all.
        """
        ...

    def finish(self, state: State) -> Result:
        """The answer. It does not change the state."""
        ...
