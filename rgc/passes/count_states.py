"""How many states the sums of machines go over, and how many are too many."""

from __future__ import annotations

from math import log2

MOST_SUMMED = 1 << 24
"""The most states over which machines sum: those of 24 units of two states."""

MOST_TABLED = 1 << 20
"""The most states of a side of which a table is made."""

MOST_INFORMED = 1 << 16
"""The most states of either side up to which their mutual information is computed."""

MOST_LANDSCAPE = 1 << 16
"""The most visible states among which local minima are looked for."""

MOST_JOINT = 1 << 20
"""The most states of both sides together of which the spectrum of sweeps is computed."""

MOST_MASKED = 1 << 22
"""The most masks of dropout times visible states over which an average is taken."""


def fits(states: int | None, most: int) -> bool:
    """Whether there are at most so many states. Real units have no number of them."""
    return states is not None and states <= most


def states_text(states: int | None) -> str:
    """A number of states in words: exactly, or as a power of 2."""
    if states is None:
        return "no number of"
    return str(states) if states < 10**6 and states & (states - 1) else f"2^{log2(states):.6g}"
