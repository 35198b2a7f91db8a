"""What tasks of a cluster cost: `python benchmarks/cluster.py [POINTS]`.

Points of about ten seconds of one core run as tasks of two workers with one thread each. Beside
them two processes that know nothing of a cluster run one half of the points each at the same time,
since two busy cores may share what one has for itself; and one process with two threads runs all.
The same digits are asserted. What starting and stopping the workers takes is told by itself, by a
run of two points that take nothing.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Any

from distributed.protocol.pickle import dumps

import rgc
from rgc import cluster, tasks
from rgc.cluster import Task
from rgc.model.share import Share
from rgc.points import Manner, Place, run_point, run_share
from rgc.progress import Silent
from rgc.results.store import Job
from rgc.runner import Stop
from rgc.tasks import Common

SPEC = """parameters {{ K = 0.4 }}
lattice square(128)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
block majority(2)
flow mcrg(steps=3, sweeps={sweeps}, thermalise=100, every=10, replicas=128, basis=operators(range=2, bodies=4))
scan {{ K = 0.40:0.44:{points} }}
"""  # noqa: E501
SECONDS = 10.0
EMPTY = 2000


def taken(action: Callable[[], Any]) -> tuple[float, float, Any]:
    """Seconds of the clock, of all processors, and what an action returns."""
    began, before = perf_counter(), sum(os.times()[:4])
    found = action()
    return perf_counter() - began, sum(os.times()[:4]) - before, found


def nothing(common: object, argument: object, before: list[object]) -> None: ...


def prepared(sweeps: int, points: int, threads: int) -> rgc.compiler.Compiled:
    return rgc.compile(SPEC.format(sweeps=sweeps, points=points), threads=threads)


def sweeps_of_a_task(folder: Path) -> int:
    """So many that a point takes about `SECONDS` of one core."""
    prepared(20, 1, 1).run(checkpoints=False)  # compiles
    _, short, _ = taken(lambda: prepared(100, 1, 1).run(checkpoints=False))
    _, long, _ = taken(lambda: prepared(1100, 1, 1).run(checkpoints=False))
    return int(SECONDS / (long - short) * 1000)


def empty_tasks() -> None:
    how: dict[str, Any] = {"progress": Silent(), "stop": Stop(), "tell": lambda line: None}
    with suppress(KeyboardInterrupt):
        for count in (2, EMPTY):
            all_of = [Task(nothing, None) for _ in range(count)]
            wall, cpu, _ = taken(
                lambda made=all_of: cluster.run(
                    cluster.Local(2), None, made, saved=Path("none"), **how
                )
            )
            print(f"{count} empty tasks: {wall:.2f} s of the clock, {cpu:.2f} s of processors")


def traffic(sweeps: int, folder: Path) -> None:
    """What is sent for a task and what it returns."""
    compiled = prepared(20, 2, 1)
    job = Job(compiled.loaded.sha256, 0, folder)
    common = Common(
        loaded=compiled.loaded.bare, job=job, prepare=rgc.compile, backend="numba", threads=1
    )
    place = Place(point=compiled.loaded.points[0], shift={}, number=0, total=2)
    manner = Manner(resume=False, progress=Silent(), stop=Stop(), warn=print)
    share = run_share(compiled, place, Share(1, 2), job, manner)
    point = run_point(compiled, place, job, manner)
    for what, sent in {
        "what all tasks share": common,
        "a task": (tasks.run_point, place),
        "the result of a point": point,
        "what a share tells": share,
    }.items():
        print(f"{what}: {len(dumps(sent)) / 1024:.1f} KiB")


def half(sweeps: int, values: list[float]) -> None:
    scan = {"K": values}
    rgc.compile(SPEC.format(sweeps=sweeps, points=2), threads=1, scan=scan).run(checkpoints=False)


def by_hand(sweeps: int, values: list[float]) -> float:
    """Seconds of the clock of two processes with one half of the points each."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        halves = [values[::2], values[1::2]]
        list(pool.map(half, (20, 20), halves))  # imports and compiles
        began = perf_counter()
        list(pool.map(half, (sweeps, sweeps), halves))
        return perf_counter() - began


def main(points: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        empty_tasks()
        sweeps = sweeps_of_a_task(folder)
        traffic(sweeps, folder)
        one = prepared(sweeps, points, 2)
        serial = taken(lambda: one.run(out=folder / "serial", plots=()))
        tiny = taken(lambda: prepared(20, 2, 2).run(out=folder / "tiny", cluster="local:2"))
        several = taken(lambda: one.run(out=folder / "several", plots=(), cluster="local:2"))
        assert serial[2].points == several[2].points
        clock = by_hand(sweeps, [point["K"] for point in one.loaded.points])
        print(
            f"{points} points, seconds of the clock: {serial[0]:.1f} in one process with two "
            f"threads, {clock:.1f} in two processes by hand, {several[0]:.1f} on two workers, "
            f"{tiny[0]:.1f} of which start and stop them; over two processes by hand "
            f"{100 * ((several[0] - tiny[0]) / clock - 1):.1f} %"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 8)
