"""ln Z of a layer while it is trained, and the log-likelihood of rows.

Persistent chains would weigh themselves along the training, but the updates that they make raise
the energy where they are: the weights of 100 chains of 16 x 15 units came out 1.5 nats below ln Z
after 200 updates, seven of their errors. So other chains are annealed.
"""

from __future__ import annotations

from math import hypot, isfinite

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.statistics import jackknife
from rgc.backend import Backend
from rgc.flows.data.rows import Rows
from rgc.flows.machines.annealing import Annealing
from rgc.flows.machines.chains import LEAST_EFFECTIVE
from rgc.flows.machines.log_z import exact_log_z
from rgc.flows.machines.machine import Machine
from rgc.flows.machines.parameters import Arrays
from rgc.flows.machines.start import first_biases
from rgc.flows.machines.weights_file import PARAMETER_UNIT
from rgc.model.stack import Rbm
from rgc.passes.count_states import fits
from rgc.program.draws import Key
from rgc.results.result import Estimate

Floats = NDArray[np.float64]

FEW = 1 << 14
"""States of the smaller side up to which ln Z is summed whenever a layer is looked at."""


def log_z(
    backend: Backend, layer: Rbm, machine: Machine, arrays: Arrays, rows: Rows, key: Key
) -> tuple[float, float]:
    """ln Z and its standard error, by a sum over few states or by annealing; NaN where too few
    chains carry the weight.
    """
    if any(fits(side.configurations, FEW) for side in (machine.visible, machine.hidden)):
        return exact_log_z(machine), 0.0
    found = annealing_of(backend, layer, arrays, rows, key).whole()
    if found.effective < LEAST_EFFECTIVE:
        return float("nan"), float("nan")
    return found.log_z, found.error


def annealing_of(backend: Backend, layer: Rbm, arrays: Arrays, rows: Rows, key: Key) -> Annealing:
    """The machine annealed from independent units with the averages of the rows."""
    base = np.zeros(layer.visible.features, dtype=np.int64)
    if layer.biases:
        base = np.rint(first_biases(layer, rows) / PARAMETER_UNIT).astype(np.int64)
    return Annealing(backend=backend, layer=layer, arrays=arrays, base=base, key=key)


def log_likelihood(machine: Machine, rows: Rows, log_z: float, error: float) -> tuple[float, float]:
    """<ln p(v)> over rows, and its standard error."""
    logs = -machine.visible_energies(machine.visible.features(rows.states))
    return normalised(logs, rows, log_z, error)


def normalised(logs: Floats, rows: Rows, log_z: float, error: float) -> tuple[float, float]:
    """The average of logs[row] less ln Z, whose standard error is known, and its own."""
    mean, own = average(logs, rows)
    return mean - log_z, hypot(own, error)


def average(values: Floats, rows: Rows) -> tuple[float, float]:
    """The average of values[row], and its standard error by the jackknife over groups of rows; NaN
    where one group has all the weight.
    """
    mean = float(np.average(values, weights=rows.weights))
    return mean, float(jackknife(rows.resampled(values))[1])


def estimate(value: float, error: float) -> Estimate:
    """An average over rows with its error, if that is known."""
    if isfinite(error):
        return Estimate(value, error)
    return Estimate(value, None, note="one group of rows has all the weight")
