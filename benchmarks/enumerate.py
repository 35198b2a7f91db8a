"""Time of ln Z and all correlators of 2^n states on one core, against two floors.

    python benchmarks/enumerate.py [--bits 25] [--rounds 5]

The program pins itself to one core. Every round times every piece once, so that a drift of the
machine's speed affects all of them. It reports the median over rounds of the time per state, and of
the ratio to two floors of the same round. The first floor is twice n passes of additions and
subtractions over the array, each pass vector code, and one pass of exp. The second has the
transform in blocks of the caches instead, which is what the routine uses itself.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter
from typing import Any

COUPLING = 0.44068679350977147
PASSES, BLOCKS, EXP = "n passes", "transform in blocks", "exp"

Timed = Callable[[], float]
"""Does a piece of work once and returns the seconds it took."""


def couplings(bits: int) -> tuple[list[int], list[float]]:
    """Nearest neighbours on a helix of a width near sqrt(n), and a field."""
    pairs = [(k, (k + step) % bits) for step in (1, round(bits**0.5)) for k in range(bits)]
    masks = [1 << a | 1 << b for a, b in pairs] + [1 << k for k in range(bits)]
    return masks, [COUPLING] * len(pairs) + [0.05] * bits


def bare_passes() -> Callable[[Any], None]:
    """n passes over an array of 2^n numbers, compiled."""
    from numba import njit

    @njit(error_model="numpy")
    def passes(x):  # type: ignore[no-untyped-def]
        h = 1
        while h < x.size:
            for start in range(0, x.size, 2 * h):
                low, high = x[start : start + h], x[start + h : start + 2 * h]
                for k in range(h):
                    a, b = low[k], high[k]
                    low[k], high[k] = a + b, a - b
            h *= 2

    return passes  # type: ignore[no-any-return]


def pieces(bits: int) -> Mapping[str, Timed]:
    """The parts of the floors on one array, and ln Z with all correlators on every backend that is
    installed.
    """
    import numpy as np

    from rgc import backend
    from rgc.routines import routine

    array = np.empty(1 << bits)

    def on_array(work: Callable[[Any], object]) -> Timed:
        def timed() -> float:
            array[:] = 1e-9
            start = perf_counter()
            work(array)
            return perf_counter() - start

        return timed

    timings: dict[str, Timed] = {PASSES: on_array(bare_passes())}
    timings[BLOCKS] = on_array(routine(backend.load("numba", threads=1), "fwht"))
    timings[EXP] = on_array(lambda x: np.exp(x, out=x))
    masks, values = couplings(bits)

    def on_backend(machine: backend.Backend) -> Timed:
        def timed() -> float:
            with machine.arrays() as xp:
                start = perf_counter()
                _, spectrum = routine(machine, "walsh_exp")(masks, values, bits, xp)
                assert np.asarray(spectrum)[0] > 0.999
                return perf_counter() - start

        return timed

    for name in backend.installed():
        timings[name] = on_backend(backend.load(name, threads=1))
    return timings


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bits", type=int, default=25)
    parser.add_argument("--rounds", type=int, default=5)
    wanted = parser.parse_args()
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    timed = pieces(wanted.bits)
    seconds: dict[str, list[float]] = {name: [] for name in timed}
    for number in range(wanted.rounds + 1):
        for name, run in timed.items():
            spent = run()
            if number:  # the first round compiles
                seconds[name].append(spent)
    report(seconds, wanted.bits)


def report(seconds: Mapping[str, list[float]], bits: int) -> None:
    """A table: nanoseconds per state, and ratios to the floors of the same round."""
    floors = [
        [2 * t + e for t, e in zip(seconds[transform], seconds[EXP], strict=True)]
        for transform in (PASSES, BLOCKS)
    ]
    print(f"2^{bits} states, one core, median of {len(seconds[EXP])} rounds\n")
    print("| | ns per state | of 2n passes and exp | of two transforms in blocks and exp |")
    print("| --- | --- | --- | --- |")
    for name, spent in seconds.items():
        ratios = [median(s / f for s, f in zip(spent, floor, strict=True)) for floor in floors]
        shown = [f"{ratio:.2f}" if name not in (PASSES, BLOCKS, EXP) else "" for ratio in ratios]
        what = name if name in (PASSES, BLOCKS, EXP) else f"ln Z and all correlators, {name}"
        print(f"| {what} | {median(spent) / 2**bits * 1e9:.2f} | {shown[0]} | {shown[1]} |")


if __name__ == "__main__":
    main()
