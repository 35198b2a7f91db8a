"""Files of weights: the parameters of the machines of a stack, as integers that lose nothing.

`weights.npz` holds, for layer l counted from 1:

- `weights_l` int32[visible features, hidden features], `visible_l` and `hidden_l` int64[features],
  in units of kT that `unit` says, 2^-26;
- `visible_units_l` and `hidden_units_l`, the kinds of units;
- `weights_l_at_t`, `visible_l_at_t` and `hidden_l_at_t`, the same after update t, of the models
  that `save=` keeps;
- `convention`, how the energy is written: `rgc`.

Files of others have the arrays of their convention (`rgc.language.conventions`), in kT. A file may
also hold `visible_precision_l` and `hidden_precision_l`, g in the energy g x^2 / 2 of real units.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.array_files import DAMAGES
from rgc.errors import Problem, SpecError
from rgc.flows.data.files import first_place, place
from rgc.flows.machines.machine import Machine, in_values
from rgc.flows.machines.sides import Gaussian, Side, numbers_of, side
from rgc.language.alphabets import ALPHABETS
from rgc.language.conventions import CONVENTIONS, Convention
from rgc.model.stack import Rbm, WeightsFile
from rgc.model.stack import Side as Units
from rgc.passes.check_weights import CONVENTION, UNITS, check_weights
from rgc.program.dense.program import BIAS_LIMIT, KT, WEIGHT_LIMIT, seen
from rgc.program.exponentials import UNIT

Floats = NDArray[np.float64]
Arrays = Mapping[str, NDArray[Any]]

PARAMETER_UNIT = 1.0 / KT
"""Parameters of discrete units are integers in this unit of kT."""

OWN, UNIT_NAME = "rgc", "unit"
"""The convention of the files that are written here, and the array that says their unit."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Parameters:
    """The parameters of a layer, as they are trained and stored: `weights` int32[visible features,
    hidden features], biases int64[features], in units of 2^-26 kT; those that a file gives a layer
    with real units are float64, in kT.
    """

    weights: NDArray[Any]
    visible: NDArray[Any]
    hidden: NDArray[Any]

    @property
    def arrays(self) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        return self.weights, self.visible, self.hidden


def real(layer: Rbm) -> bool:
    """Whether a layer has real units, whose parameters are real numbers too."""
    return "gaussian" in (layer.visible.unit, layer.hidden.unit)


# -- machines as numbers ---------------------------------------------------------------------------


def machine_of(parameters: Parameters, layer: Rbm) -> Machine:
    """The machine as its units see it: parameters in units of 2^-26 kT rounded to 2^-20 kT, those
    in kT as they are."""
    weights, visible, hidden = (
        array if array.dtype.kind == "f" else in_kt(array) for array in parameters.arrays
    )
    return Machine(
        visible=numbers_of(layer.visible),
        hidden=numbers_of(layer.hidden),
        weights=weights,
        visible_bias=visible,
        hidden_bias=hidden,
    )


def in_kt(array: NDArray[Any]) -> Floats:
    """What units see of parameters in units of 2^-26 kT, in kT."""
    return np.asarray(seen(array.astype(np.int64)) / UNIT, dtype=np.float64)


def parameters_of(machine: Machine, layer: Rbm) -> Parameters:
    """The parameters of a machine whose units are those of the layer, rounded to the nearest unless
    some of its units are real.

    Raises `SpecError` at the place of the weights of the layer: for what is beyond the limits of
    parameters, 32 kT and 2047 kT, and real units of another precision than 1 (out-of-range), and
    for biases where a declared symmetry has none (broken-symmetry).
    """
    arrays = (machine.weights, machine.visible_bias, machine.hidden_bias)
    if not layer.biases and any(array.any() for array in arrays[1:]):
        message = "the file has biases, and a declared symmetry leaves none"
        raise _refused("broken-symmetry", message, layer)
    if any(isinstance(s, Gaussian) and (s.precision != 1).any() for s in _sides(machine)):
        raise _refused("out-of-range", "real units that are trained have the precision 1", layer)
    if real(layer):
        return Parameters(weights=arrays[0], visible=arrays[1], hidden=arrays[2])
    return rounded(Parameters(weights=arrays[0], visible=arrays[1], hidden=arrays[2]), layer)


def rounded(parameters: Parameters, layer: Rbm) -> Parameters:
    """Parameters in kT in the unit of programs, to the nearest; others as they are. Raises
    `SpecError` (out-of-range) for what is beyond the limits of parameters."""
    weights, visible, hidden = parameters.arrays
    if weights.dtype.kind != "f":
        return parameters
    return Parameters(
        weights=_rounded(weights, WEIGHT_LIMIT, layer).astype(np.int32),
        visible=_rounded(visible, BIAS_LIMIT, layer),
        hidden=_rounded(hidden, BIAS_LIMIT, layer),
    )


def _sides(machine: Machine) -> tuple[Side, Side]:
    return machine.visible, machine.hidden


def _rounded(array: Floats, limit: int, layer: Rbm) -> NDArray[np.int64]:
    rounded = np.rint(array / PARAMETER_UNIT)
    wrong = np.atleast_2d(np.abs(rounded) > limit)
    if wrong.any():
        at = first_place(wrong)
        value, most = float(np.atleast_2d(array)[at]), limit * PARAMETER_UNIT
        message = f"the file has {value:g} in {place(*at)}, and the limit is {most:g} kT"
        raise _refused("out-of-range", message, layer)
    return rounded.astype(np.int64)


