"""Machines whose properties are known to 20 digits and more, from sums over all their states in
multiple precision.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.flows.machines.machine import Machine
from rgc.flows.machines.sides import side
from rgc.language.alphabets import ALPHABETS

Floats = NDArray[np.float64]


@lru_cache(maxsize=1)
def _entries() -> Mapping[str, Any]:
    text = Path(__file__).with_name("exact.json").read_text(encoding="utf-8")
    return {entry["id"]: entry for entry in json.loads(text)}


def given(name: str) -> dict[str, Any]:
    """What an entry is about."""
    found: dict[str, Any] = _entries()[name]["given"]
    return found


def value(name: str) -> dict[str, Any]:
    """What is known of it."""
    found: dict[str, Any] = _entries()[name]["value"]
    return found


def floats(numbers: Any) -> Floats:
    """Numbers written as text, as float64."""
    return np.array(numbers, dtype=np.float64)


def machine(
    weights: Any, visible: str, hidden: str, visible_bias: Any = None, hidden_bias: Any = None
) -> Machine:
    """A machine of two-state or real units, without biases where none are given."""
    matrix = floats(weights)
    n, m = matrix.shape
    return Machine(
        visible=side(ALPHABETS[visible], n),
        hidden=side(ALPHABETS[hidden], m),
        weights=matrix,
        visible_bias=np.zeros(n) if visible_bias is None else floats(visible_bias),
        hidden_bias=np.zeros(m) if hidden_bias is None else floats(hidden_bias),
    )


def listed(name: str) -> Machine:
    """The machine of an entry that lists its weights and biases."""
    about = given(name)
    return machine(about["W"], about["visible"], about["hidden"], about["b"], about["c"])


def potts() -> Machine:
    """Three Potts units of three states under two binary ones."""
    about = given("potts_q3_3x2")
    weights = floats(about["W"])
    return Machine(
        visible=side(ALPHABETS["potts"], 3, 3),
        hidden=side(ALPHABETS["binary"], 2),
        weights=weights.reshape(9, 2),
        visible_bias=floats(about["b"]).ravel(),
        hidden_bias=floats(about["c"]),
    )


def ring(spins: int) -> list[tuple[int, int]]:
    """The bonds of a ring."""
    return [(i, (i + 1) % spins) for i in range(spins)]


def torus(rows: int, columns: int, diagonals: bool = False) -> list[tuple[int, int]]:
    """The bonds of a torus of rows x columns sites, row by row, those along (1, 1) on request."""
    steps = ((0, 1), (1, 0), (1, 1)) if diagonals else ((0, 1), (1, 0))
    sites = [(r, c) for r in range(rows) for c in range(columns)]
    return [
        (r * columns + c, (r + a) % rows * columns + (c + b) % columns)
        for r, c in sites
        for a, b in steps
    ]


def ising_energies(features: Floats, bonds: list[tuple[int, int]], coupling: float) -> Floats:
    """- coupling * sum s_i s_j over the bonds, for states of signs float64[state, site]."""
    i, j = np.array(bonds).T
    return -coupling * (features[:, i] * features[:, j]).sum(axis=1)
