"""Sweeps of random couplings beside those of equal ones, in CPU time of one thread, in turns.

    python benchmarks/disorder.py [--backend numba] [--rounds 20]

Prints ns for each spin and replica, the ratio of signs to equal couplings, and for couplings of any
size ns for each bond that is read, or pair, and replica.
"""

from __future__ import annotations

import argparse
from statistics import median
from time import process_time
from typing import Any

import rgc
from rgc import backend as backends
from rgc.compiler import flow

SPEC = """
parameters {{ K = 0.44{parameters} }}
lattice {lattice}
spins s: ising
hamiltonian - K * sum({domain}) {factor}s[i]*s[j]
flow sample(sweeps=10, replicas=512{options})
measure {{ m }}
"""
SIGNS = {"parameters": ", J ~ bimodal(1, p=0.9)", "factor": "J[i,j]*", "options": ", disorder=256"}
ANY = {**SIGNS, "parameters": ", J ~ normal(0, 1)"}
PLAIN = {"parameters": "", "factor": "", "options": ""}
SWEEPS = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--backend", default="numba")
    parser.add_argument("--rounds", type=int, default=20)
    given = parser.parse_args()
    for size in (64, 128):
        equal, signs = (_made(f"square({size})", "<i,j>", case, given) for case in (PLAIN, SIGNS))
        _, ratio = _in_turns([equal, signs], given.rounds, f"square({size})")
        print(f"  signs at {ratio:.2f} of the speed of equal couplings")
    weighed = _made("square(32)", "<i,j>", ANY, given)
    (first,), _ = _in_turns([weighed], given.rounds, "square(32), any size")
    print(f"  {first / 4:.3f} ns a bond and replica")
    together = _made("complete(64)", "i < j", ANY, given)
    (first,), _ = _in_turns([together], given.rounds, "complete(64), any size")
    print(f"  {first / 63:.3f} ns a pair and replica")


def _made(lattice: str, domain: str, case: dict[str, str], given: argparse.Namespace) -> Any:
    spec = rgc.load(SPEC.format(lattice=lattice, domain=domain, **case)).spec
    machine = backends.load(given.backend, threads=1)
    return flow(spec, machine, seed=1, point={}, zero=()).sampler


def _in_turns(samplers: list[Any], rounds: int, what: str) -> tuple[list[float], float]:
    """ns for each spin and replica of each, by its median, and the median of the ratios."""
    states = [each.sweep(each.packed(each.start()), 0, 1) for each in samplers]
    times: list[list[float]] = [[] for _ in samplers]
    for number in range(rounds):
        for k, each in enumerate(samplers):
            start = process_time()
            states[k] = each.sweep(states[k], 1 + SWEEPS * number, SWEEPS)
            times[k].append(process_time() - start)
    spins = SWEEPS * samplers[0].model.lattice.sites * samplers[0].plan.replicas
    found = [median(row) / spins * 1e9 for row in times]
    print(what, *(f"{each:.3f}" for each in found), "ns a spin and replica")
    return found, median(a / b for a, b in zip(times[0], times[-1], strict=True))


if __name__ == "__main__":
    main()
