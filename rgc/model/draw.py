"""Couplings that are drawn at every place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

DRAWS: Mapping[str, tuple[str, ...]] = {
    "normal": ("mean", "sd"),
    "bimodal": ("J", "p"),
    "uniform": ("a", "b"),
}
"""The distributions and their arguments: `bimodal(J, p)` is J with probability p, else -J."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """The distribution of a coupling such as `J ~ normal(0, 1)`, with its arguments in the order of
    `DRAWS`.
    """

    distribution: str
    arguments: tuple[float, ...]