def _refused(code: str, message: str, layer: Rbm) -> SpecError:
    span = layer.weights.span if layer.weights is not None else None
    return SpecError([Problem(code, message, span)])


# -- files -----------------------------------------------------------------------------------------


def load(layer: Rbm) -> Machine:
    """The machine that the weights of a layer say, in kT, its units written as in the layer.

    The constant is what the energy in the convention of the file has besides. Raises `SpecError`
    like `check_weights`, and for what is not finite. `ValueError` for a layer without a file.
    """
    if layer.weights is None:
        raise ValueError("the layer takes no weights from a file")
    file, row = layer.weights, CONVENTIONS[layer.weights.convention]
    check_weights(file, layer.visible, layer.hidden)
    arrays = _read(file)
    weights, visible, hidden = _numbers(file, row, arrays, layer)
    units = [
        _precise(_written(name, row, arrays, file, each), precision, arrays, file)
        for (name, each), precision in zip(_named(layer), row.precisions(file.layer), strict=True)
    ]
    machine = Machine(
        visible=units[0],
        hidden=units[1],
        weights=-row.sign * weights,
        visible_bias=-row.sign * visible,
        hidden_bias=-row.sign * hidden,
    )
    _check_sum(machine, layer)
    return _in_units(machine, layer)


def _read(file: WeightsFile) -> Arrays:
    """Every array of the file. Raises `SpecError` (unreadable-file) where one is damaged."""
    try:
        with np.load(file.folder / file.path, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (*DAMAGES, ValueError, OSError) as error:
        message = f"'{file.path}': {error}"
        raise SpecError([Problem("unreadable-file", message, file.span)]) from None


def _check_sum(machine: Machine, layer: Rbm) -> None:
    """Raise `SpecError` for real units on both sides whose energy has no least value: the sum over
    all states is finite where all singular values of g_v^-1/2 W g_h^-1/2 are below 1."""
    below, above = _sides(machine)
    if isinstance(below, Gaussian) and isinstance(above, Gaussian):
        roots = np.sqrt(np.outer(below.precision, above.precision))
        largest = float(np.linalg.norm(machine.weights / roots, 2))
        if largest >= 1:
            message = f"real units on both sides have no sum: a singular value is {largest:g}"
            raise _refused("out-of-range", message, layer)


def _named(layer: Rbm) -> tuple[tuple[str, Units], tuple[str, Units]]:
    return (UNITS[0], layer.visible), (UNITS[1], layer.hidden)


def _numbers(
    file: WeightsFile, row: Convention, arrays: Arrays, layer: Rbm
) -> tuple[Floats, Floats, Floats]:
    """Weights and biases in kT; biases that are not there are 0."""
    unit = float(arrays[UNIT_NAME]) if row.numbered and UNIT_NAME in arrays else 1.0
    rows, columns = layer.shape
    shapes: tuple[tuple[int, ...], ...] = ((rows, columns), (rows,), (columns,))
    found = []
    for name, shape in zip(row.arrays(file.layer, file.update), shapes, strict=True):
        stored = arrays[name] if name in arrays else np.zeros(shape)
        array = np.asarray(stored, dtype=np.float64) * (unit if stored.dtype.kind in "iu" else 1.0)
        finite = np.atleast_2d(np.isfinite(array))
        if not finite.all():
            message = f"'{file.path}: {name}' is not finite in {place(*first_place(~finite))}"
            raise SpecError([Problem("not-finite", message, file.span)])
        found.append(array)
    return found[0], found[1], found[2]


def _written(name: str, row: Convention, arrays: Arrays, file: WeightsFile, units: Units) -> Side:
    """The units that the file has: as it says, or 0 and 1 where its convention says so, or those of
    the layer."""
    says = arrays.get(f"{name}_{file.layer}")
    kind = str(says) if says is not None else "binary" if row.binary else units.unit
    two = units.spins.kind.two_states and kind in ALPHABETS
    return side(ALPHABETS[kind], units.count) if two else numbers_of(units)


def _precise(units: Side, name: str, arrays: Arrays, file: WeightsFile) -> Side:
    """The units with the precisions of the file, if they are real and it has any. Raises
    `SpecError` for those that are not above 0."""
    if name not in arrays or not isinstance(units, Gaussian):
        return units
    precision = np.asarray(arrays[name], dtype=np.float64)
    if not (np.isfinite(precision) & (precision > 0)).all():
        message = f"a precision in '{file.path}: {name}' is not above 0"
        raise SpecError([Problem("out-of-range", message, file.span)])
    return Gaussian(units.number, precision)


def _in_units(machine: Machine, layer: Rbm) -> Machine:
    """The machine with the units of the layer, all energies equal."""
    for units in (layer.visible, layer.hidden):
        if units.spins.kind.two_states:
            low, high = units.spins.values
            machine = in_values(machine, low, high)
        machine = machine.turned
    return machine


def file_of(
    layers: Sequence[tuple[Rbm, Mapping[int | None, Parameters]]],
) -> dict[str, NDArray[Any]]:
    """The arrays of a file of the parameters of layers, which are numbered from 1: those after some
    updates, and at the end, which is None.
    """
    arrays: dict[str, Any] = {CONVENTION: np.array(OWN), UNIT_NAME: np.array(PARAMETER_UNIT)}
    for number, (layer, models) in enumerate(layers, 1):
        for update, parameters in models.items():
            names = CONVENTIONS[OWN].arrays(number, update)
            arrays |= dict(zip(names, parameters.arrays, strict=True))
        arrays |= {f"{name}_{number}": np.array(units.unit) for name, units in _named(layer)}
    return arrays
