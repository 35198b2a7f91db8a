"""Spin updates per nanosecond on one core: our kernels beside other codes, interleaved in one run.

    python benchmarks/lattice.py [--rounds 7] [--sizes 128 1024] [--only NAME ...]
                                 [--report lattice.md]

The program pins itself to one core. Every round times every contestant once, so that a drift of the
machine's speed affects all of them. It reports the median over rounds of the rate, and of the ratio
to the scalar code of the same round. A peer that cannot be imported stands in the table with its
error. The peers are installed with `pip install peapods thrml jax`.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter

K_C = 0.44068679350977151262
REPLICAS = 256
ROUND = 0.4  # seconds of one timing
SCALAR = "scalar int8, xoshiro"

HAMILTONIANS = {
    "nn": "- K * sum(<i,j>) s[i]*s[j]",
    "nn + nnn + plaquette": """- K * sum(<i,j>) s[i]*s[j]
  - K2 * sum(<<i,j>>) s[i]*s[j]
  - K4 * sum(plaquette(i,j,k,l)) s[i]*s[j]*s[k]*s[l]""",
}


@dataclass
class Contestant:
    """A code that is timed.

    `run(n)` does n units of work of `updates` spin updates each. If `updates` is 0, the work is no
    update, and its time is reported in sweeps.
    """

    name: str
    run: Callable[[int], object]
    updates: int
    count: int = 1
    seconds: list[float] = field(default_factory=list)

    def calibrate(self) -> None:
        """Compile, and find how many units take about ROUND seconds."""
        self.run(1)
        self.run(1)
        while True:
            start = perf_counter()
            self.run(self.count)
            spent = perf_counter() - start
            if spent > ROUND / 4:
                self.count = max(1, round(self.count * ROUND / spent))
                self.run(self.count)  # thrml compiles for each number of sweeps
                return
            self.count *= 4

    def time(self) -> None:
        start = perf_counter()
        self.run(self.count)
        self.seconds.append((perf_counter() - start) / self.count)


def spec(size: int, hamiltonian: str, options: str = "") -> str:
    return f"""title "benchmark"
parameters {{ K = {K_C}, K2 = 0.05, K4 = 0.02 }}
lattice square({size})
spins s: ising
hamiltonian
  {HAMILTONIANS[hamiltonian]}
