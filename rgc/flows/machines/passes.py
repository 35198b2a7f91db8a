"""States of data through a trained layer: up to its hidden units, or up and down again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from rgc.backend import Backend
from rgc.flows.data.rows import Rows, states_in
from rgc.flows.machines.parameters import Arrays
from rgc.flows.machines.sides import features_of, numbers_of
from rgc.model.spins import Species
from rgc.model.stack import Rbm
from rgc.model_to_program.stack_to_sampling import ascent, ascent_of_means, reconstruction
from rgc.program.dense import Dense
from rgc.program.dense.arguments import dense_arguments
from rgc.program.draws import Key, step_keys

AT_ONCE = 1 << 12
"""Rows of one call of a kernel, whole words."""


def ascended(backend: Backend, layer: Rbm, arrays: Arrays, rows: Rows, key: Key) -> Rows:
    """States of the hidden units drawn for every row."""
    return _passed(backend, layer, arrays, rows, key, ascent, layer.hidden.spins)[0]


def means_above(backend: Backend, layer: Rbm, arrays: Arrays, rows: Rows, key: Key) -> Rows:
    """Means of the hidden units for every row."""
    return _passed(backend, layer, arrays, rows, key, ascent_of_means, layer.hidden.spins)[0]


def descended(backend: Backend, layer: Rbm, arrays: Arrays, rows: Rows, key: Key) -> Rows:
    """States of the visible units drawn for every row of hidden ones: up in the turned layer."""
    turned = replace(layer, visible=layer.hidden, hidden=layer.visible)
    parameters = {"weights": np.ascontiguousarray(arrays["weights"].T)}
    if layer.biases:
        parameters |= {"visible": arrays["hidden"], "hidden": arrays["visible"]}
    return ascended(backend, turned, parameters, rows, key)


def reconstructed(
    backend: Backend, layer: Rbm, arrays: Arrays, rows: Rows, key: Key
) -> tuple[Rows, float]:
    """States of the visible units after one pass up and down for every row, and the share of units
    that are not as they were; of means and of real units the mean square of what they moved.
    """
    found, differ = _passed(backend, layer, arrays, rows, key, reconstruction, rows.species)
    if rows.means or layer.visible.unit == "gaussian":
        side = numbers_of(layer.visible)
        moved = features_of(side, found) - features_of(side, rows)
        return found, float((moved**2).mean())
    return found, differ / (rows.count * rows.sites)


def _passed(
    backend: Backend,
    layer: Rbm,
    arrays: Arrays,
    rows: Rows,
    key: Key,
    write: Callable[..., Dense],
    species: Species,
) -> tuple[Rows, int]:
    """Run a program on all rows, each of which is a chain of its own wherever the parts are cut."""
    data, parts, differ = backend.pack(rows.field), [], 0
    for first in range(0, rows.count, AT_ONCE):
        taken = np.arange(first, min(first + AT_ONCE, rows.count), dtype=np.int32)
        program = write(layer, len(taken), rows.count, fractional=rows.means)
        kept = program.fields[1]
        empty = np.zeros(kept.shape, dtype=kept.dtype)
        parameters = [backend.pack(arrays[each.name]) for each in program.parameters]
        keys = step_keys(key, 0, 1, program.draws)
        state, tallies = backend.compile(program)(
            [data, backend.pack(empty), *parameters],
            dense_arguments(taken[None]),
            keys,
            first // 64,
        )
        data = state[0]
        left = np.asarray(backend.unpack(state[1]))
        parts.append(left if kept.means else states_in(left, species, len(taken)))
        differ += sum(int(tally.sum()) for tally in tallies)
    states = np.concatenate(parts)
    above = Rows(
        species=species,
        states=states,
        weights=rows.weights,
        means=kept.means,
        chains=rows.chains,
    )
    return above, differ
