"""Updates of restricted Boltzmann machines against five products of matrices, in one run.

    python benchmarks/machines.py [--rounds 12] [--backends numba jax] [--only NAME ...]

An update of CD-1 or PCD-1 with floats needs at least five products of a batch of 100 with the
weights: three to draw the layers and two for the gradient; CD-k needs 3 + 2 k. The floor is that
many products of float32 in NumPy. Every round times every contestant once; a time is processor time
of this process on one core, and the least of all rounds, since what else a machine does only adds
to it.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")

import argparse
from collections.abc import Callable
from dataclasses import dataclass, field
from time import process_time

import numpy as np

from rgc.backend import load
from rgc.conformance.dense.examples import example
from rgc.flows.machines.schedule import Schedule, make_schedule
from rgc.model.spins import Species
from rgc.model.stack import Dense, Rbm, Side
from rgc.model.trainer import Knots, Trainer
from rgc.model_to_program.stack_to_training import stack_to_training
from rgc.model_to_program.training_update import Training, Update
from rgc.program.dense.arguments import dense_arguments
from rgc.program.draws import step_keys

SIZES = ((1600, 400), (784, 500), (400, 100), (100, 25), (64, 64))
BATCH, ROWS, SECONDS = 100, 20_000, 0.15


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


def training(visible: int, hidden: int, k: int, persistent: bool) -> tuple[Training, Schedule]:
    """What a spec with cd(k) or pcd(k), a rate of 0.1 and L1 runs, without centring."""
    below, above = Side(visible, Species("v", "binary", 2)), Side(hidden, Species("h", "binary", 2))
    trainer = Trainer(
        algorithm="pcd" if persistent else "cd",
        epochs=1,
        batch=BATCH,
        rate=Knots((0.1,)),
        momentum=Knots((0.0,)),
        l1=2e-4,
        l2=0.0,
        k=k,
        chains=BATCH if persistent else None,
    )
    layer = Rbm(visible=below, hidden=above, connect=Dense(), biases=True)
    update = Update(layer=layer, trainer=trainer, batch=BATCH, rows=ROWS)
    return stack_to_training(update), make_schedule(trainer, ROWS)


def contestant(backend: str, made: Training, schedule: Schedule, updates: int) -> Contestant:
    machine, random = load(backend, threads=1), np.random.default_rng(1)
    program = made.program
    kernel, keys = machine.compile(program), step_keys((1, 2), 0, updates, program.draws)
    state = [machine.pack(array) for array in example(program, 1).state]
    numbers = np.tile(schedule.numbers(made.numbers, 0, 1), (updates, 1))
    given = dense_arguments(random.integers(0, ROWS, (updates, BATCH)), numbers)

    def run() -> None:
        nonlocal state
        state, tallies = kernel(state, given, keys)
        np.array(tallies[0])

    return Contestant(backend, run, updates)


def floor(visible: int, hidden: int, k: int, updates: int) -> Contestant:
    random = np.random.default_rng(2)
    v, h = random.random((BATCH, visible), np.float32), random.random((BATCH, hidden), np.float32)
    w = random.random((visible, hidden), np.float32)
    up, down, gradient = h.copy(), v.copy(), w.copy()

    def run() -> None:
        for _ in range(updates):
            np.matmul(v, w, out=up)
            for _ in range(k):
                np.matmul(h, w.T, out=down)
                np.matmul(v, w, out=up)
            np.matmul(v.T, h, out=gradient)
            np.matmul(v.T, h, out=gradient)

    return Contestant("floor", run, updates)


def table(backends: list[str], rounds: int, only: list[str]) -> None:
    print(f"| | units | floor, ms | {' | '.join(f'{name}, ms | of floor' for name in backends)} |")
    print(f"| --- | --- | --- |{' --- | --- |' * len(backends)}")
    for name, k, persistent in (("CD-1", 1, False), ("PCD-1", 1, True), ("CD-10", 10, False)):
        for visible, hidden in SIZES:
            if only and name not in only:
                continue
            one = floor(visible, hidden, k, 1)
            one.time()
            one.time()
            updates = max(3, round(SECONDS / min(one.times)))
            made, schedule = training(visible, hidden, k, persistent)
            all_ = [floor(visible, hidden, k, updates)]
            all_ += [contestant(backend, made, schedule, updates) for backend in backends]
            for each in all_:
                each.run()
            for _ in range(rounds):
                for each in all_:
                    each.time()
            least, *others = (each.milliseconds for each in all_)
            cells = " | ".join(f"{ms:.3f} | {ms / least:.2f}" for ms in others)
            print(f"| {name} | {visible} x {hidden} | {least:.3f} | {cells} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--backends", nargs="+", default=["numba", "jax"])
    parser.add_argument("--only", nargs="*", default=[])
    chosen = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    table(chosen.backends, chosen.rounds, chosen.only)


if __name__ == "__main__":
    main()
