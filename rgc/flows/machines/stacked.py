"""The layers of a stack along a run: their arrays in its state, and the rows that they see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rgc.flows.data.rows import Rows, key_of
from rgc.flows.data.source import DataSource, TrainingData
from rgc.flows.flow import State
from rgc.flows.machines.annealing import Annealing
from rgc.flows.machines.exact_training import Distribution, ExactTraining
from rgc.flows.machines.layer_answer import Trained
from rgc.flows.machines.likelihood import annealing_of
from rgc.flows.machines.named_arrays import Arrays, named
from rgc.flows.machines.network import above
from rgc.flows.machines.passes import ascended, descended, means_above
from rgc.flows.machines.sides import discrete
from rgc.flows.machines.streams import ANNEALED, UPWARD
from rgc.flows.machines.tables import all_states
from rgc.flows.machines.target import Target
from rgc.flows.machines.taught import Taught
from rgc.flows.machines.watch import ROWS
from rgc.flows.request import Request
from rgc.model.operators import Operator
from rgc.program.draws import Key, stream

DATA = "data."
"""What the names of arrays of the data begin with."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Stacked:
    """The layers, numbered from 0, the source of their data, and the Hamiltonian of these and the
    operators in which couplings of the lowest machine are told, if there are any.

    What the first layer sees is a function of the data, and what another one sees is a function of
    that and of the layers below. `kept` holds what is made again when it is missing: "data", the
    rows of each layer, "rows" and "validation", those as its kernels take them, "fed", and its
    "annealing".
    """

    request: Request
    layers: tuple[Taught, ...]
    source: DataSource
    target: Target | None
    operators: tuple[Operator, ...]
    kept: dict[tuple[str, int], Any] = field(default_factory=dict)

    # -- arrays

    def arrays(self, state: State, number: int) -> Arrays:
        """The arrays of a layer, by the names that its program has for them."""
        return named(state, f"{number}.")

    def integers(self, state: State, number: int) -> Arrays:
        """The parameters of its machine in the unit of programs."""
        return self.layers[number].integers(self.arrays(state, number))

    def key(self, number: int) -> Key:
        """The training stream of a layer."""
        return stream(self.request.seed, self.request.point, "training", number)

    # -- rows

    def data(self, state: State) -> TrainingData:
        """The data, which are all sampled."""
        if ("data", 0) not in self.kept:
            self.kept["data", 0] = self.source.made(named(state, DATA))
        found: TrainingData = self.kept["data", 0]
        return found

    def rows(self, state: State, number: int) -> Rows:
        """The rows that a layer is trained on. The layers below it are trained."""
        if number == 0:
            return self.data(state).train
        if ("rows", number) not in self.kept:
            below = self.rows(state, number - 1)
            self.kept["rows", number] = self.upward(state, number - 1, below)
        found: Rows = self.kept["rows", number]
        return found

    def validation(self, state: State, number: int) -> Rows | None:
        """Some of the rows kept for validation, as a layer sees them."""
        if number == 0:
            apart = self.data(state).validation
            return None if apart is None else apart.spread(ROWS)
        if ("validation", number) not in self.kept:
            below = self.validation(state, number - 1)
            above = None if below is None else self.upward(state, number - 1, below)
            self.kept["validation", number] = above
        found: Rows | None = self.kept["validation", number]
        return found

    def fed(self, state: State, number: int) -> Any:
        """The rows of a layer as its kernels take them."""
        if ("fed", number) not in self.kept:
            learning = self.layers[number].learning
            exact = isinstance(learning, ExactTraining) and learning.trainer.of == "hamiltonian"
            if number and exact:
                self.kept["fed", number] = self._distribution(state, number)
            else:
                self.kept["fed", number] = learning.feed(self.rows(state, number))
        return self.kept["fed", number]

    def _distribution(self, state: State, number: int) -> Distribution:
        """What a layer sees where the lowest units have the distribution of the Hamiltonian."""
        assert self.target is not None  # noqa: S101  (checked with the trainer)
        chances = np.exp(self.target.log_chances)
        for lower in range(number):
            machine = self.layers[lower].machine(self.arrays(state, lower))
            chances = above(machine, chances)
        side = discrete(machine.hidden)
        return Distribution(side.features(all_states(side)), chances)

    def upward(
        self, state: State, number: int, rows: Rows, draws: tuple[int, int] = (UPWARD, 0)
    ) -> Rows:
        """States of the hidden units of a trained layer, one for each row, with the draws of a
        purpose and a number, or, as the layer says, their means.
        """
        key, layer = key_of(self.key(number), *draws), self.layers[number].layer
        passed = means_above if layer.upward == "means" else ascended
        return passed(self.request.backend, layer, self.integers(state, number), rows, key)

    def drawn_above(self, state: State, number: int) -> Rows:
        """States of the hidden units of a trained layer, one for each of its rows: what the layer
        above is trained on, unless that sees means.
        """
        layer = self.layers[number].layer
        if number + 1 < len(self.layers) and layer.upward != "means":
            return self.rows(state, number + 1)
        key, integers = key_of(self.key(number), UPWARD), self.integers(state, number)
        return ascended(self.request.backend, layer, integers, self.rows(state, number), key)

    def passed(self, state: State, rows: Rows, up: tuple[int, int], down: tuple[int, int]) -> Rows:
        """What rows are after a pass up the whole stack and down again, with draws of a purpose
        and a number for each way.
        """
        numbers = range(len(self.layers))
        for number in numbers:
            rows = self.upward(state, number, rows, up)
        for number in reversed(numbers):
            layer, key = self.layers[number].layer, key_of(self.key(number), *down)
            arrays = self.integers(state, number)
            rows = descended(self.request.backend, layer, arrays, rows, key)
        return rows

    # -- at the end

    def annealing(self, state: State, number: int) -> Annealing:
        """The annealing of a trained layer, which no step changes any more."""
        if ("annealing", number) not in self.kept:
            self.kept["annealing", number] = annealing_of(
                self.request.backend,
                self.layers[number].layer,
                self.integers(state, number),
                self.rows(state, number),
                key_of(self.key(number), ANNEALED),
            )
        found: Annealing = self.kept["annealing", number]
        return found

    def trained(self, state: State) -> Iterator[Trained]:
        """The layers at the end, bottom up."""
        below, asked = None, "couplings" in self.request.options
        for number, taught in enumerate(self.layers):
            arrays, weighed = self.arrays(state, number), named(state, f"{number}.annealed.")
            found = Trained(
                number=number + 1,
                layer=taught.layer,
                machine=taught.machine(arrays),
                integers=taught.integers(arrays),
                kept={update: named(state, f"{number}.at {update}.") for update in taught.kept},
                rows=self.rows(state, number),
                validation=self.validation(state, number),
                target=None if number else self.target,
                operators=() if number else self.operators,
                lattice=self.request.spec.lattice,
                below=below,
                bottom=self.layers[0].layer.visible,
                annealed=self.annealing(state, number).annealed(weighed) if weighed else None,
                key=self.key(number),
                drawn=self.drawn_above(state, number) if asked else None,
            )
            below = found.through
            yield found
