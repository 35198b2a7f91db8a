"""Specs of small systems under `enumerate`, and the exact numbers that they answer."""

from __future__ import annotations

import rgc
from rgc.loaded import Loaded
from rgc.results.result import Result

NEIGHBOURS = "- K * sum(<i,j>) s[i]*s[j]"
FIELD = f"{NEIGHBOURS} - h * sum(i) s[i]"


def loaded(
    lattice: str,
    hamiltonian: str = NEIGHBOURS,
    *,
    spins: str = "s: ising",
    parameters: str = "K = 0.4, h = 0.15",
    block: str = "",
    flow: str = "enumerate",
    more: str = "",
) -> Loaded:
    lines = [
        'title "test"',
        f"parameters {{ {parameters} }}",
        f"lattice {lattice}",
        f"spins {spins}",
        f"hamiltonian {hamiltonian}",
        f"block {block}" if block else "",
        f"flow {flow}",
        more,
    ]
    return rgc.load("\n".join(lines) + "\n")


def result(spec: Loaded, backend: str = "numba") -> Result:
    return rgc.compile(spec, backend=backend).run().result


def value(found: Result, name: str, level: int | None = None) -> float:
    table = found.observables if level is None else found.levels[level].observables
    estimate = table[name]
    assert estimate.value is not None
    assert estimate.error == 0
    assert estimate.kind == "exact"
    return estimate.value
