"""What the answers of machines ask of a stack: sums over all states, and rows to validate with."""

from __future__ import annotations

from collections.abc import Iterator

from rgc.errors import Problem
from rgc.model.data import Data, File, Samples, kept_apart, source_of
from rgc.model.stack import Rbm, Stack
from rgc.passes.count_states import MOST_TABLED, fits, states_text
from rgc.schemes.scheme import Asked
from rgc.text import Span

FEWEST = 2
"""Fewer rows than this have no variance, without which the gap has no error."""

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
    if "pseudo_likelihood" in monitors and not _of_states(stack):
        message = "'pseudo_likelihood' is that of units with states, and no layer sees such rows"
        hint = "log_likelihood is that of real units too"
        yield Problem("wrong-spins", message, place, hint=hint)
    kept = _kept(spec.data) if spec.data is not None else FEWEST
    if "gap" in monitors and kept < FEWEST:
        few = "only one is" if kept else "none are"
        message = f"'gap' compares rows for training with others, and {few} kept apart"
        hint = "keep some of samples(...) or of file(...): validation=0.1"
        yield Problem("no-rows", message, place, hint=hint)


def _of_states(stack: Stack) -> bool:
    """Whether the rows of some layer are states, and no means or real values."""
    return any(
        layer.visible.unit != "gaussian" and not stack.fractional(number)
        for number, layer in enumerate(stack.layers)
    )


def _kept(data: Data) -> int:
    """The rows to validate with: a share that is kept apart, or a tenth as many fresh samples of
    each set, which nothing has changed."""
    source = source_of(data)
    kept = kept_apart(source.rows, source.validation) if isinstance(source, Samples | File) else 0
    if kept or not isinstance(data, Samples):
        return kept
    return len(data.points) * -(-data.count // 10)


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
