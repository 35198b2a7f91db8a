"""A step of `trg` by projections beside one by full decompositions, and a row of a transfer matrix.

    python benchmarks/tensor.py [--rounds 5] [--chi 16 24 32] [--backend reference]

All are timed in one run on one core. The tensor is that of the critical square Ising model after
nine steps. Every round does each kind of step once, so that a drift of the machine's speed affects
all of them. The program reports medians over rounds, and of ratios within a round. `plain` knows no
charges and decomposes one matrix of chi^2 rows. `by charge` decomposes those of even and odd states
separately, as `trg` does wherever there is a symmetry. The error is that of ln z per site of a
whole flow with each, against Onsager.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from statistics import median
from time import perf_counter
from typing import Any

K_C = 0.44068679350977151262
ONSAGER = 0.92969539834161021499
WARM = 9
STEPS = 40

Step = Callable[[Any], Any]


def main() -> None:
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--chi", type=int, nargs="+", default=[16, 24, 32])
    parser.add_argument("--backend", default="reference")
    given = parser.parse_args()
    for chi in given.chi:
        tensors(chi, given.rounds, given.backend)
    for width in (8, 12, 16):
        strips(width, given.rounds)


def tensors(chi: int, rounds: int, backend: str) -> None:
    """One table of milliseconds a step, ratios, and errors."""
    kinds = contestants(chi, backend)
    tensor = warmed(chi, kinds["by charge, full"])
    plain = replace(tensor, across=0 * tensor.across, along=0 * tensor.along, orders=(1,))
    times: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(rounds):
        for name, step in kinds.items():
            start = perf_counter()
            step(plain if name.startswith("plain") else tensor)
            times[name].append(perf_counter() - start)
    base = times["plain, full"]
    print(
        f"\ntrg, chi = {chi}\n"
        f"{'step':<24}{'ms':>9}{'plain, full / this':>22}{'relative error of ln z':>26}"
    )
    for name, step in kinds.items():
        ratio = median(a / b for a, b in zip(base, times[name], strict=True))
        error = (ONSAGER - log_z(step, name.startswith("plain"))) / ONSAGER
        print(f"{name:<24}{1e3 * median(times[name]):>9.1f}{ratio:>22.1f}{error:>26.6e}")


def contestants(chi: int, backend: str) -> Mapping[str, Step]:
    """Steps by name, of a tensor with charges or without."""
    import numpy as np

    from rgc import backend as backends
    from rgc.flows.tensors.tensor_rg_flow import projections
    from rgc.flows.tensors.trg import coarsen
    from rgc.routines.svd import full, svd

    machine = backends.load(backend, threads=1)

    def step(decompose: Callable[..., Any]) -> Step:
        def once(tensor: Any) -> Any:
            with machine.arrays() as xp:
                given = replace(tensor, values=xp.asarray(tensor.values))
                draws = projections(0, {}, 1)
                made, _ = coarsen(
                    xp, given, chi, lambda matrix, rank: decompose(matrix, rank, draws)
                )
                return replace(made, values=np.asarray(made.values))

        return once

    whole = step(lambda matrix, rank, draws: full(matrix))
    return {
        "plain, full": whole,
        "plain, projected": step(svd),
        "by charge, full": whole,
        "by charge, projected": step(svd),
    }


def start() -> Any:
    from rgc.flows.tensors.site_tensor import site_tensor
    from rgc.passes.square_bonds import SquareBonds

    bond = ((-K_C, K_C), (K_C, -K_C))
    return site_tensor(SquareBonds((0.0, 0.0), bond, bond))


def warmed(chi: int, step: Step) -> Any:
    """The tensor after WARM steps, its largest entry 1."""
    tensor, _ = start()
    for _ in range(WARM):
        tensor = step(tensor)
        tensor = replace(tensor, values=tensor.values / abs(tensor.values).max())
    return tensor


def log_z(step: Step, plain: bool) -> float:
    """ln z per site of a whole flow."""
    import numpy as np

    tensor, total = start()
    if plain:
        tensor = replace(tensor, across=0 * tensor.across, along=0 * tensor.along, orders=(1,))
    for number in range(STEPS):
        largest = float(np.abs(tensor.values).max())
        total += float(np.log(largest)) / 2**number
        tensor = step(replace(tensor, values=tensor.values / largest))
    return total + float(np.log(tensor.trace)) / 2**STEPS


def strips(width: int, rounds: int) -> None:
    """Milliseconds of one row of a periodic strip, spin by spin and group by group."""
    import numpy as np

    from rgc.flows.tensors.transfer_matrix import make_layer
    from rgc.model.hamiltonian import Hamiltonian, Term
    from rgc.model.lattices import shell, square
    from rgc.model.operators import Spin
    from rgc.model.spins import Species
    from rgc.passes.local_energies import local_energies
    from rgc.passes.slice_lattice import slice_lattice

    lattice, species = square(width, None), (Species("s"),)
    pairs = tuple((1.0, tuple(Spin(site.cell) for site in pair)) for pair in shell(lattice, 1))
    tables = local_energies(Hamiltonian((Term("K", K_C, -1, pairs),)), species)
    slices = slice_lattice(lattice, species, tables, 1)
    layers = {
        "by groups": make_layer(np, slices, 1),
        "by spins": make_layer(np, replace(slices, product=None), 1),
    }
    vector = np.ones((slices.vector, 1))
    times: dict[str, list[float]] = {name: [] for name in layers}
    for _ in range(4 * rounds):
        for name, layer in layers.items():
            begin = perf_counter()
            layer(np, vector)
            times[name].append(perf_counter() - begin)
    shown = ", ".join(f"{name} {1e3 * median(seconds):.3f} ms" for name, seconds in times.items())
    print(f"transfer matrix, one row of {width} spins: {shown}")


if __name__ == "__main__":
    main()
