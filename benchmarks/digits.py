"""Log-likelihood of digits that were kept apart, after equal processor time: rgc and scikit-learn.

    python benchmarks/digits.py [--epochs 2000] [--seeds 3]

The 1797 digits of scikit-learn (Alpaydin and Kaynak 1998), 8 x 8 pixels thresholded at half their
range, of which a sixth is kept apart; 20 hidden units, so that ln Z is a sum. rgc trains first, by
persistent chains, and `BernoulliRBM`, at three rates, is given the processor time that it took.
Times are of one process on one core, without compiling. Without scikit-learn nothing is done.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

import numpy as np
from numpy.typing import NDArray

import rgc
from rgc.flows.machines.log_z import exact_log_z
from rgc.flows.machines.machine import Machine
from rgc.flows.machines.sides import side
from rgc.flows.machines.weights_file import PARAMETER_UNIT
from rgc.language.alphabets import ALPHABETS

Floats = NDArray[np.float64]

HIDDEN, RATES, APART = 20, (0.01, 0.05, 0.1), 1797 // 6

SPEC = """
spins v: binary
data file("rows.npy")
stack {{ rbm({hidden}, train=pcd(epochs={epochs}, rate=[0.1, 0.1, 0])) }}
flow train(receptive_fields=false)
"""


def log_likelihood(weights: Floats, visible: Floats, hidden: Floats, rows: Floats) -> float:
    """<ln p> over rows, with the exact ln Z."""
    one = Machine(
        visible=side(ALPHABETS["binary"], len(visible)),
        hidden=side(ALPHABETS["binary"], len(hidden)),
        weights=weights,
        visible_bias=visible,
        hidden_bias=hidden,
    )
    return float(-one.visible_energies(rows).mean()) - exact_log_z(one)


def ours(folder: Path, epochs: int, seed: int, test: Floats) -> tuple[float, float]:
    """The log-likelihood that rgc ends at, and its processor time."""
    (folder / "digits.rgc").write_text(SPEC.format(hidden=HIDDEN, epochs=epochs))
    compiled = rgc.compile(folder / "digits.rgc", threads=1)
    start = process_time()
    result = compiled.run(seed=seed, checkpoints=False).points[0].result
    seconds = process_time() - start
    found = [result.weights[f"{name}_1"] for name in ("weights", "visible", "hidden")]
    return log_likelihood(*(PARAMETER_UNIT * array for array in found), test), seconds


def theirs(train: Floats, rate: float, seconds: float, seed: int, test: Floats) -> float:
    """The log-likelihood of scikit-learn's machine after so much processor time."""
    from sklearn.neural_network import BernoulliRBM

    one: Any = BernoulliRBM(HIDDEN, learning_rate=rate, random_state=seed)
    random, start = np.random.default_rng(seed), process_time()
    while process_time() - start < seconds:
        order = random.permutation(len(train))
        for first in range(0, len(train), one.batch_size):
            one.partial_fit(train[order[first : first + one.batch_size]])
    visible, hidden = one.intercept_visible_, one.intercept_hidden_
    return log_likelihood(one.components_.T, visible, hidden, test)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--epochs", type=int, default=2000)
    parser.add_argument("--seeds", type=int, default=3)
    chosen = parser.parse_args()
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        print("scikit-learn is not installed: nothing to compare with")
        return
    rows = (load_digits().data > 7.5).astype(np.float64)
    rows = rows[np.random.default_rng(0).permutation(len(rows))]
    train, test = rows[:-APART], rows[-APART:]
    with TemporaryDirectory() as name:
        np.save(Path(name) / "rows.npy", train.astype(np.uint8))
        ours(Path(name), 1, 0, test)  # compiles
        print(f"| seed | seconds | rgc | {' | '.join(f'rate {rate}' for rate in RATES)} |")
        print("| --- | --- | --- |" + " --- |" * len(RATES))
        for seed in range(chosen.seeds):
            mine, seconds = ours(Path(name), chosen.epochs, seed, test)
            others = [theirs(train, rate, seconds, seed, test) for rate in RATES]
            print(f"| {seed} | {seconds:.1f} | {mine:.2f} | ", end="")
            print(" | ".join(f"{each:.2f}" for each in others), "|", flush=True)


if __name__ == "__main__":
    main()
