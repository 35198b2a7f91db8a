"""Terms whose couplings cannot be distinguished."""

from __future__ import annotations

from fractions import Fraction

from rgc.errors import Problem
from rgc.model.hamiltonian import Hamiltonian, Term
from rgc.model.operators import Product, product
from rgc.text import Span

_ROUNDED = Fraction(1, 10**9)


def equal_terms(name: str, span: Span | None) -> Problem:
    """The error about a term that is a combination of terms before it."""
    message = (
        f"the term '{name}' is a combination of terms before it, so that their couplings cannot "
        "be told apart"
    )
    return Problem("equal-terms", message, span, hint="write them as one term")


def dependent_term(hamiltonian: Hamiltonian) -> Term | None:
    """The first term whose sum of products of Ising spins is a combination of those of earlier
    terms, or None.

    Terms without spins do not count.
    """
    rows: dict[Product, dict[Product, Fraction]] = {}
    for term in hamiltonian.terms:
        weights: dict[Product, Fraction] = {}
        for weight, spins in term.products:
            reduced = product(spins)
            if reduced:
                weights[reduced] = weights.get(reduced, Fraction(0)) + Fraction(weight)
        least = _ROUNDED * max(map(abs, weights.values()), default=Fraction(0))
        left = _reduced(weights, rows)
        rest = {spins: weight for spins, weight in left.items() if abs(weight) > least}
        if rest:
            rows[min(rest)] = rest
        elif any(weights.values()):
            return term
    return None


def _reduced(
    weights: dict[Product, Fraction], rows: dict[Product, dict[Product, Fraction]]
) -> dict[Product, Fraction]:
    """What remains when every pivot has been eliminated, in the order in which the rows were
    made.
    """
    rest = {spins: weight for spins, weight in weights.items() if weight}
    for pivot, row in rows.items():
        if pivot in rest:
            factor = rest[pivot] / row[pivot]
            for spins, weight in row.items():
                rest[spins] = rest.get(spins, Fraction(0)) - factor * weight
            rest = {spins: weight for spins, weight in rest.items() if weight}
    return rest
