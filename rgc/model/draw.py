"""Couplings that are drawn at every place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Distribution:
    """The distribution of a coupling such as `J ~ normal(0, 1)`, with its arguments in the order of
    its row in `rgc/language/draws.py`.
    """

    distribution: str
    arguments: tuple[float, ...]
