"""What averages over realisations of random couplings ask of a spec."""

from __future__ import annotations

from collections.abc import Iterator

from rgc.errors import Problem
from rgc.language.updates import COPY_UPDATES
from rgc.model.hamiltonian import Hamiltonian
from rgc.model.lattice import Lattice
from rgc.model.spec import Spec
from rgc.model.tempering import inner_update
from rgc.passes.quench import MOST_PLACED, signs_alone
from rgc.schemes.options import WORD_REPLICAS
from rgc.schemes.scheme import Asked


def drawn_couplings(asked: Asked) -> Iterator[Problem]:
    """Report realisations of random couplings where no coupling is random."""
    terms = asked.spec.hamiltonian.terms if asked.spec.hamiltonian is not None else ()
    if (
        "disorder" in asked.places
        and asked.read("lattice", "spins", "hamiltonian")
        and not any(term.inhomogeneous in asked.spec.draws for term in terms)
    ):
        message = "no coupling is drawn: every realisation would be the same"
        hint = "draw one among the parameters, with ~, and give it the indices of its term"
        yield Problem("no-disorder", message, asked.place("disorder"), hint=hint)


def whole_lanes(asked: Asked) -> Iterator[Problem]:
    """Report realisations that do not fill words, and replicas that are not the same number of
    copies of each, at least two.
    """
    realisations, replicas = asked.options.get("disorder"), asked.options.get("replicas")
    if not isinstance(realisations, int) or not isinstance(replicas, int) or realisations < 1:
        return
    below = realisations // WORD_REPLICAS * WORD_REPLICAS
    if realisations != below:
        near = [n for n in (below, below + WORD_REPLICAS) if n]
        message = (
            f"a word holds {WORD_REPLICAS} realisations, one a lane, which {realisations} do not "
            "fill"
        )
        hint = " or ".join(f"disorder={n}" for n in near)
        yield Problem("half-filled-lanes", message, asked.place("disorder"), hint=f"take {hint}")
        return
    copies, rest = divmod(replicas, realisations)
    if rest or copies < 2:
        message = (
            f"{replicas} replicas are "
            + ("one copy" if copies == 1 and not rest else f"{replicas / realisations:g} copies")
            + f" of each of {realisations} realisations: overlaps, and squares of averages, need "
            "two or more, the same number of each"
        )
        most = max(2, copies) * realisations
        place = asked.place("replicas" if "replicas" in asked.places else "disorder")
        yield Problem("too-few-copies", message, place, hint=f"take replicas={most}")


def by_heat_bath(spec: Spec) -> bool:
    """Whether single spins of a spec are sampled by heat bath alone: two-state spins with couplings
    that differ in more than their sign.
    """
    known = spec.hamiltonian is not None and all(kind.two_states for kind in spec.species)
    return known and not signs_alone(spec.hamiltonian or Hamiltonian(()), spec.draws)


def numbers_at_sites(asked: Asked) -> Iterator[Problem]:
    """Report what couplings that are no signs cannot be sampled with: Metropolis of two-state
    spins, and so many sites that a rule for each takes too long to write.
    """
    spec = asked.spec
    if spec.hamiltonian is None or not asked.read("lattice", "spins", "hamiltonian"):
        return
    if signs_alone(spec.hamiltonian, spec.draws):
        return
    if by_heat_bath(spec) and inner_update(asked.options.get("update")) == "metropolis":
        message = "couplings that differ in more than their sign are sampled by heat bath"
        hint = "heat_bath is valid here"
        yield Problem("wrong-update", message, asked.place("update"), hint=hint)
    lattice = spec.lattice
    if isinstance(lattice, Lattice) and lattice.finite and lattice.sites > MOST_PLACED:
        message = (
            f"couplings that differ in more than their sign have a rule at each of {lattice.sites} "
            f"sites; the limit is {MOST_PLACED}"
        )
        hint = "take a smaller lattice, or couplings that differ in sign alone"
        yield Problem("too-many-sites", message, asked.section("lattice"), hint=hint)


def pairs_of_copies(asked: Asked) -> Iterator[Problem]:
    """Report an update of two copies of a realisation where no coupling is random, where there are
    no realisations with copies, and where one copy would be left alone.
    """
    update, hamiltonian = inner_update(asked.options.get("update")), asked.spec.hamiltonian
    if update not in COPY_UPDATES or hamiltonian is None or not asked.read("hamiltonian"):
        return
    place = asked.place("update")
    if not any(term.inhomogeneous for term in hamiltonian.terms):
        message = (
            f"'{update}' is for random couplings: clusters of sites where two copies of a "
            "realisation differ"
        )
        yield Problem("wrong-update", message, place, hint="local is valid here")
        return
    realisations, replicas = asked.options.get("disorder"), asked.options.get("replicas")
    if not isinstance(realisations, int):
        message = f"'{update}' needs copies of a realisation, two and two, and here are none"
        hint = f"add disorder={WORD_REPLICAS}, replicas={4 * WORD_REPLICAS}"
        yield Problem("wrong-update", message, place, hint=hint)
    elif isinstance(replicas, int) and realisations >= 1 and replicas % (2 * realisations):
        copies = replicas // realisations
        if replicas % realisations or copies < 2:
            return  # said of any run with so many realisations
        message = f"'{update}' takes copies of a realisation two and two, and here are {copies}"
        hint = f"take replicas={(copies + 1) * realisations}"
        yield Problem("wrong-update", message, place, hint=hint)
