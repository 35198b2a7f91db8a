"""In which operators the couplings of a trained machine are told."""

from __future__ import annotations

from collections.abc import Sequence

from rgc.model.hamiltonian import Hamiltonian
from rgc.model.lattice import Lattice
from rgc.model.operators import Operator
from rgc.model.spins import Species
from rgc.model.stack import Rbm, Window
from rgc.passes.fold_operators import fold_operators
from rgc.passes.generate_operators import generate_operators

REACH, BODIES, MOST_BODIES = 2, 2, 4
"""The range and the bodies of the operators. Where the Hamiltonian has terms of more bodies they
have as many, up to `MOST_BODIES`.
"""


def tell_operators(
    lattice: Lattice, species: Sequence[Species], hamiltonian: Hamiltonian
) -> tuple[Operator, ...]:
    """The operators of short range of two-state spins on a lattice, those of the Hamiltonian among
    them by their names; none of other spins.
    """
    if not all(each.two_states for each in species):
        return ()
    sizes = (len(spins) for term in hamiltonian.terms for _, spins in term.products)
    bodies = max(BODIES, min(max(sizes, default=BODIES), MOST_BODIES))
    found = generate_operators(lattice, species, hamiltonian, reach=REACH, bodies=bodies)
    return tuple(each.operator for each in fold_operators(found, lattice) if not each.flag)


def tell_hidden(layer: Rbm) -> tuple[Operator, ...]:
    """The operators of the hidden side of a layer: none where hidden units have no neighbours, as
    those of a dense layer.
    """
    places = layer.hidden.places
    if not isinstance(layer.connect, Window) or not isinstance(places, Lattice):
        return ()
    return tell_operators(places, (layer.hidden.spins,), Hamiltonian(()))
