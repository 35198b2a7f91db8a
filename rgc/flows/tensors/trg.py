"""Tensor renormalisation by singular values (Levin and Nave, Phys. Rev. Lett. 99, 120601, 2007)."""

from __future__ import annotations

from typing import Any

from rgc.analysis.graded import Split, Svd, multiply, opposite, split, sums
from rgc.flows.request import Request
from rgc.flows.tensors.environment import beside, ends
from rgc.flows.tensors.site_tensor import Tensor
from rgc.flows.tensors.tensor_rg import Setting, Shape, TensorPlan, TensorRG, make_setting
from rgc.flows.tensors.tensor_rg_flow import CoarseTensor, Draws, TensorRGFlow
from rgc.routines import routine

LAW = (
    "splits T = S1 S3 on one sublattice and T = S2 S4 on the other by singular values, keeps chi "
    "of them, and contracts four parts around a plaquette: half as many sites, in O(chi^6)"
)


def make_trg(request: Request) -> TensorRGFlow:
    """The flow `trg` of a spec at one point. Raises `SpecError` for a Hamiltonian that is no bonds
    of a square lattice.
    """
    return _flow(request, spectra=True)


def make_trg_free_energy(request: Request) -> TensorRGFlow:
    """The same for the free energy alone: no spectra of transfer matrices are looked at."""
    return _flow(request, spectra=False)


def _flow(request: Request, *, spectra: bool) -> TensorRGFlow:
    setting = make_setting(request, spectra=spectra)
    rg = TensorRG(request.flow.scheme, setting, plan(setting))
    svd = routine(request.backend, "svd")

    def step(xp: Any, tensor: Tensor, chi: int, draws: Draws, number: int) -> CoarseTensor:
        made, splits = coarsen(xp, tensor, chi, lambda matrix, rank: svd(matrix, rank, draws))
        kept = tuple(split.kept for split in splits)
        return CoarseTensor(made, kept, splits[0].spectrum, lambda: lost(xp, tensor, made, splits))

    return TensorRGFlow(
        rg=rg,
        coarsen=step,
        law=LAW,
        backend=request.backend,
        seed=request.seed,
        point=request.point,
    )


def plan(setting: Setting) -> TensorPlan:
    """The plan of `trg`, in which two steps halve both extents and turn the lattice by 90 degrees.

    After the first of the two the lattice is tilted, and the sites of a tensor form no square
    unless both directions are alike.
    """
    shapes: list[Shape] = [setting.extents]
    if not setting.extents:
        shapes *= setting.steps + 1
    while shapes[-1] and min(shapes[-1]) > setting.last_width:
        x, y = shapes[-1]
        shapes += [(x * y // 2,), (y // 2, x // 2)]
    return TensorPlan(
        tuple(shapes), tuple(setting.isotropic or n % 2 == 0 for n in range(len(shapes)))
    )


def coarsen(xp: Any, tensor: Tensor, chi: int, svd: Svd) -> tuple[Tensor, tuple[Split, Split]]:
    """The tensor of a lattice of half as many sites, turned by 45 degrees, and the two splits that
    made it.

    Each site of one sublattice is split into lower left and upper right, T = S1[l, d, k]
    S3[k, r, u], and each of the other into upper left and lower right, T = S2[l, u, m] S4[m, r, d].
    The four parts around a plaquette make the new tensor. The cost is O(chi^5) for splits by
    projection, and O(chi^6) for full ones and for the plaquette.
    """
    values, orders = tensor.values, tensor.orders
    n, m = len(tensor.across), len(tensor.along)
    plus = sums(tensor.across, tensor.along, orders)
    minus = sums(opposite(tensor.across, orders), tensor.along, orders)
    first = xp.reshape(xp.permute_dims(values, (0, 2, 1, 3)), (n * m, n * m))
    second = xp.reshape(xp.permute_dims(values, (0, 3, 1, 2)), (n * m, n * m))
    one = split(xp, first, plus, plus, chi=chi, svd=svd)
    two = split(xp, second, minus, minus, chi=chi, svd=svd)
    lower_left, upper_right = xp.reshape(one.left, (n, m, -1)), xp.reshape(one.right, (-1, n, m))
    upper_left, lower_right = xp.reshape(two.left, (n, m, -1)), xp.reshape(two.right, (-1, n, m))
    bottom = xp.tensordot(upper_right, upper_left, axes=((1,), (0,)))  # [k, up of k, up of m, m]
    top = xp.tensordot(lower_left, lower_right, axes=((0,), (1,)))  # [down of p, p, q, down of q]
    joined = [
        sums(a, b, orders) for a, b in ((one.charges, two.charges), (tensor.along, tensor.along))
    ]
    k, l = len(one.charges), len(two.charges)
    bottom = xp.reshape(xp.permute_dims(bottom, (0, 3, 1, 2)), (k * l, m * m))
    top = xp.reshape(xp.permute_dims(top, (3, 0, 1, 2)), (m * m, k * l))
    outer, inner = joined
    plaquette = multiply(xp, bottom, top, rows=outer, inner=inner, columns=outer)
    plaquette = xp.reshape(plaquette, (k, l, k, l))
    new = Tensor(xp.permute_dims(plaquette, (0, 2, 1, 3)), one.charges, two.charges, orders)
    return new, (one, two)


def lost(xp: Any, tensor: Tensor, made: Tensor, splits: tuple[Split, Split]) -> float:
    """What the splits take from ln Z, per tensor that is made: at first order in what they leave
    out of one bond, with the bonds around it as they were cut.

    A tensor that is made has one bond of each split. The two splits change places where the lattice
    is reflected. The cost is O(chi^6).
    """
    one, two = splits
    reflected = xp.permute_dims(tensor.values, (0, 1, 3, 2))
    turned = Tensor(
        xp.permute_dims(made.values, (3, 2, 1, 0)), made.along, made.across, made.orders
    )
    return _lost(xp, tensor.values, made, one, two) + _lost(xp, reflected, turned, two, one)


def _lost(xp: Any, values: Any, made: Tensor, one: Split, two: Split) -> float:
    """Of the bonds across the tensors that are made, which the split `one` has cut."""
    n, _, m, _ = values.shape
    lower_left, upper_right = xp.reshape(one.left, (n, m, -1)), xp.reshape(one.right, (-1, n, m))
    upper_left, lower_right = xp.reshape(two.left, (n, m, -1)), xp.reshape(two.right, (-1, n, m))
    corners = xp.tensordot(lower_right, upper_left, axes=((2,), (1,)))  # [q, b, n, l]
    left, right = ends(xp, made)
    backwards = xp.permute_dims(made.values, (1, 0, 2, 3))
    before = xp.tensordot(corners, beside(xp, backwards, left), axes=((0, 3), (2, 1)))
    before = xp.tensordot(before, upper_right, axes=((2, 1), (0, 1)))  # [b, second, m]
    after = xp.tensordot(corners, beside(xp, made.values, right), axes=((0, 3), (2, 1)))
    after = xp.tensordot(after, lower_left, axes=((0, 2), (0, 2)))  # [n, second, m]
    before, after = (
        xp.reshape(xp.permute_dims(half, (0, 2, 1)), (n * m, -1)) for half in (before, after)
    )
    matrix = xp.reshape(xp.permute_dims(values, (0, 2, 1, 3)), (n * m, n * m))
    kept = xp.sum((before.T @ one.left) * (one.right @ after).T)
    return 1.0 - float(kept / xp.sum(before * (matrix @ after)))
