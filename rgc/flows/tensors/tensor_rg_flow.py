"""The flow that `trg` and `hotrg` share: tensors, accumulated constants and spectra, step by
step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.conformal import TRIVIAL, Conformal, Spectrum, conformal, leading
from rgc.analysis.truncation import Kept
from rgc.flows.flow import Account, State
from rgc.flows.tensors.site_tensor import Tensor, site_tensor, turned
from rgc.flows.tensors.tensor_result import tensor_result
from rgc.flows.tensors.tensor_rg import TensorRG, circle
from rgc.program.draws import SLOT, fold, stream, uniforms

if TYPE_CHECKING:
    from rgc.backend import Backend
    from rgc.results.result import Result

Floats = NDArray[np.float64]

WIDTH = 64
"""Singular values of a step that are kept for the record."""
FEW = 6
"""Scaling dimensions of each charge that are looked for."""
LOOKED = 16
"""Steps of which it is found what the cuts take from ln Z. A step counts half as much as the one
before.
"""
MOST_CHARGES = 64
"""Of larger groups the dimensions of the leading charges are kept."""


@dataclass(frozen=True, slots=True, eq=False)
class CoarseTensor:
    """What a step gives: the tensor of twice as many sites, what was kept of each index that was
    cut, its singular values, and a function that finds what the cuts take from ln Z, per tensor
    that was made.
    """

    tensor: Tensor
    kept: tuple[Kept, ...]
    spectrum: Floats
    lost: Callable[[], float]


Draws = Callable[[int, int], Floats]
"""A random matrix of so many rows and columns."""

Coarsen = Callable[[Any, Tensor, int, Draws, int], CoarseTensor]
"""(namespace, tensor, chi, draws, number of the step) -> what it becomes."""


@dataclass(frozen=True, slots=True, eq=False)
class TensorRGFlow:
    """Tensor renormalisation at one point, step by step. `law` says in words what `coarsen` does.

    State arrays: those of `TensorRG`, and `discarded` [k, step], `dropped` [k, step], `lost`
    [step], `spectrum` [step, value], `central_charge` [k, step], `dimensions` and `charges`
    [k, step, n]. They are NaN where there is nothing.
    """

    rg: TensorRG
    coarsen: Coarsen
    law: str
    backend: Backend
    seed: int
    point: Mapping[str, float]

    @property
    def scheme(self) -> str:
        return self.rg.scheme

    @property
    def steps(self) -> int:
        return self.rg.steps

    @property
    def provenance(self) -> Mapping[str, Any]:
        return self.rg.provenance

    def start(self) -> State:
        tensor, taken = site_tensor(self.rg.setting.bonds)
        count, n = len(self.rg.chis), self.steps + 1
        arrays: dict[str, NDArray[Any]] = {
            "constant": np.full((count, n), np.nan),
            "discarded": np.zeros((count, n)),
            "lost": np.zeros(n),
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
        for k, chi in enumerate(self.rg.chis):
            tensor = self.rg.tensor(state, k)
            with self.backend.arrays() as xp:
                given = replace(tensor, values=xp.asarray(tensor.values))
                made = self.coarsen(
                    xp, given, chi, projections(self.seed, self.point, number), number
                )
                values = np.asarray(made.tensor.values)
                if k == 0 and number <= LOOKED:
                    state.arrays["lost"][number] = made.lost()
            state.arrays["discarded"][k, number] = np.mean([kept.discarded for kept in made.kept])
            state.arrays["dropped"][k, number] = max(
                kept.dropped or -kept.over for kept in made.kept
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

    def accounts(self) -> Sequence[Account]:
        setting, (tensor, _) = self.rg.setting, site_tensor(self.rg.setting.bonds)
        self.step(self.start())
        first, last = (" x ".join(map(str, self.rg.plan.shapes[k])) for k in (0, -1))
        lattice = f"from {first} tensors to {last}" if first else "on the infinite lattice"
        others = " and ".join(map(str, self.rg.chis[1:]))
        less = f"; further runs keep {others} in place of {setting.chi}" if others else ""
        lines = {
            "tensor": (
                f"T[left, right, down, up] of a site, {list(tensor.values.shape)}, whose entries "
                f"conserve a charge modulo {' x '.join(map(str, tensor.orders))}"
            ),
            "a step": self.law,
            "arrays": f"T grows to {[setting.chi] * 4} at most" + less,
            "steps": f"{self.steps} {lattice}",
            "F/N": "the sum over steps n of -ln(largest entry of T)/2^n, and of the last tensors",
        }
        if setting.spectra:
            lines["spectra"] = "transfer matrices of one and two tensors side by side"
        return (Account(f"{self.scheme}: tensor renormalisation with chi = {setting.chi}", lines),)

    def finish(self, state: State) -> Result:
        return tensor_result(self.rg, state)

    def _put(self, state: State, k: int, tensor: Tensor, constant: float, number: int = 0) -> None:
        """Store a tensor divided by its largest entry, the accumulated constant, and the spectrum
        of its transfer matrices.
        """
        largest = float(np.abs(tensor.values).max())
        tensor = replace(tensor, values=tensor.values / largest)
        arrays = state.arrays
        arrays[f"values_{k}"], arrays[f"across_{k}"], arrays[f"along_{k}"] = (
            tensor.values,
            tensor.across,
            tensor.along,
        )
        arrays["orders"] = np.array(tensor.orders)
        arrays["constant"][k, number] = constant - np.log(largest) / 2.0**number
        wanted = self.rg.setting.spectra and self.rg.plan.square[number]
        if not wanted or not self._near_critical(arrays["central_charge"][k]):
            return
        spectrum = _conformal(
            tensor, not self.rg.setting.isotropic, _starts(self.seed, self.point, number)
        )
        count = min(len(spectrum.dimensions), arrays["dimensions"].shape[2])
        arrays["central_charge"][k, number] = spectrum.central_charge
        arrays["dimensions"][k, number, :count] = spectrum.dimensions[:count]
        arrays["charges"][k, number, :count] = spectrum.charges[:count]

    @staticmethod
    def _near_critical(charges: Floats) -> bool:
        seen = charges[np.isfinite(charges)]
        return len(seen) < 4 or bool(seen[-1] > TRIVIAL / 4)

    @staticmethod
    def _looked_for(tensor: Tensor) -> int:
        return FEW * min(tensor.order, MOST_CHARGES)


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


# -- spectra ---------------------------------------------------------------------------------------


def _spectra(tensor: Tensor, start: Callable[[int], Floats]) -> tuple[Spectrum, Spectrum]:
    narrow, wide = (leading(*circle(tensor, width), width, FEW, start) for width in (1, 2))
    return narrow, wide


def _conformal(tensor: Tensor, anisotropic: bool, start: Callable[[int], Floats]) -> Conformal:
    directions = (tensor, turned(tensor)) if anisotropic else (tensor,)
    return conformal([_spectra(direction, start) for direction in directions])
