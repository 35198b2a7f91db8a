"""The operations that a dense program is made of here: for each the function that does it, and its
arguments.

Code is a table u64[operation, column]. Column 0 says which operation it is; the others hold its
arguments in the order in which they are first named. What a word of code becomes as an argument
stands behind its name:

- nothing: it is the number itself, of type uint64;
- `int`: the number as int64; `flag`: whether it is not 0;
- `words`, `ints`, `longs`: the array of uint64, int32 or int64 that begins at this address;
- `rows`: the rows of data that the step is handed, from this number on;
- `numbers`: those of the step, whatever it is;
- `floats`: the same as float64;
- `scales`: those of this slot, and whether all chains share one;
- `stream`: both halves of the key of this draw, and the number of the first word;
- `terms`: the table of terms from this line on;
- `tally`: the tallies of the step, from this number on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

COLUMNS = 26


def _change(function: str, parameter: str, numbers: str) -> str:
    return (
        f"changes.{function} parameter:{parameter} rows columns stride term:terms terms "
        f"numbers:{numbers} shift:int velocity:{parameter} momentum ahead decay shrink norm "
        "ties:ints classes mask:ints use limit:int steps:longs has_steps:flag sums:longs "
        "largest:longs has_largest:flag"
    )


_TABLE = {
    # states, means and fields of layers
    "take": "layers.take by_row:words units planes letters softmax:flag size first:rows chains "
    "bits:words width",
    "read": "layers.read field:words units planes letters softmax:flag words chains bits:words "
    "width",
    "put": "layers.put bits:words width units planes letters softmax:flag words chains field:words",
    "take_numbers": "layers.take_rows field:ints columns first:rows chains out:ints stride",
    "read_numbers": "layers.copy_rows field:ints columns columns chains out:ints stride",
    "put_numbers": "layers.copy_rows x:ints stride columns chains field:ints columns",
    "permute_numbers": "layers.take_rows x:ints stride rows:ints chains out:ints stride",
    "permute": "layers.permute bits:words width features words rows:ints chains out:words",
    "encode": "layers.encode bits:words width chains codes:words",
    "mask_bits": "layers.mask_bits bits:words mask:words size",
    "mask_means": "layers.mask_means means:ints stride features chains mask:words width",
    "start": "layers.start_fields bias:longs has_bias:flag chains stride columns fields:ints",
    "multiply": "layers.multiply codes chains blocks matrix stride unseen turned:flag signs table "
    "fields columns",
    "multiply_means": "layers.multiply_means means:ints rows mean_stride matrix:ints stride "
    "turned:flag chains columns real:flag sums:longs fields:ints",
    "scale": "layers.scale x:ints base:ints has_base:flag slot:scales chains stride fields:ints",
    # units that draw, and their means
    "draw_pairs": "units.draw_pairs fields:ints stride units chains doubled draw:stream bits:words "
    "width",
    "draw_states": "units.draw_states fields:ints stride units letters chains draw:stream "
    "bits:words width",
    "draw_reals": "units.draw_reals fields:ints stride units chains draw:stream values:ints",
    "means_of_reals": "units.means_of_reals fields:ints stride chains means:ints",
    "means_of_pairs": "units.means_of_pairs fields:ints stride units chains ising:flag means:ints",
    "means_of_states": "units.means_of_states fields:ints stride units letters chains means:ints",
    "exchange": "units.exchange energies:longs slot:scales chains temperatures first draw:stream "
    "rows:ints",
    # sums over chains
    "totals": "counts.totals bits:words width features ising:flag chains out:longs",
    "totals_of_means": "counts.totals_of_means means:ints stride features chains out:longs",
    "features": "counts.features bits:words width features ising:flag chains stride out:ints",
    "pairs": "counts.pairs x:words x_width x_ising y:words y_width y_ising chains rows columns "
    "out:longs",
    "pairs_of_means": "counts.pairs_of_means x:ints x_stride y:ints y_stride chains rows columns "
    "cut:flag out:longs",
    "outer": "counts.outer x:longs y:longs rows columns out:longs",
    "widen": "counts.widen x:ints coarse:ints wraps:flag stride rows columns turned:flag out:longs",
    "apply": "counts.apply matrix:longs vector:longs rows columns turned:flag out:longs",
    # energies of chains
    "start_energies": "layers.start_energies chains energies:longs",
    "multiply_states": "layers.multiply_states bits:words width features ising:flag fields:ints "
    "stride chains energies:longs",
    "multiply_numbers": "layers.multiply_numbers numbers:ints number_stride features fields:ints "
    "stride chains energies:longs",
    "squares": "layers.squares fields:ints stride units chains energies:longs",
    "logs_of_pairs": "units.logs_of_pairs fields:ints stride units chains ising:flag "
    "energies:longs",
    "logs_of_states": "units.logs_of_states fields:ints stride units letters chains energies:longs",
    "permute_energies": "layers.permute_energies energies:longs rows:ints chains out:longs",
    # changes of parameters
    "tie": _change("tie", "ints", "numbers"),
    "change": _change("change", "ints", "numbers"),
    "change_wide": _change("change", "longs", "numbers"),
    "change_in_floats": _change("change", "ints", "floats"),
    # tallies
    "tally_whole": "watch.whole x:longs size at:tally",
    "tally_mismatches": "watch.mismatches one:words other:words width units letters words at:tally",
    "tally_field": "watch.largest_field fields:ints chains stride columns at:tally",
    "tally_reach": "watch.reach matrix:ints has_matrix:flag rows letters stride turned:flag "
    "columns bias:longs has_bias:flag at:tally",
}


@dataclass(frozen=True, slots=True)
class Operation:
    """`function` is in a module of this folder; `given` are the names of its arguments in order,
    each with what its word of code becomes."""

    number: int
    function: str
    given: tuple[tuple[str, str], ...]

    @property
    def arguments(self) -> tuple[str, ...]:
        """What stands in code, in order."""
        return tuple(dict.fromkeys(name for name, kind in self.given if kind not in HANDED))


HANDED = ("numbers", "floats")
"""What a step hands to an operation as it is, so that it has no word of code."""


def _operation(number: int, text: str) -> Operation:
    function, *given = text.split()
    names = (each.partition(":") for each in given)
    return Operation(number, function, tuple((name, kind) for name, _, kind in names))


OPERATIONS = {name: _operation(number, text) for number, (name, text) in enumerate(_TABLE.items())}

CONTEXT = ("keys", "rows", "numbers", "slots", "scales", "chains", "terms", "tallies", "word0")
"""What a step hands to every operation: addresses, the numbers of slots and of chains of the
arguments, and the number of the first word."""


def operation(name: str, **arguments: int) -> tuple[int, ...]:
    """A row of code. Raises `KeyError` where an argument is missing, and `ValueError` for one that
    the operation does not have."""
    found = OPERATIONS[name]
    if set(arguments) - set(found.arguments):
        raise ValueError(f"{name} has no {', '.join(set(arguments) - set(found.arguments))}")
    row = (found.number, *(int(arguments[each]) for each in found.arguments))
    return (*row, *(0,) * (COLUMNS - len(row)))


def column(name: str, argument: str) -> int:
    """Where an argument of an operation stands in its row of code."""
    return 1 + OPERATIONS[name].arguments.index(argument)


def code(rows: Sequence[tuple[int, ...]]) -> NDArray[np.uint64]:
    return np.array(rows, dtype=np.uint64).reshape(-1, COLUMNS)
