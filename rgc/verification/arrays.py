"""Checks of flows that compute with arrays: couplings, tensors, enumeration.

Part a compares the Jacobian of a recursion with differences of the map itself, the accumulated
constant with free spins, and ln Z of an enumeration with the syntax tree. Part d compares every
number of the run on every backend, within a bound.

The bound follows a rounding error delta = ROUNDINGS u (1 + max |K|) of each step, u = 2^-53, to
first order:

- through a trajectory by e' = |J| e + delta;
- at a fixed point by |(1 - J)^-1| delta = e;
- in an eigenvalue by |l| |r| / |l r| (|dJ/dK| e + delta |J|), and in an exponent by that over
  |lambda| ln b.

Other numbers count ROUNDINGS roundings of their own size. Truncated numbers and bounds also count
the error that they have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import log
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from rgc import runner
from rgc.analysis.linearised_map import linearise
from rgc.analysis.recursion import free_energy
from rgc.flows.maps.map_flow import MapFlow
from rgc.model.lattice import Lattice
from rgc.verification.certificate import Finding, unchecked, within
from rgc.verification.energies import UNIT, hamiltonian
from rgc.verification.instances import describe
from rgc.verification.lighter import lighter
from rgc.verification.states import every_state
from rgc.verification.subject import SMALL, Subject

if TYPE_CHECKING:
    from rgc.analysis.recursion import Floats
    from rgc.flows.study.study import Study
    from rgc.results.result import Estimate, Result

ROUNDINGS = 2**10
"""Roundings on the longest path of one step: sums over the states of a cell, chains, transforms."""

MINIMUM = (ROUNDINGS * UNIT) ** 0.5
"""The accuracy of the position of a minimum, and of what depends on it: the square root of the
rounding of the function.
"""

WITH_ERROR = ("truncated", "lower bound", "upper bound")
"""The kinds whose error is that of the calculation, not of an average."""

CHAOS = 9.0
"""Standard errors of a Lyapunov exponent. Chaos parts the orbits of two backends, so that theirs
are averages over different orbits, 6 standard errors of the difference apart.
"""

STEP = 2e-4
"""The step of a difference, relative to 1 + |K|."""


def check_jacobian(subject: Subject) -> Iterator[Finding]:
    """Compare the analytic Jacobian with differences of fourth order at the couplings of the spec.

    Two step sizes give the error of the differences.
    """
    study, claim = study_of(subject.own), "dK'/dK = differences of the map"
    if study is None:
        yield unchecked("a", "jacobian", claim, "L3", "this flow is no map of couplings")
        return
    analytic = study.recursion.jacobian(study.start)
    if not np.isfinite(analytic).all():
        yield unchecked("a", "jacobian", claim, "L3", "the map has no derivative there")
        return
    width = STEP * (1 + float(np.abs(study.start).max()))
    fine, coarse = (differences(study, h) for h in (width, 2 * width))
    rounding = ROUNDINGS * UNIT * (1 + float(np.abs(study.start).max())) / width
    bound = float(np.abs(fine - coarse).max()) + rounding
    where = f"{len(study.start)} couplings, those of the spec"
    yield within(
        "a", "jacobian", claim, where, difference=float(np.abs(analytic - fine).max()), bound=bound
    )


def differences(study: Study, width: float) -> Floats:
    """dK'_a/dK_b [a, b] by differences of fourth order."""
    columns = []
    for k in range(len(study.start)):
        at = {n: study.start.copy() for n in (-2, -1, 1, 2)}
        for n, couplings in at.items():
            couplings[k] += n * width
        moved = {n: study.recursion(couplings).couplings for n, couplings in at.items()}
        columns.append((moved[-2] - 8 * moved[-1] + 8 * moved[1] - moved[2]) / (12 * width))
    return np.array(columns).T


def check_ledger(subject: Subject) -> Iterator[Finding]:
    """Compare the accumulated constant with F/N of free spins, at K = 0.

    At other couplings F(K)/N = g + F(K')/N holds whatever g is, so that a lost constant shows only
    where the sum is known. A map that moves potentials by the spins of a block takes K = 0
    elsewhere, and is only a lower bound there.
    """
    study = study_of(subject.own)
    if study is None or not study.accumulates:
        claim = "the sum of constants at K = 0 is F of free spins"
        yield unchecked("a", "ledger", claim, "L3", "this flow accumulates no constants")
        return
    nothing = np.zeros(len(study.start))
    total, (_, free) = free_energy(study.recursion, nothing), study.recursion.bounds(nothing)
    moves = bool(np.abs(study.recursion(nothing).couplings).max() > rounding(nothing))
    claim = f"the sum of constants at K = 0 is {'at most ' if moves else ''}F of free spins"
    difference = total.value - free
    bound = total.error + ROUNDINGS * UNIT * abs(free)
    where = f"{total.steps} steps"
    yield within(
        "a",
        "ledger",
        claim,
        where,
        difference=difference if moves else abs(difference),
        bound=bound,
    )


