"""What averages over realisations of random couplings ask of a spec."""

from __future__ import annotations

from collections.abc import Iterator

from rgc.errors import Problem
from rgc.schemes.options import WORD_REPLICAS
from rgc.schemes.scheme import Asked


def drawn_couplings(asked: Asked) -> Iterator[Problem]:
    """Report realisations of random couplings where no coupling is random."""
    terms = asked.spec.hamiltonian.terms if asked.spec.hamiltonian is not None else ()
    if (
        "disorder" in asked.places
        and asked.read("lattice", "spins", "hamiltonian")
        and not any(term.inhomogeneous for term in terms)
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
