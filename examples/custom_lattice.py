"""A lattice of one's own, and an exact check on it.

The Lieb lattice is a square lattice with a spin on every bond. Summing over the spins on the bonds,
each of which has two neighbours, leaves a square lattice with the coupling K' = ln(cosh 2K) / 2. So
the corner spins of the one and all spins of the other have the same correlations.

    python examples/custom_lattice.py [--size 8] [--sweeps 5000] [--backend numba]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from math import cosh, hypot, log

import rgc

LIEB = """\
title "Ising model on the Lieb lattice"
parameters { K = 0.6, L = 8, n = 5000 }
lattice crystal(vectors=[(2,0), (0,2)], basis=[(0,0), (1,0), (0,1)], size=L)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
flow sample(sweeps=n)
measure {
  bond   = mean(c in cells) s[c.a]*s[c.a+x]
  square = mean(c in cells) s[c.a]*s[c.a+x]*s[c.a+x+y]*s[c.a+y]
}
"""

SQUARE = """\
title "Ising model on the square lattice"
parameters { K = 0.3, L = 8, n = 5000 }
lattice square(L)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
flow sample(sweeps=n)
measure {
  bond   = mean(i) s[i]*s[i+x]
  square = mean(plaquette(i,j,k,l)) s[i]*s[j]*s[k]*s[l]
}
"""


def main(words: Sequence[str] | None = None) -> list[float]:
    """Print both lattices side by side and return the differences in standard errors."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=8)
    parser.add_argument("--sweeps", type=int, default=5000)
    parser.add_argument("--backend", default="numba")
    options = parser.parse_args(words)

    coupling = 0.6
    settings = {"L": options.size, "n": options.sweeps}
    lieb = rgc.compile(LIEB, backend=options.backend, settings={**settings, "K": coupling}).run(
        seed=1
    )
    summed = log(cosh(2 * coupling)) / 2
    square = rgc.compile(SQUARE, backend=options.backend, settings={**settings, "K": summed}).run(
        seed=2
    )

    print(f"Lieb lattice at K = {coupling}, square lattice at K' = {summed:.6f}")
    differences = []
    for name in ("bond", "square"):
        a, b = lieb.result.observables[name], square.result.observables[name]
        differences.append((a.value - b.value) / hypot(a.error, b.error))
        print(
            f"{name:7} {a.value:.5f}({a.error:.5f})  {b.value:.5f}({b.error:.5f})  "
            f"{differences[-1]:+.1f} sigma"
        )
    return differences


if __name__ == "__main__":
    main()
