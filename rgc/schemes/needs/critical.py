"""What a search for a critical point by sampling asks of a spec."""

from __future__ import annotations

from collections.abc import Iterator

from rgc.errors import Problem, listing, suggest
from rgc.model.lattice import Lattice
from rgc.model.tempering import tempering
from rgc.passes.wrapping import meets_itself
from rgc.schemes.scheme import Asked

SHORT, DOUBLINGS = 8, 5
"""The number of short stages, and how often stages double before the last has all sweeps."""

FEWEST_STEPS = 3
"""Fewer steps make too few pairs of levels to tell a systematic error."""


def search(asked: Asked) -> Iterator[Problem]:
    """Report what a search does not move, or could not compare on two lattices."""
    if "find" not in asked.options:
        if "coupling" in asked.places:
            message = "without find=critical nothing moves a coupling"
            hint = "add find=critical, or leave coupling out"
            yield Problem("unused-option", message, asked.place("coupling"), hint=hint)
        return
    if tempering(asked.options.get("update")) is not None:
        message = "a search moves the couplings, and tempering runs them at values of its own"
        hint = "leave find out, or search with update=wolff"
        yield Problem("wrong-update", message, asked.place("update"), hint=hint)
    yield from _coupling(asked)
    yield from _blocks(asked)
    yield from _smaller(asked)


def _coupling(asked: Asked) -> Iterator[Problem]:
    """Report a coupling that is not there, that is 0, or that is one of a constant."""
    hamiltonian, name = asked.spec.hamiltonian, asked.options.get("coupling")
    if hamiltonian is None:
        return
    terms = {term.name: term for term in hamiltonian.terms}
    place = asked.place("coupling" if "coupling" in asked.places else "find")
    if isinstance(name, str) and name not in terms:
        message = f"no coupling of the Hamiltonian is called '{name}'"
        hint = suggest(name, terms) or f"it has {', '.join(terms)}"
        yield Problem("unknown-coupling", message, place, hint=hint)
        return
    moved = [term for term in terms.values() if name in (None, term.name)]
    if moved and not any(term.of_spins for term in moved):
        named = listing([term.name for term in moved])
        message = f"{named} multiplies no spins, and what is added to the energy moves nothing"
        others = [term.name for term in terms.values() if term.coupling and term.of_spins]
        hint = f"move {listing(others, 'or')}" if others else "add a term with spins"
        yield Problem("unused-option", message, place, hint=hint)
    elif not any(term.coupling and term.of_spins for term in moved):
        message = "a search multiplies couplings, and 0 stays 0"
        yield Problem("unused-option", message, place, hint="start from a coupling that is not 0")


def _blocks(asked: Asked) -> Iterator[Problem]:
    """Report block maps with which no smaller lattice has the same levels."""
    if not asked.read("block", "lattice"):
        return
    blocks, place = asked.spec.blocks, asked.section("block")
    if any(block.free for block in blocks):
        message = "a search compares two lattices under one block map, and p=free has many"
        yield Problem("wrong-block", message, place, hint="write p=1, or another number")
    elif len(set(blocks)) > 1:
        message = "a search compares levels that differ by one step of one block map"
        yield Problem("wrong-block", message, place, hint="use the same block map at every step")
    elif any(block.layer is not None for block in blocks):
        message = "a search needs a block map for the smaller lattice too, and a layer has one size"
        yield Problem("wrong-block", message, place, hint="use majority or kadanoff")


def _smaller(asked: Asked) -> Iterator[Problem]:
    """Report too few steps, and a smaller lattice that does not hold the terms."""
    steps, lattice = asked.options.get("steps"), asked.spec.lattice
    hamiltonian, blocks = asked.spec.hamiltonian, asked.spec.blocks
    if isinstance(steps, int) and steps < FEWEST_STEPS:
        message = (
            f"a search compares two lattices at every step; with {steps} "
            f"{'step' if steps == 1 else 'steps'} it cannot tell how the result settles"
        )
        hint = f"take a lattice that can be blocked {FEWEST_STEPS} times, and steps={FEWEST_STEPS}"
        yield Problem("out-of-range", message, asked.place("steps"), hint=hint)
        return
    if not isinstance(lattice, Lattice) or not lattice.finite or hamiltonian is None:
        return
    if not asked.read("block", "lattice", "spins") or not blocks or not blocks[0].factor:
        return
    try:
        smaller = blocks[0].coarse(lattice)
    except ValueError:
        return  # blocks that do not divide the lattice are reported elsewhere
    small = next((term for term in hamiltonian.terms if meets_itself(term, smaller)), None)
    if small is not None:
        size = " x ".join(map(str, smaller.cells))
        message = f"on the smaller lattice of the search, {size}, this term meets itself"
        yield Problem("lattice-too-small", message, small.span, hint="take a larger lattice")
