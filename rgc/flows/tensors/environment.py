"""What surrounds a bond: a cylinder that is two tensors around and infinite along x."""

from __future__ import annotations

from typing import Any

import numpy as np

from rgc.analysis.graded import sums
from rgc.flows.tensors.site_tensor import Tensor

COLUMNS = 20
"""Columns between the bond and the ends of the cylinder. At a critical point of central charge 1/2
each of them reduces what remains of the ends by exp(-pi).
"""


def ends(xp: Any, tensor: Tensor) -> tuple[Any, Any]:
    """The halves of the cylinder to the left and to the right of a cut, as vectors of its two bonds
    [first, second].
    """
    n = len(tensor.across)
    neutral = sums(tensor.across, tensor.across, tensor.orders) == 0
    left = right = xp.asarray(np.where(neutral, 1.0, 0.0))
    pair = xp.tensordot(tensor.values, tensor.values, axes=((2, 3), (3, 2)))
    column = xp.reshape(xp.permute_dims(pair, (0, 2, 1, 3)), (n * n, n * n))
    for _ in range(COLUMNS):
        left, right = left @ column, column @ right
        left, right = (half / xp.max(xp.abs(half)) for half in (left, right))
    return xp.reshape(left, (n, n)), xp.reshape(right, (n, n))


def beside(xp: Any, values: Any, half: Any) -> Any:
    """The second tensor of a column with what is to its right, as the first one meets it: [right
    bond of the first, its down, its up, left bond of the second].
    """
    found = xp.tensordot(half, values, axes=((1,), (1,)))
    return xp.permute_dims(found, (0, 3, 2, 1))
