"""Which block spins their cells decide: those of maps that are deterministic but for ties."""

from __future__ import annotations

from math import isfinite

from rgc.model.block import Block
from rgc.model.block_rule import Law
from rgc.model.counted import POSSIBLE, Copied, Counted
from rgc.model.lattice import Cell


class HardMap(ValueError):
    """A block map fixes some block spins and draws others with chances that are no ties, so that
    none can follow.
    """


def decision(law: Law) -> tuple[tuple[int, ...], tuple[bool | None, ...]] | None:
    """Which sites of the cell decide the block spin, and `Follower.minus`, for a law that leaves
    nothing but ties open; None for one that fixes nothing. Raises `HardMap` for others.
    """
    if isinstance(law, Copied):
        return (law.site,), (False, True)
    if not isinstance(law, Counted):
        return None
    odds = [law.log_odds(down) for down in range(law.size + 1)]
    certain = [not isfinite(each.constant) for each in odds]
    if not any(certain):
        return None
    if any(each != POSSIBLE for each, sure in zip(odds, certain, strict=True) if not sure):
        raise HardMap("it is certain of some block spins, and others are neither tied nor certain")
    minus = (each.constant < 0 if sure else None for each, sure in zip(odds, certain, strict=True))
    return tuple(range(law.size)), tuple(minus)


def tied(block: Block) -> int:
    """How many block spins of a cell of the level may be tied. Raises `HardMap`."""
    laws = [rule.laws for rule in block.rules if block.uniform]
    return sum(any(None in found[1] for found in map(decision, each) if found) for each in laws)


def follows(block: Block) -> bool:
    """Whether block spins follow their cells. Raises `HardMap` where none can."""
    deciding: list[tuple[Cell, int]] = []
    for cell, rule in zip(block.cells, block.rules, strict=False):
        found = filter(None, map(decision, rule.laws))
        for site in (cell[k] for k in sorted({k for which, _ in found for k in which})):
            places = zip(site.cell, block.factor, strict=True)
            deciding.append((tuple(x % f for x, f in places), site.letter))
    if len(set(deciding)) < len(deciding):
        raise HardMap("its cells share spins")
    return bool(deciding)
