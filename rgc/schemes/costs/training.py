"""The cost of training the layers of a stack."""

from __future__ import annotations

from rgc.model.data import Data, Samples, rows_of, source_of
from rgc.model.options import Options
from rgc.model.spec import Spec
from rgc.model.stack import Rbm
from rgc.model.trainer import Trainer
from rgc.passes.count_states import MOST_TABLED, fits
from rgc.schemes.cost import ELEMENTS, FLOPS, NOTHING, NUMBER, Cost
from rgc.schemes.costs import compiling
from rgc.schemes.costs.sampling import bits_of, swept

VISIBLE_BYTES, HIDDEN_BYTES = 30, 16
"""Bytes of a unit in a row, measured: states, bits, and the numbers that they stand for."""

NUMBERS_OF_AN_UPDATE = 14
"""Numbers of the schedule of an update, measured: rate, momentum and 1, while they are summed."""

PARAMETERS = 8
"""Arrays of the size of the weights."""

PASSES = 4
"""Products with the weights in an update, besides two in each sweep of its chains."""

ADDED = 1e11
"""Weights that one core adds up, or leaves out, by the bits of units in a second."""

CALLS, EXACT_CALLS = 4e-5, 2.5e-4
"""Seconds of an update of few numbers, by a program and by exact gradients, measured."""

EXACT_FUNCTIONS = 32
"""Functions of a state and a unit on its other side for an exact gradient, measured."""

EPOCH = 20
"""Numbers of a row for its place in the order of an epoch."""


def train(spec: Spec, options: Options) -> Cost:
    """Rows, parameters and chains, and the schedule of all updates; layers one after the other."""
    del options
    rows, layers = rows_of(spec.data), spec.stack.layers if spec.stack is not None else ()
    found = _data(spec, spec.data).then(Cost(0.0, 0.0, compiling.KERNELS))
    for layer in layers:
        found = found.beside(_layer(layer, float(rows or 1)))
    return found


def _data(spec: Spec, data: Data | None) -> Cost:
    """The sampling of the rows, where they are samples."""
    samples = source_of(data) if data is not None else None
    if not isinstance(samples, Samples):
        return NOTHING
    seconds = swept(samples.before + samples.sweeps, bits_of(spec), samples.replicas)
    return Cost(NUMBER * samples.rows, len(samples.points) * seconds, compiling.sweep(spec))


def _layer(layer: Rbm, rows: float) -> Cost:
    visible, hidden = layer.shape
    arrays = (
        rows * (visible * VISIBLE_BYTES + hidden * HIDDEN_BYTES + EPOCH)
        + PARAMETERS * NUMBER * visible * hidden
    )
    found = Cost(arrays, 0.0)
    if fits(layer.visible.states, MOST_TABLED):
        table = float(layer.visible.states or 0) * (visible + hidden)
        found = found.beside(Cost(table * NUMBER, table * hidden / FLOPS))
    return found if layer.train is None else found.beside(_updates(layer.train, layer, rows))


def _updates(trainer: Trainer, layer: Rbm, rows: float) -> Cost:
    visible, hidden = layer.shape
    updates = trainer.epochs * max(1.0, rows / (trainer.batch or rows))
    chains = (trainer.chains or trainer.batch or rows) * len(trainer.betas or (1.0,))
    batch = float(trainer.batch or rows)
    products = visible * hidden * (PASSES * batch + 2.0 * (trainer.k or 1) * chains)
    seconds, states = CALLS + products / ADDED, 0.0
    if trainer.algorithm == "exact":
        tabled = fits(layer.visible.states, MOST_TABLED)  # or else the hidden side is
        side, other = (layer.visible, hidden) if tabled else (layer.hidden, visible)
        states = float(side.states or 0)
        gone_through = (states * other + rows * hidden) * EXACT_FUNCTIONS
        seconds = EXACT_CALLS + gone_through / ELEMENTS + visible * hidden * PASSES * states / FLOPS
    arrays = (visible + hidden) * (chains + states) + NUMBERS_OF_AN_UPDATE * updates
    return Cost(arrays * NUMBER, updates * seconds)
