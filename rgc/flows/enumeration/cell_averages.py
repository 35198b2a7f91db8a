"""Averages over the states of one cell at fixed block spins: <prod s>_0 and ln Z_0, as functions of
the couplings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rgc.flows.enumeration.block_kernel import log_kernel
from rgc.model.block import Block
from rgc.model.cumulants import Expansion
from rgc.model.spins import Species
from rgc.routines import routine

if TYPE_CHECKING:
    from rgc.backend import Backend

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class CellTables:
    """One kind of cell with n spins and m block spins.

    - `kernel[h, s]` is P(h|s) over 2^m and 2^n states, where bit 1 means -1.
    - `energies[s, c]` is -H_0 of coupling c = 1.
    - `inside[q]` are the products of H_0, and `owners[q, c]` says how often coupling c multiplies
      each of them.
    - `spins[a]` are the products whose averages are asked for.
    - `normalised` says that the sum over h of P(h|s) is 1.
    """

    kernel: Floats
    energies: Floats
    inside: Integers
    owners: Floats
    spins: Integers

    @property
    def normalised(self) -> bool:
        return bool(np.abs(self.kernel.sum(axis=0) - 1).max() <= 1e-12)


@dataclass(frozen=True, slots=True, eq=False)
class CellAverages:
    """By products of block spins [2^m, ...]: the coefficients of `log_z` [2^m] and of the `moments`
    [2^m, a], with their derivatives by every coupling in one more axis. Arrays of the backend."""

    log_z: Any
    log_z_slope: Any
    moments: Any
    moments_slope: Any


def cell_tables(
    block: Block, species: Sequence[Species], expansion: Expansion, letter: int
) -> CellTables:
    """The tables of the cells that make the coarse sites of a letter. `block` has cells that hold
    every site."""
    kernel = np.exp(log_kernel(block, letter)).T
    own = [product for product in expansion.inside if product.letter == letter]
    inside = sorted({product.spins for product in own})
    owners = np.zeros((len(inside), len(expansion.classes)))
    for product in own:
        owners[inside.index(product.spins), product.coupling] += product.count
    spins = sorted({product.spins for product in expansion.moments if product.letter == letter})
    energies = _characters(np.array(inside, dtype=np.int64), kernel.shape[1]) @ owners
    return CellTables(
        kernel, energies, np.array(inside, np.int64), owners, np.array(spins, np.int64)
    )


def _characters(masks: Integers, states: int) -> Floats:
    """chi_A(s) = (-1)^(number of bits that A and s share) as [s, A]."""
    shared = np.arange(states)[:, None] & masks[None, :]
    return np.asarray(1.0 - 2.0 * (np.bitwise_count(shared) & 1))


def cell_averages(tables: CellTables, couplings: Any, backend: Backend, xp: Any) -> CellAverages:
    """<s_A>_0(h) = sum_s P(h|s) exp(-H_0(s)) s_A / Z_0(h) from one Walsh-Hadamard transform for
    each h, with d<s_A>_0/dK = sum over the products Q of H_0 of <s_A s_Q>_0 - <s_A>_0 <s_Q>_0. Call
    it inside `backend.arrays()`."""
    fwht = routine(backend, "fwht")
    energy = xp.asarray(tables.energies) @ couplings
    top = xp.max(energy)
    weights = xp.asarray(tables.kernel) * xp.exp(energy - top)[None, :]
    sums = xp.stack([fwht(weights[k, :]) for k in range(weights.shape[0])])
    average = sums / sums[:, :1]
    inside, spins = (xp.asarray(masks) for masks in (tables.inside, tables.spins))
    both = xp.asarray((tables.spins[:, None] ^ tables.inside[None, :]).ravel())
    owners = xp.asarray(tables.owners)
    of_inside, of_spins = xp.take(average, inside, axis=1), xp.take(average, spins, axis=1)
    joint = xp.reshape(xp.take(average, both, axis=1), (*of_spins.shape, inside.shape[0]))
    slope = (joint - of_spins[:, :, None] * of_inside[:, None, :]) @ owners
    walsh = xp.asarray(
        _characters(np.arange(weights.shape[0]), weights.shape[0]) / weights.shape[0]
    )
    return CellAverages(
        walsh @ (xp.log(sums[:, 0]) + top),
        walsh @ (of_inside @ owners),
        walsh @ of_spins,
        xp.tensordot(walsh, slope, axes=1),
    )
