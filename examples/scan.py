"""Energy, specific heat and Binder cumulant of a small Ising lattice against K.

One compilation serves every point.

    python examples/scan.py [--size 16] [--sweeps 5000] [--points 9] [--backend numba]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import rgc

SPEC = """\
title "Ising model through its transition"
parameters { K = 0.44, L = 16, n = 5000 }
lattice square(L)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
flow sample(sweeps=n)
measure {
  energy, specific_heat, binder
  K_max = extremum(specific_heat, K)
}
"""


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=16)
    parser.add_argument("--sweeps", type=int, default=5000)
    parser.add_argument("--points", type=int, default=9)
    parser.add_argument("--backend", default="numba")
    options = parser.parse_args(words)

    settings = {"L": options.size, "n": options.sweeps}
    spec = rgc.load(SPEC, settings=settings, scan={"K": f"0.36:0.52:{options.points}"})
    answer = rgc.compile(spec, backend=options.backend).run(seed=1)

    print("K        energy            specific heat     Binder")
    for point in answer.points:
        shown = (point.result.observables[name] for name in ("energy", "specific_heat", "binder"))
        print(
            f"{point.parameters['K']:.4f}  "
            + "  ".join(f"{x.value:8.5f}({x.error:.5f})" for x in shown)
        )

    peak = answer.observables["K_max"]
    where = f"at K = {peak.value:.4f} +- {peak.error:.4f}" if peak.value is not None else peak.note
    print(f"\nmaximum of the specific heat: {where}")


if __name__ == "__main__":
    main()