block majority(2)
flow mcrg(steps=1, replicas={REPLICAS}{options})
"""


def ours(size: int) -> list[Contestant]:
    """Our kernels on one thread.

    They are the specialised, general and gather kernels, one with three couplings, the other update
    and the other generator, the JAX backend, and tallies.
    """
    from rgc import backend
    from rgc_numba.kernel import GatherKernel, Shares

    numba, jax = backend.load("numba", threads=1), backend.load("jax")

    def special(machine, program, arguments):  # type: ignore[no-untyped-def]
        return machine.compile(program, constant=arguments)

    def general(machine, program, arguments):  # type: ignore[no-untyped-def]
        return machine.compile(program)

    def gather(machine, program, arguments):  # type: ignore[no-untyped-def]
        return GatherKernel(program, Shares(lambda: None, 1))

    three = "nn + nnn + plaquette"
    return [
        sweeper(size, numba, "rgc numba", spec(size, "nn"), special),
        sweeper(size, numba, "rgc numba, couplings as arguments", spec(size, "nn"), general),
        sweeper(
            size, numba, "rgc numba, heat bath", spec(size, "nn", ", update=heat_bath"), special
        ),
        sweeper(size, numba, "rgc numba, philox", spec(size, "nn", ", generator=philox"), special),
        sweeper(size, numba, f"rgc numba, {three}", spec(size, three), special),
        sweeper(size, numba, "rgc numba, gather kernel", spec(size, "nn"), gather),
        sweeper(size, jax, "rgc jax", spec(size, "nn"), special),
        sweeper(size, jax, "rgc jax, couplings as arguments", spec(size, "nn"), general),
        sweeper(size, jax, f"rgc jax, {three}", spec(size, three), special),
        tallies(size, numba, "rgc numba, over replicas", False),
        tallies(size, numba, "rgc numba, per replica", True),
        tallies(size, jax, "rgc jax, per replica", True),
    ]


def sweeper(size: int, machine, name: str, text: str, make: Callable[..., object]) -> Contestant:  # type: ignore[no-untyped-def]
    """Sweeps of a spec on a backend, with the kernel that `make` makes."""
    from rgc.compiler import load
    from rgc.flows.sampling.model import make_model
    from rgc.flows.sampling.sampler import make_sampler
    from rgc.program.draws import step_keys

    sampler = make_sampler(make_model(load(text).spec), machine, seed=1, point={})
    kernel = make(machine, sampler.update.program, sampler.arguments)
    state = [[machine.pack(spins) for spins in sampler.start()]]

    def run(sweeps: int) -> None:
        keys = step_keys(sampler.key("update"), 0, sweeps, sampler.update.program.draws)
        state[0], _ = kernel(state[0], sampler.arguments, keys)
        finished(state[0])

    return Contestant(name, run, size * size * REPLICAS)


def finished(state) -> None:  # type: ignore[no-untyped-def]
    """Wait for what JAX still computes."""
    for packed in state:
        if hasattr(packed, "array"):
            packed.array.block_until_ready()


def tallies(size: int, machine, name: str, replica: bool) -> Contestant:  # type: ignore[no-untyped-def]
    """Records of the basis of operators of `mcrg`."""
    import numpy as np

    from rgc.compiler import load
    from rgc.flows.sampling.model import make_model
    from rgc.flows.sampling.sampler import make_sampler
    from rgc.model_to_program.operators_to_tallies import Tallies, operators_to_tallies
    from rgc.passes.generate_operators import generate_operators

    loaded = load(spec(size, "nn")).spec
    model = make_model(loaded)
    sampler = make_sampler(model, machine, seed=1, point={})
    operators = generate_operators(
        model.lattice, model.species, model.hamiltonian, blocks=loaded.blocks
    )
    images = sum(len(operator.products) for operator in operators)
    record = operators_to_tallies(model.lattice, model.species, [Tallies(operators, replica)])
    kernel = machine.compile(record.program)
    fields = [[machine.pack(spins) for spins in sampler.start()]]

    def run(records: int) -> None:
        fields[0], _ = kernel(fields[0], sampler.arguments, np.zeros((records, 0, 2), np.uint64))

    return Contestant(f"{name}, per 20 images of {images}", run, 0)


def contestants(size: int) -> tuple[list[Contestant], dict[str, str]]:
    """Everything that runs here, and why the rest does not."""
    from peers import PEERS

    peers_found, absent = [], {}
    for name, make in PEERS.items():
        try:
            run = make(size, K_C)
            run(1)
            peers_found.append(Contestant(name, run, size * size))
        except Exception as problem:  # a peer may fail in any way; that is its line in the table
            absent[name] = f"{type(problem).__name__}: {problem}"
    return ours(size) + peers_found, absent


def measure(size: int, rounds: int, only: list[str]) -> tuple[list[Contestant], dict[str, str]]:
    chosen, absent = contestants(size)
    chosen = [c for c in chosen if not only or c.name in {SCALAR, *only}]
    for contestant in chosen:
        contestant.calibrate()
    for _ in range(rounds):
        for contestant in chosen:
            contestant.time()
    return chosen, absent


def table(size: int, contestants_run: list[Contestant], absent: Mapping[str, str]) -> str:
    """Markdown: medians over rounds, with ranges, of the rate and of the ratio to scalar code."""
    named = {c.name: c for c in contestants_run}
    scalar = named[SCALAR]
    lines = [
        f"### L = {size}",
        "",
        "| code | spin updates per ns | times the scalar code | range |",
        "| --- | --- | --- | --- |",
    ]
    for c in contestants_run:
        if c.updates:
            ratios = [
                (c.updates / t) / (scalar.updates / s)
                for t, s in zip(c.seconds, scalar.seconds, strict=True)
            ]
            rate = median(c.updates / t / 1e9 for t in c.seconds)
            lines.append(
                f"| {c.name} | {rate:.3g} | {median(ratios):.3g} | {min(ratios):.3g} to "
                f"{max(ratios):.3g} |"
            )
    lines += [f"| {name} | | | {reason} |" for name, reason in absent.items()]
    lines += ["", *against(named, "rgc jax", "plain JAX"), *against(named, "rgc jax", "rgc numba")]
    lines += ["| tallies | sweeps |", "| --- | --- |"]
    for c in contestants_run:
        if not c.updates:
            images = int(c.name.rsplit(" ", 1)[1])
            sweep = named[c.name.split(",")[0]]
            sweeps = (
                median(t / s for t, s in zip(c.seconds, sweep.seconds, strict=True)) * 20 / images
            )
            lines.append(f"| {c.name} | {sweeps:.3g} |")
    return "\n".join(lines) + "\n"


def against(named: Mapping[str, Contestant], first: str, second: str) -> list[str]:
    """How many times one code is as fast as another, over rounds."""
    if first not in named or second not in named:
        return []
    a, b = named[first], named[second]
    ratios = [(a.updates / t) / (b.updates / s) for t, s in zip(a.seconds, b.seconds, strict=True)]
    return [
        (
            f"{first} is {median(ratios):.3g} times as fast as {second} ({min(ratios):.3g} to "
            f"{max(ratios):.3g})."
        ),
        "",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--sizes", type=int, nargs="+", default=[128, 1024])
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="NAME", help="these codes, and the scalar one"
    )
    parser.add_argument("--core", type=int, default=0)
    parser.add_argument("--report", type=Path)
    options = parser.parse_args()
    os.sched_setaffinity(0, {options.core})  # before anything starts threads
    text = "\n".join(
        table(size, *measure(size, options.rounds, options.only)) for size in options.sizes
    )
    print(text)
    if options.report:
        options.report.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
