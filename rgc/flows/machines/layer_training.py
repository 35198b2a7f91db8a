"""The training of one layer on a backend: its kernels, its arrays and its updates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.backend import Backend, Kernel
from rgc.backend import State as Packed
from rgc.flows.data.rows import Rows
from rgc.flows.flow import check_shape
from rgc.flows.machines.first_chains import first_chains
from rgc.flows.machines.machine import Machine
from rgc.flows.machines.minibatches import Minibatches
from rgc.flows.machines.parameters import Fixed, arrays_of, make_fixed, parameters_in, tied
from rgc.flows.machines.schedule import Schedule, make_schedule
from rgc.flows.machines.start import first_biases, start
from rgc.flows.machines.weights_file import PARAMETER_UNIT, machine_of
from rgc.model.stack import Rbm
from rgc.model.trainer import Trainer
from rgc.model_to_program.stack_to_training import stack_to_training
from rgc.model_to_program.training_update import SCALE, Training, Update
from rgc.program.dense import Field, Parameter
from rgc.program.dense.arguments import dense_arguments
from rgc.program.draws import Key, step_keys

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Fed:
    """The rows of data in a backend's own form, and the batches that they come in."""

    packed: Packed
    batches: Minibatches


@dataclass(frozen=True, slots=True)
class Piece:
    """Updates of one program that a call of a kernel makes: `count` from `first` on, with the rows
    of each, int32[update, row].
    """

    first: int
    count: int
    rows: NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LayerTraining:
    """A layer in training.

    - `whole` is the update of a full batch, and `rest` that of the last batch of an epoch, where it
      is smaller. Both keep the same fields and parameters.
    - `key` is the training stream of the layer.
    """

    backend: Backend
    update: Update
    whole: Training
    rest: Training | None
    kernels: tuple[Kernel, ...]
    schedule: Schedule
    fixed: Fixed
    key: Key

    @property
    def layer(self) -> Rbm:
        return self.update.layer

    @property
    def trainer(self) -> Trainer:
        return self.update.trainer

    @property
    def updates(self) -> int:
        return self.trainer.updates(self.update.rows)

    # -- arrays

    @property
    def kept(self) -> tuple[Field | Parameter, ...]:
        """What updates change or read besides the data, in the order of the program's state."""
        program = self.whole.program
        return (*program.fields[1:], *program.parameters)

    def start(self, rows: Rows) -> Arrays:
        """The arrays before the first update, by the names of fields and parameters."""
        given = arrays_of(start(self.layer, self.fixed, rows, self.key), self.layer)
        given |= self.fixed.arrays
        given |= {field.name: first_chains(self.key, field) for field in self.whole.program.fields}
        if self.trainer.centring:
            given["visible centre"] = self._centre(rows)
        if self.trainer.dropout:
            given["keep"] = np.full(self.layer.hidden.features, self._keep, dtype=np.int64)
        return {each.name: given.get(each.name, _zeros(each)) for each in self.kept}

    def _centre(self, rows: Rows) -> NDArray[np.int64]:
        """The fields in which visible units have the averages of their rows."""
        fields = tied(first_biases(self.layer, rows), self.fixed.arrays, "visible")
        return np.rint(fields / PARAMETER_UNIT).astype(np.int64)

    @property
    def _keep(self) -> int:
        """The bias at which a unit is kept."""
        left_out = self.trainer.dropout or 0.0
        return round(log((1 - left_out) / left_out) / PARAMETER_UNIT)

    def feed(self, rows: Rows) -> Fed:
        """The data as the kernels take them."""
        batches = Minibatches(
            rows=rows.count, batch=self.update.batch, key=self.key, weights=rows.weights
        )
        return Fed(self.backend.pack(rows.field), batches)

    def integers(self, arrays: Arrays) -> Arrays:
        """The parameters in the unit of programs, which they are in."""
        return arrays

    def machine(self, arrays: Arrays) -> Machine:
        """The machine as its units see it."""
        return machine_of(parameters_in(arrays, self.layer), self.layer)

    # -- updates

    def run(
        self, arrays: Arrays, data: Fed, first: int, count: int
    ) -> tuple[Fed, NDArray[np.int64]]:
        """Make the updates `first`, ..., `first + count - 1`, changing `arrays`.

        Returns the data, whose packed form a kernel may have consumed, and the largest |M| of the
        weights after each update.
        """
        pack, unpack = self.backend.pack, self.backend.unpack
        for each in self.kept:
            check_shape(arrays[each.name], each.shape)
        state = [data.packed, *(pack(arrays[each.name]) for each in self.kept)]
        largest = []
        for piece in pieces_of(data.batches, first, count):
            full = piece.rows.shape[1] == self.update.batch
            training = self.whole if full or self.rest is None else self.rest
            numbers = self.schedule.numbers(training.numbers, piece.first, piece.count)
            arguments = dense_arguments(piece.rows, numbers, self.scales(training))
            keys = step_keys(self.key, piece.first, piece.count, training.program.draws)
            state, tallies = self.kernels[0 if full else 1](state, arguments, keys)
            largest.append(tallies[0])
        for each, packed in zip(self.kept, state[1:], strict=True):
            arrays[each.name] = unpack(packed)
        return replace(data, packed=state[0]), np.concatenate(largest)

    def scales(self, training: Training) -> NDArray[np.int32] | None:
        """The inverse temperature of every chain, that of the model first."""
        if not training.program.scales:
            return None
        falling = np.array(self.trainer.betas)[::-1]
        each = np.rint(falling * SCALE).astype(np.int32)
        return np.repeat(each, self.update.averaged)[None, None, :]


def pieces_of(batches: Minibatches, first: int, count: int) -> Iterator[Piece]:
    """The updates in runs of one batch size, none across the end of an epoch."""
    while count:
        within = first % batches.in_epoch
        made = min(count, max(batches.rows // batches.batch - within, 1))
        yield Piece(first, made, batches.between(first, made))
        first, count = first + made, count - made


def _zeros(each: Field | Parameter) -> NDArray[Any]:
    return np.zeros(each.shape, dtype=each.dtype)


def make_layer_training(
    backend: Backend,
    layer: Rbm,
    trainer: Trainer,
    *,
    rows: int,
    key: Key,
    fractional: bool = False,
) -> LayerTraining:
    """The training of a layer on so many rows, with its kernels compiled. The rows are `fractional`
    where they are means.

    Raises `SpecError` for files that cannot be read.
    """
    batch, fixed = trainer.batch or rows, make_fixed(layer)
    update = Update(
        layer=layer,
        trainer=trainer,
        batch=batch,
        rows=rows,
        sparse="connected" in fixed.arrays,
        fractional=fractional,
        shared=fixed.shared,
    )
    left = rows % batch
    whole = stack_to_training(update)
    rest = stack_to_training(replace(update, batch=left)) if left else None
    trainings = (whole,) if rest is None else (whole, rest)
    return LayerTraining(
        backend=backend,
        update=update,
        whole=whole,
        rest=rest,
        kernels=tuple(backend.compile(training.program) for training in trainings),
        schedule=make_schedule(trainer, rows),
        fixed=fixed,
        key=key,
    )
