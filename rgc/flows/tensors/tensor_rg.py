"""Tensor renormalisation of a spec, as data: its bonds, chi, and the lattice of tensors step by
step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.graded import Charges, sums
from rgc.errors import Problem, SpecError
from rgc.flows.flow import State
from rgc.flows.request import Request
from rgc.flows.tensors.site_tensor import Tensor, site_tensor, turned
from rgc.passes.square_bonds import SquareBonds, find_bonds
from rgc.schemes.needs.square_bonds import MOST_SITE_STATES

Floats = NDArray[np.float64]
Shape = tuple[int, ...]
"""Extents of a lattice of tensors: none of the infinite one, their number of a tilted one."""

QUICK_STATES = 16
"""Of a site where a flow has to be quick: its tensor has the fourth power of them as entries."""

CLOSED_WHOLE = 2500
"""Largest chi^2 for which the last two tensors across a torus are contracted as they are."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a spec says.

    - `extents` are those of a torus, empty for the infinite lattice, and `steps` are for the
      latter.
    - `spectra` says that transfer matrices are looked at, for exponents and the central charge.
    """

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
class TensorPlan:
    """The lattice of tensors after each step, from the first one on.

    - `shapes` are its shapes.
    - `square` says whether the sites of a tensor form a square.
    """

    shapes: tuple[Shape, ...]
    square: tuple[bool, ...]


@dataclass(frozen=True, slots=True, eq=False)
class TensorRG:
    """Tensor renormalisation at one point, with `chi` and, to see how much that matters, with three
    quarters and half of it at the same time.

    A state of its flow holds the tensor of `chis[k]`, its largest entry 1, in the arrays
    `values_<k>`, `across_<k>` and `along_<k>`, and what was taken out of it so far in `constant`
    [k, step].
    """

    scheme: str
    setting: Setting
    plan: TensorPlan

    @property
    def steps(self) -> int:
        return len(self.plan.shapes) - 1

    @property
    def chis(self) -> tuple[int, ...]:
        """Of the flow and of its companions: chi, three quarters and half of it."""
        chi = self.setting.chi
        return tuple(dict.fromkeys((chi, max(3 * chi // 4, 1), max(chi // 2, 1))))

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
            "charges_modulo": tensor.order if len(tensor.orders) == 1 else list(tensor.orders),
            "reproducibility": "L3",
        }

    def tensor(self, state: State, k: int) -> Tensor:
        """The tensor of `chis[k]`."""
        a = state.arrays
        orders = tuple(int(n) for n in a["orders"])
        return Tensor(a[f"values_{k}"], a[f"across_{k}"], a[f"along_{k}"], orders)

    def free_energy(self, state: State, k: int) -> float:
        """F/N by `chis[k]`, the lattice of the last tensors closed to a torus."""
        n, tensor = state.done, self.tensor(state, k)
        shape = self.plan.shapes[n]
        log_z = _log_z(tensor, *shape) if shape else float(np.log(tensor.trace))
        return float(state.arrays["constant"][k, n]) - log_z / (2.0**n * prod(shape))


def make_setting(request: Request, *, spectra: bool) -> Setting:
    """What a tensor flow needs of a spec. Raises `SpecError` as `find_bonds`, and for a site of too
    many states.
    """
    place = request.spec.place("lattice")
    bonds = find_bonds(request.lattice, request.species, request.hamiltonian, request.zero, place)
    most = QUICK_STATES if request.quick else MOST_SITE_STATES
    if bonds.states > most:
        message = f"a site has {bonds.states} states, and tensors are made of up to {most}"
        raise SpecError([Problem("too-many-states", message, place)])
    extents = tuple(size for size in request.crystal.shape if size is not None)
    return Setting(
        bonds=bonds,
        couplings=request.hamiltonian.couplings(),
        extents=extents,
        chi=request.options.integer("chi"),
        steps=request.options.integer("steps"),
        spectra=spectra,
    )


def circle(tensor: Tensor, width: int) -> tuple[Floats, Charges]:
    """The transfer matrix of one or two tensors side by side, from the indices below to those
    above, and the charges of these.
    """
    t = tensor.values
    if width == 1:
        return np.einsum("aadu->du", t), tensor.along
    m = len(tensor.along)
    pair = np.tensordot(t, t, axes=((1, 0), (0, 1)))  # [d, u, e, v]
    return pair.transpose(0, 2, 1, 3).reshape(m * m, m * m), sums(
        tensor.along, tensor.along, tensor.orders
    )


def _log_z(tensor: Tensor, x: int, y: int) -> float:
    """ln Z of x by y tensors on a torus, the smaller number 1 or 2 and the larger a power of 2: ln
    Tr M^n by squaring.
    """
    if x > y:
        tensor, x, y = turned(tensor), y, x
    matrix, log = circle(tensor, x)[0], 0.0
    while y > 1:
        largest = float(np.abs(matrix).max())
        matrix = (matrix / largest) @ (matrix / largest)
        log, y = log + y * float(np.log(largest)), y // 2
    return log + float(np.log(np.trace(matrix)))
