"""The tensor of one site of the square lattice, with the charges that the symmetry of its
Hamiltonian conserves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.graded import Charges, Floats, Orders, sums
from rgc.flows.tensors.state_symmetries import Permutation, abelian_groups, order
from rgc.passes.square_bonds import SquareBonds

REAL = 1e-13
SUPPORT = 1e-6
"""Below this a value of a function of the state is rounding. Such functions are of modulus 1/8 or
more.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """T[left, right, down, up] of the square lattice.

    Its indices have charges of a group with these `orders`, `across` for left and right and `along`
    for down and up. T vanishes unless left + down = right + up. Orders (1,) mean that no symmetry
    is known.
    """

    values: Any
    across: Charges
    along: Charges
    orders: Orders = (1,)

    @property
    def order(self) -> int:
        """The number of elements of the group."""
        return prod(self.orders)

    @property
    def trace(self) -> Any:
        """Z of one site on the smallest torus, sum T[a, a, b, b]."""
        n, m = len(self.across), len(self.along)
        return (self.values * np.eye(n)[:, :, None, None] * np.eye(m)).sum()


def turned(tensor: Tensor) -> Tensor:
    """The tensor with x and y exchanged."""
    return Tensor(tensor.values.transpose(2, 3, 0, 1), tensor.along, tensor.across, tensor.orders)


def site_tensor(bonds: SquareBonds) -> tuple[Tensor, float]:
    """exp(-H) of one site as a tensor, and the logarithm of the factor taken out of it.

    Each bond weight W = exp(-E) is factorised as W[a, b] = sum_k A[a, k] B[b, k] by the singular
    values of its part of each charge, where B differs from A if W has negative eigenvalues. Then
    T[l, r, d, u] = sum_a exp(-site[a]) B_x[a, l] A_x[a, r] B_y[a, d] A_y[a, u].
    """
    site, x, y = _sharing(*(np.array(part) for part in (bonds.site, bonds.x, bonds.y)))
    taken = -sum(float(part.min()) for part in (site, x, y))
    weights = [np.exp(-(part - part.min())) for part in (site, x, y)]
    (b_x, a_x, across), (b_y, a_y, along), orders = _both_factors(
        (site, x, y), weights[1], weights[2], bonds.species
    )
    beside = np.einsum("s,sl,sr->slr", weights[0], b_x, a_x)
    values = np.tensordot(beside, np.einsum("sd,su->sdu", b_y, a_y), axes=(0, 0))
    if np.abs(values.imag).max() > REAL * np.abs(values).max():
        raise RuntimeError("a site tensor is not real in the basis of its charges")
    return Tensor(
        np.where(_conserving(across, along, orders), values.real, 0.0), across, along, orders
    ), taken


def _conserving(across: Charges, along: Charges, orders: Orders) -> NDArray[np.bool_]:
    """The entries that the charges allow: left + down = right + up."""
    into = sums(across, along, orders).reshape(len(across), 1, len(along), 1)
    return np.asarray(into == into.transpose(1, 0, 3, 2))


Factors = tuple[Any, Any, Charges]
"""B, A and the charges of their columns."""


def _sharing(site: Floats, x: Floats, y: Floats) -> tuple[Floats, Floats, Floats]:
    """The energies with the parts of the bonds that depend on one end only given to the sites.

    A symmetry that holds for a site with its bonds, such as that of particles and holes, then holds
    for each of them.
    """
    parts = []
    for bond in (x, y):
        first, second = bond.mean(axis=1) - bond.mean(), bond.mean(axis=0) - bond.mean()
        site = site + first + second
        parts.append(bond - first[:, None] - second)
    return site, parts[0], parts[1]


def _characters(
    generators: Sequence[Permutation], count: int
) -> tuple[NDArray[np.complex128], Charges, Orders]:
    """Orthonormal functions of the state, the columns, that every generator multiplies by a phase,
    with the charges that these phases are, and the orders of the generators.

    The functions of one generator more are made of those before. It carries f to f_1, f_2 and so
    on, and after L of them back to f times a phase exp(2 pi i t). Then sum_l exp(-2 pi i l
    (t + j)/L) f_l has the phase exp(2 pi i (t + j)/L).
    """
    functions, charges = list(np.eye(count, dtype=np.complex128)), [0] * count
    orders = tuple(order(generator) for generator in generators) or (1,)
    for generator, modulus in zip(generators, orders, strict=False):
        inverse = np.argsort(generator)
        made, of, seen = [], [], set[tuple[int, tuple[int, ...]]]()
        for function, charge in zip(functions, charges, strict=True):
            if (charge, _support(function)) in seen:
                continue
            images = [function, function[inverse]]
            while _support(images[-1]) != _support(function):
                images.append(images[-1][inverse])
            seen |= {(charge, _support(image)) for image in images}
            length = len(images) - 1
            turn = float(np.angle(np.vdot(function, images[-1]))) / (2 * np.pi)
            for j in range(length):
                phases = np.exp(-2j * np.pi * (turn + j) / length * np.arange(length))
                made.append(phases @ np.array(images[:-1]) / np.sqrt(length))
                of.append(charge * modulus + round((turn + j) * modulus / length) % modulus)
        functions, charges = made, of
    return np.array(functions).T, np.array(charges), orders


def _support(function: NDArray[np.complex128]) -> tuple[int, ...]:
    return tuple(np.flatnonzero(np.abs(function) > SUPPORT).tolist())


def _both_factors(
    energies: Sequence[Floats], x: Floats, y: Floats, species: Sequence[int]
) -> tuple[Factors, Factors, Orders]:
    """The factors of both bond weights in the basis of the first group of symmetries of the
    energies in which they are real, and its orders.
    """
    for generators in abelian_groups(energies, species):
        basis, charges, orders = _characters(generators, len(x))
        first, second = (_factors(weight, basis, charges) for weight in (x, y))
        if first is not None and second is not None:
            return first, second, orders
    raise RuntimeError("bond weights are not real in the basis of the states")


def _factors(weight: Floats, basis: NDArray[np.complex128], charges: Charges) -> Factors | None:
    """B, A and the charges of their columns with weight = A B^T, or None.

    It is None where A and B* cannot be real in the basis.
    """
    inner = basis.conj().T @ weight @ basis
    if np.abs(inner.imag).max() > REAL * np.abs(inner).max():
        return None
    a, b, charge_of = [], [], []
    for charge in np.unique(charges):
        of = np.flatnonzero(charges == charge)
        u, s, vt = np.linalg.svd(inner.real[np.ix_(of, of)])
        keep = s > REAL * np.abs(inner).max()
        a.append(basis[:, of] @ (u * np.sqrt(s))[:, keep])
        b.append(basis[:, of].conj() @ (vt.T * np.sqrt(s))[:, keep])
        charge_of += [charge] * int(keep.sum())
    return np.concatenate(b, axis=1), np.concatenate(a, axis=1), np.array(charge_of)
