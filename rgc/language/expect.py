"""The exponents and the selectors of a result: what a target of the section `expect` is made of."""

from __future__ import annotations

EXPONENTS = ("y_t", "y_h", "nu", "eta", "alpha", "beta", "gamma", "delta")
NUMBERED = {
    "eigenvalue": "eigenvalues are numbered by modulus, from 1",
    "lyapunov": "Lyapunov exponents are numbered by size, from 1",
}
"""Answers of which there are several, as in eigenvalue[1], and what their numbers say."""
COUNTS = ("period",)
"""Answers that are whole numbers, and need no tolerance."""

SELECTORS = {
    "level": "integer",
    "layer": "integer",
    "step": "integer",
    "operators": "integer",
    "sector": "name",
    "point": "integer",
}
