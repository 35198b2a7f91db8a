"""What sampling asks of a spec.

The terms fit the lattice, the update is valid, and at least one record is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import product as cartesian
from math import prod

from rgc.errors import Problem
from rgc.language.alphabets import MOST_SAMPLED
from rgc.language.updates import CLUSTER_UPDATES
from rgc.language.values import Value
from rgc.memory import text
from rgc.model.hamiltonian import Term
from rgc.model.lattice import Lattice
from rgc.model.spec import Spec
from rgc.model.spins import Species
from rgc.model.stars import Star
from rgc.model.tempering import inner_update, tempering
from rgc.passes.choose_acceptance import choose_acceptance
from rgc.passes.choose_update import no_heat_bath
from rgc.passes.frustration import cluster_obstacle
from rgc.passes.gather_stars import gather_stars, places_of
from rgc.passes.merge_terms import merge_terms
from rgc.passes.quench import quench, signs_alone
from rgc.passes.wrapping import meets_itself, spins_meet
from rgc.schemes.needs.disorder import by_heat_bath, pairs_of_copies
from rgc.schemes.needs.lattice import count_sites
from rgc.schemes.needs.steps import shapes
from rgc.schemes.scheme import Asked
from rgc.text import Span

MOST_SAVED = 2**28
"""Bytes of configurations, and of series, that a point of a run keeps."""

NUMBER = 8
"""Bytes of a number of a series."""


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
    """Report terms that meet themselves around the boundary, whose couplings on the lattices of
    block spins are told apart by places.
    """
    hint = "take a larger lattice or open boundaries; sample and enumerate take such bonds"
    yield from _too_small(asked, meets_itself, "this term meets itself around the boundary", hint)


def spins_apart(asked: Asked) -> Iterator[Problem]:
    """Report terms two spins of which are one around the boundary, where that would be flipped
    against itself.
    """
    hint = "take a larger lattice or open boundaries; enumerate takes such terms"
    yield from _too_small(
        asked, spins_meet, "two spins of this term are one around the boundary", hint
    )


def _too_small(
    asked: Asked, small: Callable[[Term, Lattice], bool], what: str, hint: str
) -> Iterator[Problem]:
    lattice, hamiltonian = asked.spec.lattice, asked.spec.hamiltonian
    if not isinstance(lattice, Lattice) or hamiltonian is None or not asked.read("hamiltonian"):
        return
    shape = " x ".join("infinite" if size is None else str(size) for size in lattice.shape)
    for term in hamiltonian.terms:
        if not term.every_pair and small(term, lattice):
            message = f"on a lattice of {shape} cells {what}"
            yield Problem("lattice-too-small", message, term.span, hint=hint)


def valid_update(asked: Asked) -> Iterator[Problem]:
    """Report cluster updates that do not suit the Hamiltonian, and tempering that does not run
    along exactly one parameter.
    """
    place, exchange = asked.place("update"), tempering(asked.options.get("update"))
    if exchange is not None and not exchange.along:
        message = "'tempering' needs the values of one parameter"
        yield Problem("missing-option", message, place, hint="write tempering(K=0.4:0.5:9)")
    if exchange is not None and len(exchange.along) > 1:
        message = f"'tempering' runs along one parameter, not {len(exchange.along)}"
        hint = "keep the values of one, and scan the others"
        yield Problem("wrong-arity", message, place, hint=hint)
    update = inner_update(asked.options.get("update"))
    lattice, hamiltonian = asked.spec.lattice, asked.spec.hamiltonian
    if update in CLUSTER_UPDATES and hamiltonian is not None and lattice is not None:
        species = asked.spec.species
        known = asked.read("hamiltonian", "lattice", "spins") and not any(few_states(asked))
        why = cluster_obstacle(hamiltonian, lattice, species) if known else ""
        if why:
            message = f"'{update}' clusters do not suit this Hamiltonian: {why}"
            option = "inner" if exchange is not None else "update"
            other = "heat_bath" if by_heat_bath(asked.spec) else "metropolis"
            hint = f"leave {option} out, or write {option}={other}"
            if exchange is None and any(term.inhomogeneous for term in hamiltonian.terms):
                hint += "; random couplings take tempering too, and of two copies houdayer"
            yield Problem("wrong-update", message, place, hint=hint)


def local_fields(asked: Asked) -> Iterator[Problem]:
    """Report heat bath where a site of two-state spins has more local fields than there may be
    thresholds.
    """
    spec = asked.spec
    if inner_update(asked.options.get("update")) != "heat_bath" or not isinstance(
        spec.lattice, Lattice
    ):
        return
    if spec.hamiltonian is None or not asked.read("hamiltonian", "lattice", "spins"):
        return
    if not all(species.two_states for species in spec.species):
        return
    if not signs_alone(spec.hamiltonian, spec.draws):
        return
    hamiltonian, signs = quench(spec.hamiltonian, spec.draws, spec.lattice, len(spec.species))
    fields = (*spec.species, *(Species(each.name) for each in signs))
    groups = merge_terms(hamiltonian, spec.lattice, fields, hamiltonian.zero).groups
    kinds = cartesian(range(len(spec.lattice.basis)), range(len(spec.species)))
    places = places_of(groups)
    gathered = (gather_stars(groups, spec.lattice, *kind, places) for kind in kinds)
    stars = {star for of_kind in gathered for star, _ in of_kind}
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


def saved(asked: Asked) -> Iterator[Problem]:
    """Report more configurations than there are records, and arrays that are too large."""
    spec, options = asked.spec, asked.options
    names = ("sweeps", "every", "replicas")
    numbers = [value for name in names if isinstance(value := options.get(name), int)]
    sites = count_sites(spec.lattice)
    if len(numbers) < len(names) or sites is None or min(numbers) < 1:
        return
    sweeps, every, replicas = numbers
    records, count = sweeps // min(every, sweeps), options.get("save")
    one = replicas * kept_spins(spec, options)
    if isinstance(count, int) and count > min(records, MOST_SAVED // one):
        most = min(records, MOST_SAVED // one)
        hint = f"save={most} fits" if most else "take fewer replicas"
        spins = sites * len(spec.species)
        blocked = ", with their block spins," if one > replicas * spins else ""
        message = f"save={count} asks for more than the {records} records of the run"
        if count * one > MOST_SAVED:
            message = (
                f"{count} configurations of {replicas} replicas{blocked} take "
                f"{text(count * one)}; the limit is {text(MOST_SAVED)}"
            )
        yield Problem("too-much-saved", message, asked.place("save"), hint=hint)
    size = series_bytes(spec, records, replicas)
    if options.get("series") is True and size > MOST_SAVED:
        message = (
            f"series of {records} records of {replicas} replicas take {text(size)}; the limit is "
            f"{text(MOST_SAVED)}"
        )
        hint = f"every={every * -(-size // MOST_SAVED)} fits"
        yield Problem("too-much-saved", message, asked.place("series"), hint=hint)


def kept_spins(spec: Spec, options: Mapping[str, Value]) -> int:
    """Spins of a configuration that is kept, with the block spins of its RG levels where there is
    one map for them.
    """
    lattice, steps = spec.lattice, options.get("steps")
    if not isinstance(lattice, Lattice) or not lattice.finite:
        return (count_sites(lattice) or 0) * len(spec.species)
    free = any(block.free for block in spec.blocks)
    last = steps if isinstance(steps, int) and not free else 0
    levels = shapes(lattice, spec.blocks)[: last + 1]
    return sum(map(prod, levels)) * len(lattice.basis) * len(spec.species)


def series_bytes(spec: Spec, records: int, replicas: int) -> int:
    """Bytes of the series of all measures, and of the two that are always watched."""
    return NUMBER * replicas * records * (2 + len(spec.measures))


def saved_bytes(spec: Spec, options: Mapping[str, Value]) -> int:
    """Bytes of what a run keeps by `save` and `series`; 0 where it keeps nothing."""
    count, replicas, sweeps, every = (
        value if isinstance(value := options.get(name), int) else 0
        for name in ("save", "replicas", "sweeps", "every")
    )
    kept = count * replicas * kept_spins(spec, options)
    if options.get("series") is not True:
        return kept
    return kept + series_bytes(spec, sweeps // max(1, min(every, sweeps)), replicas)


SAMPLED = (
    few_states,
    valid_update,
    local_fields,
    pairs_of_copies,
    a_record,
)
"""The limits of every scheme that samples configurations."""