def check_enumeration(subject: Subject) -> Iterator[Finding]:
    """Compare ln Z of the run with the energies of every state according to the syntax tree."""
    claim, spec = "ln Z = the sum over all states of the text's exp(-H)", subject.spec
    lattice = spec.lattice
    if not isinstance(lattice, Lattice) or not all(spin.two_states for spin in spec.species):
        yield unchecked(
            "a", "enumeration", claim, "L3", "states are visited for two-state spins on crystals"
        )
        return
    if lattice.sites * len(spec.species) > SMALL:
        yield unchecked("a", "enumeration", claim, "L3", f"more than {SMALL} spins")
        return
    if spec.draws:
        yield unchecked("a", "enumeration", claim, "L3", "couplings are drawn at random")
        return
    log_z = result_on(subject, 0).observables.get("log_z")
    if log_z is None or log_z.value is None:
        yield unchecked("a", "enumeration", claim, "L3", "the spec does not ask for log_z")
        return
    energies = hamiltonian(subject, every_state(lattice, spec.species))
    lowest = float(energies.min())
    exact = float(np.log(np.exp(lowest - energies).sum())) - lowest
    bound = ROUNDINGS * UNIT * (1 + abs(exact))
    yield within(
        "a",
        "enumeration",
        claim,
        f"{len(energies)} states",
        difference=abs(log_z.value - exact),
        bound=bound,
    )


def check_agreement(subject: Subject) -> Iterator[Finding]:
    """Compare every number of the run on each backend with the reference, of one that takes long on
    a smaller lattice.
    """
    whole, subject = subject, lighter(subject)
    where = "" if subject is whole else f"{describe(cast(Lattice, subject.spec.lattice))}: "
    expected = result_on(subject, 0)
    sigma = CHAOS if isinstance(subject.own, MapFlow) else 0.0
    bounded = numbers(expected, study_of(subject.own), sigma)
    bounds = {name: bound for name, (_, bound) in bounded.items()}
    if subject.spec.flow is not None and "minimise" in subject.spec.flow.options:
        bounds = {name: bound + MINIMUM for name, bound in bounds.items()}
    values = {name: value for name, (value, _) in numbers(expected, None).items()}
    for k, backend in enumerate(subject.backends[1:], 1):
        other = {name: value for name, (value, _) in numbers(result_on(subject, k), None).items()}
        claim = (
            f"every number by {backend.name} is that of the reference within the bound of rounding"
        )
        if other.keys() != values.keys():
            missing = sorted(other.keys() ^ values.keys())[:3]
            finding = within(
                "d",
                "agreement",
                claim,
                f"{where}{len(values)} numbers",
                difference=np.inf,
                bound=0.0,
            )
            yield finding.failing(f"only one of the two has {', '.join(missing)}")
            continue
        known = [name for name in values if np.isfinite(bounds[name])]
        worst = max(
            known, key=lambda name: abs(other[name] - values[name]) / bounds[name], default=None
        )
        if worst is None:
            yield unchecked("d", "agreement", claim, "L3", "the run has no numbers with a bound")
            continue
        difference = abs(other[worst] - values[worst])
        yield within(
            "d",
            "agreement",
            claim,
            f"{where}{len(known)} numbers",
            difference=difference,
            bound=bounds[worst],
            closest_to_its_bound=worst,
        )


def result_on(subject: Subject, number: int) -> Result:
    """The result of the spec at its first point on a backend, computed once."""
    if number not in subject.results:
        made = subject.own if number == 0 else subject.flow(subject.backends[number])
        subject.results[number] = runner.run(made)
    result: Result = subject.results[number]
    return result


def study_of(flow: Any) -> Study | None:
    """The study of a flow, or None where it is not a map of couplings."""
    from rgc.flows.study.coupling_flow import CouplingFlow

    inner = flow if isinstance(flow, CouplingFlow) else getattr(flow, "study", None)
    return inner.study if isinstance(inner, CouplingFlow) else None


