"""What the answers of machines ask of a stack: sums over all states, and rows to validate with."""

from __future__ import annotations

from collections.abc import Iterator

from rgc.errors import Problem
from rgc.model.data import Data, Samples, source_of
from rgc.model.stack import Rbm
from rgc.passes.count_states import MOST_TABLED, fits, states_text
from rgc.schemes.scheme import Asked
from rgc.text import Span

COMPARED = ("kl", "dF", "tau_defect")
"""Answers that compare a machine with the Hamiltonian."""


def monitored(asked: Asked) -> Iterator[Problem]:
    """Report monitors that cannot be had: a KL that sums over too many states, comparisons with no
    Hamiltonian, and a gap between rows for training and no others."""
    monitors, place = asked.options.get("monitors"), asked.place("monitors")
    stack, spec = asked.spec.stack, asked.spec
    if not isinstance(monitors, tuple) or stack is None or not asked.read("data", "hamiltonian"):
        return
    for name in monitors:
        if name in COMPARED and spec.hamiltonian is None:
            message = f"'{name}' compares a machine with a hamiltonian, and this spec has none"
            hint = "gap, reconstruction and pseudo_likelihood compare it with the data"
            yield Problem("missing-section", message, place, hint=hint)
        elif name == "kl":
            yield from not_summed(stack.layers[0], place)
    if "gap" in monitors and spec.data is not None and not _validated(spec.data):
        message = "'gap' compares rows for training with others, and none are kept apart"
        hint = "keep some of samples(...) or of file(...): validation=0.1"
        yield Problem("no-rows", message, place, hint=hint)


def _validated(data: Data) -> bool:
    """Whether there are rows to validate with: a share that is kept apart, or fresh samples, which
    nothing has changed."""
    share = getattr(source_of(data), "validation", None)
    return bool(share) or isinstance(data, Samples)


def not_summed(layer: Rbm, place: Span | None) -> Iterator[Problem]:
    """Report a KL of a layer that would be a sum over too many states."""
    states = layer.visible.states
    if fits(states, MOST_TABLED):
        return
    message = (
        f"kl is a sum over {states_text(states)} states of {layer.visible.count} visible units; "
        f"the limit is {states_text(MOST_TABLED)}"
    )
    hint = "gap and reconstruction are sums over rows"
    yield Problem("too-many-states", message, place, hint=hint)
