"""How far a machine is from an exact step of the renormalisation group: (dF, KL, tau_defect).

With T(v, h) = -E(v, h) + H(v), the machine is a block-spin map of the Hamiltonian H in the sense of
Mehta and Schwab (arXiv:1410.3831), and tau(v) = Tr_h e^T = e^(H(v) - H_machine(v)). The map is
exact where tau = 1. Under P = e^-H / Z,

    dF  = F_machine - F = ln Z - ln Z_machine = -ln <tau>,
    KL  = ln <tau> - <ln tau> = KL(P || machine),
    tau_defect = max |ln tau - <ln tau>|.

dF alone is a normalisation of the machine's energy. KL, which is Jensen's gap of tau, does not
depend on it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rgc.flows.enumeration.rounding import without_rounding
from rgc.flows.machines.machine import Machine
from rgc.flows.machines.sides import States
from rgc.flows.machines.target import Target

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Triple:
    """The three numbers, in nats of the whole system, with <ln tau> and the effective sample size
    <tau>^2 / <tau^2> as a share of the states that were averaged over. Where that share is small, a
    few states carry <tau>, and dF and KL are not resolved.
    """

    d_f: float
    kl: float
    tau_defect: float
    mean_log_tau: float
    effective: float


def log_tau(machine: Machine, target: Target, states: States) -> tuple[Floats, float]:
    """ln tau = H(v) - H_machine(v) of rows of states[row, unit], float64[row], and the size of the
    largest of these energies, which says how far rounding goes.
    """
    energies = machine.visible_energies(machine.visible.features(states))
    ours = -target.log_weights(states)
    size = max(float(np.abs(each).max()) for each in (energies, ours))
    return np.asarray(ours - energies), size


def triple(logs: Floats, size: float, chances: Floats | None = None) -> Triple:
    """The numbers from ln tau of states, float64[state], a difference of energies up to `size`: all
    states with their probabilities under P, or samples of P with equal ones. A number of which
    rounding leaves no digit is 0.
    """
    shares = np.full(len(logs), 1 / len(logs)) if chances is None else chances
    largest = float(logs.max())
    weights = np.exp(logs - largest)
    first, second = float(shares @ weights), float(shares @ weights**2)
    mean, log_mean = float(shares @ logs), largest + float(np.log(first))
    return Triple(
        d_f=without_rounding(-log_mean, size),
        kl=without_rounding(log_mean - mean, size),
        tau_defect=without_rounding(float(np.abs(logs - mean).max()), size),
        mean_log_tau=mean,
        effective=first**2 / second,
    )
