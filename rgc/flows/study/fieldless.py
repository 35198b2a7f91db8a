"""The symmetry that a Hamiltonian has without its fields, by which fixed points without a field are
judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from rgc.analysis.recursion import Recursion
from rgc.flows.request import Request
from rgc.flows.study.study import Study
from rgc.model.hamiltonian import Hamiltonian, Term


def without_fields(request: Request) -> Request | None:
    """The same point with the coupling 0 of every field, which sums over single spins. None where
    there is no field.
    """
    hamiltonian = request.hamiltonian
    fields = {term.name for term in hamiltonian.terms if term.coupling and is_field(term)}
    if not fields:
        return None
    terms = tuple(
        replace(term, coupling=0.0) if term.name in fields else term for term in hamiltonian.terms
    )
    spec = replace(request.spec, hamiltonian=Hamiltonian(terms))
    return replace(request, spec=spec, zero=tuple(dict.fromkeys((*request.zero, *fields))))


def is_field(term: Term) -> bool:
    """Whether a term sums over single spins."""
    bodies = [len(product) for _, product in term.products]
    bodies += [len(table.spins) for table in term.tables]
    return max(bodies, default=0) == 1


def judged_without_fields(request: Request, make: Callable[[Request], Study]) -> Study:
    """The study that `make` makes of a request. Where H has a field, the sectors that the map has
    without it judge those fixed points that have none: there one direction is thermal and another
    magnetic, which in a field are both relevant in the only sector. The fixed point at zero
    temperature is that without a field too.
    """
    study, plain = make(request), without_fields(request)
    if plain is None:
        return study
    other = make(plain)
    near = (*_kept(other, study), *study.nearby)
    return replace(study, nearby=near, frozen=other.frozen)


def _kept(plain: Study, study: Study) -> Iterator[Recursion]:
    """The maps of the study without fields of whose directions fewer are invariant."""
    for recursion in (*plain.nearby, plain.recursion):
        assert recursion.names == study.recursion.names  # noqa: S101  (only numbers differ)
        if _invariant(recursion) < _invariant(study.recursion):
            yield recursion


def _invariant(recursion: Recursion) -> int:
    """The number of invariant directions."""
    return int(next(iter(recursion.sectors.values())).shape[1])
