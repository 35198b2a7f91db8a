"""Critical exponents of the 2D Ising model from Python.

The program loads a spec, compiles it, runs it and reads the numbers.

    python examples/exponents.py [--size 32] [--sweeps 4000] [--seed 7] [--backend numba]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import rgc

SPEC = Path(__file__).with_name("ising2d.rgc")


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--sweeps", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--backend", default="numba")
    options = parser.parse_args(words)

    spec = rgc.load(SPEC, settings={"L": options.size, "n": options.sweeps})
    answer = rgc.compile(spec, backend=options.backend).run(seed=options.seed)

    for name, estimate in answer.exponents.items():
        error = (
            f"+- {estimate.error:.4f}"
            if estimate.error is not None
            else f"+- {estimate.statistical:.4f} at least"
        )
        print(f"{name:6} {estimate.value:8.4f} {error}")
    for warning in answer.warnings:
        print(f"warning: {warning}")

    print("\nlevel  sector  operators  exponent")
    for eigenvalue in answer.eigenvalues:
        if eigenvalue.index == 1 and not eigenvalue.wrapped:
            spread = f"{eigenvalue.exponent:.4f} +- {eigenvalue.exponent_error:.4f}"
            print(
                f"{eigenvalue.level:5}  {eigenvalue.sector:6}  {eigenvalue.operators:9}  {spread}"
            )

    for check in answer.checks:
        print(
            f"\n{check.expectation.target}: "
            f"{'passed' if check.passed else 'failed: ' + check.reason}"
        )


if __name__ == "__main__":
    main()
