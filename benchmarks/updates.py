"""What an independent sample costs under each update: 2 tau of m^2 times the time of a sweep, with
the turn of clusters before it, at a coupling of interest, one core.

    python benchmarks/updates.py ising:32,64 potts:32 [--couplings 0.42,0.43] [--local 128]
                                 [--updates metropolis,wolff]

A model is `ising` or `potts` (three states) on the square lattice, or `cubic` (Ising), by default
at its critical coupling. tau is a property of the update, whatever else the machine does. The time
is that of the process, of all updates in turns within one run, on configurations that clusters have
brought to equilibrium, so that only ratios say anything. Above the size `--local` tau of updates of
single spins is carried on as L^2.17 from that size, and marked with `~`.
"""

from __future__ import annotations

import argparse
import math
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from time import process_time
from typing import Any

import rgc
from rgc import backend as backends
from rgc.compiler import flow

POWER = 2.17
"""tau of updates of single spins at a critical point grows like this power of L."""

ISING = "spins s: ising\nhamiltonian - K * sum(<i,j>) s[i]*s[j]"
POTTS = "spins s: potts(3)\nhamiltonian - K * sum(<i,j>) delta(s[i], s[j])"
MODELS = {
    "ising": ("square", ISING, math.log(1 + math.sqrt(2)) / 2),
    "potts": ("square", POTTS, math.log(1 + math.sqrt(3))),
    "cubic": ("cubic", ISING, 0.22165463),
}
LOCAL, CLUSTERS = ("metropolis", "heat_bath"), ("wolff", "swendsen_wang")
SPEC = """parameters {{ K = {coupling!r} }}
lattice {lattice}({size})
{model}
flow sample(sweeps={sweeps}, thermalise={thermalise}, every={every}, replicas={replicas},
            update={update}, seed=1)
measure {{ m2 = avg(m^2) }}
"""
SETTLE, REPLICAS = 60, 256


@dataclass(frozen=True)
class Case:
    name: str
    size: int
    coupling: float

    def text(self, update: str, sweeps: int = 1, every: int = 1, replicas: int = REPLICAS) -> str:
        lattice, model, _ = MODELS[self.name]
        return SPEC.format(
            coupling=self.coupling,
            lattice=lattice,
            size=self.size,
            model=model,
            sweeps=sweeps,
            thermalise=sweeps // 3,
            every=every,
            replicas=replicas,
            update=update,
        )

    @property
    def updates(self) -> tuple[str, ...]:
        """Heat bath of spins with several states comes later."""
        local = LOCAL[:1] if self.name == "potts" else LOCAL
        return (*local, *CLUSTERS)


def tau(case: Case, update: str) -> tuple[float, float]:
    """The autocorrelation time of m^2 in sweeps with its error, from 128 replicas of some sixty
    times as long.
    """
    guess = max(3.0, case.size**POWER / 50) if update in LOCAL else 4.0
    every = max(1, int(guess / 10))
    text = case.text(
        update, sweeps=max(300, int(60 * guess)) // every * every, every=every, replicas=128
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answer = rgc.compile(text, threads=1).run(checkpoints=False, warn=lambda _: None)
    found = answer.result.values["tau_m^2"]
    return float(found.value or math.nan), float(found.error or math.nan)


def costs(case: Case, updates: Sequence[str], rounds: int) -> dict[str, float]:
    """ns of a sweep for each spin and replica, by the median over rounds."""
    machine, samplers = backends.load("numba", threads=1), dict[str, Any]()
    for update in {*updates, "wolff"}:
        spec = rgc.load(case.text(update)).spec
        samplers[update] = flow(spec, machine, seed=1, point={}, zero=()).sampler
    settled = samplers["wolff"]
    fields = settled.sweep(settled.packed(settled.start()), 0, SETTLE)
    spins = [machine.unpack(field) for field in fields]
    states = {update: each.packed(spins) for update, each in samplers.items()}
    times: dict[str, list[float]] = {update: [] for update in samplers}
    sites = settled.model.lattice.sites
    count = max(2, min(10, 2**16 // sites))  # a run makes ten from one record to the next
    for number in range(rounds + 1):
        for update, sampler in samplers.items():
            begun = process_time()
            states[update] = sampler.sweep(states[update], 100 + count * number, count)
            times[update].append(process_time() - begun)
    updated = count * sites * REPLICAS
    return {update: median(each[1:]) / updated * 1e9 for update, each in times.items()}


def cases(words: list[str], couplings: str) -> Iterator[Case]:
    for word in words:
        name, _, sizes = word.partition(":")
        for size in map(int, sizes.split(",")):
            for coupling in map(float, couplings.split(",")) if couplings else (MODELS[name][2],):
                yield Case(name, size, coupling)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("models", nargs="+", metavar="MODEL:SIZES")
    parser.add_argument("--couplings", default="")
    parser.add_argument("--updates", default=",".join((*LOCAL, *CLUSTERS)))
    parser.add_argument("--local", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    known: dict[tuple[str, str], tuple[int, float]] = {}
    for case in cases(given.models, given.couplings):
        updates = [each for each in case.updates if each in given.updates.split(",")]
        ns = costs(case, updates, given.rounds)
        local: float | None = None
        print(f"{case.name}, L = {case.size}, K = {case.coupling:.6g}")
        for update in updates:
            mark, error = " ", 0.0
            if update in LOCAL and case.size > given.local:
                size, least = known[case.name, update]
                time, mark = least * (case.size / size) ** POWER, "~"
            else:
                time, error = tau(case, update)
                known[case.name, update] = case.size, time
            each = 2 * time * ns[update]
            local = local or each
            print(
                f"  {update:14s} tau {mark}{time:9.2f} ({error:.2f})  {ns[update]:7.3f} ns a spin"
                f"  {each:10.2f} ns a spin and sample, {local / each:6.2f} times metropolis",
                flush=True,
            )


if __name__ == "__main__":
    main()
