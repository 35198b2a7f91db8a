"""What sampling asks of a spec.

The terms fit the lattice, the update is valid, and at least one record is made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product as cartesian

from rgc.errors import Problem
from rgc.language.alphabets import MOST_SAMPLED
from rgc.language.updates import CLUSTER_UPDATES
from rgc.language.values import CallValue, Value
from rgc.model.lattice import Lattice
from rgc.model.spec import Spec
from rgc.model.spins import Species
from rgc.model.stars import Star
from rgc.passes.choose_acceptance import choose_acceptance
from rgc.passes.choose_update import no_heat_bath
from rgc.passes.frustration import cluster_obstacle
from rgc.passes.gather_stars import gather_stars
from rgc.passes.merge_terms import merge_terms
from rgc.passes.wrapping import meets_itself
from rgc.schemes.scheme import Asked
from rgc.text import Span


def thermalise(spec: Spec, options: Mapping[str, Value]) -> Mapping[str, Value]:
    """The default of `thermalise`: a fifth of the sweeps."""
    sweeps = options.get("sweeps")
    return {"thermalise": sweeps // 5} if isinstance(sweeps, int) else {}


def few_states(asked: Asked) -> Iterator[Problem]:
    """Report spins with more states than sampling stores."""
    for species in asked.spec.species:
        yield from sampled_states(species, asked.spins.get(species.name))


def sampled_states(species: Species, place: Span | None) -> Iterator[Problem]:
    """The same for one species, reported at `place`."""
    if species.states is not None and species.states > MOST_SAMPLED:
        message = (
            f"'{species.name}' has {species.states} states; sampling takes spins with up to "
            f"{MOST_SAMPLED}"
        )
        hint = "enumerate, transfer and trg take more"
        yield Problem("too-many-states", message, place, hint=hint)


def terms_that_fit(asked: Asked) -> Iterator[Problem]:
    """Report terms that meet themselves around the boundary, where one spin would be flipped
    against itself.
    """
    lattice, hamiltonian = asked.spec.lattice, asked.spec.hamiltonian
    if not isinstance(lattice, Lattice) or hamiltonian is None or not asked.read("hamiltonian"):
        return
    shape = " x ".join("infinite" if size is None else str(size) for size in lattice.shape)
    for term in hamiltonian.terms:
        if meets_itself(term, lattice):
            message = f"on a lattice of {shape} cells this term meets itself around the boundary"
            hint = (
                "take a larger lattice or open boundaries; enumerate counts such bonds with their "
                "multiplicity"
            )
            yield Problem("lattice-too-small", message, term.span, hint=hint)


def valid_update(asked: Asked) -> Iterator[Problem]:
    """Report cluster updates that do not suit the Hamiltonian, and tempering that does not run
    along exactly one parameter.
    """
    update, place = asked.options.get("update"), asked.place("update")
    if update == "tempering":
        message = "'tempering' needs the values of one parameter"
        yield Problem("missing-option", message, place, hint="write tempering(K=0.4:0.5:9)")
    if isinstance(update, CallValue) and len(update.options) > 1:
        message = f"'tempering' runs along one parameter, not {len(update.options)}"
        yield Problem("wrong-arity", message, place)
    lattice, hamiltonian = asked.spec.lattice, asked.spec.hamiltonian
    if update in CLUSTER_UPDATES and hamiltonian is not None and lattice is not None:
        why = cluster_obstacle(hamiltonian, lattice) if asked.read("hamiltonian", "lattice") else ""
        if why:
            message = f"'{update}' clusters do not suit this Hamiltonian: {why}"
            hint = "metropolis and heat_bath are valid here"
            yield Problem("wrong-update", message, place, hint=hint)


def local_fields(asked: Asked) -> Iterator[Problem]:
    """Report heat bath where a site of two-state spins has more local fields than there may be
    thresholds.
    """
    spec = asked.spec
    if asked.options.get("update") != "heat_bath" or not isinstance(spec.lattice, Lattice):
        return
    if spec.hamiltonian is None or not asked.read("hamiltonian", "lattice", "spins"):
        return
    if not all(species.two_states for species in spec.species) or any(
        term.inhomogeneous for term in spec.hamiltonian.terms
    ):
        return
    groups = merge_terms(spec.hamiltonian, spec.lattice, spec.species, spec.hamiltonian.zero).groups
    kinds = cartesian(range(len(spec.lattice.basis)), range(len(spec.species)))
    stars = {star for kind in kinds for star, _ in gather_stars(groups, spec.lattice, *kind)}
    if not all(choose_acceptance(star).heat_bath for star in stars if isinstance(star, Star)):
        yield no_heat_bath(asked.place("update"))


def a_record(asked: Asked) -> Iterator[Problem]:
    """Report runs that end before their first record."""
    sweeps, every = asked.options.get("sweeps"), asked.options.get("every")
    if (
        "sweeps" in asked.places
        and isinstance(sweeps, int)
        and isinstance(every, int)
        and sweeps < every
    ):
        message = f"{sweeps} sweeps with a record each {every} leave no record"
        hint = f"sweeps={every} or more, or a smaller every"
        yield Problem("no-record", message, asked.place("sweeps"), hint=hint)


SAMPLED = (few_states, terms_that_fit, valid_update, local_fields, a_record)
"""The limits of every scheme that samples configurations."""
