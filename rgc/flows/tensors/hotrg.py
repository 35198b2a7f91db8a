"""Tensor renormalisation by higher-order singular values (Xie et al., Phys. Rev. B 86, 045139,
2012).
"""

from __future__ import annotations

from typing import Any

from rgc.analysis.graded import Projection, project, sums
from rgc.flows.request import Request
from rgc.flows.tensors.site_tensor import Tensor
from rgc.flows.tensors.tensor_rg import Setting, Shape, TensorPlan, TensorRG, make_setting
from rgc.flows.tensors.tensor_rg_flow import CoarseTensor, Draws, TensorRGFlow

LAW = (
    "contracts two tensors, one above the other or side by side, and projects the pair of indices "
    "on the chi leading eigenvectors of M M^T: half as many sites, in O(chi^7)"
)


def make_hotrg(request: Request) -> TensorRGFlow:
    """The flow `hotrg` of a spec at one point. Raises `SpecError` for a Hamiltonian that is no
    bonds of a square lattice.
    """
    return _flow(request, spectra=True)


def make_hotrg_free_energy(request: Request) -> TensorRGFlow:
    """The same for the free energy alone: no spectra of transfer matrices are looked at."""
    return _flow(request, spectra=False)


def _flow(request: Request, *, spectra: bool) -> TensorRGFlow:
    setting = make_setting(request, spectra=spectra)
    rg = TensorRG(request.flow.scheme, setting, plan(setting))

    def step(xp: Any, tensor: Tensor, chi: int, draws: Draws, number: int) -> CoarseTensor:
        del draws
        if _upright(rg.plan.shapes, number):
            coarse, cut = stack(xp, tensor, chi)
        else:
            coarse, cut = stack(xp, turn(xp, tensor), chi)
            coarse = turn(xp, coarse)
        return CoarseTensor(coarse, (cut.kept,), cut.spectrum)

    return TensorRGFlow(
        rg=rg,
        coarsen=step,
        law=LAW,
        backend=request.backend,
        seed=request.seed,
        point=request.point,
    )


def plan(setting: Setting) -> TensorPlan:
    """The plan of `hotrg`: steps double y and x of a tensor in turn.

    On a torus they begin along its smaller extent and end when that is 1 or 2. The lattice is
    `square` after every second step.
    """
    extents = setting.extents
    if not extents:
        return TensorPlan(
            ((),) * (setting.steps + 1), tuple(n % 2 == 0 for n in range(setting.steps + 1))
        )
    shapes, first = [extents], 0 if extents[0] < extents[1] else 1
    while min(shapes[-1]) > setting.last_width:
        axis = (first + len(shapes) - 1) % 2
        shapes.append(tuple(n // 2 if k == axis else n for k, n in enumerate(shapes[-1])))
    return TensorPlan(tuple(shapes), tuple(n % 2 == 0 for n in range(len(shapes))))


def _upright(shapes: tuple[Shape, ...], number: int) -> bool:
    """Whether the step joins tensors one above the other."""
    return number % 2 == 1 if not shapes[0] else shapes[number][0] == shapes[number - 1][0]


def stack(xp: Any, tensor: Tensor, chi: int) -> tuple[Tensor, Projection]:
    """Two tensors, one above the other, as one whose left and right indices have about `chi`
    values.

    The pair of left indices, or the pair of right ones if that discards less, is projected on the
    leading eigenvectors of M M^T, where M is the two tensors as a matrix from that pair to
    everything else. The cost is O(chi^7).
    """
    t, n = tensor.values, len(tensor.across)
    projection = min(
        (_leading(xp, tensor, chi, side) for side in (0, 1)), key=lambda side: side.kept.discarded
    )
    u = xp.reshape(projection.columns, (n, n, -1))
    lower = xp.tensordot(u, t, axes=((0,), (0,)))  # [l2, L, r1, d, i]
    both = xp.tensordot(lower, t, axes=((0, 4), (0, 2)))  # [L, r1, d, r2, u]
    new = xp.tensordot(both, u, axes=((1, 3), (0, 1)))  # [L, d, u, R]
    return Tensor(
        xp.permute_dims(new, (0, 3, 1, 2)), projection.charges, tensor.along, tensor.order
    ), projection


def turn(xp: Any, tensor: Tensor) -> Tensor:
    """The tensor with x and y exchanged."""
    return Tensor(
        xp.permute_dims(tensor.values, (2, 3, 0, 1)), tensor.along, tensor.across, tensor.order
    )


def _leading(xp: Any, tensor: Tensor, chi: int, side: int) -> Projection:
    """The leading eigenvectors for the pair of left (side 0) or right (side 1) indices, with the
    lower tensor first.
    """
    t, n, other = tensor.values, len(tensor.across), 1 - side
    lower = xp.tensordot(t, t, axes=((other, 2), (other, 2)))  # [a1, i, b1, j]
    upper = xp.tensordot(t, t, axes=((other, 3), (other, 3)))  # [a2, i, b2, j]
    gram = xp.permute_dims(xp.tensordot(lower, upper, axes=((1, 3), (1, 3))), (0, 2, 1, 3))
    charges = sums(tensor.across, tensor.across, tensor.order)
    return project(xp, xp.reshape(gram, (n * n, n * n)), charges, chi)
