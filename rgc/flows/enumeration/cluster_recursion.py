"""The couplings of a cluster, renormalised exactly: those of its block spins are taken as couplings
of the cluster again.

K'_a = sum_h R_a(h) W'(h) with W'(h) = ln sum_v exp(sum_b K_b S_b(v) + T(v, h)), so that dK'_a/dK_b
= sum_h R_a(h) <S_b>_h. For two-state spins R is a Walsh-Hadamard transform, and every coupling that
the coarse cluster can tell apart is kept. For others R is a least-squares fit on the spec's terms.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Any

import numpy as np

from rgc.analysis.recursion import Floats, Moved, invariant_projector, keep_symmetry
from rgc.errors import Problem, SpecError
from rgc.flows.enumeration import contraction
from rgc.flows.enumeration.block_step import Step
from rgc.flows.enumeration.cluster import Cluster, LocalSum, gathered, term_pieces
from rgc.flows.enumeration.cluster_sectors import product_sectors, table_sectors
from rgc.flows.enumeration.coarse_couplings import (
    Coupled,
    coefficients,
    couplings_of,
    depends,
    named,
    product_pieces,
    read_couplings,
)
from rgc.flows.enumeration.states import Chunks
from rgc.model.hamiltonian import Hamiltonian
from rgc.passes.find_turns import Turn
from rgc.routines import routine

if TYPE_CHECKING:
    from rgc.backend import Backend


@dataclass(frozen=True, slots=True, eq=False)
class ClusterRecursion:
    """See `rgc.analysis.recursion.Recursion`.

    - `sums` [n, states] is S_b of every fine state.
    - `reader` turns W' [coarse states, columns] into couplings [n, columns].
    - `start` holds the couplings of the spec.
    """

    backend: Backend
    step: Step
    names: tuple[str, ...]
    sectors: Mapping[str, Floats]
    projector: Floats
    sums: Floats
    reader: Reader
    start: Floats

    @property
    def scale(self) -> float:
        return self.step.block.scale

    @property
    def sites(self) -> float:
        return self.step.blocked.fine.lattice.sites / self.step.blocked.coarse.lattice.sites

    @property
    def account(self) -> Mapping[str, str]:
        blocked, count = self.step.blocked, len(self.names)
        reader = "a Walsh-Hadamard transform" if self.reader.inverse is None else "least squares"
        return {
            "a step": f"sums {len(blocked.fine.spins)} spins to {len(blocked.coarse.spins)}",
            "formula": (
                "W'(h) = ln sum_v exp(sum_b K_b S_b(v) + T(v, h)), K'_a = sum_h R_a(h) W'(h)"
            ),
            "arrays": (
                f"S {list(self.sums.shape)}; W' [{blocked.coarse.states}]; {count} couplings are "
                f"read from W' by {reader}"
            ),
        }

    def __call__(self, couplings: Floats, step: int = 0) -> Moved:
        del step
        with self.backend.arrays() as xp:
            log_weights = self.step.coarse(xp.asarray(couplings @ self.sums), xp)
            constant, read = self.reader(np.asarray(log_weights)[:, None], xp)
        fine = self.step.blocked.fine.lattice.sites
        return Moved(
            keep_symmetry(self.projector, couplings, read[:, 0]), -float(constant[0]) / fine
        )

    def jacobian(self, couplings: Floats, step: int = 0) -> Floats:
        del step
        return self._moved(couplings)[1]

    def defect(self, couplings: Floats) -> tuple[Floats, Floats]:
        moved, slope = self._moved(couplings)
        return moved - couplings, slope - np.eye(len(couplings))

    def bounds(self, couplings: Floats) -> tuple[float, float]:
        """Of this cluster: from its ground state, and from that with the number of states."""
        cluster = self.step.blocked.fine
        lowest = -float((couplings @ self.sums).max()) / cluster.lattice.sites
        return lowest - log(cluster.states) / cluster.lattice.sites, lowest

    def _moved(self, couplings: Floats) -> tuple[Floats, Floats]:
        """The couplings after a step [n], and dK'/dK [n, n]."""
        with self.backend.arrays() as xp:
            kernels = [xp.asarray(kernel) for kernel in self.step.kernels]
            values, slopes = contraction.coarse_slopes(
                xp.asarray(couplings @ self.sums), xp.asarray(self.sums), kernels, xp
            )
            columns = np.concatenate([np.asarray(values)[None, :], np.asarray(slopes)]).T
            _, read = self.reader(columns, xp)
        return read[:, 0], read[:, 1:]


