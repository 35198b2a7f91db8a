"""The operations that a dense program is made of here, and the columns of their arguments.

Code is a table u64[operation, column]. Column 0 says which operation it is; addresses are those of
the first element of an array.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

COLUMNS = 26

CHANGE = (
    "parameter rows columns stride term terms shift velocity momentum ahead decay shrink norm ties "
    "classes mask use limit steps has_steps sums largest has_largest"
)

ARGUMENTS = {
    "take": "by_row units planes letters softmax rows first chains bits width",
    "read": "field units planes letters softmax words chains bits width",
    "put": "bits width units planes letters softmax words chains field",
    "take_numbers": "field first chains columns stride out",
    "read_numbers": "field chains columns stride out",
    "put_numbers": "x chains columns stride field",
    "permute_numbers": "x stride rows chains out",
    "permute": "bits width features words rows chains out",
    "encode": "bits width chains codes",
    "start": "bias has_bias chains stride columns fields",
    "multiply": "codes chains blocks matrix stride unseen turned signs table fields columns",
    "multiply_means": "means rows mean_stride matrix stride turned chains columns real sums fields",
    "scale": "x base has_base slot chains stride fields",
    "draw_pairs": "fields stride units chains doubled draw bits width",
    "draw_states": "fields stride units letters chains draw bits width",
    "draw_reals": "fields stride units chains draw values",
    "means_of_reals": "fields stride chains means",
    "means_of_pairs": "fields stride units chains ising means",
    "means_of_states": "fields stride units letters chains means",
    "mask_bits": "bits mask size",
    "mask_means": "means stride features chains mask width",
    "totals": "bits width features ising chains out",
    "totals_of_means": "means stride features chains out",
    "features": "bits width features ising chains stride out",
    "pairs": "x x_width x_ising y y_width y_ising chains rows columns size out",
    "pairs_of_means": "x x_stride y y_stride chains rows columns cut out",
    "outer": "x y rows columns out",
    "widen": "x coarse wraps stride rows columns turned out",
    "start_energies": "chains energies",
    "multiply_states": "bits width features ising fields stride chains energies",
    "multiply_numbers": "numbers number_stride features fields stride chains energies",
    "squares": "fields stride units chains energies",
    "logs_of_pairs": "fields stride units chains ising energies",
    "logs_of_states": "fields stride units letters chains energies",
    "exchange": "energies slot chains temperatures first draw rows",
    "permute_energies": "energies rows chains out",
    "tie": CHANGE,
    "change": CHANGE,
    "change_wide": CHANGE,
    "change_in_floats": CHANGE,
    "apply": "matrix vector rows columns turned out",
    "tally_whole": "x size at",
    "tally_mismatches": "one other width units letters words at",
    "tally_field": "fields chains stride columns at",
    "tally_reach": "matrix has_matrix rows letters stride turned columns bias has_bias at",
}
"""The arguments of every operation, in order."""

CONTEXT = ("keys", "rows", "numbers", "slots", "scales", "chains", "terms", "tallies", "word0")
"""What a step hands to every operation: addresses, the numbers of slots and of chains of the
arguments, and the number of the first word."""

NUMBER = {name: number for number, name in enumerate(ARGUMENTS)}


def operation(name: str, **arguments: int) -> tuple[int, ...]:
    """A row of code. Raises `KeyError` where an argument is missing, and `ValueError` for one that
    the operation does not have."""
    names = ARGUMENTS[name].split()
    if set(arguments) - set(names):
        raise ValueError(f"{name} has no {', '.join(set(arguments) - set(names))}")
    row = (NUMBER[name], *(int(arguments[each]) for each in names))
    return (*row, *(0,) * (COLUMNS - len(row)))


def code(rows: Sequence[tuple[int, ...]]) -> NDArray[np.uint64]:
    return np.array(rows, dtype=np.uint64).reshape(-1, COLUMNS)
