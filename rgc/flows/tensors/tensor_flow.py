"""The flow that `trg` and `hotrg` share: tensors step by step, the ledger of the free energy, the spectra on the way."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.conformal import TRIVIAL, Conformal, Spectrum, conformal, leading
from rgc.analysis.graded import Charges, sums
from rgc.analysis.truncation import Kept
from rgc.errors import Problem, SpecError
from rgc.flows.flow import State
from rgc.flows.tensors.site_tensor import Tensor, site_tensor, turned
from rgc.passes.square_bonds import SquareBonds, find_bonds
from rgc.program.draws import SLOT, fold, stream, uniforms

if TYPE_CHECKING:
    from rgc.backend import Backend
    from rgc.model.spec import Spec
    from rgc.results.result import Result

Floats = NDArray[np.float64]
Shape = tuple[int, ...]
"""Extents of a lattice of tensors: none of the infinite one, their number of a tilted one."""

STEPS = 50
"""Of an infinite lattice: what is left out of ln Z per site is of the order 2^-50."""
WIDTH = 64
"""Singular values of a step that are kept for the record."""
FEW = 6
"""Scaling dimensions of each charge that are looked for."""
MOST_STATES = 64
"""Of a site: its tensor has the fourth power of them as entries."""
CLOSED_WHOLE = 2500
"""Largest chi^2 for which the last two tensors across a torus are contracted as they are."""


@dataclass(frozen=True, slots=True, eq=False)
class Coarse:
    """What a step gives: the tensor of twice as many sites, what was kept of each index that was cut, and its singular values."""

    tensor: Tensor
    kept: tuple[Kept, ...]
    spectrum: Floats


Draws = Callable[[int, int], Floats]
"""A random matrix of so many rows and columns."""

Coarsen = Callable[[Any, Tensor, int, Draws, int], Coarse]
"""(namespace, tensor, chi, draws, number of the step) -> what it becomes."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a spec says: `extents` are those of a torus, none of the infinite lattice; `steps` are for the latter. `spectra`: transfer matrices
    are looked at, for exponents and the central charge."""

    bonds: SquareBonds
    couplings: Mapping[str, float]
    extents: Shape
    chi: int
    steps: int
    spectra: bool = True

    @property
    def isotropic(self) -> bool:
        return self.bonds.x == self.bonds.y

    @property
    def last_width(self) -> int:
        """How many tensors side by side may stay at the end."""
        return 2 if self.chi**2 <= CLOSED_WHOLE else 1


@dataclass(frozen=True, slots=True)
class Plan:
    """`shapes`: the lattice of tensors after each step, from the first one on; `square`: whether the sites of a tensor are a square then."""

    shapes: tuple[Shape, ...]
    square: tuple[bool, ...]


@dataclass(frozen=True, slots=True, eq=False)
class TensorFlow:
    """Tensor renormalisation at one point: with `chi` and, to see how much that matters, with half of it at the same time.

    State arrays: `values_<k>`, `across_<k>`, `along_<k>` the tensor of `chis[k]`, its largest entry 1;
    `constant` [k, step], `discarded` [k, step], `dropped` [k, step], `spectrum` [step, value], `central_charge` [k, step],
    `dimensions` and `charges` [k, step, n]; NaN where there is nothing.
    """

    scheme: str
    setting: Setting
    plan: Plan
    coarsen: Coarsen
    backend: Backend
    seed: int
    point: Mapping[str, float]

    @property
    def steps(self) -> int:
        return len(self.plan.shapes) - 1

    @property
    def chis(self) -> tuple[int, ...]:
        """Of the flow and of its companion."""
        chi = self.setting.chi
        return (chi, chi // 2) if chi > 1 else (chi,)

    @property
    def sites(self) -> int | None:
        """N, None of the infinite lattice."""
        return int(np.prod(self.plan.shapes[0])) if self.plan.shapes[0] else None

    @property
    def provenance(self) -> Mapping[str, Any]:
        tensor, _ = site_tensor(self.setting.bonds)
        return {
            "chi": list(self.chis),
            "steps": self.steps,
            "states": self.setting.bonds.states,
            "charges_modulo": tensor.order,
            "reproducibility": "L3",
        }

    def start(self) -> State:
        tensor, taken = site_tensor(self.setting.bonds)
        count, n = len(self.chis), self.steps + 1
        arrays: dict[str, NDArray[Any]] = {
            "constant": np.full((count, n), np.nan),
            "discarded": np.zeros((count, n)),
            "dropped": np.zeros((count, n), dtype=np.int64),
            "spectrum": np.full((n, WIDTH), np.nan),
            "central_charge": np.full((count, n), np.nan),
            "dimensions": np.full((count, n, self._looked_for(tensor)), np.nan),
            "charges": np.zeros((count, n, self._looked_for(tensor)), dtype=np.int64),
        }
        state = State(0, arrays)
        for k in range(count):
            self._put(state, k, tensor, -taken)
        return state

    def step(self, state: State) -> State:
        number = state.done + 1
        for k, chi in enumerate(self.chis):
            tensor = self.tensor(state, k)
            with self.backend.arrays() as xp:
                given = replace(tensor, values=xp.asarray(tensor.values))
                made = self.coarsen(
                    xp, given, chi, projections(self.seed, self.point, number), number
                )
                values = np.asarray(made.tensor.values)
            state.arrays["discarded"][k, number] = np.mean([each.discarded for each in made.kept])
            state.arrays["dropped"][k, number] = max(
                each.dropped or -each.over for each in made.kept
            )
            if k == 0:
                seen = made.spectrum[:WIDTH]
                state.arrays["spectrum"][number, : len(seen)] = seen
            self._put(
                state,
                k,
                replace(made.tensor, values=values),
                state.arrays["constant"][k, number - 1],
                number,
            )
        state.done = number
        return state

    def finish(self, state: State) -> Result:
        from rgc.flows.tensors.tensor_result import result

        return result(self, state)

    def tensor(self, state: State, k: int) -> Tensor:
        a = state.arrays
        return Tensor(
            a[f"values_{k}"], a[f"across_{k}"], a[f"along_{k}"], int(state.values["order"])
        )

    def free_energy(self, state: State, k: int) -> float:
        """F/N, the lattice of the last tensors closed to a torus."""
        n, tensor = state.done, self.tensor(state, k)
        shape = self.plan.shapes[n]
        log_z = _log_z(tensor, *shape) if shape else float(np.log(tensor.trace))
        return float(state.arrays["constant"][k, n]) - log_z / (2.0**n * prod(shape))

    def _put(self, state: State, k: int, tensor: Tensor, constant: float, number: int = 0) -> None:
        """Store a tensor with its largest entry taken out, the ledger, and the spectrum of its transfer matrices."""
        largest = float(np.abs(tensor.values).max())
        tensor = replace(tensor, values=tensor.values / largest)
        arrays = state.arrays
        arrays[f"values_{k}"], arrays[f"across_{k}"], arrays[f"along_{k}"] = (
            tensor.values,
            tensor.across,
            tensor.along,
        )
        state.values["order"] = tensor.order
        arrays["constant"][k, number] = constant - np.log(largest) / 2.0**number
        wanted = self.setting.spectra and self.plan.square[number]
        if not wanted or not self._near_critical(arrays["central_charge"][k]):
            return
        found = _conformal(
            tensor, not self.setting.isotropic, _starts(self.seed, self.point, number)
        )
        count = min(len(found.dimensions), arrays["dimensions"].shape[2])
        arrays["central_charge"][k, number] = found.central_charge
        arrays["dimensions"][k, number, :count] = found.dimensions[:count]
        arrays["charges"][k, number, :count] = found.charges[:count]

    @staticmethod
    def _near_critical(charges: Floats) -> bool:
        seen = charges[np.isfinite(charges)]
        return len(seen) < 4 or bool(seen[-1] > TRIVIAL / 4)

    @staticmethod
    def _looked_for(tensor: Tensor) -> int:
        return FEW * tensor.order


def projections(seed: int, point: Mapping[str, float], number: int) -> Draws:
    """Random matrices of the step: uniform in (-1/2, 1/2), the n-th call from the n-th slot."""
    key = stream(seed, point, "arrays", number)
    calls = 0

    def draw(rows: int, columns: int) -> Floats:
        nonlocal calls
        a, b = fold(key, SLOT, calls)
        calls += 1
        return (uniforms((int(a), int(b)), rows * columns) - 0.5).reshape(rows, columns)

    return draw


def _starts(seed: int, point: Mapping[str, float], number: int) -> Callable[[int], Floats]:
    key = stream(seed, point, "arrays", number)
    return lambda count: uniforms(key, count) - 0.5


# -- making one --------------------------------------------------------------------------------------------------------


def make_setting(
    spec: Spec, zero: Collection[str] | None, spectra: bool, most_states: int
) -> Setting:
    """What a tensor flow needs of a spec. Raises `SpecError` as `find_bonds`, `ValueError` if a section is missing."""
    flow, lattice, hamiltonian = spec.flow, spec.lattice, spec.hamiltonian
    if flow is None or lattice is None or hamiltonian is None:
        raise ValueError("a tensor flow needs a lattice, a hamiltonian and a flow")
    place = spec.place("lattice")
    left_out = hamiltonian.zero if zero is None else zero
    bonds = find_bonds(lattice, spec.species, hamiltonian, left_out, place)
    if bonds.states > most_states:
        message = f"a site has {bonds.states} states, and tensors are made of up to {most_states}"
        raise SpecError([Problem("too-many-states", message, place)])
    extents = tuple(size for size in getattr(lattice, "shape", ()) if size is not None)
    chi, steps = flow.options["chi"], flow.options.get("steps", STEPS)
    return Setting(
        bonds, hamiltonian.couplings(), extents, cast(int, chi), cast(int, steps), spectra
    )


# -- circles of tensors ------------------------------------------------------------------------------------------------


def circle(tensor: Tensor, width: int) -> tuple[Floats, Charges]:
    """The transfer matrix of one or two tensors side by side, from the indices below to those above, and the charges of these."""
    t = tensor.values
    if width == 1:
        return np.einsum("aadu->du", t), tensor.along
    m = len(tensor.along)
    pair = np.tensordot(t, t, axes=((1, 0), (0, 1)))  # [d, u, e, v]
    return pair.transpose(0, 2, 1, 3).reshape(m * m, m * m), sums(
        tensor.along, tensor.along, tensor.order
    )


def _spectra(tensor: Tensor, start: Callable[[int], Floats]) -> tuple[Spectrum, Spectrum]:
    narrow, wide = (leading(*circle(tensor, width), width, FEW, start) for width in (1, 2))
    return narrow, wide


def _conformal(tensor: Tensor, anisotropic: bool, start: Callable[[int], Floats]) -> Conformal:
    directions = (tensor, turned(tensor)) if anisotropic else (tensor,)
    return conformal([_spectra(each, start) for each in directions])


def _log_z(tensor: Tensor, x: int, y: int) -> float:
    """ln Z of x by y tensors on a torus, the smaller number 1 or 2 and the larger a power of 2: ln Tr M^n by squaring."""
    if x > y:
        tensor, x, y = turned(tensor), y, x
    matrix, log = circle(tensor, x)[0], 0.0
    while y > 1:
        largest = float(np.abs(matrix).max())
        matrix = (matrix / largest) @ (matrix / largest)
        log, y = log + y * float(np.log(largest)), y // 2
    return log + float(np.log(np.trace(matrix)))
