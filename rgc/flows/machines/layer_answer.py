"""What is known of a trained layer: its normalisation, whether its chains are where it is, how far
it is from an exact step of the renormalisation group, its couplings, and what its hidden units look
at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from rgc.backend import Backend
from rgc.flows.data.rows import Rows, key_of
from rgc.flows.machines.annealing import Annealed
from rgc.flows.machines.chains import APART, compared, visible_states
from rgc.flows.machines.couplings import couplings
from rgc.flows.machines.dropout import apart, share_kept
from rgc.flows.machines.field_answer import field_answer
from rgc.flows.machines.lattice_couplings import lattice_couplings
from rgc.flows.machines.likelihood import estimate, log_likelihood
from rgc.flows.machines.log_z import exact_log_z, summable
from rgc.flows.machines.machine import Machine
from rgc.flows.machines.minima import mass, minima
from rgc.flows.machines.parameters import Arrays, parameters_in
from rgc.flows.machines.sides import Discrete
from rgc.flows.machines.streams import DESCENT
from rgc.flows.machines.tables import autocorrelation_time, information
from rgc.flows.machines.target import Target
from rgc.flows.machines.triple import Triple, log_tau, triple
from rgc.flows.machines.weights_file import Parameters
from rgc.model.lattice import Lattice
from rgc.model.operators import Operator
from rgc.model.stack import Rbm, Side
from rgc.passes.count_states import MOST_INFORMED, MOST_JOINT, MOST_LANDSCAPE, MOST_SUMMED, fits
from rgc.passes.tell_operators import tell_hidden
from rgc.program.draws import Key
from rgc.results.resampled import resampled_estimate
from rgc.results.result import Estimate
from rgc.routines import routine

Floats = NDArray[np.float64]

RESOLVED = 0.01
"""The least effective share of the rows at which <tau> is resolved."""

OF_HIDDEN = "H(h) is that of T(v, h) = H(v) - E(v, h) for any weights: an identity"
"""What is said of the couplings of hidden units."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Trained:
    """A layer at the end of training: its number from 1, its parameters, the machine that they are,
    the parameters kept after updates, the rows that it was trained on and those kept apart, and the
    Hamiltonian of its data, if it has one.

    `below` are the weights of the layers below it, multiplied, from features of the lowest visible
    units to those of its own. `annealed` are its chains, where it has any. `drawn` are states of
    its hidden units, one for each row, where their couplings are asked for.
    """

    number: int
    layer: Rbm
    machine: Machine
    integers: Arrays
    kept: Mapping[int, Arrays]
    rows: Rows
    validation: Rows | None
    target: Target | None
    operators: Sequence[Operator]
    lattice: object
    below: Floats | None
    bottom: Side
    annealed: Annealed | None
    key: Key
    drawn: Rows | None = None

    @property
    def models(self) -> Mapping[int | None, Parameters]:
        """The parameters in the unit of programs, those after updates and, at None, the last."""
        return {
            update: parameters_in(arrays, self.layer)
            for update, arrays in (*self.kept.items(), (None, self.integers))
        }

    @property
    def through(self) -> Floats:
        """The weights from the lowest visible units to its own hidden ones."""
        weights = self.machine.weights
        return weights if self.below is None else self.below @ weights


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """What is known of a layer, with warnings. `tables` are arrays by name; "fields" is what every
    hidden unit looks at, float64[hidden features, features of the lowest units].
    """

    values: Mapping[str, Estimate]
    tables: Mapping[str, Floats]
    warnings: tuple[str, ...] = ()


def anneals(layer: Rbm) -> bool:
    """Whether a layer is annealed: for its ln Z, which no sum gives, or for its persistent chains,
    which are compared with the machine.
    """
    sides = layer.visible, layer.hidden
    summed = any(fits(side.states, MOST_SUMMED) for side in sides)
    real = all(side.unit == "gaussian" for side in sides)
    return not (summed or real) or _compares(layer)


def _compares(layer: Rbm) -> bool:
    """Whether there are persistent chains of the machine. With dropout they are of machines without
    some of its units.
    """
    trainer = layer.train
    return trainer is not None and trainer.chains is not None and not trainer.dropout


