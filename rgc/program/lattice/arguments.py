"""The arguments of lattice programs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.program.arguments import Arguments
from rgc.program.family import Argument

ARGUMENTS = {
    "thresholds": Argument("uint64", ("slot", "1 + planes", "word")),
    "weights": Argument("int32", ("weight", "replica")),
    "couplings": Argument("int32", ("matrix", "site", "other site", "64 * block, or 1")),
    "blocks": Argument("int64", ("word",)),
}


def lattice_arguments(
    thresholds: NDArray[np.uint64],
    weights: NDArray[Any] | None = None,
    couplings: NDArray[Any] | None = None,
    blocks: NDArray[Any] | None = None,
) -> Arguments:
    """The arguments of a lattice program; without `weights` those of a program that weighs nothing.

    `thresholds` u64[slot, 1 + planes, word]: entry 0 is the mask of the replicas where the
    probability is 1 ("always"), entry 1 + k the mask of the replicas whose threshold has bit
    planes-1-k set. `weights` int32[weight, 64 * word] is in units of 2^-20 kT, and so are
    `couplings` int32[matrix, site, other site, 64 * block]. Word w has those of block blocks[w], by
    default w. Where all replicas have the same the last axis is 1.
    """
    if weights is None:
        weights = np.zeros((0, 64 * thresholds.shape[-1]), dtype=np.int32)
    if couplings is None:
        couplings = np.zeros((0, 0, 0, 1), dtype=np.int32)
    if blocks is None:
        blocks = np.arange(thresholds.shape[-1], dtype=np.int64)
    arrays = {"thresholds": thresholds, "weights": weights, "couplings": couplings}
    return Arguments({**arrays, "blocks": blocks})


def from_word(arguments: Arguments, word: int) -> Arguments:
    """The values of the replicas from `word` on."""
    return lattice_arguments(
        arguments["thresholds"][..., word:],
        arguments["weights"][:, 64 * word :],
        arguments["couplings"],
        arguments["blocks"][word:],
    )
