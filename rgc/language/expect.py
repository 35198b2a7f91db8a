"""The exponents and the selectors of a result: what a target of the section `expect` is made of."""

from __future__ import annotations

EXPONENTS = ("y_t", "y_h", "nu", "eta", "alpha", "beta", "gamma", "delta")
SELECTORS = {
    "level": "integer",
    "layer": "integer",
    "step": "integer",
    "operators": "integer",
    "sector": "name",
}