def answered(trained: Trained, backend: Backend) -> Answered:
    """Everything about one layer."""
    found = _log_z(trained, backend)
    values = {"log_z": found} | _likelihoods(trained, found) | _information(trained.machine)
    warnings = list(_chains(trained, backend, values)) if _compares(trained.layer) else []
    if trained.target is not None:
        values |= _compared(trained, trained.target, warnings)
    values |= _landscape(trained)
    values |= _couplings(trained) | _of_masks(trained) | _autocorrelation(trained.machine)
    fields = np.ascontiguousarray(trained.through.T)
    shapes, tables = field_answer(trained.layer, trained.machine, fields, trained.bottom)
    if trained.annealed is not None:
        tables = {**tables, "log_weights": trained.annealed.log_weights}
    return Answered(values | shapes, {"fields": fields, **tables}, tuple(warnings))


# -- normalisation ---------------------------------------------------------------------------------


def _log_z(trained: Trained, backend: Backend) -> Estimate:
    """ln Z by a sum over the smaller side, or by annealing."""
    machine, found = trained.machine, trained.annealed
    sides = machine.visible, machine.hidden
    if summable(machine) or not any(isinstance(side, Discrete) for side in sides):
        with backend.arrays() as xp:
            value = exact_log_z(machine, routine(backend, "log_z_small_side"), xp)
        return Estimate(value, 0.0, "exact")
    assert found is not None  # noqa: S101  (see `anneals`)
    note = f"annealed importance sampling, {found.effective:.0f} of {len(found.states)} chains"
    return Estimate(found.log_z, found.error, "estimate", statistical=found.error, note=note)


def _likelihoods(trained: Trained, log_z: Estimate) -> dict[str, Estimate]:
    """<ln p(v)> over the rows trained on, and over those kept apart; means have no chances."""
    assert log_z.value is not None  # noqa: S101
    found = {}
    for name, rows in (("train", trained.rows), ("validation", trained.validation)):
        if rows is None or rows.means:
            continue
        each = log_likelihood(trained.machine, rows, log_z.value, log_z.error or 0.0)
        found[f"log_likelihood_{name}"] = estimate(*each)
    return found


def _information(machine: Machine) -> dict[str, Estimate]:
    if all(fits(side.configurations, MOST_INFORMED) for side in (machine.visible, machine.hidden)):
        return {"information": Estimate(information(machine), 0.0, "exact")}
    return {}


def _autocorrelation(machine: Machine) -> dict[str, Estimate]:
    """The time of sweeps of a small machine."""
    below, above = machine.visible.configurations, machine.hidden.configurations
    if below is None or above is None or not fits(below * above, MOST_JOINT):
        return {}
    found = autocorrelation_time(machine)
    if not isfinite(found):
        note = "some states are never left, to rounding"
        return {"autocorrelation_time": Estimate(None, None, note=note)}
    return {"autocorrelation_time": Estimate(found, 0.0, "exact")}


def _landscape(trained: Trained) -> dict[str, Estimate]:
    """How many local minima a small machine has, and what share of its states are rows of data."""
    if not fits(trained.machine.visible.configurations, MOST_LANDSCAPE):
        return {}
    found = {"minima": Estimate(minima(trained.machine), 0.0, "exact")}
    if not trained.rows.means:
        found["rows_mass"] = Estimate(mass(trained.machine, trained.rows.states), 0.0, "exact")
    return found


def _of_masks(trained: Trained) -> dict[str, Estimate]:
    """How far a machine is from the average over masks of dropout that it stands for."""
    share = share_kept(trained.layer.train)
    found = None if share == 1 else apart(trained.machine, share)
    return {} if found is None else {"dropout_kl": Estimate(found, 0.0, "exact")}


# -- persistent chains -----------------------------------------------------------------------------


