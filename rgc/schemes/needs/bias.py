"""What a bias on block spins asks of a spec, where all finer spins are sampled with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod

from rgc.errors import Problem
from rgc.language.values import CallValue, Value
from rgc.model.block import Block
from rgc.model.lattice import Lattice
from rgc.model.spec import Spec
from rgc.passes.decide_blocks import HardMap, follows, tied
from rgc.schemes.needs.steps import shapes, until_smallest
from rgc.schemes.scheme import Asked

MOST_LETTERS = 128
"""Spins of all levels that a block of the last level may hold: each has a rule of its own."""

MOST_IN_CELL = 9
"""The largest number of spins that make one block spin of a soft map, whose logarithm is written
out as 2^n products."""


def steps(spec: Spec, options: Mapping[str, Value]) -> Mapping[str, Value]:
    """The default of `steps`: until the lattice has size 4, or until a block of the last level
    holds `MOST_LETTERS` spins.
    """
    found = until_smallest(spec, options)
    most = found.get("steps")
    if not isinstance(most, int) or not isinstance(spec.lattice, Lattice) or not spec.blocks:
        return found
    fit = [n for n in range(1, most + 1) if letters(spec.lattice, spec.blocks, n) <= MOST_LETTERS]
    return {"steps": max(fit, default=1)}


def letters(lattice: Lattice, blocks: Sequence[Block], steps: int) -> int:
    """The spins of all levels in a block of the last of so many levels, with those that decide
    ties.
    """
    levels = shapes(lattice, blocks)[: steps + 1]
    cells = [prod(shape) for shape in levels]
    used = [blocks[step % len(blocks)] for step in range(steps)]
    ties = [0, *(_ties(block) or 0 for block in used)]
    pairs = zip(cells, ties, strict=True)
    return sum(n // cells[-1] * (len(lattice.basis) + free) for n, free in pairs)


def periodic(asked: Asked) -> Iterator[Problem]:
    """Report edges, near which the couplings of a level differ from place to place."""
    lattice = asked.spec.lattice
    edges = set(lattice.boundary) - {"periodic"} if isinstance(lattice, Lattice) else ()
    for edge in sorted(edges):
        message = f"near an {edge} edge the couplings of block spins differ from place to place"
        place = asked.section("lattice")
        yield Problem("wrong-lattice", message, place, hint="use boundary=periodic")


def something_left(asked: Asked) -> Iterator[Problem]:
    """Report a target that is the whole Hamiltonian of a level."""
    target = asked.options.get("target")
    if isinstance(target, int | float) and target >= 1:
        message = f"target={target:g} leaves nothing to a bias; it lies below 1"
        hint = "target=0.8 leaves four fifths; flow mcrg() has no bias"
        yield Problem("out-of-range", message, asked.place("target"), hint=hint)


def small_crystal(asked: Asked) -> Iterator[Problem]:
    """Report cells of too many spins, and steps after which a block holds too many."""
    lattice, blocks, steps = asked.spec.lattice, asked.spec.blocks, asked.options.get("steps")
    if not isinstance(lattice, Lattice) or not asked.read("block", "lattice", "spins"):
        return
    written = [block for block in blocks if block.layer is None]  # learned maps come later
    try:
        soft = [block for block in written if not follows(block)]
    except HardMap as hard:
        message = f"this block map cannot be sampled together with a bias yet: {hard}"
        hint = "use kadanoff(b, p=...) or kernel(b, T=...)"
        yield Problem("not-yet", message, asked.section("block"), hint=hint)
        return
    largest = max((len(cell) for block in soft for cell in block.cells), default=0)
    if largest > MOST_IN_CELL:
        message = f"a cell of this block map has {largest} spins; a bias takes {MOST_IN_CELL}"
        hint = "take smaller cells and more steps"
        yield Problem("cell-too-large", message, asked.section("block"), hint=hint)
        return
    if not isinstance(steps, int) or any(not block.factor for block in blocks):
        return
    if not lattice.finite or steps >= len(shapes(lattice, blocks)):
        return
    count = letters(lattice, blocks, steps)
    if count > MOST_LETTERS:
        fit = [n for n in range(1, steps) if letters(lattice, blocks, n) <= MOST_LETTERS]
        message = (
            f"after {steps} steps a block holds {count} spins of all levels; "
            f"at most {MOST_LETTERS} are sampled together"
        )
        hint = f"steps={max(fit)} fits" if fit else "take smaller blocks"
        yield Problem("too-many-steps", message, asked.place("steps"), hint=hint)


def _ties(block: Block) -> int | None:
    """How many block spins of a cell may be tied, None for a soft map. A map that none can follow
    is soft here, and `small_crystal` reports it.
    """
    try:
        return tied(block) if follows(block) else None
    except HardMap:
        return None


def certain(block: Block) -> bool:
    """Whether block spins follow their cells."""
    return _ties(block) is not None


def heat_bath(asked: Asked) -> Iterator[Problem]:
    """Report an update that block spins cannot follow."""
    update = asked.options.get("update")
    name = update.name if isinstance(update, CallValue) else update
    if name in ("local", "auto", "heat_bath") or not asked.read("block"):
        return
    if any(map(certain, asked.spec.blocks)):
        message = "block spins that follow their cells turn with them by heat bath"
        yield Problem("unknown-update", message, asked.place("update"), hint="use update=local")
