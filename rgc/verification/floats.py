"""Part d: ln Z and every correlator in the floating point of each backend, within a derived bound.

The computation is that of array flows: weights w_i = exp(min H - H_i), their Walsh-Hadamard
transform S_k = sum_i (-1)^|k & i| w_i, the correlators c_k = S_k / S_0 (the average of the product
of the spins in k) and ln Z = ln S_0 - min H. The exact values are those of the same float64
energies in decimal arithmetic with 40 digits.

With u = 2^-53 and gamma_m = m u / (1 - m u) (Higham 2002), the errors are:

- The subtraction rounds d_i = min H - H_i by u |d_i|, which is a relative error of w_i.
- exp is assumed to be accurate to 2 ulp, which is 4 u.
- The transform (`fwht` of the backend, else of `rgc.routines`) takes up to five spins at once,
  with 32 terms in a sum, in any order. For n spins this gives gamma_m with
  m = 31 floor(n/5) + 2^(n mod 5) - 1.

S_k is therefore wrong by at most delta Z, where delta = (<|d|> + 4) u + gamma_m and <> is the
Boltzmann average. It follows that

    |c_k error|  <= (1 + |c_k|) delta / (1 - delta) + u,
    |ln Z error| <= delta / (1 - delta) + 2 u |ln S_0| + u |ln Z|.

This is a worst-case bound. It is also checked that it is not an empty one: for some k it must be
at most 100 times the difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Context, Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from rgc.routines import routine
from rgc.verification.certificate import Finding, judged, unchecked, within
from rgc.verification.energies import UNIT, hamiltonian
from rgc.verification.quenched import realised
from rgc.verification.states import every_state
from rgc.verification.subject import Subject

if TYPE_CHECKING:
    from rgc.backend import Backend

EXP = 4
"""The relative error of exp, in units of u."""

LOOSE = 100
"""The largest ratio of a bound to the difference."""

MOST = 16
"""The number of spins whose 2^16 weights can be computed to 40 digits in a few seconds."""

_DIGITS = Context(prec=40, Emin=-(10**6), Emax=10**6)


def check_floats(subject: Subject) -> Iterator[Finding]:
    """Compare the moments on every backend with the exact ones, for the smallest instance
    there is.
    """
    instance = subject.small if isinstance(subject.tiny, str) else subject.tiny
    two_states = all(spin.two_states for spin in subject.spec.species)
    if isinstance(instance, str) or instance.spins > MOST or not two_states:
        claim = "ln Z and every correlator in floating point"
        reason = (
            f"no instance of at most {MOST} spins"
            if two_states
            else "correlators are those of spins with two states"
        )
        yield unchecked("d", "floats", claim, "L3", reason)
        return
    states = every_state(instance.lattice, instance.spec.species)
    energies = hamiltonian(subject, realised(instance.sampler, states))
    exact = decimal_moments(energies.tolist())
    bounds = allowed(energies, exact)
    for backend in subject.backends:
        yield _compared(
            backend, energies, exact, bounds, f"{instance.name}, {len(energies)} correlators"
        )


def _compared(backend: Backend, energies: Any, exact: Any, bounds: Any, where: str) -> Finding:
    try:
        computed, namespace = moments(backend, energies)
    except Exception as error:
        complaint = f"{backend.name} stopped: {type(error).__name__}: {error}"
        return judged(
            "d",
            "floats",
            f"{backend.name} computes on its arrays",
            where,
            level="L3",
            complaint=complaint,
        )
    differences = np.array(
        [abs(float(Decimal(a) - b)) for a, b in zip(computed.tolist(), exact, strict=True)]
    )
    closest = int(np.argmax(differences / bounds))
    difference, bound = float(differences[closest]), float(bounds[closest])
    claim = (
        f"ln Z and every correlator by {backend.name} ({namespace}) within the bound of rounding"
    )
    times = bound / difference if difference else None
    finding = within(
        "d", "floats", claim, where, difference=difference, bound=bound, bound_over_difference=times
    )
    if times is not None and times > LOOSE:
        return finding.failing(f"the bound is {times:.0f} times the difference: it says too little")
    return finding


def moments(backend: Backend, energies: Any) -> tuple[Any, str]:
    """float64[1 + states] of ln Z and the correlators, computed on the arrays of a backend, and the
    name of its namespace.
    """
    with backend.arrays() as xp:
        given = xp.asarray(energies)
        lowest = xp.min(given)
        sums = routine(backend, "fwht")(xp.exp(lowest - given))
        log_z = xp.log(sums[0]) - lowest
        return np.array([float(log_z), *np.asarray(sums / sums[0]).tolist()]), xp.__name__


def decimal_moments(energies: Sequence[float]) -> list[Decimal]:
    """The same numbers to 40 digits."""
    lowest = Decimal(min(energies))
    of_energy = {energy: _DIGITS.exp(lowest - Decimal(energy)) for energy in set(energies)}
    sums, half = [of_energy[energy] for energy in energies], 1
    while half < len(sums):
        for first in (k for k in range(len(sums)) if not k & half):
            a, b = sums[first], sums[first + half]
            sums[first], sums[first + half] = _DIGITS.add(a, b), _DIGITS.subtract(a, b)
        half *= 2
    log_z = _DIGITS.subtract(_DIGITS.ln(sums[0]), lowest)
    return [log_z, *(_DIGITS.divide(total, sums[0]) for total in sums)]


def allowed(energies: Any, exact: Sequence[Decimal]) -> Any:
    """The bound on the error of each moment (see the top of this file)."""
    below = energies - energies.min()
    weights = np.exp(-below)
    spins = len(energies).bit_length() - 1
    terms = 31 * (spins // 5) + 2 ** (spins % 5) - 1
    delta = (float(weights @ below / weights.sum()) + EXP) * UNIT + terms * UNIT / (
        1 - terms * UNIT
    )
    share, log_z = delta / (1 - delta), float(exact[0])
    of_log = share + 2 * UNIT * abs(log_z + energies.min()) + UNIT * abs(log_z)
    return np.array(
        [of_log, *((1 + abs(float(correlator))) * share + UNIT for correlator in exact[1:])]
    )
