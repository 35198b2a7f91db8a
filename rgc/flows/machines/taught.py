"""The layers of a stack as they are taught: how each comes by its parameters, and what is followed
of it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from rgc.flows.machines.dropout import scaled, share_kept
from rgc.flows.machines.exact_training import ExactTraining
from rgc.flows.machines.given import Given, make_given
from rgc.flows.machines.layer_training import LayerTraining, make_layer_training
from rgc.flows.machines.machine import Machine
from rgc.flows.machines.named_arrays import Arrays
from rgc.flows.machines.parameters import make_fixed
from rgc.flows.machines.target import Target
from rgc.flows.machines.watch import Watch, marks
from rgc.flows.request import Request
from rgc.model.data import Data, source_of
from rgc.model.stack import Rbm
from rgc.program.draws import stream

Learning = LayerTraining | ExactTraining | Given
"""How a layer comes by its parameters."""


@dataclass(frozen=True, slots=True, eq=False)
class Taught:
    """A layer, how it learns, what is followed of it, and after which updates its model is kept."""

    layer: Rbm
    learning: Learning
    watch: Watch
    kept: tuple[int, ...]

    def integers(self, arrays: Arrays) -> Arrays:
        """The parameters of its machine in the unit of programs."""
        return self.learning.integers(self._whole(arrays))

    def machine(self, arrays: Arrays) -> Machine:
        """The machine that the arrays of its training make."""
        return self.learning.machine(self._whole(arrays))

    def _whole(self, arrays: Arrays) -> Arrays:
        """The arrays with weights for all hidden units together, where dropout left some out."""
        share = share_kept(self.layer.train)
        return arrays if share == 1 else scaled(arrays, share)


def make_taught(request: Request, number: int, target: Target | None, rows: int) -> Taught:
    """A layer of the stack, numbered from 0, on so many rows, with the kernels of its updates
    compiled. Raises `SpecError` for files that cannot be read.
    """
    layer = request.stack.layers[number]
    key = stream(request.seed, request.point, "training", number)
    own = target if number == 0 else None
    asked = request.options.names("monitors")
    learning: Learning
    if layer.train is None:
        learning = make_given(layer)
    elif layer.train.algorithm == "exact":
        learning = ExactTraining(
            layer=layer,
            trainer=layer.train,
            fixed=make_fixed(layer),
            key=key,
            target=own if layer.train.of == "hamiltonian" else None,
        )
    else:
        learning = make_layer_training(
            request.backend,
            layer,
            layer.train,
            rows=rows,
            key=key,
            fractional=request.stack.fractional(number),
        )
    kept = layer.train.saved(learning.updates) if layer.train is not None else ()
    watch = Watch(
        backend=request.backend,
        layer=layer,
        marks=marks(learning.updates, kept),
        validated=_validated(request.spec.data, asked),
        fractional=request.stack.fractional(number),
        target=own,
        asked=asked,
        key=key,
    )
    return Taught(layer, learning, watch, kept)


def _validated(data: Data | None, asked: Collection[str]) -> bool:
    """Whether there are rows to validate with: some are kept apart, or `gap` is asked of samples,
    of which there are always more."""
    source = source_of(data) if data is not None else None
    return bool(getattr(source, "validation", None)) or "gap" in asked
