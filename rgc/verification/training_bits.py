"""Part c of a spec that trains: its first updates on every backend, bit for bit, at its own
sizes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rgc.errors import SpecError
from rgc.flows.data.rows import Rows
from rgc.flows.flow import Flow
from rgc.flows.free_energies.service import FreeEnergies
from rgc.flows.machines.layer_training import Fed, LayerTraining, pieces_of
from rgc.flows.machines.sides import numbers_of
from rgc.flows.machines.train import Train
from rgc.model.data import Control, File, Patterns
from rgc.model.stack import Rbm
from rgc.program.dense import Field
from rgc.program.dense.arguments import dense_arguments
from rgc.program.draws import step_keys, stream, word
from rgc.program.units import MEAN, normal
from rgc.verification.certificate import Finding, judged, unchecked
from rgc.verification.divergence import Pair
from rgc.verification.subject import Subject
from rgc.verification.training_divergence import Step, first_node, in_counts, in_field

if TYPE_CHECKING:
    from rgc.backend import Backend

UPDATES = 32
"""The updates that are compared, where that is not too much for the reference backend."""

LEAST = 2

WORK = 3 * 10**10
"""Products of a state and a weight that the reference backend adds up in a minute or less."""

CUTS = (5, 13, 14)
"""How many updates the calls of the second run of a backend make."""

DRAWN = 1 << 10
"""Random rows that are different; further ones repeat them."""

Arrays = dict[str, NDArray[Any]]


@dataclass(slots=True, eq=False)
class _Running:
    """A layer in training on one backend: its arrays, its data, and the first difference."""

    backend: Backend
    training: LayerTraining
    arrays: Arrays
    fed: Fed
    complaint: str = ""
    largest: int = 0

    def update(self, number: int) -> None:
        """Make an update. `largest` is the largest |M| of the weights after it."""
        self.fed, (self.largest,) = self.training.run(self.arrays, self.fed, number, 1)


@dataclass(frozen=True, slots=True, eq=False)
class _Compared:
    """The updates of a layer, one after the other: the reference and those that keep up with it."""

    rows: Rows
    numbers: tuple[int, ...]
    right: _Running
    others: tuple[_Running, ...]


def check_training_bits(subject: Subject) -> Iterator[Finding]:
    """Compare the first updates of every layer on each backend with the reference.

    Every parameter, velocity and persistent chain must be equal after each of them. Each backend
    then repeats them in calls of other lengths and on one thread. The rows are those of the spec
    where they are read or random patterns, and random ones where they would have to be sampled.
    """
    flow = training_of(subject)
    made, refused = _flows(subject)
    for name, reason in refused.items():
        claim = f"{name} = {subject.reference.name} over the first updates"
        yield unchecked("c", "bit identity", claim, "L2", reason)
    for number, taught in enumerate(flow.stack.layers):
        if isinstance(taught.learning, LayerTraining):
            yield from _layer(subject, flow, made, number, taught.learning)
        else:
            reason = "the host computes it, on every backend alike"
            claim = f"layer {number + 1} is the same on every backend"
            yield unchecked("c", "bit identity", claim, "L2", reason)


def training_of(subject: Subject) -> Train:
    """The flow on the reference backend. Raises `TypeError` where it trains nothing."""
    return _training(subject.own)


def _training(flow: Flow) -> Train:
    """The flow that trains, with or without free energies behind it."""
    inner = flow.main if isinstance(flow, FreeEnergies) else flow
    if not isinstance(inner, Train):
        raise TypeError("the flow of the spec trains nothing")
    return inner


def _flows(subject: Subject) -> tuple[dict[Backend, Train], dict[str, str]]:
    """The flow on every other backend, and why some of them cannot run it."""
    made, refused = {}, {}
    for backend in subject.backends[1:]:
        try:
            made[backend] = _training(subject.flow(backend))
        except SpecError as error:
            refused[backend.name] = error.problems[0].message
    return made, refused


def _layer(
    subject: Subject,
    flow: Train,
    made: Mapping[Backend, Train],
    number: int,
    training: LayerTraining,
) -> Iterator[Finding]:
    rows, numbers = _rows(subject, flow, number, training), _numbers(training)
    right = _begun(subject.reference, training, rows)
    others = tuple(
        _begun(backend, learning, rows)
        for backend, each in made.items()
        if isinstance(learning := each.stack.layers[number].learning, LayerTraining)
    )
    compared = _Compared(rows, numbers, right, others)
    _run(compared)
    layer, where = training.layer, _where(training, number)
    visible, hidden = layer.shape
    parameters = visible * hidden + (visible + hidden) * layer.biases
    figures = {"updates": len(numbers), "parameters": parameters}
    for other in others:
        claim = f"{other.backend.name} = {subject.reference.name} over {len(numbers)} updates"
        yield judged(
            "c", "bit identity", claim, where, level="L2", complaint=other.complaint, **figures
        )
    for running in others or (right,):
        if not running.complaint:
            yield _again(subject, compared, running, number, where)


def _where(training: LayerTraining, number: int) -> str:
    visible, hidden = training.layer.shape
    program = training.whole.program.name
    return f"layer {number + 1}, {program}, {visible} x {hidden}, batch {training.update.batch}"


def _begun(backend: Backend, training: LayerTraining, rows: Rows) -> _Running:
    return _Running(backend, training, training.start(rows), training.feed(rows))


def _numbers(training: LayerTraining) -> tuple[int, ...]:
    """The updates that are made: the first ones, as many as are not too much work, and the first
    one with a smaller batch.
    """
    update, (visible, hidden) = training.update, training.layer.shape
    chains = update.trainer.chains or update.batch
    work = visible * hidden * (3 * update.batch + 2 * update.k * chains)
    count = min(training.updates, max(LEAST, min(UPDATES, WORK // work)))
    numbers = list(range(count))
    last = update.trainer.in_epoch(update.rows) - 1
    return tuple(numbers if training.rest is None or last < count else [*numbers, last])


def _rows(subject: Subject, flow: Train, number: int, training: LayerTraining) -> Rows:
    data = flow.request.spec.data
    read = data.source if isinstance(data, Control) else data
    if number == 0 and isinstance(read, File | Patterns):
        return flow.stack.source.made({}).train
    update = training.update
    return random_rows(subject, update.layer, update.rows, number, fractional=update.fractional)


def random_rows(
    subject: Subject, layer: Rbm, count: int, number: int, *, fractional: bool = False
) -> Rows:
    """Rows of independent visible units, every state as likely as the others, and real ones normal
    numbers; where they are `fractional`, of means of two such rows or one.
    """
    key = stream(subject.seed, subject.point, "data", number)
    species, side = layer.visible.spins, layer.visible
    sites, few = side.count, min(count, DRAWN)
    chosen = np.arange(count) % few
    drawn = word(key, np.arange(few * sites, dtype=np.uint64)) >> np.uint64(32)
    if species.states is None:
        return Rows(species=species, states=(normal(drawn) / MEAN).reshape(few, sites)[chosen])
    states = (drawn * np.uint64(len(species.values)) >> np.uint64(32)).astype(np.uint8)
    rows = Rows(species=species, states=states.reshape(few, sites)[chosen])
    if not fractional:
        return rows
    features = numbers_of(side).features(rows.states)
    means = np.rint((3 * features + np.roll(features, 1, axis=0)) * (MEAN / 4))
    return replace(rows, states=means.astype(np.int32), means=True)


def _run(compared: _Compared) -> None:
    """Make the updates in step on the reference and on those that do not differ from it yet."""
    right = compared.right
    for number in compared.numbers:
        before = {name: array.copy() for name, array in right.arrays.items()}
        right.update(number)
        for other in compared.others:
            if not other.complaint:
                other.complaint = _updated(compared, other, number, before)


def _updated(compared: _Compared, other: _Running, number: int, before: Arrays) -> str:
    """What differs after an update on another backend, or the empty string."""
    right, pair = compared.right, Pair(compared.right.backend, other.backend)
    try:
        other.update(number)
        wrong = _difference(pair, right.training, right.arrays, other.arrays)
        wrong = wrong or in_counts(pair, np.int64(right.largest), np.int64(other.largest))
        if not wrong:
            return ""
        node = first_node(pair, _step(compared, number, before))
    except Exception as error:
        return f"update {number + 1}: {other.backend.name} stopped: {type(error).__name__}: {error}"
    return f"update {number + 1}, {node or wrong}" + (f"; after it {wrong}" if node else "")


def _difference(pair: Pair, training: LayerTraining, right: Arrays, other: Arrays) -> str:
    """The first of the arrays that differ, and its first entry that does."""
    for each in training.kept:
        a, b = right[each.name], np.asarray(other[each.name])
        where = in_field(pair, each, a, b) if isinstance(each, Field) else in_counts(pair, a, b)
        if where:
            return f"'{each.name}', {where}"
    return ""


def _step(compared: _Compared, number: int, before: Arrays) -> Step:
    """An update as its kernel is handed it."""
    training, batches = compared.right.training, compared.right.fed.batches
    (piece,) = pieces_of(batches, number, 1)
    full = piece.rows.shape[1] == training.update.batch
    made = training.whole if full or training.rest is None else training.rest
    numbers = training.schedule.numbers(made.numbers, number, 1)
    return Step(
        made.program,
        [compared.rows.field, *(before[each.name] for each in training.kept)],
        dense_arguments(piece.rows, numbers, training.scales(made)),
        step_keys(training.key, number, 1, made.program.draws),
    )


def _again(
    subject: Subject, compared: _Compared, running: _Running, number: int, where: str
) -> Finding:
    """The second run: on one thread where possible, and in calls of other lengths."""
    alone = subject.alone.get(running.backend.name)
    made = running.training
    if alone is not None:
        learning = _training(subject.flow(alone)).stack.layers[number].learning
        made = learning if isinstance(learning, LayerTraining) else made
    again = _begun(alone or running.backend, made, compared.rows)
    for first, count in _calls(compared.numbers):
        again.fed, _ = made.run(again.arrays, again.fed, first, count)
    pair = Pair(running.backend, again.backend)
    complaint = _difference(pair, running.training, running.arrays, again.arrays)
    parts = [*([] if alone is None else ["on one thread"]), "in calls of up to 14 updates"]
    claim = f"{running.backend.name} again, {', '.join(parts)}: the same bits"
    updates = len(compared.numbers)
    return judged(
        "c", "bit identity", claim, where, level="L1", complaint=complaint, updates=updates
    )


def _calls(numbers: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    """The first update and the number of updates of each call. One that does not follow on those
    before stands alone.
    """
    through = len(numbers) if numbers[-1] == len(numbers) - 1 else len(numbers) - 1
    first = 0
    for cut in CUTS:
        count = min(cut, through - first)
        if count > 0:
            yield first, count
            first += count
    yield from ((number, 1) for number in numbers[first:])
