"""ln Z by visiting every state, as a method of `free_energy`."""

from __future__ import annotations

from dataclasses import replace
from math import prod

from rgc.errors import Problem, SpecError
from rgc.flows.enumeration.enumerate import Enumerate, make_enumerate
from rgc.flows.request import Request
from rgc.model.lattice import Lattice
from rgc.model.spec import Spec

MOST_STATES = 2**28
"""States that are visited: 4 GiB at 16 bytes each, as for the flow."""


def make_count_states(request: Request) -> Enumerate:
    """Every state of the spec's lattice, without its measures and block maps.

    Raises `SpecError` for more than `MOST_STATES`.
    """
    spec = request.spec
    states = prod(species.states or 1 for species in spec.species) ** _sites(spec)
    if not 0 < states <= MOST_STATES:
        message = f"{states:.3g} states are too many to visit; the limit is {MOST_STATES:.3g}"
        hint = "transfer goes on where one direction is short"
        raise SpecError([Problem("too-many-states", message, request.span, hint=hint)])
    alone = replace(spec, measures=(), blocks=(), expectations=())
    return make_enumerate(replace(request, spec=alone))


def _sites(spec: Spec) -> int:
    """N, beyond every limit where it is infinite or unknown."""
    return (
        spec.lattice.sites if isinstance(spec.lattice, Lattice) and spec.lattice.finite else 10**6
    )
