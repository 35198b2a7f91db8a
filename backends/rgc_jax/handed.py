"""Arguments of a kernel, on the host and on devices."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import numpy as np
from numpy.typing import NDArray

from rgc.backend import Arguments
from rgc_jax.devices import Share

Words = NDArray[np.uint64]


@dataclass(frozen=True, slots=True, eq=False)
class Handed:
    """Arguments, remembered: their values on the host, the integers T if all replicas have the
    same, and arrays on the devices."""

    thresholds: Words
    weights: NDArray[np.int32]
    couplings: NDArray[np.int32]
    blocks: NDArray[np.int64]
    values: tuple[int, ...] | None
    put: dict[tuple[Share, bool], tuple[jax.Array, ...]]

    @property
    def coupled_alike(self) -> bool:
        """Whether all replicas have the same couplings."""
        return self.couplings.shape[-1] == 1

    def equal(self, arguments: Arguments) -> bool:
        return (
            np.array_equal(self.thresholds, arguments["thresholds"])
            and np.array_equal(self.weights, arguments["weights"])
            and np.array_equal(self.couplings, arguments["couplings"])
            and np.array_equal(self.blocks, arguments["blocks"])
        )

    def on(self, share: Share, same: bool) -> tuple[jax.Array, ...]:
        if (share, same) not in self.put:
            table = self.thresholds
            thresholds = share.everywhere(table[..., 0]) if same else share.put(table)
            lanes = (1, 1) if self.coupled_alike else (self.couplings.shape[3] // 64, 64)
            self.put[share, same] = (
                thresholds,
                share.put(self.weights, 64),
                share.everywhere(self.couplings.reshape(*self.couplings.shape[:3], *lanes)),
                share.put(self.blocks),
            )
        return self.put[share, same]
