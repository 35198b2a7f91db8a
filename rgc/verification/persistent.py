"""Part e of a spec that trains: whether an update leaves persistent chains where their machine is,
at every temperature.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.flows.data.rows import Rows, states_in
from rgc.flows.machines.layer_training import make_layer_training
from rgc.model.stack import Rbm
from rgc.model.trainer import Trainer
from rgc.program.draws import Key, stream, uniforms
from rgc.verification.certificate import Finding, judged
from rgc.verification.gradients import ERRORS, ROWS, STREAM, plain
from rgc.verification.machines import (
    Floats,
    Small,
    features_of,
    log_sum,
    small_machine,
    trained_layers,
    values_of,
)
from rgc.verification.subject import Subject
from rgc.verification.training_bits import random_rows

CHAINS = 1 << 14
"""Chains at each temperature."""

SCALE = 1 << 16
"""Inverse temperatures are multiples of 1 / SCALE."""


def check_persistent(subject: Subject) -> Iterator[Finding]:
    """Start persistent chains in states drawn from the machine at their temperatures, and compare
    averages after an update, of hidden features and of their products, with the exact ones.

    The sweeps keep the distribution at each temperature, and so does the exchange of chains. So
    would chains that stand still, which fail too.
    """
    for each in trained_layers(subject):
        if each.sampled and each.trainer.chains is not None:
            yield _kept(subject, each.layer, each.trainer)


def _kept(subject: Subject, layer: Rbm, trainer: Trainer) -> Finding:
    small, key = small_machine(subject, layer), stream(subject.seed, {}, "training", STREAM)
    betas = [round(beta * SCALE) / SCALE for beta in (trainer.betas or (1.0,))[::-1]]
    trainer = replace(plain(trainer), chains=CHAINS * len(betas))
    training = make_layer_training(
        subject.reference, replace(small.layer, train=trainer), trainer, rows=ROWS, key=key
    )
    rows = random_rows(subject, small.layer, ROWS, STREAM)
    laws = [_law(small, beta) for beta in betas]
    first = _drawn(small, laws, key)
    begun = {**training.start(rows), **small.arrays, "chains": first}
    training.run(begun, training.feed(rows), 0, 1)
    species = small.layer.hidden.spins
    after = states_in(begun["chains"], species, CHAINS * len(betas))
    found = features_of(small.layer.hidden, after).reshape(len(betas), CHAINS, -1)
    z = {
        beta: _largest_z(small, law, each)
        for beta, law, each in zip(betas, laws, found, strict=True)
    }
    worst = max(z, key=lambda beta: z[beta])
    claim = "an update leaves persistent chains where their machine is"
    where = f"{small.where}, {training.whole.program.name}, {CHAINS} chains at beta = " + ", ".join(
        f"{beta:.6g}" for beta in betas
    )
    complaint = ""
    if np.array_equal(after, states_in(first, species, CHAINS * len(betas))):
        complaint = "no chain has moved"
    elif z[worst] > ERRORS:
        complaint = f"an average at beta = {worst:g} is {z[worst]:.3g} errors off"
    return judged(
        "e", "persistent chains", claim, where, level="L4", complaint=complaint, largest_z=z[worst]
    )


def _law(small: Small, beta: float) -> Floats:
    """p(h) of every hidden state at an inverse temperature."""
    minus_h = log_sum(small.weighed(beta), 0)
    return np.asarray(np.exp(minus_h - log_sum(minus_h)))


def _drawn(small: Small, laws: list[Floats], key: Key) -> NDArray[Any]:
    """The field of chains drawn from each of the laws, one after the other."""
    draws = uniforms(key, CHAINS * len(laws)).reshape(len(laws), CHAINS)
    numbers = [
        np.minimum(np.searchsorted(np.cumsum(law), u, side="right"), len(law) - 1)
        for law, u in zip(laws, draws, strict=True)
    ]
    states = small.hidden[np.fromiter(chain.from_iterable(numbers), dtype=np.int64)]
    side = small.layer.hidden
    drawn = values_of(side)[states] if side.unit == "gaussian" else states.astype(np.uint8)
    return Rows(species=side.spins, states=drawn).field


def _largest_z(small: Small, law: Floats, found: Floats) -> float:
    """The largest difference of an average of a feature or of a product of two, in errors."""
    exact = _with_products(features_of(small.layer.hidden, small.hidden))
    right = law @ exact
    error = np.sqrt(np.maximum(law @ exact**2 - right**2, 0) / len(found))
    apart = np.abs(_with_products(found).mean(axis=0) - right)
    varies = error > 1e-9
    return float((apart[varies] / error[varies]).max())


def _with_products(features: Floats) -> Floats:
    """The features and the products of two, float64[state, ...]."""
    one, other = np.triu_indices(features.shape[1], 1)
    return np.concatenate([features, features[:, one] * features[:, other]], axis=1)
