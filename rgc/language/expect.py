"""The exponents and the selectors of a result: what a target of the section `expect` is made of."""

from __future__ import annotations

EXPONENTS = ("y_t", "y_h", "nu", "eta", "alpha", "beta", "gamma", "delta")
ANSWERS_WITH_MEMBERS = (
    "fixed_point",
    "critical",
    "critical_tangent",
    "block",
    "visible",
    "visible_hidden",
)
"""Answers of which there is one for each coupling or operator, as in fixed_point.K."""
NUMBERED = {
    "eigenvalue": "eigenvalues are numbered by modulus, from 1",
    "lyapunov": "Lyapunov exponents are numbered by size, from 1",
}
"""Answers of which there are several, as in eigenvalue[1], and what their numbers say."""
ACCEPTED, TRIPS = EXCHANGED = ("exchange", "round_trips")
"""Answers at the values of a tempered parameter: the part of the exchanges with the next value that
was accepted, and how often a configuration went from the first value to the last and back."""
COUNTS = ("archetypes", "clusters", "falls", "minima", "multiplicity", "period", "recovered")
"""Answers that are counts: whole numbers, which are compared without a tolerance."""

SELECTORS = {
    "level": "integer",
    "layer": "integer",
    "step": "integer",
    "start": "integer",
    "operators": "integer",
    "sector": "name",
    "point": "integer",
}
