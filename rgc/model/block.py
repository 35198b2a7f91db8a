"""Block-spin maps: which fine sites make a coarse spin, and by what rule."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from rgc.model.hamiltonian import Table
from rgc.model.lattice import Cell, Lattice, Site

Rule = Literal["majority", "kadanoff", "decimate", "average", "kernel", "learned"]


@dataclass(frozen=True, slots=True)
class Block:
    """A block-spin map t(R, k) = rule(s(factor*R + offset) for offset in cells[k]).

    `factor`: fine unit cells per coarse unit cell along each vector. `cells[k]`: the fine sites, relative to the fine cell
    factor*R, that make the coarse site of letter k at R. `scale` is b, the ratio of lattice constants. `p` is the parameter of
    kadanoff: p(t|s) proportional to exp(p*t*sum s). `free` is set for `p=free`: "step" (once per step), "block" or "flow" (one for all steps).

    `vectors`: the coarse primitive vectors in fine cells, where they are not factor_k along vector k (`cell=triangle`); `factor`
    is empty then. `transfer[k]`: T(s, t) of a block of letter k as written, a sum of tables of its fine spins and of the block spins, whose
    species are counted behind those of the fine ones; with `normalised` ln Tr_t exp(T) is subtracted. A learned map has neither cells
    nor factor, and its scale follows from the stack: it is 1 here. On lattices without cells `factor` and `cells` are empty.
    """

    rule: Rule
    scale: float
    factor: tuple[int, ...]
    cells: tuple[tuple[Site, ...], ...]
    p: float | None = None
    free: Literal["step", "block", "flow"] | None = None
    vectors: tuple[Cell, ...] = ()
    transfer: tuple[tuple[Table, ...], ...] = ()
    normalised: bool = False

    def coarse(self, lattice: Lattice) -> Lattice:
        """The lattice of the block spins, in its own units: the same crystal with shape / factor.

        Raises `ValueError` when the block does not divide the lattice.
        """
        if not self.factor:
            if lattice.finite:
                raise ValueError("these blocks do not fit on a periodic lattice")
            return lattice
        if any(size is not None and size % f for size, f in zip(lattice.shape, self.factor, strict=True)):
            raise ValueError(f"blocks of {self.factor} cells do not divide a lattice of {lattice.shape}")
        shape = tuple(
            None if size is None else size // f for size, f in zip(lattice.shape, self.factor, strict=True)
        )
        return replace(lattice, shape=shape)


def turns_with(block: Block, kind: int, species: int) -> bool:
    """Whether the map does not change when every spin of one of two-state `species` is flipped, of fine sites and of blocks. All rules
    do but a kernel that was written otherwise."""
    if block.rule != "kernel":
        return True
    for table in (each for tables in block.transfer for each in tables):
        axes = [
            len(table.spins) - 1 - k for k, spin in enumerate(table.spins) if spin.species % species == kind
        ]
        mask = sum(1 << axis for axis in axes)
        size = 1e-12 * max(map(abs, table.energies))
        if any(abs(value - table.energies[n ^ mask]) > size for n, value in enumerate(table.energies)):
            return False
    return True
