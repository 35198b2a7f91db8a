"""Spin updates per nanosecond of the JAX backend, against the number of replicas and the size of the lattice, bits compared with numba first.

    python benchmarks/gpu.py [--replicas 64 1024 16384] [--sizes 64 256 1024] [--seconds 1] [--report FILE]

Runs on whatever JAX finds: on a GPU machine install `rgc-compiler[cuda13]`. On a CPU it says the same, slowly. Lattices of more than
`--most` spins in flight are left out. Published figures stand below the table; they are of nearest neighbours, square lattice.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from lattice import HAMILTONIANS, K_C

PUBLISHED = (
    ("V100", "383-417", "NVIDIA's CUDA multi-spin code"),
    ("A100", "521", "the same"),
    ("H100", "900", "the same"),
    ("GB200 NVL72, a whole rack", "115000", "the rack-scale record"),
)
"""Flips per nanosecond, quoted from memory of publications: for orientation."""

CHECKED = 8
"""Sweeps of the comparison with numba."""


@dataclass
class Sweeps:
    """A model with its sampler on one backend, and its state there."""

    sampler: Any
    machine: Any
    state: list[Any]

    @staticmethod
    def of(machine: Any, size: int, replicas: int, hamiltonian: str) -> Sweeps:
        from rgc.compile import load
        from rgc.flows.sampler import make_model, make_sampler

        text = f"""parameters {{ K = {K_C}, K2 = 0.05, K4 = 0.02 }}
lattice square({size})
spins s: ising
hamiltonian
  {HAMILTONIANS[hamiltonian]}
flow sample(replicas={replicas})
"""
        sampler = make_sampler(make_model(load(text).spec), machine, seed=1, point={})
        return Sweeps(sampler, machine, [machine.pack(each) for each in sampler.start()])

    def run(self, first: int, count: int) -> float:
        """Seconds of some sweeps."""
        start = perf_counter()
        self.state = self.sampler.sweep(self.state, first, count)
        for field in self.state:
            getattr(getattr(field, "array", None), "block_until_ready", lambda: None)()
        return perf_counter() - start

    @property
    def fields(self) -> list[Any]:
        return [self.machine.unpack(each) for each in self.state]


def same_bits(size: int, replicas: int, hamiltonian: str) -> bool:
    """Whether JAX and numba give the same spins."""
    from rgc import backend

    both = [Sweeps.of(backend.load(name), size, replicas, hamiltonian) for name in ("numba", "jax")]
    for each in both:
        each.run(0, CHECKED)
    return all(np.array_equal(a, b) for a, b in zip(both[0].fields, both[1].fields, strict=True))


def rate(size: int, replicas: int, hamiltonian: str, seconds: float) -> float:
    """Spin updates per ns: sweeps are doubled until they last long enough, and the fastest of three is taken."""
    from rgc import backend

    work = Sweeps.of(backend.load("jax"), size, replicas, hamiltonian)
    work.run(0, 1)
    count, first = 1, 1
    while (spent := work.run(first, count)) < seconds / 4 and count < 2**20:
        first, count = first + count, count * 2
    spent = min([spent, *(work.run(first + k * count, count) for k in range(1, 3))])
    return count * size * size * replicas / spent / 1e9


def table(options: argparse.Namespace, hamiltonian: str) -> list[str]:
    lines = [
        f"### {hamiltonian}",
        "",
        "| L | " + " | ".join(f"{r} replicas" for r in options.replicas) + " |",
    ]
    lines.append("| --- |" + " --- |" * len(options.replicas))
    for size in options.sizes:
        cells = []
        for replicas in options.replicas:
            fits = size * size * replicas <= options.most
            cells.append(f"{rate(size, replicas, hamiltonian, options.seconds):.3g}" if fits else "")
        lines.append(f"| {size} | " + " | ".join(cells) + " |")
    return [*lines, ""]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--replicas", type=int, nargs="+", default=[64, 1024, 16384])
    parser.add_argument("--sizes", type=int, nargs="+", default=[64, 256, 1024])
    parser.add_argument("--most", type=float, default=2e10, help="spins in flight at most (default 2e10)")
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--report", type=Path)
    options = parser.parse_args()
    import jax

    device = jax.devices()[0]
    lines = [
        f"{device.device_kind} ({device.platform}), {len(jax.devices())} of them, jax {jax.__version__}, {date.today()}",
        "",
    ]
    for hamiltonian in HAMILTONIANS:
        equal = same_bits(64, 64, hamiltonian)
        lines.append(
            f"{hamiltonian}: {CHECKED} sweeps of 64 x 64, bits {'equal to' if equal else 'DIFFERENT FROM'} those of numba"
        )
        if not equal:
            raise SystemExit("\n".join(lines))
    lines += ["", "Spin updates per ns:", ""]
    for hamiltonian in HAMILTONIANS:
        lines += table(options, hamiltonian)
    lines += ["| published | flips per ns | code |", "| --- | --- | --- |"]
    lines += [f"| {' | '.join(row)} |" for row in PUBLISHED]
    text = "\n".join(lines) + "\n"
    print(text)
    if options.report:
        options.report.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
