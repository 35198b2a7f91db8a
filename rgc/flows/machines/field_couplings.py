"""The couplings of hidden units that lie on no lattice, by the distance of what they look at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rgc.flows.machines.couplings import couplings
from rgc.flows.machines.fields import apart, centre, participation
from rgc.flows.machines.machine import Machine

Floats = NDArray[np.float64]

LOCALISED = 0.25
"""The share of the sites on which a field lives at most to have a centre. Independent normal
numbers live on a third of them.
"""


@dataclass(frozen=True, slots=True, eq=False)
class FieldCouplings:
    """How many hidden units have fields with a centre, and the couplings of their pairs in H(h) by
    the distance of the centres: float64[pair] each.
    """

    centres: int
    distances: Floats
    pairs: Floats


def localised(pictures: Floats) -> list[int]:
    """The hidden units whose fields have a centre."""
    most = LOCALISED * pictures[0].size
    return [k for k, each in enumerate(pictures) if participation(each) < most]


def field_couplings(machine: Machine, pictures: Floats) -> FieldCouplings:
    """The couplings of two bodies between the hidden units of a machine of two-state units, whose
    fields over the lowest visible lattice are `pictures` float64[unit, *shape]. Raises `ValueError`
    as `couplings` does.
    """
    local = localised(pictures)
    if len(local) < 2:
        return FieldCouplings(len(local), np.zeros(0), np.zeros(0))
    places = np.array([centre(pictures[k]) for k in local])
    first, second = np.triu_indices(len(local), 1)
    pairs = couplings(machine.turned).pairs[np.ix_(local, local)]
    distances = apart(places[first], places[second], pictures[0].shape)
    order = np.argsort(distances, kind="stable")
    return FieldCouplings(len(local), distances[order], pairs[first, second][order])
