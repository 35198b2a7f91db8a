"""Spin updates per nanosecond of the JAX backend on its default device, beside published figures.

    pip install 'rgc-compiler[cuda13]'
    python benchmarks/gpu.py                            on a GPU: minutes
    python benchmarks/gpu.py --sizes 64 128 --words 4   on a CPU: small, for a try
    python benchmarks/gpu.py --report gpu.md            also writes the table with date and device

First 64 sweeps of every Hamiltonian are made on numba and on JAX from the same start. They must
agree in every bit of every field and every tally of a record; any difference ends the program. Then
each size is timed with more and more replicas. A GPU needs at least 1.5e8 spins in flight. All
devices of the platform share the replicas.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from time import perf_counter

import numpy as np

K_C = 0.44068679350977151262
HAMILTONIANS = {
    "nn": "- K * sum(<i,j>) s[i]*s[j]",
    "nn + nnn + plaquette": """- K * sum(<i,j>) s[i]*s[j]
  - 0.05 * sum(<<i,j>>) s[i]*s[j]
  - 0.02 * sum(plaquette(i,j,k,l)) s[i]*s[j]*s[k]*s[l]""",
}
PUBLISHED = """\
Published, nearest neighbours on the square lattice, flips per ns on one device, quoted from \
memory for orientation: NVIDIA's CUDA
multi-spin code V100 383 to 417, A100 521, H100 900. The record of a rack is 1.15e5, \
on a GB200 NVL72."""
SECONDS, ROUNDS, CHECKED = 0.5, 3, 64


def sampler(size: int, hamiltonian: str, words: int, machine):  # type: ignore[no-untyped-def]
    from rgc.compiler import load
    from rgc.flows.sampling.model import make_model
    from rgc.flows.sampling.sampler import make_sampler

    text = f"""title "benchmark"
parameters {{ K = {K_C} }}
lattice square({size})
spins s: ising
hamiltonian
  {HAMILTONIANS[hamiltonian]}
flow sample(replicas={64 * words})
"""
    return make_sampler(make_model(load(text).spec), machine, seed=1, point={})


def trajectory(size: int, hamiltonian: str, words: int, machine) -> list[np.ndarray]:  # type: ignore[no-untyped-def]
    """The field and the sums of a record after 1, 17 and `CHECKED` sweeps."""
    from rgc.flows.sampling.recorder import make_recorder
    from rgc.model.observables import Tally

    made, arrays = sampler(size, hamiltonian, words, machine), []
    tallies = [Tally(group) for group in made.model.merged.groups]
    recorder = make_recorder(made.model.lattice, made.model.species, tallies, machine, words)
    packed, before = [machine.pack(field) for field in made.start()], 0
    for sweeps in (1, 17, CHECKED):
        packed = made.sweep(packed, before, sweeps - before)
        packed, sums = recorder(packed)
        arrays += [*map(machine.unpack, packed), *sums]
        before = sweeps
    return arrays


def check(size: int, words: int) -> None:
    """End the program at the first difference between numba and JAX."""
    from rgc import backend

    for hamiltonian in HAMILTONIANS:
        runs = [
            trajectory(size, hamiltonian, words, backend.load(name)) for name in ("numba", "jax")
        ]
        for one, other in zip(*runs, strict=True):
            if not np.array_equal(one, other):
                sys.exit(f"{hamiltonian}, L = {size}, {64 * words} replicas: numba and JAX differ")
        bits = sum(array.size for array in runs[0])
        print(
            f"{hamiltonian}: {bits} words and sums equal, L = {size}, {64 * words} replicas",
            flush=True,
        )


def rate(size: int, hamiltonian: str, words: int, machine) -> tuple[float, float]:  # type: ignore[no-untyped-def]
    """Spin updates per ns, the best of some rounds, and the seconds of the first call."""
    from rgc.program.draws import step_keys

    made = sampler(size, hamiltonian, words, machine)
    kernel = machine.compile(made.update.program, constant=made.arguments)
    packed = [machine.pack(field) for field in made.start()]

    def run(sweeps: int) -> float:
        nonlocal packed
        keys = step_keys(made.key("update"), 0, sweeps, made.update.program.draws)
        start = perf_counter()
        packed, _ = kernel(packed, made.arguments, keys)
        packed[0].array.block_until_ready()
        return perf_counter() - start

    first, sweeps = run(1), 1
    while (spent := run(sweeps)) < SECONDS / 4:
        sweeps *= 4
    sweeps = max(1, round(sweeps * SECONDS / spent))
    best = min(run(sweeps) for _ in range(ROUNDS)) / sweeps
    return size * size * 64 * words / best / 1e9, first


def rows(sizes: list[int], words: list[int], memory: float) -> Iterator[tuple[str, ...]]:
    """One row for each Hamiltonian, size and number of replicas whose fields fit."""
    from rgc import backend

    machine = backend.load("jax")
    for hamiltonian in HAMILTONIANS:
        for size in sizes:
            for count in words:
                if size * size * count * 8 * 6 > memory:
                    continue
                speed, first = rate(size, hamiltonian, count, machine)
                spins = size * size * 64 * count
                row = (
                    hamiltonian,
                    str(size),
                    str(64 * count),
                    f"{spins:.2g}",
                    f"{speed:.4g}",
                    f"{first:.1f}",
                )
                print(" ".join(row), flush=True)
                yield row


def main() -> None:
    import jax

    from rgc import backend

    gpu = jax.default_backend() != "cpu"
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=[128, 512, 1024, 2048, 4096] if gpu else [64, 128]
    )
    parser.add_argument(
        "--words", type=int, nargs="+", default=[4, 32, 256, 2048] if gpu else [1, 4]
    )
    parser.add_argument(
        "--memory", type=float, default=16.0 if gpu else 1.0, help="GiB that fields may take"
    )
    parser.add_argument("--report", type=Path)
    options = parser.parse_args()
    devices = ", ".join(sorted({f"{device.device_kind}" for device in jax.local_devices()}))
    head = f"{date.today()}, {len(jax.local_devices())} x {devices}, jax {jax.__version__}"
    print(head, flush=True)
    if reason := backend.load("jax").missing():
        sys.exit(reason)
    check(128 if gpu else 32, 64 if gpu else 2)
    table = list(rows(options.sizes, options.words, options.memory * 2**30))
    titles = (
        "Hamiltonian",
        "L",
        "replicas",
        "spins in flight",
        "spin updates per ns",
        "first call, s",
    )
    lines = [" | ".join(row) for row in (titles, ("---",) * len(titles), *table)]
    text = "\n".join([head, "", *(f"| {line} |" for line in lines), "", PUBLISHED, ""])
    print("\n" + text)
    if options.report:
        options.report.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
