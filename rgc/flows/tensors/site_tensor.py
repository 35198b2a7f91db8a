"""The tensor of one site of the square lattice, with the charges that the symmetry of its
Hamiltonian conserves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.graded import Charges, Floats
from rgc.passes.square_bonds import SquareBonds

REAL = 1e-13


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """T[left, right, down, up] of the square lattice.

    Its indices have charges modulo `order`, `across` for left and right and `along` for down and
    up. T vanishes unless left + down = right + up. Order 1 means that no symmetry is known.
    """

    values: Any
    across: Charges
    along: Charges
    order: int = 1

    @property
    def trace(self) -> Any:
        """Z of one site on the smallest torus, sum T[a, a, b, b]."""
        n, m = len(self.across), len(self.along)
        return (self.values * np.eye(n)[:, :, None, None] * np.eye(m)).sum()


def turned(tensor: Tensor) -> Tensor:
    """The tensor with x and y exchanged."""
    return Tensor(tensor.values.transpose(2, 3, 0, 1), tensor.along, tensor.across, tensor.order)


def site_tensor(bonds: SquareBonds) -> tuple[Tensor, float]:
    """exp(-H) of one site as a tensor, and the logarithm of the factor taken out of it.

    Each bond weight W = exp(-E) is factorised as W[a, b] = sum_k A[a, k] B[b, k] by the singular
    values of its part of each charge, where B differs from A if W has negative eigenvalues. Then
    T[l, r, d, u] = sum_a exp(-site[a]) B_x[a, l] A_x[a, r] B_y[a, d] A_y[a, u].
    """
    site, x, y = (np.array(part) for part in (bonds.site, bonds.x, bonds.y))
    taken = -sum(float(part.min()) for part in (site, x, y))
    weights = [np.exp(-(part - part.min())) for part in (site, x, y)]
    (b_x, a_x, across), (b_y, a_y, along), order = _both_factors(
        weights[1], weights[2], _symmetries(site, x, y)
    )
    factors = (weights[0], b_x, a_x, b_y, a_y)
    values = np.einsum("s,sl,sr,sd,su->lrdu", *factors)
    if np.abs(values.imag).max() > REAL * np.abs(values).max():
        raise RuntimeError("a site tensor is not real in the basis of its charges")
    return Tensor(
        np.where(_conserving(across, along, order), values.real, 0.0), across, along, order
    ), taken


def _conserving(across: Charges, along: Charges, order: int) -> NDArray[np.bool_]:
    """The entries that the charges allow: left + down = right + up."""
    total = across[:, None, None, None] - across[:, None, None] + along[:, None] - along
    return np.asarray(total % order == 0)


Cycles = tuple[tuple[int, ...], ...]
Factors = tuple[Any, Any, Charges]
"""B, A and the charges of their columns."""


def _symmetries(site: Floats, x: Floats, y: Floats) -> list[Cycles]:
    """Permutations of the states, as cycles, that leave all energies unchanged, those with few
    cycles first and the identity last.

    Candidates are cyclic shifts of the states of equal energy, and the reversal of all states.
    """
    count = len(site)
    classes: dict[float, list[int]] = {}
    for state, energy in enumerate(site):
        classes.setdefault(float(f"{energy:.12e}"), []).append(state)
    shift, candidates = list(range(count)), [list(range(count - 1, -1, -1))]
    for members in classes.values():
        one = list(range(count))
        for k, state in enumerate(members):
            one[state] = shift[state] = members[(k + 1) % len(members)]
        candidates.append(one)
    kept = {
        _cycles(p)
        for p in (*candidates, shift)
        if all(_unchanged(part, p) for part in (site, x, y))
    }
    return [
        *sorted(kept, key=lambda cycles: (len(cycles), cycles)),
        tuple((k,) for k in range(count)),
    ]


def _unchanged(energies: Floats, permutation: Sequence[int]) -> bool:
    moved = energies[np.ix_(*(permutation,) * energies.ndim)]
    return bool(np.allclose(moved, energies, rtol=1e-13, atol=1e-13 * np.abs(energies).max()))


def _cycles(permutation: Sequence[int]) -> Cycles:
    left, cycles = set(range(len(permutation))), []
    while left:
        cycle = [min(left)]
        while permutation[cycle[-1]] != cycle[0]:
            cycle.append(permutation[cycle[-1]])
        left -= set(cycle)
        cycles.append(tuple(cycle))
    return tuple(cycles)


def _fourier(cycles: Cycles, count: int) -> tuple[NDArray[np.complex128], Charges, int]:
    """Orthonormal columns of definite charge, with their charges modulo the order of the
    permutation.

    A column is (1/sqrt n) exp(2 pi i j m / n) on the m-th state of a cycle of n states.
    """
    order = int(np.lcm.reduce([len(cycle) for cycle in cycles]))
    basis = np.zeros((count, count), dtype=np.complex128)
    charges: list[int] = []
    for cycle in cycles:
        n = len(cycle)
        for j in range(n):
            basis[list(cycle), len(charges)] = np.exp(2j * np.pi * j * np.arange(n) / n) / np.sqrt(
                n
            )
            charges.append(j * order // n)
    return basis, np.array(charges), order


def _both_factors(
    x: Floats, y: Floats, symmetries: Sequence[Cycles]
) -> tuple[Factors, Factors, int]:
    """The factors of both bond weights in the basis of the first symmetry in which they are real,
    and its order.
    """
    for cycles in symmetries:
        basis, charges, order = _fourier(cycles, len(x))
        first, second = (_factors(weight, basis, charges, order) for weight in (x, y))
        if first is not None and second is not None:
            return first, second, order
    raise RuntimeError("bond weights are not real in the basis of the states")


def _factors(
    weight: Floats, basis: NDArray[np.complex128], charges: Charges, order: int
) -> Factors | None:
    """B, A and the charges of their columns with weight = A B^T, or None.

    It is None where A and B* cannot be real in the basis.
    """
    inner = basis.conj().T @ weight @ basis
    if np.abs(inner.imag).max() > REAL * np.abs(inner).max():
        return None
    a, b, charge_of = [], [], []
    for charge in range(order):
        of = np.flatnonzero(charges == charge)
        u, s, vt = np.linalg.svd(inner.real[np.ix_(of, of)])
        keep = s > REAL * np.abs(inner).max()
        a.append(basis[:, of] @ (u * np.sqrt(s))[:, keep])
        b.append(basis[:, of].conj() @ (vt.T * np.sqrt(s))[:, keep])
        charge_of += [charge] * int(keep.sum())
    return np.concatenate(b, axis=1), np.concatenate(a, axis=1), np.array(charge_of)
