"""Block-spin maps: which fine sites make a coarse spin, and by what rule."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from rgc.model.lattice import Lattice, Site

Rule = Literal["majority", "kadanoff", "decimate", "average", "kernel", "learned"]


@dataclass(frozen=True, slots=True)
class Block:
    """A block-spin map t(R, k) = rule(s(factor*R + offset) for offset in cells[k]).

    `factor`: fine unit cells per coarse unit cell along each vector. `cells[k]`: the fine sites, relative to the fine cell
    factor*R, that make the coarse site of letter k at R. `scale` is b, the ratio of lattice constants. `p` is the parameter of
    kadanoff: p(t|s) proportional to exp(p*t*sum s). `free` is set for `p=free`: "step" (once per step) or "block".
    """

    rule: Rule
    scale: float
    factor: tuple[int, ...]
    cells: tuple[tuple[Site, ...], ...]
    p: float | None = None
    free: Literal["step", "block"] | None = None

    def coarse(self, lattice: Lattice) -> Lattice:
        """The lattice of the block spins, in its own units: the same crystal with shape / factor.

        Raises `ValueError` when the block does not divide the lattice.
        """
        shape = tuple(
            None if size is None else size // f for size, f in zip(lattice.shape, self.factor, strict=True)
        )
        if any(size is not None and size % f for size, f in zip(lattice.shape, self.factor, strict=True)):
            raise ValueError(f"blocks of {self.factor} cells do not divide a lattice of {lattice.shape}")
        return replace(lattice, shape=shape)
