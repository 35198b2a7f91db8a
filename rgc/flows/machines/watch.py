"""A layer followed along its training: at which updates it is looked at, and what is written down.

Nothing here changes a bit of the training. The draws of a reconstruction have a stream of their
own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rgc.backend import Backend
from rgc.flows.data.rows import Rows, key_of
from rgc.flows.machines.machine import Machine
from rgc.flows.machines.monitors import activity, free_energy_gap, relative_entropy
from rgc.flows.machines.parameters import Arrays
from rgc.flows.machines.passes import reconstructed
from rgc.flows.machines.streams import LOOKED
from rgc.flows.machines.tables import pseudo_log_likelihood
from rgc.flows.machines.target import Target
from rgc.flows.machines.triple import Triple, triple
from rgc.model.stack import Rbm
from rgc.program.draws import Key

Floats = NDArray[np.float64]

MARKS = 25
"""Updates at which a layer is looked at, evenly spaced in their logarithm."""

ROWS, FEW_ROWS = 1000, 100
"""Rows that are looked at, and rows whose pseudo-likelihood is computed."""

SMALL = 1 << 14
"""Visible states up to which KL is followed without being asked for."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Watch:
    """What is followed of one layer, at the updates `marks`.

    `validated` says whether rows are kept apart, `target` is the Hamiltonian of the data, if they
    are of one, and `asked` are the names of monitors that were asked for.
    """

    backend: Backend
    layer: Rbm
    marks: tuple[int, ...]
    validated: bool
    target: Target | None
    asked: Collection[str]
    key: Key

    @property
    def series(self) -> Mapping[str, Callable[[Look], float]]:
        """What is written down, by name."""
        chosen = dict(ALWAYS)
        if self.validated:
            chosen |= OF_VALIDATION
        if self.layer.hidden.spins.states is not None:
            chosen |= OF_STATES
        if self.target is not None and ("kl" in self.asked or self.target.cluster.states <= SMALL):
            chosen |= OF_TARGET
        known = WHEN_ASKED if self.target is not None else OF_ROWS
        asked = {name: one for name, one in known.items() if name in self.asked}
        return chosen | asked

    def start(self) -> dict[str, Floats]:
        """Room for every series, NaN until it is written."""
        return {name: np.full(len(self.marks), np.nan) for name in self.series}

    def look(self, series: Mapping[str, Floats], look: Look) -> None:
        """Write down what is seen after an update that is one of the marks."""
        place = self.marks.index(look.update)
        for name, one in self.series.items():
            series[name][place] = one(look)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Look:
    """A layer after an update: its machine, the weights before that update in the unit of the
    arrays, and the first of the rows.
    """

    watch: Watch
    update: int
    machine: Machine
    arrays: Arrays
    before: Floats
    rows: Rows
    validation: Rows | None

    @property
    def features(self) -> Floats:
        return features(self.machine, self.rows)


def features(machine: Machine, rows: Rows) -> Floats:
    """The features of rows of data, float64[row, visible features]."""
    return machine.visible.features(rows.states)


def _reconstruction(look: Look) -> float:
    key = key_of(look.watch.key, LOOKED, look.update)
    watch = look.watch
    return reconstructed(watch.backend, watch.layer, look.arrays, look.rows, key)[1]


def _largest_weight(look: Look) -> float:
    return float(np.abs(look.machine.weights).max())


def _step(look: Look) -> float:
    """|dw| / |w| of the last update."""
    after = look.arrays["weights"].astype(np.float64)
    size = float(np.linalg.norm(after))
    return float(np.linalg.norm(after - look.before)) / size if size else float("nan")


def _singular_value(look: Look) -> float:
    return float(np.linalg.norm(look.machine.weights, 2))


def _gap(look: Look) -> float:
    return _gap_of(look)[0]


def _gap_error(look: Look) -> float:
    return _gap_of(look)[1]


def _gap_of(look: Look) -> tuple[float, float]:
    assert look.validation is not None  # noqa: S101
    theirs = features(look.machine, look.validation)
    gap = free_energy_gap(look.machine, look.features, theirs)
    return gap.value, gap.error


def _saturated(look: Look) -> float:
    found = activity(look.machine, look.features)
    return float("nan") if found is None else found.saturated


def _dead(look: Look) -> float:
    found = activity(look.machine, look.features)
    return float("nan") if found is None else found.dead


def _kl(look: Look) -> float:
    assert look.watch.target is not None  # noqa: S101
    return relative_entropy(look.machine, look.watch.target.log_chances)


def _d_f(look: Look) -> float:
    return _triple(look).d_f


def _tau_defect(look: Look) -> float:
    return _triple(look).tau_defect


def _triple(look: Look) -> Triple:
    """Against the Hamiltonian, over all states where they are few, else over the first rows."""
    target = look.watch.target
    assert target is not None  # noqa: S101
    if target.cluster.states <= SMALL:
        states, chances = target.states(), np.exp(target.log_chances)
    else:
        states, chances = look.rows.states, None
    energies = look.machine.visible_energies(look.machine.visible.features(states))
    return triple(-target.log_weights(states) - energies, chances)


def _pseudo_likelihood(look: Look) -> float:
    """The average over rows of the pseudo-log-likelihood per site."""
    states = look.rows.states[:FEW_ROWS]
    return float(pseudo_log_likelihood(look.machine, states).mean() / states.shape[1])


ALWAYS = {
    "reconstruction": _reconstruction,
    "largest_weight": _largest_weight,
    "step": _step,
    "singular_value": _singular_value,
}
OF_VALIDATION = {"gap": _gap, "gap_error": _gap_error}
OF_STATES = {"saturated": _saturated, "dead": _dead}
OF_TARGET = {"kl": _kl}
OF_ROWS = {"pseudo_likelihood": _pseudo_likelihood}
WHEN_ASKED = {
    **OF_ROWS,
    "dF": _d_f,
    "tau_defect": _tau_defect,
}
"""What is written down of every layer, of one with rows for validation, with hidden units that have
states, with a Hamiltonian of few states; and where it was asked for, of any rows and of those of a
Hamiltonian.
"""


def marks(updates: int) -> tuple[int, ...]:
    """The numbers of the updates after which a layer is looked at, counted from 1."""
    if not updates:
        return ()
    spaced = np.geomspace(1, updates, MARKS)
    return tuple(sorted({*np.rint(spaced).astype(int).tolist(), updates}))
