"""Several flows in sequence, run as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rgc.flows.flow import State

if TYPE_CHECKING:
    from rgc.flows.flow import Flow
    from rgc.results.result import Result


def steps(flows: Sequence[Flow]) -> int:
    return sum(flow.steps for flow in flows)


def start() -> State:
    """The state before the first flow. Each flow starts when its turn comes."""
    return State(0, {}, {})


def step(flows: Sequence[Flow], state: State) -> State:
    """A step of the first flow that is not finished, with as many of its own steps as there is time
    for.

    The state of each flow is stored in that of the whole under its number.
    """
    before = 0
    for number, flow in enumerate(flows):
        if state.done < before + flow.steps:
            inner = _state(flow, state, number, state.done - before)
            inner.most = state.most
            inner = flow.step(inner)
            _put(state, number, inner)
            state.done = before + inner.done
            break
        before += flow.steps
    return state


def results(flows: Sequence[Flow], state: State) -> list[Result]:
    """The answers of all flows, which must be finished."""
    return [
        flow.finish(_state(flow, state, number, flow.steps)) for number, flow in enumerate(flows)
    ]


def _state(flow: Flow, state: State, number: int, done: int) -> State:
    if done == 0 or flow.steps == 0:
        return flow.start()
    head = f"{number}:"
    arrays = {
        name[len(head) :]: array for name, array in state.arrays.items() if name.startswith(head)
    }
    return State(done, arrays, dict(state.values[str(number)]))


def _put(state: State, number: int, inner: State) -> None:
    values: dict[str, Any] = inner.values
    state.values[str(number)] = values
    state.arrays.update({f"{number}:{name}": array for name, array in inner.arrays.items()})
