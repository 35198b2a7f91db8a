"""Part c of a spec that trains: what is sampled of its machines, up and down the stack and by
annealing, on every backend at its own sizes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rgc.errors import SpecError
from rgc.flows.data.rows import Rows, key_of
from rgc.flows.machines.annealing import Annealing
from rgc.flows.machines.passes import ascended, means_above, reconstructed
from rgc.flows.machines.taught import Taught
from rgc.kernel_cache import KernelCache
from rgc.model.stack import Rbm
from rgc.program.draws import Key, stream
from rgc.verification.certificate import Finding, judged, unchecked
from rgc.verification.divergence import Pair
from rgc.verification.subject import Subject
from rgc.verification.training_bits import random_rows, training_of
from rgc.verification.training_divergence import in_counts

if TYPE_CHECKING:
    from rgc.backend import Backend

ROWS = 100
"""Rows and chains: one word and a part of another."""

STEPS = 4
"""Steps of annealing."""

LARGER = 32
"""What first weights are multiplied by, so that fields are of the order of 1 kT."""

STREAM = (1 << 16) + 2
"""The level of the training stream from which these are drawn."""


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    """A layer with parameters, rows to begin with, and the key of all draws."""

    layer: Rbm
    arrays: dict[str, NDArray[Any]]
    rows: Rows
    key: Key


def check_passes(subject: Subject) -> Iterator[Finding]:
    """Compare hidden states drawn above rows, rows made again from them, and annealed chains with
    their weights on each backend with the reference.
    """
    for number, taught in enumerate(training_of(subject).stack.layers):
        drawn = _begun(subject, number, taught)
        right = dict(_made(subject.reference, drawn))
        visible, hidden = drawn.layer.shape
        where = f"layer {number + 1}, {visible} x {hidden}, {ROWS} rows and chains"
        for backend in subject.backends[1:]:
            claim = f"{backend.name} = {subject.reference.name} up, down and by annealing"
            try:
                complaint = _difference(Pair(subject.reference, backend), right, drawn)
            except SpecError as error:  # it lacks what the programs need
                yield unchecked("c", "passes", claim, "L2", error.problems[0].message)
                continue
            yield judged("c", "passes", claim, where, level="L2", complaint=complaint)


def _begun(subject: Subject, number: int, taught: Taught) -> _Drawn:
    fractional = taught.watch.fractional
    rows = random_rows(subject, taught.layer, ROWS, STREAM + number, fractional=fractional)
    arrays = dict(taught.learning.integers(taught.learning.start(rows)))
    if taught.layer.weights is None:
        arrays["weights"] = arrays["weights"] * LARGER
    key = stream(subject.seed, subject.point, "training", STREAM + number)
    return _Drawn(taught.layer, arrays, rows, key)


def _made(backend: Backend, drawn: _Drawn) -> Iterator[tuple[str, NDArray[Any]]]:
    """What is compared, by name."""
    layer, arrays, rows = drawn.layer, drawn.arrays, drawn.rows
    keys = [key_of(drawn.key, purpose) for purpose in range(3)]
    yield "hidden states above rows", ascended(backend, layer, arrays, rows, keys[0]).states
    if layer.upward == "means":
        above = means_above(backend, layer, arrays, rows, keys[0])
        yield "hidden means above rows", above.states
    again, share = reconstructed(backend, layer, arrays, rows, keys[1])
    yield "rows that are made again", again.states
    yield "the share of units that changed", np.array(share)
    base = arrays.get("visible", np.zeros(layer.visible.features, dtype=np.int64))
    found = Annealing(
        backend=backend,
        layer=layer,
        arrays=arrays,
        base=base,
        key=keys[2],
        chains=ROWS,
        betas=np.linspace(0, 1, STEPS + 1),
    ).whole()
    yield "annealed chains", found.states
    yield "the weights of annealed chains", found.log_weights


def _difference(pair: Pair, right: dict[str, NDArray[Any]], drawn: _Drawn) -> str:
    """What differs first, and where: by row or chain, then by unit."""
    try:
        for name, other in _made(KernelCache(pair.other, general=False), drawn):
            where = in_counts(pair, right[name], other)
            if where:
                return f"{name}, {where}"
    except SpecError:
        raise
    except Exception as error:
        return f"{pair.other.name} stopped: {type(error).__name__}: {error}"
    return ""
