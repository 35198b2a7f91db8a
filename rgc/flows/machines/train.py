"""The flow `train`: the layers of a stack one after the other, each on the states of the one below.

One step is one update of a layer. The state holds the parameters and chains of the layers trained
so far, and what was written down along the way. The data are a function of the spec, the seed and
the files, and what an upper layer is trained on is a function of these and of the layers below, so
neither is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.flows.data.rows import Rows, key_of
from rgc.flows.data.source import TrainingData, make_data
from rgc.flows.flow import Account, State
from rgc.flows.machines.exact_training import ExactTraining
from rgc.flows.machines.iterated import Iteration, make_iteration
from rgc.flows.machines.layer_answer import Trained
from rgc.flows.machines.named_arrays import Arrays, named, put
from rgc.flows.machines.parameters import arrays_of, check_range, parameters_in
from rgc.flows.machines.passes import ascended, descended, means_above
from rgc.flows.machines.streams import ITERATED, STRIPS, UPWARD
from rgc.flows.machines.target import Target, target_of
from rgc.flows.machines.taught import Taught, make_taught
from rgc.flows.machines.train_result import finished
from rgc.flows.machines.watch import ROWS, Look
from rgc.flows.request import Request
from rgc.model.data import rows_apart, rows_of
from rgc.model.lattice import Lattice
from rgc.model.operators import Operator
from rgc.model.spec import Spec
from rgc.passes.tell_operators import tell_operators
from rgc.program.draws import Key, stream
from rgc.results.result import Result


@dataclass(frozen=True, eq=False, kw_only=True)
class Train:
    """`train(...)` at one point.

    The arrays of the state are those of the layers, `<layer>.<name>`, their series,
    `<layer>.watch.<name>`, the parameters of models that are kept, `<layer>.at <update>.<name>`,
    and those of the chains of `iterate=n`, `iterate.<name>`. `kept` holds what is made again when
    it is missing: the rows of each layer, "rows" and "validation", and those as its kernels take
    them, "fed".
    """

    request: Request
    layers: tuple[Taught, ...]
    target: Target | None
    operators: tuple[Operator, ...]
    iteration: Iteration | None = None
    kept: dict[tuple[str, int], Any] = field(default_factory=dict)

    @property
    def scheme(self) -> str:
        return "train"

    @property
    def steps(self) -> int:
        return self._ends[-1] + (self.iteration.steps if self.iteration else 0)

    @property
    def provenance(self) -> Mapping[str, Any]:
        exact = any(isinstance(each.learning, ExactTraining) for each in self.layers)
        saved = [each.kept for each in self.layers]
        return {
            "layers": [str(each.layer) for each in self.layers],
            "updates": [each.learning.updates for each in self.layers],
            **({"saved": saved} if any(saved) else {}),
            "rows": self.data.train.count,
            "reproducibility": "L3" if exact else "L2",
        }

    def start(self) -> State:
        return State(0, {})

    def step(self, state: State) -> State:
        if self.iteration is not None and state.done >= self._ends[-1]:
            return self._iterate(state, self.iteration)
        number = next(k for k, end in enumerate(self._ends) if state.done < end)
        taught, first = self.layers[number], state.done - self._begins[number]
        if first == 0:
            self._begin(state, number)
        mark = next(mark for mark in taught.watch.marks if mark > first)
        count = max(1, min(state.most, mark - 1 - first))
        arrays = self.arrays(state, number)
        before = taught.integers(arrays)["weights"].astype(np.float64)
        data = self._fed(state, number)
        data, largest = taught.learning.run(arrays, data, first, count)
        self.kept["fed", number] = data
        integers = taught.learning.integers(arrays)
        check_range(taught.layer, integers, largest, number, first, self.request.span)
        if first + count == mark:
            self._look(state, number, arrays, before, mark)
        if first + count in taught.kept:
            self._keep(state, number, arrays, first + count)
        state.arrays |= {f"{number}.{name}": array for name, array in arrays.items()}
        state.done += count
        return state

    def _iterate(self, state: State, iteration: Iteration) -> State:
        """A step of the ladder of temperatures, or of the chains."""

        def rows() -> Rows:
            apart = self.data.validation if rows_apart(self.request.spec.data) else None
            return apart or self.data.train

        def passed(chains: Rows, step: int) -> Rows:
            return self._passed(state, chains, (ITERATED, 2 * step), (ITERATED, 2 * step + 1))

        arrays = named(state, "iterate.")
        iteration.step(arrays, state.done - self._ends[-1], rows, passed)
        put(state, "iterate.", arrays)
        state.done += 1
        return state

    def accounts(self) -> Sequence[Account]:
        return ()  # programs do it all, but for exact gradients

    def finish(self, state: State) -> Result:
        return finished(
            self.request,
            self._trained(state),
            self._series(state),
            self.data.notes,
            self.provenance,
            strips=self._strips(state),
            iterated=self.iteration.answer(named(state, "iterate.")) if self.iteration else (),
        )

    def _strips(self, state: State) -> NDArray[np.float64] | None:
        """The first rows, and what they are after a pass up the whole stack and down again:
        float64[2, row, site]. None where no rows are asked for.
        """
        count = self.request.options.integer("reconstruct")
        if not count:
            return None
        first = self.data.train.first(count)
        rows = self._passed(state, first, (UPWARD, 0), (STRIPS, 0))
        return np.stack([first.values, rows.values])

    def _passed(self, state: State, rows: Rows, up: tuple[int, int], down: tuple[int, int]) -> Rows:
        """What rows are after a pass up the whole stack and down again, with draws of a purpose
        and a number for each way.
        """
        numbers = range(len(self.layers))
        for number in numbers:
            rows = self.upward(state, number, rows, up)
        for number in reversed(numbers):
            taught, key = self.layers[number], key_of(self._key(number), *down)
            arrays = taught.integers(self.arrays(state, number))
            rows = descended(self.request.backend, taught.layer, arrays, rows, key)
        return rows

    def _trained(self, state: State) -> tuple[Trained, ...]:
        """The layers as they are, bottom up."""
        found: list[Trained] = []
        for number, taught in enumerate(self.layers):
            arrays = self.arrays(state, number)
            below = found[-1].through if found else None
            found.append(
                Trained(
                    number=number + 1,
                    layer=taught.layer,
                    machine=taught.machine(arrays),
                    integers=taught.integers(arrays),
                    kept={t: named(state, f"{number}.at {t}.") for t in taught.kept},
                    rows=self.rows(state, number),
                    validation=self.validation(state, number),
                    target=None if number else self.target,
                    operators=() if number else self.operators,
                    below=below,
                    bottom=self.layers[0].layer.visible,
                    key=self._key(number),
                )
            )
        return tuple(found)

    def _series(self, state: State) -> Mapping[str, NDArray[Any]]:
        """What was written down of all layers, and at which updates, by `layer<l>.<name>`."""
        found: dict[str, NDArray[Any]] = {}
        for number, taught in enumerate(self.layers):
            if taught.watch.marks:
                found[f"layer{number + 1}.update"] = np.array(taught.watch.marks, dtype=np.float64)
            for name, values in self.series(state, number).items():
                found[f"layer{number + 1}.{name}"] = values
        return found

    # -- layers

    @cached_property
    def _ends(self) -> tuple[int, ...]:
        """The number of steps at which each layer is trained."""
        return tuple(accumulate(each.learning.updates for each in self.layers))

    @property
    def _begins(self) -> tuple[int, ...]:
        return (0, *self._ends[:-1])

    @cached_property
    def data(self) -> TrainingData:
        """What the first layer is trained on, and the rows kept for validation."""
        if self.request.spec.data is None:
            raise ValueError("the spec has no data")
        return make_data(
            self.request.spec.data,
            self.request,
            self.layers[0].layer.visible.count,
            validated=self.layers[0].watch.validated,
        )

    def arrays(self, state: State, number: int) -> Arrays:
        """The arrays of a layer, by the names that its program has for them."""
        return named(state, f"{number}.")

    def series(self, state: State, number: int) -> Arrays:
        """What was written down of a layer, by name."""
        return named(state, f"{number}.watch.")

    def rows(self, state: State, number: int) -> Rows:
        """The rows that a layer is trained on. The layers below it are trained."""
        if number == 0:
            return self.data.train
        if ("rows", number) not in self.kept:
            below = self.rows(state, number - 1)
            self.kept["rows", number] = self.upward(state, number - 1, below)
        found: Rows = self.kept["rows", number]
        return found

    def validation(self, state: State, number: int) -> Rows | None:
        """Some of the rows kept for validation, as a layer sees them."""
        if number == 0:
            apart = self.data.validation
            return None if apart is None else apart.spread(ROWS)
        if ("validation", number) not in self.kept:
            below = self.validation(state, number - 1)
            above = None if below is None else self.upward(state, number - 1, below)
            self.kept["validation", number] = above
        found: Rows | None = self.kept["validation", number]
        return found

    def upward(
        self, state: State, number: int, rows: Rows, draws: tuple[int, int] = (UPWARD, 0)
    ) -> Rows:
        """States of the hidden units of a trained layer, one for each row, with the draws of a
        purpose and a number, or, as the layer says, their means.
        """
        key, taught = key_of(self._key(number), *draws), self.layers[number]
        arrays = taught.integers(self.arrays(state, number))
        passed = means_above if taught.layer.upward == "means" else ascended
        return passed(self.request.backend, taught.layer, arrays, rows, key)

    def _key(self, number: int) -> Key:
        return stream(self.request.seed, self.request.point, "training", number)

    def _fed(self, state: State, number: int) -> Any:
        if ("fed", number) not in self.kept:
            rows = self.rows(state, number)
            self.kept["fed", number] = self.layers[number].learning.feed(rows)
        return self.kept["fed", number]

    def _begin(self, state: State, number: int) -> None:
        taught = self.layers[number]
        arrays = taught.learning.start(self.rows(state, number))
        state.arrays |= {f"{number}.{name}": array for name, array in arrays.items()}
        put(state, f"{number}.watch.", taught.watch.start())

    def _look(
        self, state: State, number: int, arrays: Arrays, before: NDArray[Any], update: int
    ) -> None:
        taught = self.layers[number]
        look = Look(
            watch=taught.watch,
            update=update,
            machine=taught.machine(arrays),
            arrays=taught.integers(arrays),
            before=before,
            rows=self.rows(state, number).spread(ROWS),
            validation=self.validation(state, number),
        )
        taught.watch.look(self.series(state, number), look)

    def _keep(self, state: State, number: int, arrays: Arrays, update: int) -> None:
        """Keep the parameters of a layer as they are after an update."""
        taught = self.layers[number]
        kept = arrays_of(parameters_in(taught.integers(arrays), taught.layer), taught.layer)
        state.arrays |= {f"{number}.at {update}.{name}": kept[name].copy() for name in kept}


def make_train(request: Request) -> Train:
    """The flow `train` of a spec at one point, with the kernels of its updates compiled.

    Raises `SpecError` for what cannot be trained yet.
    """
    stack, data = request.spec.stack, request.spec.data
    rows = rows_of(data) if data is not None else None
    if stack is None or rows is None:
        raise ValueError("training needs a stack and data")
    target = target_of(request)
    layers = [make_taught(request, number, target, rows) for number in range(len(stack.layers))]
    return Train(
        request=request,
        layers=tuple(layers),
        target=target,
        operators=_operators(request.spec) if target is not None else (),
        iteration=make_iteration(request),
    )


def _operators(spec: Spec) -> tuple[Operator, ...]:
    """Those in which the couplings of the lowest machine are told."""
    assert isinstance(spec.lattice, Lattice)  # noqa: S101
    assert spec.hamiltonian is not None  # noqa: S101
    return tell_operators(spec.lattice, spec.species, spec.hamiltonian)
