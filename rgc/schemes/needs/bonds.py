"""What moving and decimating bonds asks of a Hamiltonian.

It consists of bonds between nearest neighbours, equal along each axis, and of fields.
"""

from __future__ import annotations

from collections.abc import Iterator

from rgc.errors import Problem, listing
from rgc.model.lattice import Diamond, Lattice
from rgc.passes.alike_cells import differing_cells
from rgc.passes.bonds import (
    BondModel,
    NotBonds,
    bond_model,
    dependent_bonds,
    has_real_powers,
)
from rgc.passes.cells import HYPERCUBIC
from rgc.passes.dependent_terms import equal_terms
from rgc.schemes.scheme import Asked

MOST_STATES_BY_AXIS = 12
"""The largest number of states of spins whose bonds differ from axis to axis: a bond along each has
a coupling for every pair of states.
"""


def equal_bonds(asked: Asked) -> Iterator[Problem]:
    """Report other Hamiltonians, and lattices on which bonds are not moved."""
    spec, scheme = asked.spec, asked.scheme
    if spec.hamiltonian is None or spec.lattice is None or not asked.read("hamiltonian"):
        return
    place = asked.section("lattice")
    differing = differing_cells(f"'{scheme.name}'", spec.lattice, place)
    if differing is not None:
        yield differing
        return
    name = spec.lattice.name if isinstance(spec.lattice, Lattice) else ""
    if name and name not in HYPERCUBIC:
        message = (
            f"'{scheme.name}' moves bonds along the axes of a hypercubic lattice, not on '{name}'"
        )
        hint = f"it takes {listing(HYPERCUBIC, 'or')}"
        yield Problem("wrong-lattice", message, place, hint=hint)
        return
    try:
        model = bond_model(spec.hamiltonian, spec.lattice, spec.species)
    except NotBonds as error:
        message = (
            f"'{scheme.name}' works on bonds between nearest neighbours, the same along each axis: "
            f"{error}"
        )
        span = error.term.span if error.term is not None else asked.section("hamiltonian")
        yield Problem("not-bonds", message, span, hint="enumerate and mcrg take any Hamiltonian")
        return
    dependent = dependent_bonds(model)
    if dependent is not None:
        yield equal_terms(dependent.name, dependent.span)
    if isinstance(spec.lattice, Diamond) and any(
        term.site and term.coupling for term in model.terms
    ):
        message = (
            "the sites of a diamond lattice have different numbers of bonds, so that a field on "
            "sites is none on bonds"
        )
        hint = "y_h is given at field 0 all the same"
        yield Problem("not-bonds", message, asked.section("hamiltonian"), hint=hint)
    yield from _of_moves(asked, model)


def _of_moves(asked: Asked, model: BondModel) -> Iterator[Problem]:
    """Report what the options of moving bonds do not suit."""
    b, order = asked.options.get("b"), asked.options.get("order")
    if isinstance(b, int | float) and (b == 1 or b != int(b)) and not has_real_powers(model):
        message = (
            f"a chain of b = {b:g} bonds needs a bond weight without negative eigenvalues, and "
            "this one has some"
        )
        hint = "antiferromagnetic bonds need a whole b of at least 2"
        yield Problem("not-possible", message, asked.where, hint=hint)
    by_axis = model.axes > 1 and (order == "axes" or not model.isotropic)
    if by_axis and model.states > MOST_STATES_BY_AXIS:
        message = (
            f"spins of {model.states} states whose bonds differ from axis to axis have too many "
            f"couplings; the limit is {MOST_STATES_BY_AXIS} states"
        )
        hint = "bonds that are the same along all axes, moved or decimated at once, have no limit"
        yield Problem("too-many-states", message, asked.section("spins"), hint=hint)
