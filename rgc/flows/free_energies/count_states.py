"""ln Z by visiting every state, as a method of `free_energy`."""

from __future__ import annotations

from dataclasses import replace

from rgc.errors import SpecError
from rgc.flows.enumeration.enumerate import Enumerate, make_enumerate
from rgc.flows.request import Request
from rgc.schemes.needs.free_energies import too_many_states


def make_count_states(request: Request) -> Enumerate:
    """Every state of the spec's lattice, without its measures and block maps.

    Raises `SpecError` for too many.
    """
    spec = request.spec
    problems = tuple(too_many_states(spec, request.span))
    if problems:
        raise SpecError(problems)
    alone = replace(spec, measures=(), blocks=(), expectations=())
    return make_enumerate(replace(request, spec=alone))
