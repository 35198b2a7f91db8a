"""Monte Carlo at all values of a parameter at once, with exchanges between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.statistics import GROUPS
from rgc.flows.flow import Account, Flow, State
from rgc.flows.request import Request
from rgc.flows.sampling.estimator import NEVER_CHANGED
from rgc.flows.sampling.exchange import Exchange, make_exchange
from rgc.flows.sampling.recording import Sampling, frozen, unfrozen
from rgc.flows.sampling.sample import make_sample
from rgc.flows.sampling.sampler import Sampler
from rgc.language.expect import ACCEPTED, TRIPS
from rgc.program.draws import stream
from rgc.results.result import Estimate, Result

if TYPE_CHECKING:
    from rgc.backend import State as Packed

Arrays = dict[str, NDArray[Any]]

RARE = 0.1
"""Exchanges that are accepted less often are warned of."""


UP, DOWN = 1, -1
"""Where a configuration goes that was last at the first value, or there and then at the last."""


@dataclass(frozen=True, slots=True, eq=False)
class Tempering:
    """A flow with `update=tempering(K=0.4:0.5:9)` at one point of the other parameters.

    After each sweep every second pair of neighbouring values tries to exchange its configurations,
    replica by replica, so that replicas stay independent of each other.

    State arrays: those of each sample behind its number, `3:spins_0`, and

    - `place` int16[value, replica]: the number of the configuration there, counted from where each
      began;
    - `heading` int8[configuration, replica]: `UP`, `DOWN`, or 0 before it has been at the first
      value;
    - `accepted` int64[pair, replica] and `round_trips` int64[replica], of sweeps that count.
    """

    parameter: str
    values: tuple[float, ...]
    samples: tuple[Sampling, ...]
    exchange: Exchange

    @property
    def scheme(self) -> str:
        return self.samples[0].scheme

    @property
    def steps(self) -> int:
        return self.samples[0].steps

    @property
    def sampler(self) -> Sampler:
        """The sampler at the first value."""
        return self.samples[0].sampler

    @property
    def provenance(self) -> Mapping[str, Any]:
        return self._provenance(self.samples[0])

    def _provenance(self, sample: Sampling) -> dict[str, Any]:
        own = sample.provenance
        exchanged = {"parameter": self.parameter, "values": list(self.values)}
        return {**own, "update": "tempering", "inner": own["update"], "tempering": exchanged}

    def start(self) -> State:
        plan, count = self.sampler.plan, len(self.values)
        place = np.repeat(np.arange(count, dtype=np.int16)[:, None], plan.replicas, axis=1)
        state = State(
            0,
            {
                "place": place,
                "heading": np.zeros((count, plan.replicas), np.int8),
                "accepted": np.zeros((count - 1, plan.replicas), np.int64),
                "round_trips": np.zeros(plan.replicas, np.int64),
            },
            fixed=True,
        )
        for number, sample in enumerate(self.samples):
            _put(state.arrays, number, sample.start().arrays)
        _arrive(state.arrays, counts=False)
        return state

    def step(self, state: State) -> State:
        plan, count = self.sampler.plan, len(self.values)
        inner = [State(state.done, part(state.arrays, number)) for number in range(count)]
        packed = [
            unfrozen(sample.sampler, each) for sample, each in zip(self.samples, inner, strict=True)
        ]
        pieces = plan.pieces(state.done, min(state.most, max(1, plan.stride // count)))
        numbers = [piece.record for piece in pieces if piece.record is not None]
        recordings = [
            sample.recording(each, numbers)
            for sample, each in zip(self.samples, inner, strict=True)
        ]
        for piece in pieces:
            for sweep in range(piece.first, piece.first + piece.count):
                self._sweep(packed, sweep, state.arrays)
            if piece.record is not None:
                for number, recording in enumerate(recordings):
                    packed[number] = recording(piece.record, packed[number])
        for number, sample in enumerate(self.samples):
            frozen(sample.sampler, inner[number], packed[number])
            recordings[number].close(packed[number])
            _put(state.arrays, number, inner[number].arrays)
        state.done += sum(piece.count for piece in pieces)
        return state

    def _sweep(self, packed: list[list[Packed]], sweep: int, arrays: Arrays) -> None:
        """Sweep at every value and try the exchanges of this sweep, in place."""
        for number, sample in enumerate(self.samples):
            packed[number] = sample.sampler.sweep(packed[number], sweep, 1)
        counts = sweep >= self.sampler.plan.thermalise
        place = arrays["place"]
        for pair in self.exchange.tried(sweep):
            here, there, accepted = self.exchange(sweep, pair, packed[pair], packed[pair + 1])
            packed[pair], packed[pair + 1] = here, there
            both = place[pair : pair + 2]
            both[:] = np.where(accepted, both[::-1], both)
            arrays["accepted"][pair] += accepted & counts
        _arrive(arrays, counts)

    def accounts(self) -> Sequence[Account]:
        return ()  # programs do it all

    @property
    def shared(self) -> Mapping[str, int]:
        own = {"place": 1, "heading": 1, "accepted": 1, "round_trips": 0}
        parts = enumerate(sample.shared for sample in self.samples)
        return own | {f"{k}:{name}": axis for k, part in parts for name, axis in part.items()}

    def shown(self, arrays: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]:
        shown: Arrays = {}
        for number, sample in enumerate(self.samples):
            _put(shown, number, sample.shown(part(arrays, number)))
        return shown

    def finish(self, state: State) -> Result:
        trips = self._round_trips(state.arrays["round_trips"])
        results = []
        for number, sample in enumerate(self.samples):
            made = sample.finish(State(state.done, part(state.arrays, number)))
            values, warnings = {TRIPS: trips}, tuple[str, ...]()
            if number < len(self.values) - 1:
                accepted = self._accepted(number, state.arrays["accepted"][number])
                values = {ACCEPTED: accepted, **values}
                warnings = self._doubts(number, accepted)
            if not number:
                warnings = (*self._never_around(trips), *warnings)
            own = {name: each for name, each in values.items() if name not in made.averages}
            results.append(
                replace(
                    made,
                    values={**made.values, **own},
                    warnings=(*made.warnings, *warnings),
                    provenance=self._provenance(sample),
                )
            )
        return Result(self.scheme, tempered=tuple(results), provenance=self.provenance)

    # -- what exchanges have done ------------------------------------------------------------------

    def _accepted(self, pair: int, accepted: NDArray[np.int64]) -> Estimate:
        """The part of the exchanges of a pair that was accepted."""
        plan = self.sampler.plan
        tried = sum(
            pair in self.exchange.tried(sweep) for sweep in range(plan.thermalise, plan.sweeps)
        )
        if not tried:
            return Estimate(None, None, note="it was never tried")
        return over_groups(accepted / tried)

    def _round_trips(self, trips: NDArray[np.int64]) -> Estimate:
        """How often a configuration went from the first value to the last and back."""
        return over_groups(trips / len(self.values))

    def _doubts(self, pair: int, accepted: Estimate) -> tuple[str, ...]:
        if accepted.value is None or accepted.value >= RARE:
            return ()
        return (
            f"exchanges with the next value, {self.parameter} = {self.values[pair + 1]:g}, are "
            f"accepted in {100 * accepted.value:.2g} of 100 tries: take more values between them",
        )

    def _never_around(self, trips: Estimate) -> tuple[str, ...]:
        if trips.value:
            return ()
        return (
            "no configuration went from the first value to the last and back: exchanges have not "
            "helped the one with what the other can; sweep longer, or take values closer together",
        )


def over_groups(of_replica: NDArray[np.float64]) -> Estimate:
    """The mean over replicas, with its error from groups of them."""
    groups = of_replica.reshape(GROUPS, -1).mean(axis=1)
    error = float(groups.std(ddof=1) / np.sqrt(GROUPS))
    value = float(groups.mean())
    if not error:
        return Estimate(value, None, note=NEVER_CHANGED)
    return Estimate(value, error, statistical=error)


def _arrive(arrays: Arrays, counts: bool) -> None:
    """Where configurations go that are at an end of the values, and which are around, in place."""
    place, heading, replicas = (
        arrays["place"],
        arrays["heading"],
        np.arange(arrays["place"].shape[1]),
    )
    first, last = (place[0], replicas), (place[-1], replicas)
    arrays["round_trips"] += (heading[first] == DOWN) & counts
    heading[first] = UP
    heading[last] = np.where(heading[last] == UP, DOWN, heading[last])


def part(arrays: Mapping[str, NDArray[Any]], number: int) -> Arrays:
    """The arrays of a sample."""
    head = f"{number}:"
    return {name[len(head) :]: each for name, each in arrays.items() if name.startswith(head)}


def _put(arrays: Arrays, number: int, of_sample: Mapping[str, NDArray[Any]]) -> None:
    arrays.update({f"{number}:{name}": each for name, each in of_sample.items()})


def temper(
    parameter: str, values: Sequence[float], samples: Sequence[Sampling], point: Mapping[str, float]
) -> Tempering:
    """Samples of one plan at the values of a parameter, tempered at a point of all others."""
    first = samples[0].sampler
    exchange = make_exchange(
        [sample.sampler.model for sample in samples],
        first.backend,
        key=stream(first.seed, point, "exchange"),
        words=first.plan.words,
        word0=first.plan.word0,
        couplings=first.couplings,
    )
    return Tempering(parameter, tuple(values), tuple(samples), exchange)


def at_all_values(make: Callable[[Request], Sampling], request: Request) -> Flow:
    """The flow that `make` makes at one point, or at all values of a tempered parameter.

    Raises `SpecError` as `make` does.
    """
    axis = request.ladder
    if axis is None:
        return make(request)
    place = request.point
    samples = [
        make(replace(request, spec=spec, point={**place, axis.name: value}, drawn_at=place))
        for value, spec in zip(axis.values, request.specs, strict=True)
    ]
    return temper(axis.name, axis.values, samples, request.point)


def make_sampling(request: Request) -> Flow:
    """The flow `sample` of a spec at one point, or at all values of a tempered parameter.

    Raises `SpecError` like `make_sample`.
    """
    return at_all_values(make_sample, request)
