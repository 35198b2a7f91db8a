"""Turns of clusters against scalar code: nanoseconds for each flipped spin of the square Ising
model at its critical coupling, one core, all codes in turns of one run; and of turns of all
clusters nanoseconds for each spin of the lattice.

    python benchmarks/clusters.py [--sizes 64,128] [--replicas 512] [--rounds 3]

The scalar code is what people write: one replica, int8 spins, a stack, one cluster from a random
site. Ours has `update=wolff`, and `swendsen_wang`, without the sweeps between the turns. Time is
that of the process, so that other work on the machine weighs less; only ratios of one run say
anything.
"""

from __future__ import annotations

import argparse
import math
import time
from statistics import median

import numpy as np
from numba import njit

import rgc
from rgc import backend as backends
from rgc.flows.sampling.clusters import Clusters
from rgc.flows.sampling.model import make_model
from rgc.flows.sampling.sampler import make_sampler
from rgc.program.draws import step_keys

CRITICAL = math.log(1 + math.sqrt(2)) / 2
SPEC = """
parameters {{ K = log(1 + sqrt(2)) / 2 }}
lattice square({size})
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
flow sample(replicas={replicas}, update={update})
"""
SETTLE = 100
"""Turns, each with a sweep, before any is measured, from half of the replicas hot and half cold."""


@njit(error_model="numpy")
def scalar(spins, stack, probability, clusters):
    """Turn so many clusters, and count the spins."""
    size, flipped = spins.shape[0], 0
    for _ in range(clusters):
        x, y = np.random.randint(size), np.random.randint(size)  # noqa: NPY002
        own = spins[x, y]
        spins[x, y] = -own
        stack[0, 0], stack[0, 1], height = x, y, 1
        while height:
            height -= 1
            x, y = stack[height, 0], stack[height, 1]
            flipped += 1
            for step in range(4):
                a = (x + (step == 0) - (step == 1) + size) % size
                b = (y + (step == 2) - (step == 3) + size) % size
                if spins[a, b] == own and np.random.random() < probability:  # noqa: NPY002
                    spins[a, b] = -own
                    stack[height, 0], stack[height, 1] = a, b
                    height += 1
    return flipped


class Scalar:
    def __init__(self, size: int) -> None:
        self.spins = np.ones((size, size), np.int8)
        self.stack = np.empty((size * size, 2), np.int64)
        self.clusters = 400
        self(20 * SETTLE)

    def __call__(self, clusters: int | None = None) -> float:
        begun = time.process_time()
        probability = 1 - math.exp(-2 * CRITICAL)
        flipped = scalar(self.spins, self.stack, probability, clusters or self.clusters)
        return (time.process_time() - begun) / flipped * 1e9


class Sliced:
    update = "wolff"

    def __init__(self, size: int, replicas: int) -> None:
        spec = rgc.load(SPEC.format(size=size, replicas=replicas, update=self.update)).spec
        self.machine = backends.load("numba", threads=1)
        self.sampler = make_sampler(make_model(spec), self.machine, seed=1, point={})
        assert isinstance(self.sampler.clusters, Clusters)
        self.clusters, self.number = self.sampler.clusters, 0
        self.spins = self.sampler.packed(self.sampler.start())
        self.sweep(SETTLE)

    def sweep(self, count: int) -> None:
        """Turns, each with a sweep, as a run makes them: turns alone leave a hot start hot."""
        self.spins = self.sampler.sweep(self.spins, self.number, count)
        self.number += count

    def turn(self) -> None:
        draws = self.clusters.update.program.draws
        keys = step_keys(self.sampler.key("clusters"), self.number, 1, draws)
        self.spins = self.clusters.turn(self.spins, keys)
        self.number += 1

    def __call__(self, turns: int = 10) -> float:
        taken, flipped = 0.0, 0
        for _ in range(turns):
            before = self.machine.unpack(self.spins[0])
            begun = time.process_time()
            self.turn()
            taken += time.process_time() - begun
            flipped += int(np.bitwise_count(before ^ self.machine.unpack(self.spins[0])).sum())
            self.sweep(1)
        return taken / flipped * 1e9


class All(Sliced):
    update = "swendsen_wang"

    def __call__(self, turns: int = 10) -> float:
        begun = time.process_time()
        for _ in range(turns):
            self.turn()
        spins = self.machine.unpack(self.spins[0]).size * 64
        return (time.process_time() - begun) / (turns * spins) * 1e9


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="64,128")
    parser.add_argument("--replicas", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    for size in map(int, options.sizes.split(",")):
        codes = {
            "scalar": Scalar(size),
            "rgc": Sliced(size, options.replicas),
            "all": All(size, options.replicas),
        }
        found = {name: list[float]() for name in codes}
        for _ in range(options.rounds):
            for name, code in codes.items():
                found[name].append(code())
        scalar_time, ours, of_all = (median(found[name]) for name in codes)
        print(
            f"L = {size}: scalar {scalar_time:.1f} ns, rgc {ours:.2f} ns a flipped spin: "
            f"{scalar_time / ours:.1f} times faster; all clusters {of_all:.2f} ns a spin"
        )


if __name__ == "__main__":
    main()