def _chains(trained: Trained, backend: Backend, values: dict[str, Estimate]) -> Iterator[str]:
    """Add the largest difference between averages over the chains and over the machine, in its
    errors, and warn of one that is no chance.
    """
    trainer, weighed = trained.layer.train, trained.annealed
    assert trainer is not None and trainer.chains is not None and weighed is not None  # noqa: S101, PT018
    count = trainer.chains // len(trainer.betas or (1.0,))
    key = key_of(trained.key, DESCENT)
    states = visible_states(backend, trained.layer, trained.integers, count, key)
    found = compared(trained.machine, states, weighed)
    if not found:
        note = f"annealing leaves {weighed.effective:.1f} effective chains"
        values["chains_z"] = Estimate(None, None, note=note)
        return
    worst = max(found, key=lambda name: abs(found[name].z))
    each = found[worst]
    note = f"{worst}: {each.chains:.4g} over the chains, {each.machine:.4g} of the machine"
    values["chains_z"] = Estimate(abs(each.z), None, note=note)
    if abs(each.z) > APART:
        yield (
            f"the persistent chains of layer {trained.number} are not where the machine is "
            f"({note}, {abs(each.z):.0f} errors apart), so that the gradient was wrong: declare a "
            "symmetry of the spins, if they have one, or use tempering(...)"
        )


# -- against the Hamiltonian -----------------------------------------------------------------------


def _compared(trained: Trained, target: Target, warnings: list[str]) -> dict[str, Estimate]:
    """dF, KL and tau_defect: exactly where all states can be gone through, else from the rows."""
    if target.tabled:
        logs, size = log_tau(trained.machine, target, target.states())
        found = triple(logs, size, np.exp(target.log_chances))
        exact = {"dF": found.d_f, "kl": found.kl, "tau_defect": found.tau_defect}
        return {name: Estimate(value, 0.0, "exact") for name, value in exact.items()}
    logs, size = log_tau(trained.machine, target, trained.rows.states)
    shares, groups = trained.rows.shares, trained.rows.groups
    whole = triple(logs, size, shares)
    others = (groups != group for group in range(int(groups.max()) + 1))
    resampled = [whole, *(_of_part(logs[part], size, shares[part]) for part in others)]
    numbers = {
        "dF": [each.d_f for each in resampled],
        "kl": [each.kl for each in resampled],
    }
    found_values = {name: resampled_estimate(np.array(values)) for name, values in numbers.items()}
    if whole.effective < RESOLVED:
        text = (
            f"<tau> rests on {whole.effective:.1%} of the rows: dF and kl of layer "
            f"{trained.number} are not resolved"
        )
        warnings.append(text)
        found_values = {
            name: Estimate(None, None, note="<tau> is not resolved") for name in found_values
        }
    share = Estimate(whole.effective, None, note="a share of the rows")
    defect = Estimate(whole.tau_defect, None, note="the largest of the rows")
    return found_values | {"tau_defect": defect, "effective_rows": share}


def _of_part(logs: Floats, size: float, shares: Floats) -> Triple:
    """The numbers of some of the rows."""
    with np.errstate(all="ignore"):
        return triple(logs, size, shares / shares.sum())


# -- couplings -------------------------------------------------------------------------------------


def _couplings(trained: Trained) -> dict[str, Estimate]:
    """The couplings of H(v), and of H(h) where hidden units have neighbours."""
    layer, machine = trained.layer, trained.machine
    sides, turned = (layer.visible, layer.hidden), (layer.hidden, layer.visible)
    below = _of_side(machine, sides, trained.lattice, trained.operators)
    above = _of_side(machine.turned, turned, layer.hidden.places, tell_hidden(layer), OF_HIDDEN)
    named = {f"visible.{name}": value for name, value in below.items()}
    return named | {f"hidden.{name}": value for name, value in above.items()}


def _of_side(
    machine: Machine,
    sides: tuple[Side, Side],
    lattice: object,
    operators: Sequence[Operator],
    note: str = "",
) -> dict[str, Estimate]:
    """The couplings of the first side, the other being summed out, in the operators of its lattice,
    where its units have two states."""
    own, other = sides
    two_states = own.spins.two_states and (other.spins.two_states or other.unit == "gaussian")
    if not operators or not two_states or not isinstance(lattice, Lattice):
        return {}
    read = lattice_couplings(machine, lattice, operators, couplings(machine))
    named = {
        name: Estimate(each.mean, each.error, statistical=each.error, note=note)
        for name, each in read.named.items()
    }
    note = "the root mean square of the couplings of two bodies that have no name"
    return named | {"other_pairs": Estimate(read.other_pairs, 0.0, "exact", note=note)}
