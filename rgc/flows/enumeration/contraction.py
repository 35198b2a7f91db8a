"""Sums over the states of a cluster, block by block and in logarithms, with the Python array API
alone.

A function of all states is a vector whose index runs over blocks, the first the slowest. One block
is summed at a time: (done, Q, rest) becomes (done, q, rest), and nothing is ever larger than q
vectors.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def log_sum(values: Any, axis: int, xp: Any) -> Any:
    """ln sum exp along an axis; -inf where every term is -inf."""
    largest = xp.max(values, axis=axis, keepdims=True)
    finite = xp.where(xp.isfinite(largest), largest, xp.zeros_like(largest))
    total = xp.sum(xp.exp(values - finite), axis=axis, keepdims=True)
    positive = total > 0
    log = xp.where(positive, xp.log(xp.where(positive, total, xp.ones_like(total))), -xp.inf)
    return xp.squeeze(log + finite, axis=axis)


def coarse(values: Any, kernels: Sequence[Any], xp: Any) -> Any:
    """ln sum_v exp(values(v) + sum_B T_B(v_B, h_B)) for every h, from kernels float64[Q, q] block
    by block.

    Blocks behind those that have a kernel are left as they are.
    """
    done = 1
    for kernel in kernels:
        states, images = kernel.shape
        terms = xp.reshape(values, (done, states, 1, -1)) + xp.reshape(
            kernel, (1, states, images, 1)
        )
        values, done = log_sum(terms, 1, xp), done * images
    return xp.reshape(values, (-1,))


def coarse_slopes(
    values: Any, slopes: Any, kernels: Sequence[Any], xp: Any, tilts: Sequence[Any] | None = None
) -> tuple[Any, Any]:
    """`coarse`, and its derivatives along `slopes` float64[n, states]: the averages at given h,
    float64[n, coarse states].

    `tilts` holds for each block float64[n, Q, q], the change of its kernel along the same n
    parameters.
    """
    count, done = slopes.shape[0], 1
    for k, kernel in enumerate(kernels):
        states, images = kernel.shape
        values = xp.reshape(values, (done, states, -1))
        slopes = xp.reshape(slopes, (count, done, states, -1))
        columns, averages = [], []
        for h in range(images):
            terms = values + xp.reshape(kernel[:, h], (1, states, 1))
            total = log_sum(terms, 1, xp)
            finite = xp.where(xp.isfinite(total), total, xp.zeros_like(total))
            share = xp.exp(terms - finite[:, None, :])[None, ...]
            tilt = 0.0 if tilts is None else xp.reshape(tilts[k][:, :, h], (count, 1, states, 1))
            columns.append(total)
            averages.append(xp.sum(share * (slopes + tilt), axis=2))
        values, slopes, done = xp.stack(columns, axis=1), xp.stack(averages, axis=2), done * images
    return xp.reshape(values, (-1,)), xp.reshape(slopes, (count, -1))


def fine(values: Any, kernels: Sequence[Any], xp: Any) -> Any:
    """ln sum_h exp(values(h) + sum_B T_B(v_B, h_B)) for every v: `coarse` with the roles of fine
    and coarse exchanged.
    """
    return coarse(values, [kernel.T for kernel in kernels], xp)


def spread(tables: Sequence[Any], xp: Any) -> Any:
    """sum_B f_B(v_B) for every v, from one vector for each block."""
    total = xp.zeros(1)
    for table in tables:
        total = xp.reshape(total[:, None] + table[None, :], (-1,))
    return total


def reordered(values: Any, radices: Sequence[int], order: Sequence[int], xp: Any) -> Any:
    """The vector with its digits in another order: digit k of the result is digit order[k] of
    `values`.
    """
    return xp.reshape(xp.permute_dims(xp.reshape(values, tuple(radices)), tuple(order)), (-1,))
