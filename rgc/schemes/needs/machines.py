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
        elif name in COMPARED:
            yield from not_compared(name, stack.layers[0], spec.data, place)
    if "gap" in monitors and spec.data is not None and not _validated(spec.data):
        message = "'gap' compares rows for training with others, and none are kept apart"
        hint = "keep some of samples(...) or of file(...): validation=0.1"
        yield Problem("no-rows", message, place, hint=hint)


def _validated(data: Data) -> bool:
    """Whether there are rows to validate with: a share that is kept apart, or fresh samples, which
    nothing has changed."""
    share = getattr(source_of(data), "validation", None)
    return bool(share) or isinstance(data, Samples)


def not_compared(name: str, layer: Rbm, data: Data | None, place: Span | None) -> Iterator[Problem]:
    """Report an answer that compares a layer with the Hamiltonian where the data are not samples of
    one Hamiltonian, and a KL that would be a sum over too many states."""
    hint = "gap and reconstruction are sums over rows"
    if name in COMPARED and not (isinstance(data, Samples) and not data.sets):
        message = f"'{name}' compares a machine with the Hamiltonian that its data are samples of"
        yield Problem("wrong-data", f"{message}, and these are none", place, hint=hint)
    elif name == "kl" and not fits(layer.visible.states, MOST_TABLED):
        message = (
            f"kl is a sum over {states_text(layer.visible.states)} states of "
            f"{layer.visible.count} visible units; the limit is {states_text(MOST_TABLED)}"
        )
        yield Problem("too-many-states", message, place, hint=hint)
