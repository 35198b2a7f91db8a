"""What a sandpile asks of its lattice and of its heights."""

from __future__ import annotations

from collections.abc import Iterator

from rgc.errors import Problem
from rgc.model.lattice import Lattice
from rgc.model.map import Topple
from rgc.model.shells import coordination
from rgc.schemes.scheme import Asked


def _threshold(asked: Asked) -> int | None:
    """The height at which a site topples, or None where there is no such map."""
    one = asked.spec.map[0] if asked.read("map") and asked.spec.map else None
    return one.threshold if isinstance(one, Topple) else None


def topples(asked: Asked) -> Iterator[Problem]:
    """Report a site with more neighbours than the grains at which it topples, or else heights that
    are not those of sites at rest, from 0 to the threshold less one.
    """
    lattice, threshold = asked.spec.lattice, _threshold(asked)
    if not asked.read("lattice", "spins") or not isinstance(lattice, Lattice) or threshold is None:
        return
    neighbours = max(coordination(lattice))
    if threshold < neighbours:
        message = (
            f"a site topples at {threshold} grains and gives one to each of {neighbours} "
            "neighbours, more than it has"
        )
        hint = f"write topple(threshold={neighbours})"
        yield Problem("out-of-range", message, asked.section("map"), hint=hint)
        return
    for species in asked.spec.species:
        if species.states is not None and species.states != threshold:
            message = (
                f"a site at rest holds 0 to {threshold - 1} grains, since it topples at "
                f"{threshold}, and '{species.name}' has {species.states} heights"
            )
            hint = f"write {species.name}: height({threshold})"
            yield Problem("wrong-spins", message, asked.spins.get(species.name), hint=hint)


def loses_grains(asked: Asked) -> Iterator[Problem]:
    """Report a lattice without an edge."""
    lattice = asked.spec.lattice
    if not asked.read("lattice") or not isinstance(lattice, Lattice) or "open" in lattice.boundary:
        return
    message = "no grain leaves this lattice, so that the pile does not come to rest once it is full"
    hint = "give it an edge: boundary=open"
    yield Problem("wrong-lattice", message, asked.section("lattice"), hint=hint)
