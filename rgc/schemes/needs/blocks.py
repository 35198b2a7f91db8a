"""Which block maps a scheme takes."""

from __future__ import annotations

from collections.abc import Iterator
from math import comb

from rgc.errors import Problem, listing
from rgc.model.block_maps import BLOCKS
from rgc.model.counted import MOST_COUNTS, Counted
from rgc.model.lattice import Lattice
from rgc.model.lattices import AXES
from rgc.model.weighed import MOST_TABULATED
from rgc.schemes.scheme import Asked


def suit(asked: Asked) -> Iterator[Problem]:
    """Report block maps that the scheme does not take."""
    allowed = asked.scheme.rules
    for rule, span in asked.maps if allowed else ():
        if rule in BLOCKS and rule not in allowed:
            message = f"'{asked.scheme.name}' has no use for the block map '{rule}'"
            yield Problem("wrong-block", message, span, hint=f"it takes {listing(allowed, 'or')}")


def keep_the_alphabet(asked: Asked) -> Iterator[Problem]:
    """Report averages of discrete spins where operators of block spins and of fine ones are
    compared.
    """
    if not any(species.states is not None for species in asked.spec.species):
        return
    for rule, span in asked.maps:
        if rule in BLOCKS and BLOCKS[rule].real:
            message = (
                "the average of discrete spins is no spin of the same kind, "
                "so block and fine operators cannot be compared"
            )
            hint = "use majority"
            yield Problem("average-discrete", message, span, hint=hint)


def inside_edges(asked: Asked) -> Iterator[Problem]:
    """Report cells that reach beyond an edge where the lattice does not go on as it began."""
    lattice = asked.spec.lattice
    if not isinstance(lattice, Lattice) or not asked.read("block", "lattice"):
        return
    for block in asked.spec.blocks:
        for axis, (edge, factor) in enumerate(zip(lattice.boundary, block.factor, strict=False)):
            inside = all(0 <= site.cell[axis] < factor for cell in block.cells for site in cell)
            if edge != "periodic" and not inside:
                name = AXES[axis : axis + 1] or axis + 1
                message = f"cells of the block reach beyond the {edge} edge along {name}"
                hint = "use boundary=periodic"
                if block.layer is not None:
                    hint += f", or connect=convolution(kernel={factor})"
                yield Problem("block-over-edge", message, asked.section("block"), hint=hint)
                return


def drawn(asked: Asked) -> Iterator[Problem]:
    """Report laws that would be tabulated over the states, or the counts, of too many spins before
    block spins are drawn from them.
    """
    if not asked.read("block", "spins"):
        return
    rules = [rule for block in asked.spec.blocks for rule in block.rules]
    spins = max((rule.tabulated for rule in rules), default=0)
    if spins > MOST_TABULATED:
        message = (
            f"a cell of this block map has {spins} spins, "
            f"and its kernel is tabulated over the states of at most {MOST_TABULATED}"
        )
        hint = "take smaller cells, or majority or kadanoff"
        yield Problem("cell-too-large", message, asked.section("block"), hint=hint)
    for size, states in sorted(
        {
            (law.size, law.states)
            for rule in rules
            for law in rule.laws
            if isinstance(law, Counted) and law.states > 2 and _counts(law) > MOST_COUNTS
        }
    ):
        message = (
            f"the states of {size} spins have {comb(size + states - 1, size)} counts; block spins "
            f"of {states} states are drawn from at most {MOST_COUNTS}"
        )
        hint = "take smaller cells, or decimate"
        yield Problem("cell-too-large", message, asked.section("block"), hint=hint)


def _counts(law: Counted) -> int:
    return comb(law.size + law.states - 1, law.size)


def one_for_all_steps(asked: Asked) -> Iterator[Problem]:
    """Report a free parameter that each block has for itself."""
    if any(block.free == "block" for block in asked.spec.blocks):
        message = "every block has the p of its sector here: one for all blocks and all steps"
        yield Problem("wrong-block", message, asked.section("block"), hint="write p=free")
