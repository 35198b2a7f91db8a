"""The arguments of dense programs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.program.arguments import Arguments
from rgc.program.family import Argument

ARGUMENTS = {
    "rows": Argument("int32", ("step", "lane")),
    "numbers": Argument("int64", ("step", "slot")),
    "scales": Argument("int32", ("step", "slot", "chain")),
}


def dense_arguments(
    rows: NDArray[Any] | None = None,
    numbers: NDArray[Any] | None = None,
    scales: NDArray[Any] | None = None,
) -> Arguments:
    """The arguments of a dense program. An array with one entry on its first axis holds for every
    step of a call, and `scales` with one on its last for every chain. Values of fewer chains than
    `scales` have take the first.

    `rows` int32[step, lane] are the rows of data that `Take` takes; `numbers` int64[step, slot]
    what `Change` multiplies with; `scales` int32[step, slot, chain] inverse temperatures in units
    of 2^-16.
    """
    return Arguments(
        {
            "rows": _array(rows, np.int32, 2),
            "numbers": _array(numbers, np.int64, 2),
            "scales": _array(scales, np.int32, 3),
        }
    )


def _array(given: NDArray[Any] | None, dtype: Any, axes: int) -> NDArray[Any]:
    if given is None:
        return np.zeros((1, 0, 1)[:axes], dtype=dtype)
    return np.ascontiguousarray(given, dtype=dtype)


def at_step(array: Any, step: Any) -> Any:
    """The entry of an argument, an array of any library, for a step of a call."""
    return array[step if len(array) > 1 else 0]
