"""Block-spin maps: which fine sites make a coarse spin, and by what law."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from rgc.errors import Problem, SpecError
from rgc.model.block_rule import BlockRule
from rgc.model.lattice import Cell, Lattice, Site
from rgc.model.sites import flatten
from rgc.model.stack import Rbm


@dataclass(frozen=True, slots=True)
class Block:
    """A block-spin map: the block spins at the coarse site (R, k) are made from the fine sites
    factor * R + cells[k].

    - `name` is that of its row in `rgc.model.block_maps.BLOCKS`.
    - `factor` holds the number of fine unit cells per coarse unit cell along each vector.
    - `cells[k]` are the fine sites, relative to the fine cell factor * R, that make the coarse site
      of letter k at R.
    - `scale` is b, the ratio of lattice constants.
    - `rules[k]` is the law of the block spins of letter k, or, where the map differs from place to
      place, of the coarse site of number k, cells row-major and the letters of a cell together.
      Maps whose block spins have no law yet have none.
    - `p` is the parameter of the laws, if they have one.
    - `free` is set for `p=free`: "step" (once per step), "block" or "flow" (one for all steps).
    - `vectors` are the coarse primitive vectors in fine cells, where they are not factor_k along
      vector k (`cell=triangle`). Then `factor` is empty.
    - `layer` is the layer of a stack that a learned map is. Its windows are the cells, which may
      overlap, and its weights make the laws, when a run has read them.

    On lattices without cells `factor`, `cells` and `rules` are empty.
    """

    name: str
    scale: float
    factor: tuple[int, ...]
    cells: tuple[tuple[Site, ...], ...]
    rules: tuple[BlockRule, ...] = ()
    p: float | None = None
    free: Literal["step", "block", "flow"] | None = None
    vectors: tuple[Cell, ...] = ()
    layer: Rbm | None = None

    @property
    def uniform(self) -> bool:
        """Whether the law of a block spin depends on its letter alone."""
        return len(self.rules) <= len(self.cells)

    def number(self, at: Cell, letter: int) -> int:
        """Which of the rules makes the block spins of a coarse site."""
        places = self.layer.hidden.places if self.layer is not None else None
        if self.uniform or not isinstance(places, Lattice):
            return letter
        return flatten(at, places.cells) * len(self.cells) + letter

    def law(self, number: int) -> BlockRule:
        """The rule of this number, of a uniform map that of a letter. Raises `SpecError` for a map
        that has none."""
        if not self.rules:
            message = f"the block map '{self.name}' has no law of one block spin"
            raise SpecError([Problem("not-yet", message)])
        return self.rules[number]

    def laws(self, letter: int) -> tuple[BlockRule, ...]:
        """The laws of the block spins of a letter in all places."""
        return (self.law(letter), *self.rules[letter + len(self.cells) :: len(self.cells)])

    @property
    def drawn(self) -> Block:
        """The map with every law divided by its sum over the block spins, as draws have it."""
        return replace(self, rules=tuple(rule.normal() for rule in self.rules))

    def coarse(self, lattice: Lattice) -> Lattice:
        """The lattice of the block spins, in its own units: the same crystal with shape / factor.

        Raises `ValueError` when the block does not divide the lattice.
        """
        if not self.factor:
            if lattice.finite:
                raise ValueError("these blocks do not fit on a periodic lattice")
            return lattice
        if any(
            size is not None and size % f
            for size, f in zip(lattice.shape, self.factor, strict=True)
        ):
            raise ValueError(
                f"blocks of {self.factor} cells do not divide a lattice of {lattice.shape}"
            )
        shape = tuple(
            None if size is None else size // f
            for size, f in zip(lattice.shape, self.factor, strict=True)
        )
        return replace(lattice, shape=shape)
