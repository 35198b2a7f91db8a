"""Shares of the work at one point: of its replicas, or of its realisations of random couplings.

A share draws the random numbers that the whole would draw for it, and its arrays are parts of those
of the whole, so that the answer does not depend on how the work was cut.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from rgc.flows.flow import Flow, State
from rgc.model.share import Share

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Arrays = Mapping[str, NDArray[Any]]


class Shared(Flow, Protocol):
    """A flow that can be made for a share of its work."""

    @property
    def shared(self) -> Mapping[str, int]:
        """The arrays of the state of which every share has a part, with the axis along which the
        parts lie one after the other.
        """
        ...

    def shown(self, arrays: Arrays) -> Arrays:
        """What `finish` needs of the other arrays, which are those of the first share."""
        ...


def told(flow: Shared, share: Share, state: State) -> State:
    """What the whole needs of the last state of a share: sums, and of the first share pictures."""
    arrays = {name: state.arrays[name] for name in flow.shared}
    shown = flow.shown(state.arrays) if share.number == 0 else {}
    return State(state.done, {**arrays, **shown}, state.values)


def joined(flow: Shared, told: Sequence[State]) -> State:
    """The last state of the whole, as far as `finish` needs it, from what all shares have told, in
    their order.
    """
    import numpy as np

    arrays = dict(told[0].arrays)
    for name, axis in flow.shared.items():
        arrays[name] = np.concatenate([each.arrays[name] for each in told], axis)
    return State(flow.steps, arrays, told[0].values)
