"""The parameters of a layer while it is trained: what is fixed about them, and what they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.errors import Problem, SpecError
from rgc.flows.machines.connections import Classes, mask_of, ties_of
from rgc.flows.machines.weights_file import PARAMETER_UNIT, Parameters
from rgc.model.stack import Rbm, Window
from rgc.model_to_program.training_update import Shared
from rgc.passes.largest_flip import LIMIT
from rgc.program.dense.program import WEIGHT_LIMIT
from rgc.text import Span

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Fixed:
    """What training does not change about a layer.

    - `arrays` are those that its program reads: "connected", 0 where there is no weight, and
      "classes of weights", "classes of visible" and "classes of hidden", the numbers of parameters
      that are one, -1 where there is none.
    - `shared` says of the latter how many classes there are and how many entries they have.
    """

    arrays: Arrays
    shared: Mapping[str, Shared]


def make_fixed(layer: Rbm) -> Fixed:
    """What is fixed about a layer. Raises `SpecError` for a file that holds no mask."""
    if isinstance(layer.connect, Window) and layer.connect.shared:
        ties = ties_of(layer)
        classes = {"weights": ties.weights}
        if layer.biases:
            classes |= {"visible": ties.visible, "hidden": ties.hidden}
        arrays = {f"classes of {name}": array for name, array in classes.items()}
        return Fixed(arrays, {name: _sizes(array) for name, array in classes.items()})
    mask = mask_of(layer)
    return Fixed({} if mask is None else {"connected": mask.astype(np.int32)}, {})


def _sizes(classes: Classes) -> Shared:
    """How many classes there are, and how many entries the largest has: fewer at an open edge."""
    counts = np.bincount(classes[classes >= 0])
    return Shared(len(counts), int(counts.max()))


def parameters_in(arrays: Arrays, layer: Rbm) -> Parameters:
    """The parameters among the arrays of a layer; biases that are not there are 0."""
    visible, hidden = layer.visible.features, layer.hidden.features
    return Parameters(
        weights=arrays["weights"],
        visible=arrays.get("visible", np.zeros(visible, dtype=np.int64)),
        hidden=arrays.get("hidden", np.zeros(hidden, dtype=np.int64)),
    )


def arrays_of(parameters: Parameters, layer: Rbm) -> dict[str, NDArray[Any]]:
    """The arrays of parameters by the names that programs have for them, without biases where the
    layer has none.
    """
    arrays = {"weights": parameters.weights}
    if layer.biases:
        arrays |= {"visible": parameters.visible, "hidden": parameters.hidden}
    return arrays


def reach(layer: Rbm, arrays: Arrays) -> float:
    """A bound on the fields that units see in any states of the other side, in kT. The values of
    real units have none, and fields that they make end by themselves.
    """
    parameters = parameters_in(arrays, layer)
    weights, found = np.abs(parameters.weights.astype(np.float64)), 0.0
    for side, matrix, bias in (
        (layer.visible, weights, parameters.hidden),
        (layer.hidden, weights.T, parameters.visible),
    ):
        if side.unit == "gaussian":
            continue
        by_unit = matrix.reshape(side.count, side.features // side.count, -1)
        bound = by_unit.max(axis=1).sum(axis=0) + np.abs(bias)
        found = max(found, float(bound.max()) * PARAMETER_UNIT)
    return found


def _rough_reach(layer: Rbm, arrays: Arrays, largest: int) -> float:
    """A bound on `reach` by the largest weight alone."""
    parameters = parameters_in(arrays, layer)
    biases = (parameters.visible, parameters.hidden)
    most = max(int(np.abs(bias).max(initial=0)) for bias in biases)
    return (max(layer.visible.count, layer.hidden.count) * largest + most) * PARAMETER_UNIT


def check_range(
    layer: Rbm,
    arrays: Arrays,
    largest: NDArray[np.int64],
    number: int,
    first: int,
    span: Span | None,
) -> None:
    """Raise `SpecError` (diverged) where weights or fields of a layer, numbered from 0, have left
    their range. `largest` is the largest |w| of each update from `first` on.
    """
    beyond = np.flatnonzero(largest >= WEIGHT_LIMIT)
    if not len(beyond) and _rough_reach(layer, arrays, int(largest[-1])) < LIMIT:
        return
    fields = reach(layer, arrays)
    if not len(beyond) and fields < LIMIT:
        return
    update = first + 1 + (int(beyond[0]) if len(beyond) else len(largest) - 1)
    what = "|w| passed 32" if len(beyond) else f"a field may reach {fields:.0f} kT"
    message = f"layer {number + 1}, update {update}: {what}"
    hint = "take a smaller rate, or l1, l2 or max_norm; the last checkpoint is from before"
    raise SpecError([Problem("diverged", message, span, hint=hint)])


def tied(values: NDArray[Any], arrays: Arrays, name: str) -> NDArray[Any]:
    """The average over each class of parameters that are one, in its place, and 0 where there is no
    parameter.
    """
    classes = arrays.get(f"classes of {name}")
    if classes is not None:
        inside = classes >= 0
        sums = np.bincount(classes[inside], values[inside]) / np.bincount(classes[inside])
        values = np.where(inside, sums[classes], 0)
    return connected(values, arrays) if name == "weights" else values


def connected(weights: NDArray[Any], arrays: Arrays) -> NDArray[Any]:
    """The weights, and 0 where two units are not connected."""
    there = arrays.get("connected")
    return weights if there is None else np.where(there, weights, 0).astype(weights.dtype)
