"""The functions of the bonds along each axis, where axes differ: a basis that begins with the terms
of the spec, and the symmetry of the states and of the axes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from rgc.analysis.permutations import generators, orbits_of_pairs
from rgc.analysis.recursion import Floats, invariant_projector
from rgc.flows.couplings.bond_completion import SMALL, Completing, completion
from rgc.flows.couplings.bond_space import rank, span_of
from rgc.model.names import coupling_name
from rgc.model.operators import Spin
from rgc.model.sectors import ANISOTROPIC
from rgc.passes.bonds import BondModel, BondTerm


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AxisSpace:
    """Symmetric functions u_x(a, b) of the bonds along each of d axes, without their constants:
    u = sum_k K_k functions[k, x, a, b].

    - `start` holds the couplings of the spec.
    - `weights` [d] of sum 1 say how a field h on sites is shared among the axes: each bond along x
      gets h weights[x] (s + s')/2. They are also the couplings of isotropic bonds, up to a factor.
    - `inverse` [1 + n, d q^2] reads the constant, summed over the axes, and K from u. Shares of a
      field count by their sum.
    - `sectors` and `projector` are those of the permutations of the states, as of a `BondSpace`.
    - `isotropic` are the sectors of couplings near isotropic ones: those of isotropic couplings,
      and the directions in which axes differ.
    - `terms` is as of a `BondSpace`.
    """

    names: tuple[str, ...]
    functions: Floats
    start: Floats
    weights: Floats
    inverse: Floats
    sectors: Mapping[str, Floats]
    projector: Floats
    isotropic: Mapping[str, Floats]
    terms: Mapping[str, str]

    @property
    def axes(self) -> int:
        return int(self.functions.shape[1])

    @property
    def states(self) -> int:
        return int(self.functions.shape[-1])

    @property
    def account(self) -> str:
        """The arrays of a step, with their sizes."""
        return (
            f"u [{self.axes}, {self.states}, {self.states}] = sum_k K_k f_k(x, a, b); "
            f"f {list(self.functions.shape)}; the inverse {list(self.inverse.shape)} reads the "
            "constants and K' from u'"
        )

    def bonds(self, couplings: Floats) -> Floats:
        """u [d, q, q]."""
        return np.asarray(np.tensordot(couplings, self.functions, 1))

    def read(self, u: Floats) -> Floats:
        """The couplings of functions of bonds [..., d, q, q]."""
        flat = u.reshape(*u.shape[:-3], self.inverse.shape[1])
        return np.asarray(flat @ self.inverse[1:].T, dtype=np.float64)


def axis_space(model: BondModel, weights: Floats) -> AxisSpace:
    """The space of a model whose terms are independent, with these weights of the axes.

    What the terms do not span is completed.
    """
    d, q = model.axes, model.states
    constants = [_along(axis, np.ones((q, q)), d) for axis in range(d)]
    spanned = [*constants, *_shares(d, q)]
    chosen: dict[str, Floats] = {}
    start: list[float] = []
    for term in model.terms:
        function = _function(term, q, weights)
        if not np.any(function):
            continue
        spanned.append(function)
        chosen[term.name] = function
        start.append(term.coupling)
    terms: dict[str, str] = {}
    for more in _completion(model, tuple(chosen.values()), weights):
        if _adds(spanned, more.function):
            name = more.name if more.name not in chosen else f"{more.name}_"
            chosen[name], terms[name] = more.function, more.term
    functions = np.array(list(chosen.values()))
    whole = np.array([*constants, *functions, *_shares(d, q)]).reshape(-1, d * q * q)
    constant, read = np.split(np.linalg.pinv(whole.T)[: d + len(functions)], [d])
    inverse = np.concatenate([constant.sum(axis=0, keepdims=True), read])
    couplings = np.pad(start, (0, len(functions) - len(start)))
    sectors, isotropic = _sectors(functions, read, couplings, weights)
    return AxisSpace(
        names=tuple(chosen),
        functions=functions,
        start=couplings,
        weights=weights,
        inverse=inverse,
        sectors=sectors,
        projector=invariant_projector(sectors),
        isotropic=isotropic,
        terms=terms,
    )


def _adds(spanned: list[Floats], function: Floats) -> bool:
    """Whether a function is independent of those that are spanned. It is then one of them."""
    independent = rank([*spanned, function]) > len(spanned)
    if independent:
        spanned.append(function)
    return independent


def _function(term: BondTerm, q: int, weights: Floats) -> Floats:
    table = np.array(term.values)
    if term.site:
        return _on_sites(table, weights)
    pair = table.reshape(q, q)
    return np.asarray(sum(_along(axis, pair, len(weights)) for axis in term.axes))


def _along(axis: int, function: Floats, axes: int) -> Floats:
    """A function of the bonds along one axis [d, q, q]."""
    out = np.zeros((axes, *function.shape))
    out[axis] = function
    return out


def _on_sites(table: Floats, weights: Floats) -> Floats:
    """A function of a site, shared among its bonds [d, q, q]."""
    pair = (table[:, None] + table[None, :]) / 2
    return np.asarray(weights[:, None, None] * pair)


def _shares(axes: int, q: int) -> Iterator[Floats]:
    """What sharing a function of a site otherwise adds to u, which is nothing on the lattice."""
    for axis in range(1, axes):
        for state in np.eye(q)[1:]:
            moved = np.zeros(axes)
            moved[[0, axis]] = 1, -1
            yield _on_sites(state, moved)


def _completion(
    model: BondModel, chosen: Sequence[Floats], weights: Floats
) -> Iterator[Completing]:
    """Functions that complete the `chosen` ones: of two states products of spins, otherwise
    functions of single states and, for each axis, functions of pairs.
    """
    d, q, s = model.axes, model.states, model.species
    letters = "xyzw"[:d]
    if q == 2:
        spin = np.array(s.values, dtype=np.float64)
        for axis, letter in enumerate(letters):
            cell = tuple(int(k == axis) for k in range(d))
            name = coupling_name((Spin((0,) * d), Spin(cell)))
            product = f"sum(<i,j> along {letter}) {s.name}[i]*{s.name}[j]"
            yield Completing(name, _along(axis, np.outer(spin, spin), d), product)
        yield Completing("k1", _on_sites(spin, weights), f"sum(i) {s.name}[i]")
        return
    singles = np.eye(q)[1:]
    for state, table in enumerate(singles, 1):
        term = f"sum(i) delta({s.name}[i], {s.values[state]})"
        yield Completing(f"lnW_{state}", _on_sites(table, weights), term)
    for axis, letter in enumerate(letters):
        mine = [np.ones((q, q)), *(_on_sites(table, np.ones(1))[0] for table in singles)]
        for function in (each[axis] for each in chosen if np.any(each[axis])):
            if rank([*mine, function]) > len(mine):
                mine.append(function)
        for each in completion(model, mine):
            term = each.term.replace("<i,j>", f"<i,j> along {letter}")
            yield Completing(f"{each.name}_{letter}", _along(axis, each.function, d), term)


def _sectors(
    functions: Floats, read: Floats, start: Floats, weights: Floats
) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """The sectors of the permutations of states that leave the couplings unchanged, and those of
    couplings near isotropic ones.
    """
    count, d, q, _ = functions.shape
    pairs = np.array([_pair(q, a, b) for a in range(q) for b in range(a, q)])
    same = _read(read, weights[:, None, None] * pairs[:, None])
    signs = [_along(axis, np.ones((1, 1)), d) - _along(0, np.ones((1, 1)), d) for axis in range(d)]
    apart = np.concatenate([_read(read, sign * pairs[:, None]) for sign in signs[1:]], axis=1)
    generic = np.tensordot(start, np.tensordot(np.sqrt(np.arange(2, d + 2)), functions, (0, 1)), 1)
    symmetry = generators(generic, SMALL * (1 + np.abs(generic).max()))
    if not symmetry:
        return {"invariant": np.eye(count)}, {"invariant": _image(same), ANISOTROPIC: _image(apart)}
    orbit = orbits_of_pairs(q, symmetry).ravel()
    flat = functions.reshape(count, d, q * q)
    sums = np.apply_along_axis(partial(np.bincount, orbit), -1, flat)
    project = _read(read, (sums / np.bincount(orbit))[..., orbit].reshape(functions.shape))
    rest = np.eye(count) - project
    even, odd = ("even", "odd") if q == 2 else ("invariant", "charged")
    sectors = {even: span_of(project), odd: span_of(rest)}
    near = {even: project @ same, odd: rest @ same, ANISOTROPIC: apart}
    return sectors, {name: _image(columns) for name, columns in near.items()}


def _image(columns: Floats) -> Floats:
    """An orthonormal basis of what columns span."""
    left, values, _ = np.linalg.svd(columns, full_matrices=False)
    return np.asarray(left[:, values > 1e-9])


def _pair(q: int, a: int, b: int) -> Floats:
    """What is 1 on a bond with the states a and b at its ends, in either order."""
    out = np.zeros((q, q))
    out[a, b] = out[b, a] = 1.0
    return out


def _read(read: Floats, functions: Floats) -> Floats:
    """The couplings of functions [k, d, q, q] as columns [n, k]."""
    return np.asarray(read @ functions.reshape(len(functions), -1).T)
