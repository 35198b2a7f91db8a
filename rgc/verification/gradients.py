"""Part e of a spec that trains: the change that an update makes, against sums over all states, and
ln Z by annealing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rgc.flows.data.rows import Rows, states_in
from rgc.flows.machines.annealing import Annealing
from rgc.flows.machines.exact_training import ExactTraining
from rgc.flows.machines.first_chains import first_chains
from rgc.flows.machines.layer_training import Arrays, LayerTraining, make_layer_training
from rgc.flows.machines.parameters import Fixed
from rgc.model.stack import Side
from rgc.model.trainer import Knots, Trainer
from rgc.model_to_program.gradient_writer import CENTRED
from rgc.program.draws import Key, stream, uniforms
from rgc.verification.certificate import Finding, judged, within
from rgc.verification.machines import (
    PARAMETER_UNIT,
    Floats,
    Small,
    TrainedLayer,
    features_of,
    log_sum,
    machines,
    minus_energies,
    small_machine,
    trained_layers,
)
from rgc.verification.subject import Subject
from rgc.verification.training_bits import random_rows

ROWS, GROUPS = 1 << 10, 64
"""Rows and chains of an update, and the updates whose changes are averaged: one machine, other
draws.
"""

RATE = 0.125

ERRORS = 5.0
"""The most by which an average may differ from its expectation, in standard errors. With the t
distribution of 63 degrees of freedom one entry does so once in 200,000.
"""

STEP, CURVED = 2.0**-7, 1e-8
"""The step of differences, and what those of fourth order miss of a derivative, in kT."""

TINY = 1 << 5, 1 << 3
"""The most states of the sides of a machine whose log-likelihood is differentiated."""

CHAINS, TEMPERATURES = 1 << 12, 65

STREAM = (1 << 16) + 1
"""The level of the training stream from which these updates are drawn."""

BIASES = "visible", "hidden"
"""The biases of the sides. They are also the fields that centres are taken from: any are right."""

States = NDArray[np.uint8]
Moments = tuple[Floats, Floats, Floats]
"""Averages of visible features, of hidden features, and of their products."""


# -- the gradient ----------------------------------------------------------------------------------


def check_gradient(subject: Subject) -> Iterator[Finding]:
    """Compare the change that an update makes of a small machine with its expectation.

    The trainer is that of the spec without momentum and without what acts on weights by themselves.
    Its expectation sums over all states: the rows go up and, for contrastive divergence, k times
    down and up, persistent chains from where they are. Exact gradients are compared with
    differences of the log-likelihood.
    """
    for each in trained_layers(subject):
        compared = _sampled if each.sampled else _differentiated
        yield compared(subject, replace(each, trainer=plain(each.trainer)))


def plain(trainer: Trainer) -> Trainer:
    """The trainer with nothing but its gradient: a constant rate and full batches of `ROWS`."""
    betas = len(trainer.betas or (1.0,))
    return replace(
        trainer,
        epochs=GROUPS,
        batch=ROWS,
        rate=Knots((RATE,)),
        momentum=Knots((0.0,)),
        chains=None if trainer.chains is None else ROWS * betas,
        l1=0.0,
        l2=0.0,
        max_norm=None,
        dropout=None,
        sparsity=None,
        sparsity_cost=None,
        nesterov=None if trainer.nesterov is None else False,
    )


def _sampled(subject: Subject, each: TrainedLayer) -> Finding:
    """The mean change of many updates against its expectation."""
    small, trainer = small_machine(subject, each.layer), each.trainer
    key = stream(subject.seed, {}, "training", STREAM)
    rows = random_rows(subject, small.layer, ROWS, STREAM, fractional=each.fractional)
    training = make_layer_training(
        subject.reference,
        replace(small.layer, train=trainer),
        trainer,
        rows=ROWS,
        key=key,
        fractional=each.fractional,
    )
    begun = {**training.start(rows), **small.arrays}
    begun |= {f"{name} centre": small.arrays[name] for name in BIASES if trainer.centring}
    changes = _changes(small, training, rows, begun)
    expected = _expected(small, training, rows)
    worst, place = 0.0, ""
    for name, right in expected.items():
        found = changes[name]
        error = found.std(axis=0, ddof=1) / GROUPS**0.5 + PARAMETER_UNIT
        z = (found.mean(axis=0) - right) / error
        at = np.unravel_index(int(np.abs(z).argmax()), z.shape)
        if abs(z[at]) > abs(worst):
            worst, place = float(z[at]), f"{name}[{', '.join(map(str, at))}]"
    claim = "the mean change of an update is the expected one"
    where = f"{small.where}, {training.whole.program.name}, {ROWS} rows, {GROUPS} updates"
    complaint = "" if abs(worst) <= ERRORS else f"{place} is {worst:.3g} errors from it"
    entries = sum(right.size for right in expected.values())
    return judged("e", "gradient", claim, where, level="L4", complaint=complaint,
                  largest_z=worst, entries=entries)  # fmt: skip


def _changes(small: Small, training: LayerTraining, rows: Rows, begun: Arrays) -> dict[str, Floats]:
    """The change of every parameter by updates from one machine and one set of chains, in kT,
    float64[update, ...].
    """
    fed, found = training.feed(rows), {name: [] for name in small.arrays}  # type: ignore[var-annotated]
    for update in range(GROUPS):
        arrays = {name: array.copy() for name, array in begun.items()}
        fed, _ = training.run(arrays, fed, update, 1)
        for name, changes in found.items():
            changes.append((arrays[name].astype(np.float64) - begun[name]) * PARAMETER_UNIT)
    return {name: np.array(changes) for name, changes in found.items()}


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """The features of all states of both sides, and the chances of one side given the other."""

    visible: Floats
    hidden: Floats
    up: Floats
    down: Floats

    def moments(self, joint: Floats) -> Moments:
        """Averages under chances float64[visible state, hidden state]."""
        return (
            joint.sum(axis=1) @ self.visible,
            joint.sum(axis=0) @ self.hidden,
            self.visible.T @ joint @ self.hidden,
        )


def _sums(small: Small) -> _Sums:
    exact = small.weighed()
    return _Sums(
        features_of(small.layer.visible, small.visible),
        features_of(small.layer.hidden, small.hidden),
        np.exp(exact - log_sum(exact, 1)[:, None]),
        np.exp(exact - log_sum(exact, 0)).T,
    )


def _above(small: Small, sums: _Sums, features: Floats) -> Floats:
    """The chance of every hidden state given features of visible units, float64[row, state]."""
    fields = features @ small.seen["weights"]
    return _chances(fields, small.seen.get("hidden"), sums.hidden, small.measure[1])


def _below(small: Small, sums: _Sums, features: Floats) -> Floats:
    """The chance of every visible state given features of hidden units, float64[row, state]."""
    fields = features @ small.seen["weights"].T
    return _chances(fields, small.seen.get("visible"), sums.visible, small.measure[0])


def _chances(fields: Floats, bias: Floats | None, features: Floats, measure: Floats) -> Floats:
    exponents = (fields if bias is None else fields + bias) @ features.T + measure
    return np.asarray(np.exp(exponents - log_sum(exponents, 1)[:, None]))


def _expected(small: Small, training: LayerTraining, rows: Rows) -> dict[str, Floats]:
    """The expected change of every parameter in kT."""
    sums, trainer = _sums(small), training.trainer
    x = rows.values if rows.means else features_of(small.layer.visible, rows.states)
    up = _above(small, sums, x)
    y = up @ sums.hidden
    data = x.mean(axis=0), y.mean(axis=0), x.T @ y / len(x)
    if trainer.chains is None:
        visible = up.mean(axis=0) @ sums.down
    else:
        field, side = training.whole.program.fields[1], small.layer.hidden
        chains = states_in(first_chains(training.key, field), side.spins, ROWS)
        visible = _below(small, sums, features_of(side, chains)).mean(axis=0)
    for _ in range(training.update.k - 1):
        visible = visible @ sums.up @ sums.down
    model = sums.moments(visible[:, None] * sums.up)
    layer = small.layer
    sides = (layer.visible, sums.visible), (layer.hidden, sums.hidden)
    centres = [
        _centre(features, small.seen[name] if trainer.centring and _has_states(side) else None)
        for name, (side, features) in zip(BIASES, sides, strict=True)
    ]
    gradient = _gradient(data, model, *centres)
    return {name: gradient[name] for name in small.arrays}


def _has_states(side: Side) -> bool:
    """Whether units have states, and no real values, which are never centred."""
    return side.unit != "gaussian"


def _centre(features: Floats, fields: Floats | None) -> tuple[Floats, float]:
    """The average that units are counted from, drawn in fields, and the sum of the variances of its
    entries, 0 and 0 where there is none. Features are those of all states of the units.
    """
    if fields is None:
        return np.zeros(features.shape[1]), 0.0
    logs = features @ fields
    chances = np.exp(logs - log_sum(logs))
    mean = chances @ features
    return mean, float((chances @ features**2 - mean**2).sum()) / CENTRED


def _gradient(
    data: Moments, model: Moments, x: tuple[Floats, float], y: tuple[Floats, float]
) -> dict[str, Floats]:
    """`RATE` times d ln p with units counted from centres, averages and variances being given, and
    biases that follow the weights (Montavon and Mueller 2012): db = dv - dW y, in which dW has - dv
    y.
    """
    visible, hidden = RATE * (data[0] - model[0]), RATE * (data[1] - model[1])
    weights = RATE * (data[2] - model[2]) - np.outer(x[0], hidden) - np.outer(visible, y[0])
    return {
        "weights": weights,
        "visible": visible * (1 + y[1]) - weights @ y[0],
        "hidden": hidden * (1 + x[1]) - weights.T @ x[0],
    }


def _differentiated(subject: Subject, each: TrainedLayer) -> Finding:
    """The exact gradient against differences of the log-likelihood of the rows."""
    small = small_machine(subject, each.layer, *TINY)
    rows = random_rows(subject, small.layer, 64, STREAM, fractional=each.fractional)
    trainer = replace(each.trainer, batch=None, epochs=1, chains=None)
    key: Key = stream(subject.seed, {}, "training", STREAM)
    training = ExactTraining(
        layer=replace(small.layer, train=trainer), trainer=trainer, fixed=Fixed({}, {}), key=key
    )
    before = {name: np.array(array) for name, array in small.seen.items()}
    arrays = training.start(rows) | before
    training.run(arrays, training.feed(rows), 0, 1)
    x = rows.values if rows.means else features_of(small.layer.visible, rows.states)
    apart = [
        float(np.abs((arrays[name] - before[name]) / RATE - slopes).max())
        for name, slopes in _slopes(small, before, x).items()
    ]
    claim = "the exact gradient is that of differences of the log-likelihood"
    bound = CURVED + small.bound(small.minus_energies.size) / STEP
    return within("e", "gradient", claim, small.where, difference=max(apart), bound=bound)


def _slopes(small: Small, at: dict[str, Floats], x: Floats) -> dict[str, Floats]:
    """Differences of fourth order of the mean log-likelihood of rows of features by every
    parameter.
    """
    found = {name: np.zeros(array.shape) for name, array in at.items()}
    for name, array in at.items():
        for place in np.ndindex(array.shape):
            moved = []
            for steps in (-2, -1, 1, 2):
                there = {each: np.array(values) for each, values in at.items()}
                there[name][place] += steps * STEP
                moved.append(_log_likelihood(small, there, x))
            found[name][place] = (moved[0] - 8 * moved[1] + 8 * moved[2] - moved[3]) / (12 * STEP)
    return found


def _log_likelihood(small: Small, parameters: dict[str, Floats], x: Floats) -> float:
    """<-H(v)> - ln Z of rows of features, but for the own energies of the visible units."""
    layer, (below, above) = small.layer, small.measure
    fields = x @ parameters["weights"] + parameters.get("hidden", 0.0)
    hidden = features_of(layer.hidden, small.hidden)
    minus_h = log_sum(fields @ hidden.T + above, 1)
    if layer.biases:
        minus_h = minus_h + x @ parameters["visible"]
    log_z = log_sum(minus_energies(layer, parameters) + below[:, None] + above)
    return float(minus_h.mean() - log_z)


# -- annealing -------------------------------------------------------------------------------------


def check_annealing(subject: Subject) -> Iterator[Finding]:
    """Compare ln Z by annealed importance sampling, and weighted averages of the visible units,
    with sums over all states.
    """
    for number, small in enumerate(machines(subject)):
        exact, sums = small.weighed(), _sums(small)
        log_z = log_sum(exact)
        key = stream(subject.seed, {}, "training", STREAM + 1 + number)
        drawn = uniforms(key, small.layer.visible.features)
        base = np.rint((drawn - 0.5) / PARAMETER_UNIT).astype(np.int64)  # up to 1/2 kT
        found = Annealing(
            backend=subject.reference, layer=small.layer, arrays=small.arrays, base=base, key=key,
            chains=CHAINS, betas=np.linspace(0, 1, TEMPERATURES),
        ).whole()  # fmt: skip
        z = {"ln Z": (found.log_z - log_z) / found.error}
        means = np.exp(exact - log_z).sum(axis=1) @ sums.visible
        features = features_of(small.layer.visible, found.states)
        for place, values in enumerate(features.T):
            mean, error = found.average(values)
            z[f"the mean of visible feature {place}"] = (mean - means[place]) / error
        worst = max(z, key=lambda name: abs(z[name]))
        good = abs(z[worst]) <= ERRORS
        complaint = "" if good else f"{worst} is {z[worst]:.3g} errors from its value"
        yield judged(
            "e", "annealing", "ln Z and means by annealing are those of enumeration",
            f"{small.where}, {CHAINS} chains, {TEMPERATURES - 1} steps", level="L4",
            complaint=complaint, largest_z=float(z[worst]), effective_chains=found.effective,
        )  # fmt: skip
