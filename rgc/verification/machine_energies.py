"""Part a of a spec that trains: what its machines are, by enumeration of small ones."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from rgc.flows.machines.couplings import Couplings, couplings, state_couplings
from rgc.flows.machines.log_z import exact_log_z
from rgc.flows.machines.machine import Machine
from rgc.verification.certificate import Finding, unchecked, within
from rgc.verification.machines import Floats, Small, features_of, log_sum, machines
from rgc.verification.subject import Subject

COUPLED = "couplings of H(v) are the averages of -H(v) over all states"


def check_machine_energies(subject: Subject) -> Iterator[Finding]:
    """Compare E(v, h), both effective Hamiltonians and ln Z with sums over the states of the
    text.
    """
    for small in machines(subject):
        machine, exact = small.machine, small.minus_energies
        v, h = (
            features_of(side, states)
            for side, states in (
                (small.layer.visible, small.visible),
                (small.layer.hidden, small.hidden),
            )
        )
        energies = np.stack([machine.energies(v, one) for one in h], axis=1)
        (own_v, own_h), (count_v, count_h) = small.own, small.measure
        text = own_v[:, None] + own_h - exact
        compared = (
            ("E(v, h) of every state is that of the text", energies, text, 1),
            ("H(v) is the sum over hidden units", machine.visible_energies(v),
             own_v - log_sum(exact + count_h, 1), len(h)),
            ("H(h) is the sum over visible units", machine.hidden_energies(h),
             own_h - log_sum(exact + count_v[:, None], 0), len(v)),
            ("ln Z is the sum over all states", np.array(exact_log_z(machine)),
             np.array(log_sum(small.weighed())), exact.size),
        )  # fmt: skip
        for claim, found, right, summed in compared:
            difference = float(np.abs(found - right).max())
            yield within(
                "a", "energies", claim, small.where, difference=difference,
                bound=small.bound(summed),
            )  # fmt: skip


def check_machine_couplings(subject: Subject) -> Iterator[Finding]:
    """Compare the couplings of one and two bodies with averages over all visible states."""
    for small in machines(subject):
        try:
            found = _couplings(small.machine)
        except ValueError as error:
            yield unchecked("a", "couplings", COUPLED, "L3", str(error))
            continue
        right = _averages(small)
        differences = [
            abs(found.constant - right.constant),
            np.abs(found.fields - right.fields).max(),
            np.abs(found.pairs - right.pairs).max(),
        ]
        # an average over all states weighs each difference of -H by 1, four times for pairs
        bound = 4 * small.bound(len(small.visible) + len(small.hidden))
        yield within(
            "a", "couplings", COUPLED, small.where, difference=float(max(differences)), bound=bound,
            couplings=1 + found.fields.size + found.pairs.size,
        )  # fmt: skip


def _couplings(machine: Machine) -> Couplings:
    """As the flow has them. Raises `ValueError` for units that have none."""
    return couplings(machine) if machine.visible.width == 1 else state_couplings(machine)


def _averages(small: Small) -> Couplings:
    """What remains of the averages of -H with the states of one or two units held, after the
    averages over each of them are taken away. Of signs it is that of two upper states.
    """
    minus_h: Floats = log_sum(small.minus_energies + small.measure[1], 1)
    n, q = small.layer.visible.count, len(small.layer.visible.spins.values)
    table: NDArray[np.float64] = minus_h.reshape((q,) * n)
    constant = float(table.mean())
    fields = np.stack([_held(table, (i,)) - constant for i in range(n)])
    pairs = np.zeros((n, q, n, q))
    for i in range(n):
        for k in range(i + 1, n):
            pair = _held(table, (i, k)) - fields[i][:, None] - fields[k] - constant
            pairs[i, :, k], pairs[k, :, i] = pair, pair.T
    if small.layer.visible.unit != "softmax":
        return Couplings(constant=constant, fields=fields[:, 1], pairs=pairs[:, 1, :, 1])
    return Couplings(
        constant=constant, fields=fields.reshape(-1), pairs=pairs.reshape(n * q, n * q)
    )


def _held(table: Floats, units: tuple[int, ...]) -> Floats:
    """The averages over all units but those."""
    others = tuple(axis for axis in range(table.ndim) if axis not in units)
    return np.asarray(table.mean(axis=others) if others else table)
