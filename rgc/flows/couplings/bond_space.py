"""The functions of one bond: a basis that begins with the terms of the spec, and the symmetry of
the states.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from rgc.analysis.permutations import generators, orbits_of_pairs
from rgc.analysis.recursion import Floats, invariant_projector
from rgc.flows.couplings.bond_completion import SMALL, Completing, completion
from rgc.model.names import coupling_name
from rgc.model.operators import Spin
from rgc.passes.bonds import BondModel, BondTerm


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class BondSpace:
    """Symmetric functions u(a, b) = constant + sum_k K_k functions[k, a, b].

    - `start` holds the couplings of the spec. A field h on sites is shared among the bonds of a
      site: h (s + s') / neighbours.
    - `inverse` [1 + n, q^2] reads the constant and K from u.
    - `sectors` gives the directions of K that are invariant under the permutations of the states
      which the spec's couplings respect, and the rest. `projector` [n, n] projects on the first
      along the second.
    - `terms` says, in the language, what the couplings that complete the basis multiply.
    """

    names: tuple[str, ...]
    functions: Floats
    start: Floats
    inverse: Floats
    sectors: dict[str, Floats]
    projector: Floats
    terms: dict[str, str]

    @property
    def account(self) -> str:
        """The arrays of a step, with their sizes."""
        q = self.states
        return (
            f"u [{q}, {q}] = sum_k K_k f_k(a, b); f {list(self.functions.shape)}; "
            f"the inverse {list(self.inverse.shape)} reads the constant and K' from u'"
        )

    @property
    def states(self) -> int:
        return int(self.functions.shape[-1])


def bond_space(model: BondModel, dimension: int) -> BondSpace:
    """The space of a model whose terms are independent.

    What the spec's terms do not span is completed.
    """
    q = model.states
    kept: list[BondTerm] = []
    chosen: list[Floats] = [np.ones((q, q))]
    for term in model.terms:
        function = _function(model, term.values, term.site)
        if not np.any(function):
            continue
        kept.append(term)
        chosen.append(function)
    names, terms = [term.name for term in kept], {}
    for more in tuple(_completion(model, dimension, chosen)):
        chosen.append(more.function)
        names.append(more.name if more.name not in names else f"{more.name}_")
        terms[names[-1]] = more.term
    functions = np.array(chosen[1:]).reshape(-1, q, q)
    inverse = np.asarray(np.linalg.pinv(np.array(chosen).reshape(len(chosen), q * q).T), np.float64)
    start = np.pad([term.coupling for term in kept], (0, len(functions) - len(kept)))
    sectors = _sectors(functions, inverse, start)
    return BondSpace(
        names=tuple(names),
        functions=functions,
        start=start,
        inverse=inverse,
        sectors=sectors,
        projector=invariant_projector(sectors),
        terms=terms,
    )


def _function(model: BondModel, values: Sequence[float], site: bool) -> Floats:
    table = np.array(values, dtype=np.float64)
    if not site:
        return table.reshape(model.states, model.states)
    return np.asarray((table[:, None] + table[None, :]) / (model.neighbours or 1))


def _completion(model: BondModel, dimension: int, chosen: Sequence[Floats]) -> Iterator[Completing]:
    """What completes the `chosen` functions: products of spins for two states, and otherwise
    functions that are orthogonal to them (`completion`).
    """
    if model.states > 2:
        yield from completion(model, chosen)
        return
    s, cell = model.species.name, (0,) * dimension
    spin = np.array(model.species.values, dtype=np.float64)
    pair = (Spin(cell), Spin((1, *cell[1:]))) if dimension else (Spin(()), Spin((), 1))
    products = (
        Completing(coupling_name(pair), np.outer(spin, spin), f"sum(<i,j>) {s}[i]*{s}[j]"),
        Completing("k1", _function(model, spin.tolist(), site=True), f"sum(i) {s}[i]"),
    )
    spanned = list(chosen)
    for each in products:
        if rank([*spanned, each.function]) > len(spanned):
            spanned.append(each.function)
            yield each


def rank(functions: Sequence[Floats]) -> int:
    """The number of independent ones among functions that are not 0."""
    rows = np.array(functions).reshape(len(functions), -1)
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return int(np.linalg.matrix_rank(rows, tol=1e-9))


def _sectors(functions: Floats, inverse: Floats, start: Floats) -> dict[str, Floats]:
    """The directions spanned by the average over the permutations that leave the couplings
    unchanged, which is that over orbits of pairs of states, and by the rest.
    """
    count, q, _ = functions.shape
    weight = np.tensordot(start, functions, 1)
    size = SMALL * (1 + np.abs(weight).max())
    symmetry = generators(weight, size)
    if not symmetry:
        return {"invariant": np.eye(count)}
    orbit = orbits_of_pairs(q, symmetry).ravel()
    flat = functions.reshape(count, -1)
    sums = np.array([np.bincount(orbit, weights=each) for each in flat])
    average = (sums / np.bincount(orbit))[:, orbit]
    project = (average @ inverse[1:].T).T
    even, odd = ("even", "odd") if q == 2 else ("invariant", "charged")
    return {even: span_of(project), odd: span_of(np.eye(count) - project)}


def span_of(projector: Floats) -> Floats:
    """Columns that span the image of a projector. They are unit vectors where it is diagonal."""
    diagonal = np.round(np.diag(projector))
    if np.abs(projector - np.diag(diagonal)).max(initial=0.0) <= 1e-9:
        return np.eye(len(projector))[:, diagonal > 0]
    left, values, _ = np.linalg.svd(projector)
    return np.asarray(left[:, values > 1e-9])
