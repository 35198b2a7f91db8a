"""Which lattices a scheme runs on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from rgc.errors import Problem
from rgc.model import hierarchy
from rgc.model.lattice import Complete, Diamond, Geometry, Lattice
from rgc.schemes.scheme import Asked, LatticeNeed
from rgc.text import section_text


def count_sites(lattice: Geometry | None) -> int | None:
    """The number of sites, or None where it is infinite or stands in a file."""
    match lattice:
        case Lattice():
            return lattice.sites if lattice.finite else None
        case Complete(sites):
            return sites
        case Diamond():
            return hierarchy.count_sites(lattice)
    return None


def _finite(lattice: Geometry) -> bool:
    """Whether the lattice has a number of sites."""
    if isinstance(lattice, Lattice):
        return lattice.finite
    return not isinstance(lattice, Diamond) or lattice.generations is not None


def _sized(lattice: Geometry) -> bool:
    """Whether the lattice has a size in some direction."""
    return any(lattice.shape) if isinstance(lattice, Lattice) else _finite(lattice)


def _check_finite(asked: Asked) -> Iterator[Problem]:
    lattice = cast(Geometry, asked.spec.lattice)
    if not _finite(lattice):
        example = (
            "diamond(generations=6)" if isinstance(lattice, Diamond) else f"{asked.lattice}(16)"
        )
        message = f"'{asked.scheme.name}' needs a finite lattice, and this one has no size"
        place = asked.section("lattice")
        yield Problem("needs-finite-lattice", message, place, hint=f"give it one: {example}")


def _check_cells(asked: Asked) -> Iterator[Problem]:
    problems = tuple(_check_finite(asked))
    yield from problems
    lattice = asked.spec.lattice
    graph = isinstance(lattice, Lattice) and lattice.edges
    if not problems and (graph or isinstance(lattice, Complete | Diamond)):
        message = (
            f"'{asked.scheme.name}' blocks a lattice with unit cells, which '{asked.lattice}' lacks"
        )
        hint = "sample and enumerate without a block run on it"
        yield Problem("wrong-lattice", message, asked.section("lattice"), hint=hint)


def _check_infinite(asked: Asked) -> Iterator[Problem]:
    if _sized(cast(Geometry, asked.spec.lattice)):
        message = f"'{asked.scheme.name}' works on the infinite lattice"
        hint = f"leave the size out: lattice {asked.lattice}"
        yield Problem("needs-infinite-lattice", message, asked.section("lattice"), hint=hint)


def _check_chain(asked: Asked) -> Iterator[Problem]:
    if asked.lattice == "chain":
        yield from _check_infinite(asked)
    elif not isinstance(asked.spec.lattice, Diamond):
        message = (
            f"decimation on '{asked.lattice}' makes ever more couplings: the sum closes on chain "
            "and diamond only"
        )
        hint = "migdal_kadanoff approximates it by moving bonds"
        yield Problem("wrong-lattice", message, asked.section("lattice"), hint=hint)


def _check_complete(asked: Asked) -> Iterator[Problem]:
    if not isinstance(asked.spec.lattice, Complete):
        message = f"'{asked.scheme.name}' works on the complete graph"
        place = asked.section("lattice")
        hint = f"write {section_text('lattice', 'complete(500)', place)}"
        yield Problem("wrong-lattice", message, place, hint=hint)


def _nothing(asked: Asked) -> tuple[Problem, ...]:
    return ()


NO_LATTICE = LatticeNeed("", _nothing)
OPTIONAL = LatticeNeed("optional", _nothing)
ANY = LatticeNeed("any", _nothing)
FINITE = LatticeNeed("finite", _check_finite)
FINITE_CELLS = LatticeNeed("finite", _check_cells)
"""A finite lattice with unit cells, which can be blocked."""
INFINITE = LatticeNeed("infinite", _check_infinite)
CHAIN_OR_DIAMOND = LatticeNeed("chain or diamond", _check_chain)
"""A chain without a size, or a diamond lattice."""
COMPLETE = LatticeNeed("complete", _check_complete)


def suits(asked: Asked) -> Iterator[Problem]:
    """Report a lattice that the scheme does not run on."""
    if asked.spec.lattice is not None and asked.read("lattice"):
        yield from asked.scheme.lattice.limit(asked)
