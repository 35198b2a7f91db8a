"""Sweeps of random couplings beside those of equal ones, in CPU time of one thread, in turns.

    python benchmarks/disorder.py [--backend numba] [--rounds 20]

Prints ns for each spin and replica, the ratio of signs to equal couplings, and for couplings of any
size ns for each bond that is read, or pair, and replica; at the end for all pairs of a thousand
sites, beside plain codes of one replica.
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
    _all_to_all(given)


def _all_to_all(given: argparse.Namespace) -> None:
    """A thousand sites that all feel each other, beside plain codes of one replica."""
    glass = {**ANY, "parameters": ", J ~ normal(0, 1/sqrt(1000))"}
    one = _made("complete(1000)", "i < j", {**glass, "options": ""}, given)
    several = _made("complete(512)", "i < j", {**glass, "options": ", disorder=128"}, given)
    distance = {"factor": "distance(i,j)^(-3)*", "parameters": "", "options": ""}
    long_range = _made("square(32)", "i < j", distance, given)
    rows = [
        ("complete(1000), one realisation", one, 999),
        ("complete(512), 128 realisations", several, 511),
        ("square(32), all pairs by distance", long_range, 1023),
    ]
    for what, sampler, others in rows:
        (first,), _ = _in_turns([sampler], max(1, given.rounds // 10), what)
        print(f"  {first / others:.4f} ns a pair and replica")
    for name, sweep in plain_codes(1000, 0.44).items():
        sweep(1)
        times = []
        for _ in range(max(1, given.rounds // 2)):
            start = process_time()
            sweep(SWEEPS)
            times.append(process_time() - start)
        print(f"  {name}: {median(times) / SWEEPS / 1000 / 999 * 1e9:.4f} ns a pair")


def plain_codes(sites: int, k: float) -> dict[str, Any]:
    """Heat bath of one replica in plain numba: the local field summed anew for each spin, and kept,
    with all fields changed after each flip."""
    import numpy as np
    from numba import njit

    random = np.random.default_rng(1)
    upper = np.triu(random.normal(0, 1 / np.sqrt(sites), (sites, sites)), 1)
    couplings = (k * (upper + upper.T)).astype(np.float32)
    spins = random.choice(np.array([-1.0, 1.0], np.float32), sites)
    fields = couplings @ spins

    @njit(cache=True, fastmath=True)  # type: ignore[untyped-decorator]
    def summed(generator, couplings, spins, sweeps):  # type: ignore[no-untyped-def]
        for _ in range(sweeps):
            for i in range(spins.size):
                field = np.float32(0)
                for j in range(spins.size):
                    field += couplings[i, j] * spins[j]
                spins[i] = 1 if generator.random() * (1 + np.exp(-2 * field)) < 1 else -1

    @njit(cache=True, fastmath=True)  # type: ignore[untyped-decorator]
    def kept(generator, couplings, spins, fields, sweeps):  # type: ignore[no-untyped-def]
        for _ in range(sweeps):
            for i in range(spins.size):
                up = generator.random() * (1 + np.exp(-2 * fields[i])) < 1
                after = np.float32(1 if up else -1)
                if after != spins[i]:
                    spins[i] = after
                    for j in range(spins.size):
                        fields[j] += 2 * after * couplings[i, j]

    return {
        "plain numba, fields summed": lambda sweeps: summed(random, couplings, spins, sweeps),
        "plain numba, fields kept": lambda sweeps: kept(random, couplings, spins, fields, sweeps),
    }


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
