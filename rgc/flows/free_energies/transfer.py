"""Free energies by the transfer matrix: of infinite strips by its largest eigenvalue, of finite
lattices by its trace or a product.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product as cartesian
from math import log, prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rgc.flows.flow import Account, State
from rgc.flows.free_energies.strip_spectrum import arnoldi, moved, strip_spectrum
from rgc.flows.request import Request
from rgc.flows.tensors.transfer_matrix import make_layer
from rgc.model.expressions import leaves
from rgc.model.hamiltonian import Table
from rgc.model.lattice import Lattice
from rgc.model.observables import ScanMeasure
from rgc.model.spins import Species
from rgc.passes.cut_lattice import Cut, cut_lattice
from rgc.passes.isotropy import isotropic
from rgc.passes.local_energies import local_energies
from rgc.passes.slice_lattice import Slices
from rgc.results.result import Estimate, FreeEnergy, Result

if TYPE_CHECKING:
    from rgc.backend import Backend
    from rgc.model.spec import Spec

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

OF_STRIPS = ("central_charge", "scaling_dimensions")
"""Measures of a scan that need more eigenvalues than the largest."""

BATCH = 2**20
"""Entries of the vectors that a step takes through all layers."""


@dataclass(frozen=True, slots=True)
class Around:
    """A strip of `cells` cells around: the `order` of the spins of the vector after a translation
    by one of them, whether the reversal of all spins is a symmetry, and whether one makes the strip
    isotropic.
    """

    cells: int
    order: tuple[int, ...]
    flip: bool
    isotropic: bool


@dataclass(frozen=True, slots=True, eq=False)
class Transfer:
    """ln Z of a lattice in layers along one axis.

    `starts` are the states at which a trace begins, and `counts` says how many states are like each
    of them. A step takes `batch` of them. `strip` is there where further eigenvalues of a strip are
    asked for.

    State arrays: `log_z` [1], the logarithm of what has been summed (for an infinite strip ln of
    the largest eigenvalue), and `spectrum` [n, 3] as `strip_spectrum` has it.
    """

    cut: Cut
    starts: Integers
    counts: Integers
    backend: Backend
    strip: Around | None = None

    @property
    def scheme(self) -> str:
        return "transfer"

    @property
    def batch(self) -> int:
        return max(1, BATCH // self.cut.slices.vector)

    @property
    def steps(self) -> int:
        return -(-len(self.starts) // self.batch) if self.cut.closed else 1

    @property
    def provenance(self) -> Mapping[str, Any]:
        return {
            "transfer": {
                "axis": self.cut.slices.axis,
                "states": self.cut.slices.vector,
                "reach": self.cut.slices.reach,
                **({"isotropic": self.strip.isotropic} if self.strip is not None else {}),
            },
            "reproducibility": "L3",
        }

    def start(self) -> State:
        return State(0, {"log_z": np.array([-np.inf]), "spectrum": np.zeros((0, 3))})

    def step(self, state: State) -> State:
        with self.backend.arrays() as xp:
            if self.cut.length is None:
                log_z = self._strip(xp)
                if self.strip is not None:
                    state.arrays["spectrum"] = self._spectrum(xp, self.strip)
            elif self.cut.closed:
                log_z = self._trace(
                    xp, slice(state.done * self.batch, (state.done + 1) * self.batch)
                )
            else:
                log_z = self._open(xp)
        state.arrays["log_z"] = np.logaddexp(state.arrays["log_z"], log_z)
        state.done += 1
        return state

    def accounts(self) -> Sequence[Account]:
        slices = self.cut.slices
        with self.backend.arrays() as xp:
            layer = make_layer(xp, slices, slices.reach)
            layer(xp, xp.asarray(np.eye(slices.vector, 1)))
        sums = "by its largest eigenvalue" if self.cut.length is None else "layer by layer"
        if self.cut.closed:
            sums = f"by its trace, from {len(self.starts)} states, {self.batch} at a time"
        lines = {
            "ln Z": f"of the transfer matrix along axis {slices.axis}, {sums}",
            "arrays": (
                f"vectors [{slices.vector}]; "
                f"a layer of {len(slices.states)} spins is added spin by spin"
            ),
        }
        return (Account("transfer: a free energy, exact", lines),)

    def finish(self, state: State) -> Result:
        log_z = float(state.arrays["log_z"][0])
        entry = FreeEnergy("transfer", -log_z / self.cut.sites, 0.0, "exact")
        values = {} if self.cut.length is None else {"log_z": Estimate(log_z, 0.0, "exact")}
        spectrum = state.arrays["spectrum"]
        return Result(
            "transfer",
            free_energy=(entry,),
            values=values,
            tables={"strip_spectrum": spectrum} if self.strip is not None else {},
            provenance=self.provenance,
        )

    def _strip(self, xp: Any) -> float:
        """ln of the largest eigenvalue, which is positive, as the matrix is."""
        layer, size = make_layer(xp, self.cut.slices, self.cut.slices.reach), self.cut.slices.vector

        def apply(vector: Any) -> Any:
            return np.asarray(layer(xp, xp.asarray(vector.reshape(size, -1)))).reshape(vector.shape)

        if size <= 64:
            values = np.linalg.eigvals(apply(np.eye(size)))
        else:
            values, _ = arnoldi(apply, np.ones(size), k=1, which="LR")
        return float(np.log(values.real.max())) + layer.log

    def _spectrum(self, xp: Any, strip: Around) -> Floats:
        """The leading eigenvalues of a strip, as `strip_spectrum` has them."""
        slices = self.cut.slices
        layer = make_layer(xp, slices, slices.reach)
        return strip_spectrum(
            lambda vectors: np.asarray(layer(xp, xp.asarray(vectors))),
            slices.vector,
            moved(slices.states * slices.reach, strip.order),
            strip.cells,
            flip=strip.flip,
        )

    def _trace(self, xp: Any, part: slice) -> float:
        """ln of the part of Tr T^length that begins at some of the states."""
        starts, size = self.starts[part], self.cut.slices.vector
        first = np.zeros((size, len(starts)))
        first[starts, np.arange(len(starts))] = 1.0
        layer, taken = make_layer(xp, self.cut.slices, self.cut.slices.reach), 0.0
        vectors = xp.asarray(first)
        for _ in range(self.cut.length or 0):
            vectors = layer(xp, vectors)
            largest = float(xp.max(vectors))
            vectors, taken = vectors / largest, taken + layer.log + log(largest)
        ends = size - 1 - starts if self.cut.turned else starts
        back = np.asarray(vectors)[ends, np.arange(len(starts))]
        return taken + float(np.log(back @ self.counts[part]))

    def _open(self, xp: Any) -> float:
        """ln Z of a lattice whose first and last layers are free."""
        vectors, taken = xp.ones((1, 1)), 0.0
        for number in range(self.cut.length or 0):
            layer = make_layer(xp, self.cut.slices, min(number, self.cut.slices.reach))
            vectors = layer(xp, vectors)
            largest = float(xp.max(vectors))
            vectors, taken = vectors / largest, taken + layer.log + log(largest)
        return taken + float(xp.log(xp.sum(vectors)))


def make_transfer(request: Request) -> Transfer:
    """The transfer matrix of a spec at one point, along the axis of least work.

    Raises `SpecError` where no axis will do.
    """
    species = request.species
    best = cut_lattice(
        request.lattice,
        species,
        request.hamiltonian,
        request.zero,
        place=request.spec.place("lattice"),
        quick=request.quick,
    )
    tables, lattice = local_energies(request.hamiltonian, species, request.zero), request.crystal
    starts, counts = _starts(lattice, species, tables, best.slices) if best.closed else _NONE
    strip = _around(lattice, species, tables, best.slices) if _of_strips(request.spec) else None
    return Transfer(best, starts, counts, request.backend, strip)


def _of_strips(spec: Spec) -> bool:
    """Whether a measure of the scan asks for the spectra of strips."""
    asked = (measure.of_scan for measure in spec.measures if measure.of_scan is not None)
    return any(
        isinstance(leaf, ScanMeasure) and leaf.kind in OF_STRIPS
        for expression in asked
        for leaf in leaves(expression)
    )


def _around(
    lattice: Lattice, species: Sequence[Species], tables: Sequence[Table], slices: Slices
) -> Around | None:
    """How the spins of a vector move around a strip; None for what is no periodic strip in two
    dimensions.
    """
    across = 1 - slices.axis
    if lattice.dimension != 2 or lattice.shape[slices.axis] is not None:
        return None
    cells = lattice.shape[across]
    if cells is None or lattice.boundary[across] != "periodic" or slices.reach == 0 or cells < 2:
        return None
    one = list(_translations(lattice, len(species), slices.axis))[1]
    return Around(cells, _order(one, slices), _reversible(tables), isotropic(lattice, tables))


def _order(one: Sequence[int], slices: Slices) -> tuple[int, ...]:
    """The order of the spins of all layers of a vector where those of one layer have an order."""
    n = len(slices.states)
    return tuple(layer * n + number for layer in range(slices.reach) for number in one)


def _reversible(tables: Sequence[Table]) -> bool:
    """Whether the reversal of every spin changes no energy."""
    return all(table.energies == table.energies[::-1] for table in tables)


_NONE: tuple[Integers, Integers] = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)


def _starts(
    lattice: Lattice, species: Sequence[Species], tables: Sequence[Table], slices: Slices
) -> tuple[Integers, Integers]:
    """One state of each class of states that give the same term of the trace, and the sizes of the
    classes.

    The states of a class are related by translations along periodic axes, and, where no table
    changes by it, by the reversal of every spin.
    """
    states = slices.states * slices.reach
    every = np.arange(slices.vector)[:, None]
    smallest = every[:, 0].copy()
    for one in _translations(lattice, len(species), slices.axis):
        np.minimum(smallest, moved(states, _order(one, slices))(every)[:, 0], out=smallest)
    if _reversible(tables):
        np.minimum(smallest, smallest[::-1], out=smallest)
    starts, counts = np.unique(smallest, return_counts=True)
    return starts, counts


def _translations(lattice: Lattice, kinds: int, axis: int) -> Iterator[list[int]]:
    """Where each spin of a layer goes under the translations along its periodic axes."""
    shape = [1 if k == axis else size or 1 for k, size in enumerate(lattice.shape)]
    within = len(lattice.basis) * kinds
    numbers = np.arange(prod(shape) * within).reshape(*shape, within)
    free = [k for k, edge in enumerate(lattice.boundary) if edge == "periodic" and k != axis]
    for shift in cartesian(*(range(shape[k]) for k in free)):
        yield np.roll(numbers, shift, tuple(free)).reshape(-1).tolist()
