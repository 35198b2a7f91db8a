"""The cost of visiting all states of a small lattice."""

from __future__ import annotations

from dataclasses import replace
from math import prod

from rgc.model.lattice import Lattice
from rgc.model.options import Options
from rgc.model.spec import Spec
from rgc.schemes.cost import ELEMENTS, NUMBER, Cost
from rgc.schemes.needs.lattice import count_sites
from rgc.schemes.needs.states import STATE_BYTES, studied

CHUNK = 2**16
"""States that are looked at at once."""

FUNCTIONS = 16
"""Functions of a state at one time for the averages without which no run is, measured."""

TERMS = 16
"""Numbers that a recursion of couplings keeps for a state, measured."""

ROUNDS = 200
"""Steps of the map for one question about it."""


def enumerate_states(spec: Spec, options: Options) -> Cost:
    """The states in chunks; of two-state spins all at once besides, for the correlators.

    A block map keeps the weights of its states, and a recursion of couplings those of every state.
    """
    realisations = options.number("disorder") if "disorder" in options else 1.0
    states, functions = states_of(spec), FUNCTIONS + 2 * len(spec.measures)
    at_once = min(states, CHUNK) * functions * NUMBER
    if realisations == 1 and all(species.two_states for species in spec.species):
        at_once += states * STATE_BYTES
    kept = realisations * _coarse_states(spec) * NUMBER
    sums = states / CHUNK * functions * realisations * NUMBER
    found = Cost(at_once + kept + sums, states * realisations * functions / ELEMENTS)
    if not studied(options.values):
        return found
    recursion = Cost(states * TERMS * NUMBER, ROUNDS * states * TERMS / ELEMENTS)
    return found.beside(recursion)


def count_states(spec: Spec, options: Options) -> Cost:
    """The same without measures and block maps."""
    del options
    return enumerate_states(replace(spec, measures=(), blocks=()), Options({}))


def states_of(spec: Spec) -> float:
    """The states of all spins of a finite lattice."""
    sites = count_sites(spec.lattice)
    if sites is None:
        raise ValueError("only a finite lattice has a number of states")
    return float(prod(species.states or 1 for species in spec.species)) ** sites


def _coarse_states(spec: Spec) -> float:
    """The states of the block spins after the first step; 0 without a block map."""
    if not spec.blocks or not isinstance(spec.lattice, Lattice):
        return 0.0
    return states_of(replace(spec, lattice=spec.blocks[0].coarse(spec.lattice)))
