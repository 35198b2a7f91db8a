"""Critical exponents of the 2D Ising model from Python: load a spec, compile it, run it, read the numbers.

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

    for name, found in answer.exponents.items():
        error = (
            f"+- {found.error:.4f}"
            if found.error is not None
            else f"+- {found.statistical:.4f} at least"
        )
        print(f"{name:6} {found.value:8.4f} {error}")
    for warning in answer.warnings:
        print(f"warning: {warning}")

    print("\nlevel  sector  operators  exponent")
    for each in answer.eigenvalues:
        if each.index == 1 and not each.wrapped:
            spread = f"{each.exponent:.4f} +- {each.exponent_error:.4f}"
            print(f"{each.level:5}  {each.sector:6}  {each.operators:9}  {spread}")

    for check in answer.checks:
        print(
            f"\n{check.expectation.target}: {'passed' if check.passed else 'failed: ' + check.reason}"
        )


if __name__ == "__main__":
    main()
