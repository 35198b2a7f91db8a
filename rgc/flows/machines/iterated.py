"""Chains v -> h -> v through trained layers, and the temperature that they have after each step.

Two thermometers are read: the temperature at which the Hamiltonian of the spec has the energy of
the chains, and that at which it has their correlation length. Where the chains are samples of the
Hamiltonian at some temperature both say so; where they disagree there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.statistics import resample
from rgc.analysis.thermometer import Thermometer, thermometer
from rgc.flows.data.rows import Rows, evened
from rgc.flows.machines.ladder import Ladder, make_ladder
from rgc.flows.machines.probe import Probe, groups_of_chains, make_probe
from rgc.flows.machines.target import make_target
from rgc.flows.request import Request
from rgc.results.resampled import resampled_estimate
from rgc.results.result import Estimate, IteratedChains

Arrays = dict[str, NDArray[Any]]
Floats = NDArray[np.float64]

CHAINS = 1024
"""The most rows from which chains start."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Iteration:
    """`count` steps of chains from rows of data, and from samples of the Hamiltonian at
    `temperatures`.

    One set of chains after the other makes one set of rows. The arrays are those of the ladder,
    `chains` uint8[chain, site], `groups` int64[chain], those that may depend on each other in one,
    `starts` int64[start], the chains of each set, and `seen` float64[1 + count, start, moment,
    group].
    """

    ladder: Ladder
    temperatures: tuple[float, ...]
    count: int

    @property
    def steps(self) -> int:
        """Steps of the flow: those of the ladder, and one for every step of the chains."""
        return self.ladder.steps + self.count

    def step(
        self,
        arrays: Arrays,
        number: int,
        rows: Callable[[], Rows],
        passed: Callable[[Rows, int], Rows],
    ) -> None:
        """Make a step. `rows` gives those that chains start from, and `passed` what becomes of
        chains in their step of that number.
        """
        if number == 0:
            arrays |= self.ladder.start()
        if number < self.ladder.steps:
            self.ladder.step(arrays, number)
            return
        at = number - self.ladder.steps
        if at == 0:
            self._begin(arrays, evened(rows()).spread(CHAINS))
        chains = Rows(species=rows().species, states=arrays["chains"])
        arrays["chains"] = passed(chains, at).states
        self._see(arrays, at + 1)

    def _begin(self, arrays: Arrays, rows: Rows) -> None:
        sets = [rows.states, *arrays.pop("kept")]
        groups = [rows.groups, *(groups_of_chains(len(each)) for each in sets[1:])]
        arrays["starts"] = np.array([len(each) for each in sets])
        arrays["groups"] = np.concatenate(groups)
        arrays["chains"] = np.concatenate(sets)
        arrays["seen"] = self.ladder.probe.empty(1 + self.count, len(sets))
        self._see(arrays, 0)

    def _see(self, arrays: Arrays, step: int) -> None:
        ends = np.cumsum(arrays["starts"])[:-1]
        sets = zip(np.split(arrays["chains"], ends), self._groups(arrays), strict=True)
        for start, (states, groups) in enumerate(sets):
            arrays["seen"][step, start] = self.ladder.probe.sums(states, groups)

    def _groups(self, arrays: Arrays) -> list[NDArray[np.intp]]:
        """The groups of the chains of each set."""
        return np.split(arrays["groups"], np.cumsum(arrays["starts"])[:-1])

    def answer(self, arrays: Arrays) -> tuple[IteratedChains, ...]:
        """What is seen of every set of chains after every step."""
        probe, betas = self.ladder.probe, self.ladder.betas
        curve = self.ladder.averages(arrays)
        thermometers = {
            name: thermometer(betas, of(probe, curve), name) for name, of in QUANTITIES.items()
        }
        return tuple(
            IteratedChains(
                start=start,
                temperature=self.temperatures[start - 1] if start else None,
                step=step,
                values=_read(probe, thermometers, sums, np.bincount(groups)),
            )
            for start, groups in enumerate(self._groups(arrays))
            for step, sums in enumerate(arrays["seen"][:, start])
        )


def make_iteration(request: Request) -> Iteration | None:
    """The chains that a spec asks for with `iterate=n`; None where it asks for none."""
    count = request.options.integer("iterate")
    if not count:
        return None
    target = make_target(
        request.crystal, request.species, request.hamiltonian, seed=request.seed, point={}
    )
    given = "temperatures" in request.options
    temperatures = request.options.numbers("temperatures") if given else ()
    ladder = make_ladder(request, make_probe(target, request.crystal), temperatures)
    return Iteration(ladder=ladder, temperatures=temperatures, count=count)


# -- reading ---------------------------------------------------------------------------------------

Quantity = Callable[[Probe, Floats], Floats]

QUANTITIES: Mapping[str, Quantity] = {
    "energy": lambda probe, moments: -moments[..., 0],
    "correlation": lambda probe, moments: probe.log_ratio(moments),
}
"""What thermometers are read by: functions of averaged moments that rise as a ferromagnet cools."""


def _read(
    probe: Probe, thermometers: Mapping[str, Thermometer], sums: Floats, counts: NDArray[np.intp]
) -> Mapping[str, Estimate]:
    """The energy per site and the correlation length of chains, and both temperatures."""
    moments = resample(sums.T[: len(counts)], counts)
    found = {
        "energy": _estimate(moments[:, 0], "no energy"),
        "correlation_length": _estimate(
            _root(probe.length_squared(moments)), "S(k) is 0, or not below S(0) within its error"
        ),
    }
    for name, each in thermometers.items():
        read = each.read(QUANTITIES[name](probe, moments))
        found[f"temperature_{name}"] = Estimate(
            read.temperature, read.error, statistical=read.error, note=read.reason
        )
    return found


def _root(values: Floats) -> Floats:
    with np.errstate(invalid="ignore"):
        return np.asarray(np.sqrt(values))


def _estimate(resampled: Floats, reason: str) -> Estimate:
    found = resampled_estimate(resampled, reason=reason)
    if found.error == 0:
        return Estimate(found.value, None, note="all chains are alike")
    return found


def as_tables(iterated: Sequence[IteratedChains]) -> Mapping[str, NDArray[Any]]:
    """Values and errors as arrays float64[start, 1 + step], NaN where there are none."""
    starts = 1 + max(each.start for each in iterated)
    tables: dict[str, NDArray[Any]] = {}
    for name in iterated[0].values:
        found = [each.values[name] for each in iterated]
        for head, numbers in (
            (name, [each.value for each in found]),
            (f"{name}_error", [each.error for each in found]),
        ):
            tables[f"iterated.{head}"] = np.array(numbers, dtype=np.float64).reshape(starts, -1)
    return tables
