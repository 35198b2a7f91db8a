"""The flow `train`: the layers of a stack one after the other, each on the states of the one below.

One step is a sweep of configurations that are sampled as data, then an update of a layer, then a
step of the chains of `iterate=n`, and at the end a temperature in the annealing of a layer. The
state holds configurations, the parameters and chains of the layers trained so far, and what was
written down along the way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.flows.data.rows import Rows
from rgc.flows.data.source import make_source
from rgc.flows.flow import Account, State, check_alike
from rgc.flows.machines.annealing import STEPS
from rgc.flows.machines.exact_training import ExactTraining
from rgc.flows.machines.iterated import Iteration, make_iteration
from rgc.flows.machines.layer_answer import anneals
from rgc.flows.machines.named_arrays import Arrays, named, put
from rgc.flows.machines.parameters import arrays_of, check_range, parameters_in
from rgc.flows.machines.stacked import DATA, Stacked
from rgc.flows.machines.streams import ITERATED, STRIPS, UPWARD
from rgc.flows.machines.target import target_of
from rgc.flows.machines.taught import make_taught
from rgc.flows.machines.train_result import finished
from rgc.flows.machines.watch import ROWS, Look
from rgc.flows.request import Request
from rgc.model.data import rows_apart, rows_of
from rgc.model.operators import Operator
from rgc.passes.tell_operators import tell_operators
from rgc.results.result import Result

Phase = tuple[int, Callable[[State, int], int]]
"""How many steps there are, and what goes on after some of them: it returns how many it made."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Train:
    """`train(...)` at one point.

    The arrays of the state are those of the data, `data.<name>`, of the layers, `<layer>.<name>`,
    their series, `<layer>.watch.<name>`, the parameters of models that are kept,
    `<layer>.at <update>.<name>`, those of the chains of `iterate=n`, `iterate.<name>`, and of
    chains that are annealed, `<layer>.annealed.<name>`.
    """

    request: Request
    stack: Stacked
    iteration: Iteration | None = None

    @property
    def scheme(self) -> str:
        return "train"

    @property
    def steps(self) -> int:
        return self._ends[-1]

    @property
    def provenance(self) -> Mapping[str, Any]:
        layers = self.stack.layers
        exact = any(isinstance(each.learning, ExactTraining) for each in layers)
        saved = [each.kept for each in layers]
        return {
            "layers": [str(each.layer) for each in layers],
            "updates": [each.learning.updates for each in layers],
            **({"saved": saved} if any(saved) else {}),
            "rows": rows_of(self.request.spec.data),
            "reproducibility": "L3" if exact else "L2",
        }

    def start(self) -> State:
        return State(0, {})

    def step(self, state: State) -> State:
        number = next(k for k, end in enumerate(self._ends) if state.done < end)
        steps, go_on = self._phases[number]
        state.done += go_on(state, state.done - (self._ends[number] - steps))
        return state

    def accounts(self) -> Sequence[Account]:
        return ()  # programs do it all, but for exact gradients

    def finish(self, state: State) -> Result:
        return finished(
            self.request,
            list(self.stack.trained(state)),
            self._series(state),
            self.stack.data(state).notes,
            self.provenance,
            strips=self._strips(state),
            iterated=self.iteration.answer(named(state, "iterate.")) if self.iteration else (),
        )

    # -- phases

    @cached_property
    def _phases(self) -> tuple[Phase, ...]:
        layers = list(enumerate(self.stack.layers))
        return (
            (self.stack.source.steps, self._sample),
            *((each.learning.updates, partial(self._update, number)) for number, each in layers),
            (self.iteration.steps if self.iteration else 0, self._iterate),
            *(
                (STEPS, partial(self._anneal, number))
                for number, each in layers
                if anneals(each.layer)
            ),
        )

    @cached_property
    def _ends(self) -> tuple[int, ...]:
        """The number of steps at which each phase ends."""
        return tuple(accumulate(steps for steps, _ in self._phases))

    def _sample(self, state: State, done: int) -> int:
        """Sweeps of the configurations to train on."""
        arrays = named(state, DATA)
        made = self.stack.source.step(arrays, done, state.most)
        put(state, DATA, arrays)
        return made

    def _update(self, number: int, state: State, first: int) -> int:
        """Updates of a layer, up to the next one after which it is looked at."""
        taught = self.stack.layers[number]
        if first == 0:
            self._begin(state, number)
        mark = next(mark for mark in taught.watch.marks if mark > first)
        count = max(1, min(state.most, mark - 1 - first))
        arrays = self.stack.arrays(state, number)
        before = None
        if first + count == mark:
            before = taught.integers(arrays)["weights"].astype(np.float64)
        data, largest = taught.learning.run(arrays, self.stack.fed(state, number), first, count)
        self.stack.kept["fed", number] = data
        integers = taught.learning.integers(arrays)
        check_range(taught.layer, integers, largest, number, first, self.request.span)
        if before is not None:
            self._look(state, number, arrays, before, mark)
        if first + count in taught.kept:
            self._keep(state, number, arrays, first + count)
        state.arrays |= {f"{number}.{name}": array for name, array in arrays.items()}
        return count

    def _iterate(self, state: State, done: int) -> int:
        """A step of the ladder of temperatures, or of the chains."""
        assert self.iteration is not None  # noqa: S101  (it has steps)

        def rows() -> Rows:
            data = self.stack.data(state)
            apart = data.validation if rows_apart(self.request.spec.data) else None
            return apart or data.train

        def passed(chains: Rows, step: int) -> Rows:
            up, down = (ITERATED, 2 * step), (ITERATED, 2 * step + 1)
            return self.stack.passed(state, chains, up, down)

        arrays = named(state, "iterate.")
        self.iteration.step(arrays, done, rows, passed)
        put(state, "iterate.", arrays)
        return 1

    def _anneal(self, number: int, state: State, done: int) -> int:
        """Temperatures of the chains that weigh a layer."""
        annealing, head = self.stack.annealing(state, number), f"{number}.annealed."
        arrays = named(state, head) if done else annealing.start()
        made = annealing.step(arrays, done, state.most)
        put(state, head, arrays)
        return made

    # -- what is written down

    def _begin(self, state: State, number: int) -> None:
        taught = self.stack.layers[number]
        arrays = taught.learning.start(self.stack.rows(state, number))
        state.arrays |= {f"{number}.{name}": array for name, array in arrays.items()}
        put(state, f"{number}.watch.", taught.watch.start())

    def _look(
        self, state: State, number: int, arrays: Arrays, before: NDArray[Any], update: int
    ) -> None:
        taught = self.stack.layers[number]
        look = Look(
            watch=taught.watch,
            update=update,
            machine=taught.machine(arrays),
            arrays=taught.integers(arrays),
            before=before,
            rows=self.stack.rows(state, number).spread(ROWS),
            validation=self.stack.validation(state, number),
        )
        taught.watch.look(named(state, f"{number}.watch."), look)

    def _keep(self, state: State, number: int, arrays: Arrays, update: int) -> None:
        """Keep the parameters of a layer as they are after an update."""
        taught = self.stack.layers[number]
        kept = arrays_of(parameters_in(taught.integers(arrays), taught.layer), taught.layer)
        state.arrays |= {f"{number}.at {update}.{name}": kept[name].copy() for name in kept}

    def _series(self, state: State) -> Mapping[str, NDArray[Any]]:
        """What was written down of all layers, and at which updates, by `layer<l>.<name>`."""
        found: dict[str, NDArray[Any]] = {}
        for number, taught in enumerate(self.stack.layers):
            if taught.watch.marks:
                found[f"layer{number + 1}.update"] = np.array(taught.watch.marks, dtype=np.float64)
            written = named(state, f"{number}.watch.")
            firsts = taught.watch.start() if taught.learning.updates else {}
            for name, first in firsts.items():
                check_alike(written[name], first)
                found[f"layer{number + 1}.{name}"] = written[name]
        return found

    def _strips(self, state: State) -> NDArray[np.float64] | None:
        """The first rows, and what they are after a pass up the whole stack and down again:
        float64[2, row, site]. None where no rows are asked for.
        """
        count = self.request.options.integer("reconstruct")
        if not count:
            return None
        first = self.stack.data(state).train.first(count)
        rows = self.stack.passed(state, first, (UPWARD, 0), (STRIPS, 0))
        return np.stack([first.values, rows.values])


def make_train(request: Request) -> Train:
    """The flow `train` of a spec at one point, with the kernels of its updates compiled.

    Raises `SpecError` for what cannot be trained yet.
    """
    stack, data = request.spec.stack, request.spec.data
    rows = rows_of(data)
    if stack is None or data is None or rows is None:
        raise ValueError("training needs a stack and data")
    target = target_of(request)
    layers = [make_taught(request, number, target, rows) for number in range(len(stack.layers))]
    lowest = layers[0]
    return Train(
        request=request,
        stack=Stacked(
            request=request,
            layers=tuple(layers),
            source=make_source(
                data, request, lowest.layer.visible.count, validated=lowest.watch.validated
            ),
            target=target,
            operators=_operators(request) if target is not None else (),
        ),
        iteration=make_iteration(request),
    )


def _operators(request: Request) -> tuple[Operator, ...]:
    """Those in which the couplings of the lowest machine are told."""
    return tell_operators(request.crystal, request.species, request.hamiltonian)
