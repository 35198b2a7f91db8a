"""Where in a scan couplings may be larger than sampling can hold: there only making the flow tells
whether they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import comb
from typing import TYPE_CHECKING

from rgc.ast_to_model.today import later
from rgc.model.lattice import Complete, Lattice
from rgc.model.spec import Spec
from rgc.passes.largest_flip import LIMIT, largest_flip
from rgc.schemes import SCHEMES

if TYPE_CHECKING:
    from rgc.loaded import Loaded

MOST_PLACES = 16
"""Points of a scan that are looked at, evenly spaced where there are more."""

MOST_DRAWS = 1 << 24
"""Random couplings that a check draws: about a second's worth."""


def doubtful_places(loaded: Loaded) -> Iterator[Mapping[str, float]]:
    """The places of a scan, of some evenly spaced ones, where moving a spin could cost as much as
    `LIMIT` kT. Which of them are refused depends on how acceptances are computed there, and on the
    couplings that are drawn.
    """
    flow = loaded.spec.flow
    ready = SCHEMES[flow.scheme].ready if flow is not None else None
    if ready is None or ready.kind != "programs" or later(loaded.spec):
        return
    for place in some_places(loaded):
        points = loaded.along(place) or (place,)
        if any(_most(loaded.at(point)) >= LIMIT for point in points):
            yield place


def some_places(loaded: Loaded) -> Iterator[Mapping[str, float]]:
    """The places of a scan, evenly spaced ones where there are many, the first and the last among
    them.
    """
    places = loaded.places
    shown = min(len(places), MOST_PLACES)
    for k in range(shown):
        yield places[k * (len(places) - 1) // max(1, shown - 1)]


def draws(spec: Spec) -> int:
    """How many random couplings a run draws at a point."""
    terms = spec.hamiltonian.terms if spec.hamiltonian is not None else ()
    options = spec.flow.options if spec.flow is not None else {}
    realisations, lattice, number = options.get("disorder"), spec.lattice, 0
    for term in terms:
        if term.inhomogeneous in spec.draws:
            sets = len(term.supports)
            if isinstance(lattice, Complete):
                sets *= comb(lattice.sites, term.sites)
            elif isinstance(lattice, Lattice) and lattice.finite:
                sets *= lattice.sites // len(lattice.basis)
            number += sets
    return number * (realisations if isinstance(realisations, int) else 1)


def _most(spec: Spec) -> float:
    if spec.hamiltonian is None:
        return 0.0
    names = {term.inhomogeneous for term in spec.hamiltonian.terms if term.inhomogeneous}
    sizes = _sizes(spec) if names else {}
    return largest_flip(spec.hamiltonian, spec.lattice, sizes)


def _sizes(spec: Spec) -> dict[str, float]:
    """The largest |J| of each coupling: of one that is drawn, what its generator can give."""
    import numpy as np

    from rgc.analysis.quantiles import quantile
    from rgc.flows.disorder import read_given
    from rgc.model.graphs import Column

    ends = np.array([0.0, 1 - 2.0**-53])
    drawn = {name: quantile(draw, ends) for name, draw in spec.draws.items()}
    given = {
        name: np.asarray(of.values if isinstance(of, Column) else of)
        for name, of in read_given(spec.given).items()
    }
    return {name: float(np.abs(of).max(initial=0.0)) for name, of in (drawn | given).items()}