def numbers(
    result: Result, study: Study | None, sigma: float = 0.0
) -> dict[str, tuple[float, float]]:
    """Every finite number of a result by name, with its bound. Errors of averages count `sigma`
    times.
    """
    spread = Spread(study, result) if study is not None else None
    bounded: dict[str, tuple[float, float]] = {}

    def add(
        name: str, value: float | None, error: float | None, kind: str, amplified: float = 0.0
    ) -> None:
        if value is not None and np.isfinite(value):
            own = ROUNDINGS * UNIT * (1 + abs(value))
            counts = float(kind in WITH_ERROR) + sigma * (kind == "estimate")
            bounded[name] = value, own + amplified + (error or 0.0) * counts

    def add_all(prefix: str, table: Mapping[str, Estimate], amplified: float = 0.0) -> None:
        for name, estimate in table.items():
            add(prefix + name, estimate.value, estimate.error, estimate.kind, amplified)

    at_point = spread.fixed_point if spread else 0.0
    add_all("exponents.", result.exponents, spread.exponent if spread else 0.0)
    add_all("fixed_point.", result.fixed_point, at_point)
    add_all("observables.", result.observables, at_point)
    for level in result.levels:
        grown = spread.level(level.level) if spread else 0.0
        add_all(f"level {level.level}.", level.couplings, grown)
        add_all(f"level {level.level}.", level.observables, grown)
    for eigenvalue in result.eigenvalues:
        name = f"eigenvalue {eigenvalue.index} {eigenvalue.sector} {eigenvalue.level}"
        add(
            name,
            abs(complex(eigenvalue.value, eigenvalue.imag)),
            0.0,
            eigenvalue.kind,
            spread.eigenvalue if spread else 0.0,
        )
    for entry in result.free_energy:
        add(f"free_energy.{entry.method}", entry.value, entry.error, entry.kind)
    return bounded


class Spread:
    """How far a rounding error of each step propagates (see the top of this file)."""

    def __init__(self, study: Study, result: Result) -> None:
        recursion, names = study.recursion, study.recursion.names
        self._errors, error = [0.0], 0.0
        for level in result.levels:
            if not all(name in level.couplings for name in names):
                break
            at = np.array([level.couplings[name].value for name in names])
            grown = _norm(recursion.jacobian(at)) * error if error else 0.0
            error = grown + rounding(at)
            self._errors.append(error)
        self.fixed_point = self.eigenvalue = self.exponent = 0.0
        if all(name in result.fixed_point for name in names):
            self._at_fixed_point(
                study, np.array([result.fixed_point[name].value for name in names])
            )

    def level(self, number: int) -> float:
        return self._errors[min(number, len(self._errors) - 1)]

    def _at_fixed_point(self, study: Study, point: Floats) -> None:
        recursion = study.returning
        jacobian = recursion.jacobian(point)
        if not np.isfinite(jacobian).all():
            self.fixed_point = self.eigenvalue = self.exponent = np.inf
            return
        self.fixed_point = float(
            np.linalg.norm(np.linalg.pinv(np.eye(len(point)) - jacobian), 2)
        ) * rounding(point)
        width = 1e-5 * (1 + float(np.abs(point).max()))
        bend = max(
            float(np.linalg.norm(recursion.jacobian(point + width * unit) - jacobian, 2)) / width
            for unit in np.eye(len(point))
        )
        change = bend * self.fixed_point + rounding(point) * float(np.linalg.norm(jacobian, 2))
        for spectrum in linearise(recursion, point):
            sizes = np.linalg.norm(spectrum.left, axis=1) * np.linalg.norm(spectrum.right, axis=0)
            changes = sizes * change
            self.eigenvalue = max(self.eigenvalue, float(changes.max()))
            self.exponent = max(
                self.exponent, float(changes[0] / abs(spectrum.values[0])) / log(recursion.scale)
            )
        self.exponent *= (
            100  # exponents that follow from y_t and y_h by scaling are steeper functions of them
        )


def _norm(matrix: Floats) -> float:
    """The largest singular value, infinite where the matrix is not known."""
    return float(np.linalg.norm(matrix, 2)) if np.isfinite(matrix).all() else np.inf


def rounding(couplings: Floats) -> float:
    """The rounding of one step."""
    return float(ROUNDINGS * UNIT * (1 + np.abs(couplings).max(initial=0.0)))
