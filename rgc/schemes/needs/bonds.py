"""What moving and decimating bonds asks of a Hamiltonian.

It consists of equal bonds between nearest neighbours and of fields.
"""

from __future__ import annotations

from collections.abc import Iterator

from rgc.errors import Problem, listing
from rgc.model.lattice import Diamond, Lattice
from rgc.passes.bonds import NotBonds, bond_model
from rgc.passes.cells import HYPERCUBIC
from rgc.schemes.scheme import Asked


def equal_bonds(asked: Asked) -> Iterator[Problem]:
    """Report other Hamiltonians, and lattices on which bonds are not moved."""
    spec, scheme = asked.spec, asked.scheme
    if spec.hamiltonian is None or spec.lattice is None or not asked.read("hamiltonian"):
        return
    name = spec.lattice.name if isinstance(spec.lattice, Lattice) else ""
    if name and name not in HYPERCUBIC:
        message = (
            f"'{scheme.name}' moves bonds along the axes of a hypercubic lattice, not on '{name}'"
        )
        hint = f"it takes {listing(HYPERCUBIC, 'or')}"
        yield Problem("wrong-lattice", message, asked.section("lattice"), hint=hint)
        return
    try:
        model = bond_model(spec.hamiltonian, spec.lattice, spec.species)
    except NotBonds as error:
        message = (
            f"'{scheme.name}' works on bonds between nearest neighbours, the same everywhere: "
            f"{error}"
        )
        span = error.term.span if error.term is not None else asked.section("hamiltonian")
        yield Problem("not-bonds", message, span, hint="enumerate and mcrg take any Hamiltonian")
        return
    if isinstance(spec.lattice, Diamond) and any(
        term.site and term.coupling for term in model.terms
    ):
        message = (
            "the sites of a diamond lattice have different numbers of bonds, so that a field on "
            "sites is none on bonds"
        )
        hint = "y_h is given at field 0 all the same"
        yield Problem("not-bonds", message, asked.section("hamiltonian"), hint=hint)
