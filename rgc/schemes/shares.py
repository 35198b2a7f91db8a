"""Into how many shares the work at one point can be cut, each a run by itself."""

from __future__ import annotations

from rgc.model.options import Options
from rgc.model.spec import Spec
from rgc.schemes.costs.sampling import GROUPS
from rgc.schemes.needs.states import studied
from rgc.schemes.options import WORD_REPLICAS


def pieces(replicas: int, realisations: int = 0) -> int:
    """Into how many pieces of whole words so many replicas are cut. `rgc.flows.sampling.parts`
    keeps the sums of each piece apart.

    Of several realisations of random couplings each piece has some, with all of their copies.
    """
    if realisations:
        return realisations // WORD_REPLICAS
    return min(replicas // WORD_REPLICAS, GROUPS)


def of_replicas(spec: Spec, options: Options) -> int:
    del spec
    realisations = options.integer("disorder") if "disorder" in options else 0
    return pieces(options.integer("replicas"), realisations)


def of_one_point(spec: Spec, options: Options) -> int:
    """Those of the replicas, but where a search moves the couplings by what all of them tell."""
    return 1 if "find" in options else of_replicas(spec, options)


def of_realisations(spec: Spec, options: Options) -> int:
    """One for each realisation of random couplings, but where a recursion is studied."""
    del spec
    if studied(options.values) or "disorder" not in options:
        return 1
    return options.integer("disorder")
