"""What a kernel is handed at run time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Arguments:
    """Run-time values of a program, computed once on the host and equal for every backend.

    `thresholds` u64[slot, 1 + planes, word]: entry 0 is the mask of the replicas where the probability is 1 ("always"), entry
    1 + k the mask of the replicas whose threshold has bit planes-1-k set. `weights` int32[weight, 64 * word], units of 2^-20 kT.
    """

    thresholds: NDArray[np.uint64]
    weights: NDArray[np.int32]
