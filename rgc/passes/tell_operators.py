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
    return _that_stay(lattice, species, hamiltonian, REACH, bodies)


def tell_hidden(layer: Rbm) -> tuple[Operator, ...]:
    """The operators of the hidden side of a layer: none where hidden units have no neighbours, as
    those of a dense layer.
    """
    places = layer.hidden.places
    if not isinstance(layer.connect, Window) or not isinstance(places, Lattice):
        return ()
    return tell_operators(places, (layer.hidden.spins,), Hamiltonian(()))


def hidden_operators(layer: Rbm, reach: float, bodies: int) -> tuple[Operator, ...]:
    """The operators of the hidden side of a layer within a range and a number of spins, but for
    those that a symmetry of its units makes 0. None where `tell_hidden` has none.
    """
    places, spins = layer.hidden.places, layer.hidden.spins
    if not tell_hidden(layer) or not isinstance(places, Lattice):
        return ()
    found = _that_stay(places, (spins,), Hamiltonian(()), reach, bodies)
    return tuple(each for each in found if not (spins.symmetric and each.bodies % 2))


def _that_stay(
    lattice: Lattice,
    species: Sequence[Species],
    hamiltonian: Hamiltonian,
    reach: float,
    bodies: int,
) -> tuple[Operator, ...]:
    """The operators that wrap onto no other."""
    found = generate_operators(lattice, species, hamiltonian, reach=reach, bodies=bodies)
    return tuple(each.operator for each in fold_operators(found, lattice) if not each.flag)
