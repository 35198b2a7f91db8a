"""Tensor renormalisation by higher-order singular values (Xie et al., Phys. Rev. B 86, 045139,
2012).
"""

from __future__ import annotations

from typing import Any

from rgc.analysis.graded import Projection, project, sums
from rgc.flows.request import Request
from rgc.flows.tensors.environment import ends
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
        upright = _upright(rg.plan.shapes, number)
        fine = tensor if upright else turn(xp, tensor)
        made, cut = stack(xp, fine, chi)
        coarse = made if upright else turn(xp, made)
        return CoarseTensor(coarse, (cut.kept,), cut.spectrum, lambda: lost(xp, fine, made, cut))

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
        xp.permute_dims(new, (0, 3, 1, 2)), projection.charges, tensor.along, tensor.orders
    ), projection


def lost(xp: Any, tensor: Tensor, made: Tensor, cut: Projection) -> float:
    """What the projection takes from ln Z, per tensor that is made: at first order in what it
    leaves out of the bonds of one column of two, with the bonds around them as they were cut. The
    cost is O(chi^7).
    """
    left, right = ends(xp, made)
    before = _opened(xp, _backwards(xp, tensor.values), cut.columns, left)
    after = _opened(xp, tensor.values, cut.columns, right)
    u = cut.columns
    kept = xp.sum((u.T @ before @ u) * (u.T @ after @ u))
    return (1.0 - float(kept / xp.sum(before * after))) / 2


def _opened(xp: Any, values: Any, columns: Any, half: Any) -> Any:
    """Half of the cylinder with both of its bonds as they were before the projection, [pair of left
    indices of the first tensor, that of the second].
    """
    n = values.shape[0]
    u = xp.reshape(columns, (n, n, -1))
    lower = xp.tensordot(values, u, axes=((1,), (0,)))  # [l1, d, i, r2, R]
    both = xp.tensordot(lower, values, axes=((2, 3), (2, 1)))  # [l1, d, R, l2, u]
    one = xp.permute_dims(both, (0, 3, 1, 4, 2))  # [l1, l2, d, u, R]
    column = xp.tensordot(
        xp.tensordot(one, half, axes=((4,), (0,))), one, axes=((2, 3, 4), (3, 2, 4))
    )
    return xp.reshape(column, (n * n, n * n))


def _backwards(xp: Any, values: Any) -> Any:
    return xp.permute_dims(values, (1, 0, 2, 3))


def turn(xp: Any, tensor: Tensor) -> Tensor:
    """The tensor with x and y exchanged."""
    return Tensor(
        xp.permute_dims(tensor.values, (2, 3, 0, 1)), tensor.along, tensor.across, tensor.orders
    )


def _leading(xp: Any, tensor: Tensor, chi: int, side: int) -> Projection:
    """The leading eigenvectors for the pair of left (side 0) or right (side 1) indices, with the
    lower tensor first.
    """
    t, n, other = tensor.values, len(tensor.across), 1 - side
    lower = xp.tensordot(t, t, axes=((other, 2), (other, 2)))  # [a1, i, b1, j]
    upper = xp.tensordot(t, t, axes=((other, 3), (other, 3)))  # [a2, i, b2, j]
    gram = xp.permute_dims(xp.tensordot(lower, upper, axes=((1, 3), (1, 3))), (0, 2, 1, 3))
    charges = sums(tensor.across, tensor.across, tensor.orders)
    return project(xp, xp.reshape(gram, (n * n, n * n)), charges, chi)
