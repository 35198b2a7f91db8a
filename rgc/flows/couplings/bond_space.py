"""The functions of one bond: a basis that begins with the terms of the spec, and the symmetry of
the states.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from rgc.analysis.recursion import Floats, invariant_projector
from rgc.errors import SpecError
from rgc.model.names import coupling_name
from rgc.model.operators import Spin
from rgc.passes.bonds import BondModel, BondTerm
from rgc.passes.dependent_terms import equal_terms

_SMALL = 1e-12


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

    What the spec's terms do not span is completed by products of spins for two states, and
    otherwise by ln W(a, b) for pairs of states in order. Raises `SpecError` for terms of equal
    functions.
    """
    q = model.states
    kept: list[BondTerm] = []
    chosen: list[Floats] = [np.ones((q, q))]
    for term in model.terms:
        function = _function(model, term.values, term.site)
        if not np.any(function):
            continue
        if _rank([*chosen, function]) <= len(chosen):
            raise SpecError([equal_terms(term.name, term.span)])
        kept.append(term)
        chosen.append(function)
    names, terms = [term.name for term in kept], {}
    for name, function, text in _completion(model, dimension):
        if _rank([*chosen, function]) > len(chosen):
            chosen.append(function)
            names.append(name if name not in names else f"{name}_")
            terms[names[-1]] = text
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


def _completion(model: BondModel, dimension: int) -> Iterator[tuple[str, Floats, str]]:
    """Names, functions and terms that together with a constant span every symmetric function of a
    bond.
    """
    q, s = model.states, model.species.name
    if q == 2:
        spin, cell = np.array(model.species.values, dtype=np.float64), (0,) * dimension
        pair = (Spin(cell), Spin((1, *cell[1:]))) if dimension else (Spin(()), Spin((), 1))
        yield coupling_name(pair), np.outer(spin, spin), f"sum(<i,j>) {s}[i]*{s}[j]"
        yield "k1", _function(model, spin.tolist(), site=True), f"sum(i) {s}[i]"
        return
    for a in range(q):
        for b in range(a, q):
            function = np.zeros((q, q))
            function[a, b] = function[b, a] = 1.0
            x, y = (model.species.values[state] for state in (a, b))
            both = f"delta({s}[i], {x})*delta({s}[j], {y})"
            other = f" + delta({s}[i], {y})*delta({s}[j], {x})" if a != b else ""
            yield f"lnW_{a}_{b}", function, f"sum(<i,j>) ({both}{other})"


def _rank(functions: Sequence[Floats]) -> int:
    rows = np.array(functions).reshape(len(functions), -1)
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return int(np.linalg.matrix_rank(rows, tol=1e-9))


def _sectors(functions: Floats, inverse: Floats, start: Floats) -> dict[str, Floats]:
    """The directions spanned by the average over the permutations that leave the couplings
    unchanged, and by the rest.
    """
    count, q, _ = functions.shape
    weight = np.tensordot(start, functions, 1)
    size = _SMALL * (1 + np.abs(weight).max())
    kept = [
        order
        for order in map(list, permutations(range(q)))
        if np.abs(weight[np.ix_(order, order)] - weight).max() <= size
    ]
    average = np.mean([functions[:, order][:, :, order] for order in kept], axis=0)
    project = (average.reshape(count, -1) @ inverse[1:].T).T
    if len(kept) == 1:
        return {"invariant": np.eye(count)}
    even, odd = ("even", "odd") if q == 2 else ("invariant", "charged")
    return {even: _range(project), odd: _range(np.eye(count) - project)}


def _range(projector: Floats) -> Floats:
    """Columns that span the image of a projector. They are unit vectors where it is diagonal."""
    diagonal = np.round(np.diag(projector))
    if np.abs(projector - np.diag(diagonal)).max(initial=0.0) <= 1e-9:
        return np.eye(len(projector))[:, diagonal > 0]
    left, values, _ = np.linalg.svd(projector)
    return np.asarray(left[:, values > 1e-9])
