"""Machines against the products of matrices that they need with floats, and against peers.

    python benchmarks/machines.py [--rounds 12] [--backends numba jax] [--only KIND ...]

An update of CD-1 or PCD-1 with floats needs at least five products of a batch of 100 with the
weights: three to draw the layers and two for the gradient; CD-k needs 3 + 2 k, and a step of
annealed importance sampling (AIS) two. The floor is that many products of float32 in NumPy.
Every round times every contestant once; a time is processor time of this process on one core, and
the least of all rounds, since what else a machine does only adds to it. scikit-learn and torch take
part in CD-1 and PCD-1 if they are installed. Last come ln Z by summing over a small side, and the
couplings of all pairs.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")

import argparse
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from time import process_time

import numpy as np
from machine_peers import PEERS

from rgc.backend import load
from rgc.conformance.dense.examples import example
from rgc.flows.machines.annealing import scales_of
from rgc.flows.machines.couplings import couplings
from rgc.flows.machines.log_z import exact_log_z
from rgc.flows.machines.machine import Machine
from rgc.flows.machines.schedule import Schedule, make_schedule
from rgc.flows.machines.sides import side
from rgc.language.alphabets import ALPHABETS
from rgc.model.spins import Species
from rgc.model.stack import Dense, Rbm, Side
from rgc.model.trainer import Knots, Trainer
from rgc.model_to_program.stack_to_sampling import annealing
from rgc.model_to_program.stack_to_training import stack_to_training
from rgc.model_to_program.training_update import Training, Update
from rgc.program.dense.arguments import dense_arguments
from rgc.program.draws import step_keys
from rgc.routines import routine

SIZES = ((1600, 400), (784, 500), (400, 100), (100, 25), (64, 64))
BATCH, ROWS, SECONDS = 100, 20_000, 0.15


@dataclass(frozen=True, slots=True)
class Kind:
    """What a row of the table measures. `k` sweeps an update; none is annealing."""

    k: int
    persistent: bool = False
    visible: str = "binary"

    @property
    def products(self) -> int:
        return 3 + 2 * self.k if self.k else 2


KINDS = {
    "CD-1": Kind(1),
    "PCD-1": Kind(1, persistent=True),
    "CD-10": Kind(10),
    "real CD-1": Kind(1, visible="gaussian"),
    "AIS": Kind(0),
}


@dataclass
class Contestant:
    """`run` makes `updates` updates."""

    name: str
    run: Callable[[], object]
    updates: int
    times: list[float] = field(default_factory=list)

    def time(self) -> None:
        start = process_time()
        self.run()
        self.times.append((process_time() - start) / self.updates)

    @property
    def milliseconds(self) -> float:
        return 1000 * min(self.times)


def rbm(kind: Kind, visible: int, hidden: int) -> Rbm:
    states = 2 if kind.visible == "binary" else None
    below = Side(visible, Species("v", kind.visible, states))
    above = Side(hidden, Species("h", "binary", 2))
    return Rbm(visible=below, hidden=above, connect=Dense(), biases=True)


def training(kind: Kind, visible: int, hidden: int) -> tuple[Training, Schedule]:
    """What a spec with cd(k) or pcd(k), a rate of 0.1 and L1 runs, without centring."""
    trainer = Trainer(
        algorithm="pcd" if kind.persistent else "cd",
        epochs=1,
        batch=BATCH,
        rate=Knots((0.1,)),
        momentum=Knots((0.0,)),
        l1=2e-4,
        l2=0.0,
        k=kind.k,
        chains=BATCH if kind.persistent else None,
    )
    update = Update(layer=rbm(kind, visible, hidden), trainer=trainer, batch=BATCH, rows=ROWS)
    return stack_to_training(update), make_schedule(trainer, ROWS)


def contestant(backend: str, kind: Kind, visible: int, hidden: int, updates: int) -> Contestant:
    """A backend, which goes on where its last round ended."""
    machine, random = load(backend, threads=1), np.random.default_rng(1)
    if kind.k:
        made, schedule = training(kind, visible, hidden)
        program, numbers = made.program, schedule.numbers(made.numbers, 0, 1)
        rows = random.integers(0, ROWS, (updates, BATCH))
        given = dense_arguments(rows, np.tile(numbers, (updates, 1)))
    else:
        program = annealing(rbm(kind, visible, hidden), BATCH)
        given = dense_arguments(scales=scales_of(np.linspace(0, 1, updates + 1)))
    kernel, keys = machine.compile(program), step_keys((1, 2), 0, updates, program.draws)
    state = [machine.pack(array) for array in example(program, 1).state]

    def run() -> None:
        nonlocal state
        state, tallies = kernel(state, given, keys)
        np.array(tallies[0])

    return Contestant(backend, run, updates)


def floor(kind: Kind, visible: int, hidden: int, updates: int) -> Contestant:
    random = np.random.default_rng(2)
    v, h = random.random((BATCH, visible), np.float32), random.random((BATCH, hidden), np.float32)
    w = random.random((visible, hidden), np.float32)
    up, down, gradient = h.copy(), v.copy(), w.copy()

    def run() -> None:
        for _ in range(updates):
            np.matmul(v, w, out=up)
            if not kind.k:
                np.matmul(h, w.T, out=down)
                continue
            for _ in range(kind.k):
                np.matmul(h, w.T, out=down)
                np.matmul(v, w, out=up)
            np.matmul(v.T, h, out=gradient)
            np.matmul(v.T, h, out=gradient)

    return Contestant("floor", run, updates)


def peers(kind: Kind, visible: int, hidden: int, updates: int) -> list[Contestant]:
    """Those that are installed and have this kind."""
    found = []
    for name, make in PEERS.items():
        try:
            run = make(visible, hidden, BATCH, kind.persistent)
        except ImportError:
            continue
        found.append(Contestant(name, partial(run, updates), updates))
    return found if kind.k == 1 and kind.visible == "binary" else []


def table(backends: list[str], rounds: int, only: list[str]) -> None:
    for name in only or KINDS:
        kind = KINDS[name]
        names = [*backends, *(each.name for each in peers(kind, 8, 8, 1))]
        print(
            f"\n| {name} | floor, ms | {' | '.join(f'{each}, ms | of floor' for each in names)} |"
        )
        print(f"| --- | --- |{' --- | --- |' * len(names)}")
        for visible, hidden in SIZES:
            row(kind, visible, hidden, backends, rounds)


def row(kind: Kind, visible: int, hidden: int, backends: list[str], rounds: int) -> None:
    one = floor(kind, visible, hidden, 1)
    one.time()
    one.time()
    updates = max(3, round(SECONDS / min(one.times)))
    all_ = [floor(kind, visible, hidden, updates)]
    all_ += [contestant(backend, kind, visible, hidden, updates) for backend in backends]
    all_ += peers(kind, visible, hidden, updates)
    for each in all_:
        each.run()
    for _ in range(rounds):
        for each in all_:
            each.time()
    least, *others = (each.milliseconds for each in all_)
    cells = " | ".join(f"{ms:.3f} | {ms / least:.2f}" for ms in others)
    print(f"| {visible} x {hidden} | {least:.3f} | {cells} |", flush=True)


def answers() -> None:
    """ln Z of 22 hidden units, and the couplings of all pairs of 1600 units."""
    small, large = machine(100, 22), machine(1600, 400)
    sums = routine(load("numba", threads=1), "log_z_small_side")
    exact_log_z(small, sums)
    start = process_time()
    exact_log_z(small, sums)
    ns = 1e9 * (process_time() - start) / (100 * 2**22)
    start = process_time()
    couplings(large)
    print(f"\nln Z, 100 x 22: {ns:.2f} ns a state and visible unit")
    print(f"couplings of all pairs, 1600 x 400: {process_time() - start:.1f} s")


def machine(visible: int, hidden: int) -> Machine:
    random = np.random.default_rng(3)
    return Machine(
        visible=side(ALPHABETS["binary"], visible),
        hidden=side(ALPHABETS["binary"], hidden),
        weights=random.normal(0, 0.1, (visible, hidden)),
        visible_bias=random.normal(0, 0.1, visible),
        hidden_bias=random.normal(0, 0.1, hidden),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--backends", nargs="+", default=["numba", "jax"])
    parser.add_argument("--only", nargs="*", default=[], choices=KINDS)
    chosen = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    table(chosen.backends, chosen.rounds, chosen.only)
    answers()


if __name__ == "__main__":
    main()
