"""A layer followed along its training: at which updates it is looked at, and what is written down.

Nothing here changes a bit of the training. The draws of a reconstruction have a stream of their
own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rgc.backend import Backend
from rgc.flows.data.rows import Rows, evened, key_of
from rgc.flows.machines.likelihood import log_likelihood, log_z
from rgc.flows.machines.machine import Machine
from rgc.flows.machines.monitors import (
    Activity,
    Gap,
    activity,
    free_energy_gap,
    relative_entropy,
)
from rgc.flows.machines.parameters import Arrays
from rgc.flows.machines.passes import reconstructed
from rgc.flows.machines.streams import FOLLOWED, LOOKED
from rgc.flows.machines.tables import pseudo_log_likelihood
from rgc.flows.machines.target import Target
from rgc.flows.machines.triple import Triple, log_tau, triple
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

    `validated` says whether rows are kept apart and `fractional` whether rows are means; `target`
    is the Hamiltonian of the data, if they are of one, and `asked` are the names of monitors that
    were asked for.
    """

    backend: Backend
    layer: Rbm
    marks: tuple[int, ...]
    validated: bool
    fractional: bool
    target: Target | None
    asked: Collection[str]
    key: Key

    @property
    def series(self) -> Series:
        """What is written down, by name."""
        chosen = dict(ALWAYS)
        if self.validated:
            chosen |= OF_VALIDATION
        if self.layer.hidden.spins.states is not None:
            chosen |= OF_STATES
        if self.target is not None and ("kl" in self.asked or self.target.cluster.states <= SMALL):
            chosen |= OF_TARGET
        if "log_likelihood" in self.asked and not self.fractional:
            chosen |= OF_LIKELIHOOD
            if self.validated:
                chosen["log_likelihood_validation"] = _of_validation
        known = dict(WHEN_ASKED) if self.target is not None else {}
        if not self.fractional and self.layer.visible.unit != "gaussian":
            known |= OF_ROWS
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


@dataclass(frozen=True, eq=False, kw_only=True)
class Look:
    """A layer after an update: its machine, the weights before that update in the unit of the
    arrays, and some of the rows. What gives two numbers is computed once.
    """

    watch: Watch
    update: int
    machine: Machine
    arrays: Arrays
    before: Floats
    rows: Rows
    validation: Rows | None

    @cached_property
    def gap(self) -> Gap:
        """Of rows that were kept apart, which there are."""
        assert self.validation is not None  # noqa: S101
        return free_energy_gap(self.machine, self.rows, self.validation)

    @cached_property
    def log_z(self) -> tuple[float, float]:
        """ln Z and its standard error."""
        watch, key = self.watch, key_of(self.watch.key, FOLLOWED, self.update)
        return log_z(watch.backend, watch.layer, self.machine, self.arrays, self.rows, key)

    def log_likelihood(self, rows: Rows) -> tuple[float, float]:
        """Of rows, and its standard error."""
        return log_likelihood(self.machine, rows, *self.log_z)

    @cached_property
    def activity(self) -> Activity:
        """Of hidden units that have states."""
        found = activity(self.machine, self.rows)
        assert found is not None  # noqa: S101
        return found

    @cached_property
    def triple(self) -> Triple:
        """Against the Hamiltonian, over all states where they are few, else over these rows."""
        target = self.watch.target
        assert target is not None  # noqa: S101
        if target.cluster.states <= SMALL:
            logs, size = log_tau(self.machine, target, target.states())
            return triple(logs, size, np.exp(target.log_chances))
        return triple(*log_tau(self.machine, target, self.rows.states), self.rows.shares)


def _reconstruction(look: Look) -> float:
    key = key_of(look.watch.key, LOOKED, look.update)
    watch = look.watch
    return reconstructed(watch.backend, watch.layer, look.arrays, evened(look.rows), key)[1]


def _largest_weight(look: Look) -> float:
    return float(np.abs(look.machine.weights).max())


def _step(look: Look) -> float:
    """|dw| / |w| of the last update."""
    after = look.arrays["weights"].astype(np.float64)
    size = float(np.linalg.norm(after))
    return float(np.linalg.norm(after - look.before)) / size if size else float("nan")


def _singular_value(look: Look) -> float:
    return float(np.linalg.norm(look.machine.weights, 2))


def _kl(look: Look) -> float:
    assert look.watch.target is not None  # noqa: S101
    return relative_entropy(look.machine, look.watch.target.log_chances)


def _pseudo_likelihood(look: Look) -> float:
    """The average over rows of the pseudo-log-likelihood per site."""
    few = look.rows.spread(FEW_ROWS)
    found = pseudo_log_likelihood(look.machine, few.states)
    return float(np.average(found, weights=few.weights) / few.sites)


Series = Mapping[str, Callable[[Look], float]]

ALWAYS: Series = {
    "reconstruction": _reconstruction,
    "largest_weight": _largest_weight,
    "step": _step,
    "singular_value": _singular_value,
}


def _of_validation(look: Look) -> float:
    assert look.validation is not None  # noqa: S101
    return look.log_likelihood(look.validation)[0]


OF_VALIDATION: Series = {
    "gap": lambda look: look.gap.value,
    "gap_error": lambda look: look.gap.error,
}
OF_STATES: Series = {
    "saturated": lambda look: look.activity.saturated,
    "dead": lambda look: look.activity.dead,
}
OF_TARGET: Series = {"kl": _kl}
OF_LIKELIHOOD: Series = {
    "log_likelihood": lambda look: look.log_likelihood(look.rows)[0],
    "log_likelihood_error": lambda look: look.log_likelihood(look.rows)[1],
}
OF_ROWS: Series = {"pseudo_likelihood": _pseudo_likelihood}
WHEN_ASKED: Series = {
    "dF": lambda look: look.triple.d_f,
    "tau_defect": lambda look: look.triple.tau_defect,
}
"""What is written down of every layer, of one with rows for validation, with hidden units that have
states, with a Hamiltonian of few states; and where it was asked for, of the likelihood, of rows of
states and of a Hamiltonian.
"""


def marks(updates: int, kept: Collection[int] = ()) -> tuple[int, ...]:
    """The numbers of the updates after which a layer is looked at, counted from 1, those at which a
    model is kept among them.
    """
    if not updates:
        return ()
    spaced = np.geomspace(1, updates, MARKS)
    return tuple(sorted({*np.rint(spaced).astype(int).tolist(), updates, *kept}))
