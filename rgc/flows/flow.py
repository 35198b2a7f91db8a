"""What a flow is: start, step, finish over a serialisable state. The runner owns the loop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from rgc.results.result import Result

if TYPE_CHECKING:
    from numpy.typing import NDArray


ANY = 1 << 62
"""As many steps as a flow likes to make at once."""


@dataclass(slots=True)
class State:
    """All that is needed to go on: the number of steps done, canonical fields and accumulators, and
    small JSON values.

    A checkpoint is exactly this, so a run resumed from one (on any backend) continues it. `most` is
    no part of it: how many steps the runner wants to be made before it looks up again, which
    changes no number.
    """

    done: int = 0
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    most: int = ANY


class Flow(Protocol):
    """One scheme at one parameter point, compiled for one backend."""

    @property
    def scheme(self) -> str: ...

    @property
    def steps(self) -> int:
        """How many steps the whole run takes, of sampling its sweeps; one lasts well under a
        second.
        """
        ...

    @property
    def provenance(self) -> Mapping[str, Any]:
        """Choices made by the compiler: update, acceptance, generator, replicas, reproducibility
        level.
        """
        ...

    def start(self) -> State:
        """The state before the first step."""
        ...

    def step(self, state: State) -> State:
        """One more step, or several, up to `state.most`; may change `state` in place."""
        ...

    def finish(self, state: State) -> Result:
        """The answer. Does not change the state."""
        ...
