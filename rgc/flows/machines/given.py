"""A layer that is not trained: its weights come from a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.flows.data.rows import Rows
from rgc.flows.machines.machine import Machine
from rgc.flows.machines.parameters import arrays_of, parameters_in
from rgc.flows.machines.weights_file import load, machine_of, parameters_of, rounded
from rgc.model.stack import Rbm

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """A layer with weights from a file. It is done before the first update."""

    layer: Rbm
    parameters: Arrays

    @property
    def updates(self) -> int:
        return 0

    def start(self, rows: Rows) -> Arrays:
        """Its parameters."""
        return dict(self.parameters)

    def feed(self, rows: Rows) -> None:
        """Nothing is done with data."""

    def run(
        self, arrays: Arrays, data: None, first: int, count: int
    ) -> tuple[None, NDArray[np.int64]]:
        """There are no updates. Raises `ValueError`."""
        raise ValueError("a layer with given weights is not trained")

    def integers(self, arrays: Arrays) -> Arrays:
        """The parameters in the unit of programs."""
        return arrays_of(
            rounded(parameters_in(self.parameters, self.layer), self.layer), self.layer
        )

    def machine(self, arrays: Arrays) -> Machine:
        """The machine as its units see it."""
        return machine_of(parameters_in(self.parameters, self.layer), self.layer)


def make_given(layer: Rbm) -> Given:
    """The layer with the weights of its file. Raises `SpecError` for what cannot be read."""
    return Given(layer, arrays_of(parameters_of(load(layer), layer), layer))
