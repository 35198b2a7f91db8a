"""How often a lattice can be blocked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod

from rgc.errors import Problem
from rgc.language.values import Value
from rgc.model.block import Block
from rgc.model.lattice import Lattice
from rgc.model.spec import Spec
from rgc.schemes.scheme import Asked

SMALLEST = 4
"""The smallest size of the last level where the number of steps is not written."""


def shapes(lattice: Lattice, blocks: Sequence[Block]) -> list[tuple[int, ...]]:
    """The shapes of levels 0, 1, ... for as long as the blocks, in turn, divide the lattice."""
    levels = [lattice.cells]
    while blocks and max(levels[-1]) > 1:
        factor = blocks[(len(levels) - 1) % len(blocks)].factor
        fits = prod(factor) > 1 and len(factor) == lattice.dimension
        if not fits or any(n % f for n, f in zip(levels[-1], factor, strict=True)):
            break
        levels.append(tuple(n // f for n, f in zip(levels[-1], factor, strict=True)))
    return levels


def until_smallest(spec: Spec, options: Mapping[str, Value]) -> Mapping[str, Value]:
    """The default of `steps`, which is at least one: steps go on until the smallest size is
    `SMALLEST`.
    """
    if not isinstance(spec.lattice, Lattice) or not spec.lattice.finite:
        return {}
    levels = shapes(spec.lattice, spec.blocks)
    return {"steps": max(1, sum(min(shape) >= SMALLEST for shape in levels) - 1)}


def possible_steps(asked: Asked) -> Iterator[Problem]:
    """Report more steps than there are levels with more than one cell along each axis, or of a
    lattice without such a level more than there are levels.
    """
    steps, lattice, blocks = asked.options.get("steps"), asked.spec.lattice, asked.spec.blocks
    if not isinstance(steps, int) or not isinstance(lattice, Lattice) or not lattice.finite:
        return
    if not asked.read("block", "lattice", "spins") or any(not block.factor for block in blocks):
        return
    every = shapes(lattice, blocks)
    levels = [shape for shape in every if min(shape) > 1]
    if len(levels) < 2:
        levels = every
    possible = len(levels) - 1
    if 0 < possible < steps:
        last, size = " x ".join(map(str, levels[-1])), " x ".join(map(str, lattice.cells))
        times = "once" if possible == 1 else f"{possible} times"
        message = f"{steps} steps, but {size} cells can be blocked {times}, to {last}"
        hint = f"steps={possible} at most, or a larger lattice"
        yield Problem("too-many-steps", message, asked.place("steps"), hint=hint)