@dataclass(frozen=True, slots=True, eq=False)
class Reader:
    """From functions of the coarse states [states, columns] to constants [columns] and couplings
    [n, columns].

    It reads them by products of spins, or, for other alphabets, by `inverse` [1 + n, states], the
    pseudo-inverse of the terms.
    """

    cluster: Cluster
    backend: Backend
    coupled: tuple[Coupled, ...] = ()
    inverse: Floats | None = None

    def __call__(self, values: Floats, xp: Any) -> tuple[Floats, Floats]:
        if self.inverse is not None:
            read = self.inverse @ values
            return read[0], read[1:]
        fwht = routine(self.backend, "fwht")
        by_column = [
            read_couplings(
                self.cluster,
                self.coupled,
                coefficients(self.cluster, np.ascontiguousarray(column), fwht, xp),
            )
            for column in values.T
        ]
        named = [[read.values[term.name] for term in self.coupled] for read in by_column]
        return np.array([read.constant for read in by_column]), np.array(named).T


def make_recursion(
    hamiltonian: Hamiltonian,
    backend: Backend,
    step: Step,
    turns: Sequence[Turn],
    zero: Collection[str],
) -> ClusterRecursion:
    """The recursion of the couplings of a Hamiltonian under a block map.

    Raises `SpecError` for a term that the coarse lattice cannot hold.
    """
    if step.blocked.fine.two_states:
        return _of_products(hamiltonian, backend, step, turns, zero)
    return _of_tables(hamiltonian, backend, step, zero)


def _of_products(
    hamiltonian: Hamiltonian,
    backend: Backend,
    step: Step,
    turns: Sequence[Turn],
    zero: Collection[str],
) -> ClusterRecursion:
    fine, coarse = step.blocked.fine, step.blocked.coarse
    kept = named(couplings_of(coarse, hamiltonian, turns))
    terms = {term.name: term for term in hamiltonian.terms}
    held = {coupling.name for coupling in kept}
    for term in hamiltonian.terms:
        if depends(term) and term.coefficient and term.name not in held:
            message = (
                f"on the lattice of the block spins the term '{term.name}' is a number: "
                "its coupling is lost"
            )
            raise SpecError(
                [Problem("not-possible", message, term.span, hint="take a larger lattice")]
            )
    functions = [
        gathered(term_pieces(fine, terms[coupling.name]), -terms[coupling.name].sign)
        if coupling.name in terms
        else gathered(product_pieces(fine, coupling.products))
        for coupling in kept
    ]
    sectors = product_sectors(hamiltonian, step, [coupling.places for coupling in kept], zero)
    names = tuple(coupling.name for coupling in kept)
    start = [terms[name].coupling if name in terms else 0.0 for name in names]
    return _recursion(
        step,
        functions,
        Reader(coarse, backend, kept),
        names=names,
        sectors=sectors,
        start=start,
    )


def _of_tables(
    hamiltonian: Hamiltonian, backend: Backend, step: Step, zero: Collection[str]
) -> ClusterRecursion:
    fine, coarse = step.blocked.fine, step.blocked.coarse
    terms = [term for term in hamiltonian.terms if depends(term)]
    pairs = [
        [gathered(term_pieces(cluster, term), -term.sign) for term in terms]
        for cluster in (fine, coarse)
    ]
    sums = _values(coarse, pairs[1], backend)
    matrix = np.concatenate([np.ones((1, sums.shape[1])), sums])
    reader = Reader(coarse, backend, inverse=np.linalg.pinv(matrix.T))
    start = [term.coupling for term in terms]
    names = tuple(term.name for term in terms)
    sectors = table_sectors(step, sums, [name in zero for name in names])
    return _recursion(step, pairs[0], reader, names=names, sectors=sectors, start=start)


def _recursion(
    step: Step,
    functions: Sequence[LocalSum],
    reader: Reader,
    *,
    names: tuple[str, ...],
    sectors: Mapping[str, Floats],
    start: Sequence[float],
) -> ClusterRecursion:
    return ClusterRecursion(
        backend=reader.backend,
        step=step,
        names=names,
        sectors=sectors,
        projector=invariant_projector(sectors),
        sums=_values(step.blocked.fine, functions, reader.backend),
        reader=reader,
        start=np.array(start),
    )


def _values(cluster: Cluster, functions: Sequence[LocalSum], backend: Backend) -> Floats:
    """Each function of every state, [n, states]."""
    chunks = Chunks(cluster, 0)
    with backend.arrays() as xp:
        fwht = routine(backend, "fwht")
        return np.array(
            [np.asarray(chunks.function(function, fwht, xp)(0)) for function in functions]
        )
