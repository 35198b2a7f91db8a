"""Part e of a spec that trains: what an update does with its gradient, in plain numbers.

Two trainers make the same update of one machine with the same draws: that of the spec, and the same
without momentum, decay, shrinkage, largest norm and sparsity, whose change is the bare step g. What
the first makes of a parameter w with the velocity v is then, m, l1, l2 and n being its options,

    u = m v + g,  w <- w + u  (w + g + m u, as Nesterov has it),
    w <- w (1 - rate l2),  w <- sign(w) max(|w| - rate l1, 0),  w <- w min(1, n / |column|),

the last three of weights only; g of hidden biases has rate cost (target - mean activity) besides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rgc.flows.data.rows import Rows
from rgc.flows.machines.exact_training import ExactTraining
from rgc.flows.machines.layer_training import make_layer_training
from rgc.flows.machines.parameters import Fixed
from rgc.model.trainer import Knots, Trainer
from rgc.program.draws import stream
from rgc.verification.certificate import Finding, judged
from rgc.verification.machines import (
    PARAMETER_UNIT,
    Floats,
    Small,
    TrainedLayer,
    features_of,
    small_machine,
    trained_layers,
)
from rgc.verification.subject import Subject
from rgc.verification.training_bits import random_rows

ROWS, UPDATES = 64, 8

STREAM = (1 << 16) + 2
"""The level of the training stream from which these updates are drawn."""

UNITS, GRID = 4, 2.0**-16
"""How many units of parameters the numbers of an update are rounded by in all, and the grid of
momentum and norms."""

ROUNDED = 2.0**-40
"""What rounding leaves of exact gradients, in kT."""

ERRORS = 5.0
"""The most by which the mean of drawn states may be off, in standard errors."""

Parameters = Mapping[str, Floats]
"""Parameters and velocities in kT."""


def check_update_rules(subject: Subject) -> Iterator[Finding]:
    """Compare updates of a small machine by each trainer of a spec with what plain numbers make of
    their bare steps.

    Units are not centred here, since centred biases follow the weights. A largest norm is one that
    half of the columns have.
    """
    for each in trained_layers(subject):
        small = small_machine(subject, each.layer)
        yield _compared(subject, small, replace(each, trainer=_own(each.trainer, small)))


def _own(trainer: Trainer, small: Small) -> Trainer:
    """The trainer of the spec for a few updates of all rows."""
    norm = float(np.median(np.linalg.norm(small.arrays["weights"] * PARAMETER_UNIT, axis=0)))
    betas = len(trainer.betas or (1.0,))
    return replace(
        trainer,
        epochs=UPDATES,
        batch=None,
        chains=None if trainer.chains is None else ROWS * betas,
        max_norm=None if trainer.max_norm is None else norm,
        centring=None if trainer.centring is None else False,
        of=None if trainer.of is None else "rows",
        save=None,
    )


def _bare(trainer: Trainer) -> Trainer:
    """The trainer without what is done with its gradient."""
    return replace(
        trainer,
        momentum=Knots((0.0,)),
        nesterov=None if trainer.nesterov is None else False,
        l1=0.0,
        l2=0.0,
        max_norm=None,
        sparsity=None,
        sparsity_cost=None,
    )


def _compared(subject: Subject, small: Small, each: TrainedLayer) -> Finding:
    """The largest difference of an entry from what it should be, over its bound."""
    worst, place = 0.0, ""
    rows = random_rows(subject, small.layer, ROWS, STREAM, fractional=each.fractional)
    for update, before, after, plain in _runs(subject, small, each, rows):
        rule = _Rule(each, update, small, rows)
        for name in small.arrays:
            right, bound = rule(name, before, plain[name] - before[name])
            share = np.abs(after[name] - right) / bound
            at = np.unravel_index(int(share.argmax()), share.shape)
            if share[at] > worst:
                worst = float(share[at])
                place = f"update {update + 1}, {name}[{', '.join(map(str, at))}]"
    claim = "an update does with its gradient what the text says"
    where = f"{small.where}, {_rules(each.trainer)}: {UPDATES} updates"
    complaint = "" if worst <= 1 else f"{place} is {worst:.3g} times its bound from it"
    return judged("e", "update rules", claim, where, level="L3", complaint=complaint,
                  difference_over_bound=worst)  # fmt: skip


def _rules(trainer: Trainer) -> str:
    """What a trainer does with a gradient, in words."""
    names = {
        "momentum": trainer.momentum != Knots((0.0,)),
        "nesterov": trainer.nesterov,
        "l1": trainer.l1,
        "l2": trainer.l2,
        "max_norm": trainer.max_norm,
        "sparsity": trainer.sparsity,
    }
    return " ".join(name for name, there in names.items() if there) or "bare steps"


# -- updates ---------------------------------------------------------------------------------------


def _runs(
    subject: Subject, small: Small, each: TrainedLayer, rows: Rows
) -> Iterator[tuple[int, Parameters, Parameters, Parameters]]:
    """Every update with the parameters before it, after it, and after a bare one."""
    own, plain = (
        _training(subject, small, each, trainer) for trainer in (each.trainer, _bare(each.trainer))
    )
    fed, fed_plain, arrays = own.feed(rows), plain.feed(rows), own.start(rows)
    unit = PARAMETER_UNIT if each.sampled else 1.0
    for name, array in small.arrays.items():
        arrays[name] = (array * (PARAMETER_UNIT / unit)).astype(arrays[name].dtype)
    for update in range(UPDATES):
        before, other = ({name: array.copy() for name, array in arrays.items()} for _ in range(2))
        fed, _ = own.run(arrays, fed, update, 1)
        fed_plain, _ = plain.run(other, fed_plain, update, 1)
        after = {name: arrays[name] * unit for name in small.arrays}
        bare = {name: other[name] * unit for name in small.arrays}
        yield update, {name: array * unit for name, array in before.items()}, after, bare


def _training(subject: Subject, small: Small, each: TrainedLayer, trainer: Trainer) -> Any:
    """The training of the machine, `LayerTraining` or `ExactTraining`."""
    layer, key = replace(small.layer, train=trainer), stream(subject.seed, {}, "training", STREAM)
    if not each.sampled:
        return ExactTraining(layer=layer, trainer=trainer, fixed=Fixed({}, {}), key=key)
    return make_layer_training(
        subject.reference, layer, trainer, rows=ROWS, key=key, fractional=each.fractional
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Rule:
    """What a trainer makes of the steps of one of its updates."""

    each: TrainedLayer
    update: int
    small: Small
    rows: Rows

    @property
    def trainer(self) -> Trainer:
        return self.each.trainer

    @property
    def rate(self) -> float:
        return self.trainer.rate.at(self.update, UPDATES)

    def __call__(self, name: str, before: Parameters, step: Floats) -> tuple[Floats, Floats]:
        """A parameter after the update, and a bound of what rounding makes of it."""
        trainer, w = self.trainer, before[name]
        v = before.get(f"velocity of {name}", np.zeros(w.shape))
        bound = np.full(w.shape, UNITS * PARAMETER_UNIT if self.each.sampled else ROUNDED)
        if name == "hidden" and trainer.sparsity is not None:
            pull, off = self._pull(before)
            step, bound = step + pull, bound + 2 * off
        m = trainer.momentum.at(self.update, UPDATES)
        u = m * v + step
        w = w + (step + m * u if trainer.nesterov else u)
        moved = 2 * np.abs(v) + np.abs(u) * bool(trainer.nesterov)
        bound = bound + GRID * moved * self.each.sampled
        if name == "weights":
            w = w * (1 - self.rate * trainer.l2)
            w = np.sign(w) * np.maximum(np.abs(w) - self.rate * trainer.l1, 0)
            if trainer.max_norm is not None:
                norms = np.linalg.norm(w, axis=0)
                w = w * np.minimum(1, trainer.max_norm / norms)
                cut = (len(w) ** 0.5 + 2) * GRID * self.each.sampled
                bound = bound + np.abs(w) * cut / norms
        return w, bound

    def _pull(self, before: Parameters) -> tuple[Floats, Floats]:
        """The pull of hidden units of 0 and 1 to their activity, and how far draws may be off."""
        trainer = self.trainer
        x = self.rows.values if self.rows.means else self._features
        fields = x @ before["weights"] + before["hidden"]
        kept, chances = 1 - (trainer.dropout or 0.0), 1 / (1 + np.exp(-fields))
        variances = chances**2 * kept * (1 - kept)
        if self.each.sampled and trainer.gradient != "means":
            variances = variances + kept * chances * (1 - chances)
        strength = self.rate * (trainer.sparsity_cost or 0.0)
        pull = strength * ((trainer.sparsity or 0.0) - kept * chances.mean(axis=0))
        off = ERRORS * np.sqrt(variances.sum(axis=0)) / ROWS + 2.0**-15 * self.each.sampled
        return pull, strength * off

    @property
    def _features(self) -> Floats:
        return features_of(self.small.layer.visible, self.rows.states)
