"""The couplings of what the data become on the hidden units of a layer, by Callen's equations.

Rows v of data make p(h) = <p(h | v)>, with states drawn of the layers below, and -ln p(h) is the
Hamiltonian of the hidden units as block spins. It is that of the machine itself, H(h), only as far
as the machine gives the rows their probabilities.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from rgc.flows.data.rows import Rows
from rgc.flows.sampling.callen import Configurations, Found, found_couplings
from rgc.language.values import OperatorBasis
from rgc.model.lattice import Lattice
from rgc.model.stack import Rbm
from rgc.passes.generate_operators import operator_range
from rgc.passes.tell_operators import hidden_operators

AT_ONCE = 1 << 12
"""Rows whose units are looked at in one piece."""

NOTE = "of hidden units drawn above the rows of data; hidden.* are those of the machine itself"


def hidden_couplings(layer: Rbm, rows: Rows, basis: OperatorBasis) -> Found | None:
    """The couplings of states of the hidden units `rows` in the operators of a basis; None where
    these have no neighbours. Units of two states are signs.
    """
    operators = hidden_operators(layer, basis.range, basis.bodies)
    lattice = layer.hidden.places
    if not operators or not isinstance(lattice, Lattice):
        return None
    ranges = [operator_range(each, lattice) for each in operators]
    independent = "rows" if rows.chains is None else "replicas"
    return found_couplings(_parts(rows, lattice), operators, ranges, independent, NOTE)


def _parts(rows: Rows, lattice: Lattice) -> Iterator[Configurations]:
    """Rows on their lattice. Rows that may depend on each other are in one group."""
    group = rows.groups
    shape = (-1, *lattice.cells, len(lattice.basis))
    for first in range(0, rows.count, AT_ONCE):
        here = slice(first, first + AT_ONCE)
        signs = (2 * rows.states[here].astype(np.int8) - 1).reshape(shape)
        weights = None if rows.weights is None else rows.weights[here]
        yield Configurations(signs, group[here], weights)
