"""The trainer of a layer, or of a network: its options, and what they ask of the rows of data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, cast

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.expressions.options import Reading, read_call
from rgc.ast_to_model.scope import Unknowable, problem
from rgc.errors import SpecError
from rgc.language.trainers import PRESETS, SUTSKEVER, TRAINERS
from rgc.language.values import CallValue, Value
from rgc.model.hamiltonian import Hamiltonian
from rgc.model.stack import Rbm
from rgc.model.trainer import Knots, Momentum, Sutskever, Trainer
from rgc.passes.count_states import MOST_TABLED, fits, states_text
from rgc.schemes.needs.states import GIB
from rgc.text import Span

PlaceOf = Callable[[str], Span | None]
"""Where an option stands, or the trainer where it was not written."""

BATCH, CHAINS, BETAS = 100, 100, 10
"""Defaults: rows of a gradient, persistent chains at a temperature, inverse temperatures."""

WEIGHT_UNIT = 2.0**-26
"""Weights of discrete units are integers in this unit of kT."""

WEIGHT_BYTES, BIAS_BYTES = 4, 8
SAVED_LIMIT = 1 * GIB
"""The limit of the models of a layer that are kept, in bytes."""


@dataclass(frozen=True, slots=True)
class Trained:
    """What is trained: the layer of that number, on so many rows (None: not known). `tabled` says
    whether all states of the layers below can be gone through.
    """

    layer: Rbm
    rows: int | None
    hamiltonian: Hamiltonian | None
    number: int
    tabled: bool = True


def trainer(reading: Reading, context: Context, trained: Trained | None = None) -> Trainer | None:
    """The trainer of the option `train` with its defaults, None where it is not written.

    Raises `SpecError` for what does not suit what is trained, and `Unknowable`.
    """
    place = reading.places.get("train")
    call = None if place is None else read_call(place, TRAINERS, "trainer", context)
    if call is None or place is None:
        return None
    if not call.complete:
        raise Unknowable("train")
    preset = PRESETS.get(str(call.values.get("preset", "")), {})
    given: dict[str, Any] = {**call.signature.defaults, **preset, **call.values}
    given.pop("preset", None)
    given["rate"] = Knots(_numbers(given["rate"]))
    given["momentum"] = _momentum(given["momentum"])
    given["batch"] = _batch(given, trained)
    names = {field.name for field in call.signature.fields}
    if trained is None:
        return Trainer(algorithm=call.signature.name, **given)
    if "betas" in names:
        given |= _tempered(given, call)
    if "centring" in names:
        given["centring"] = _centring(given.get("centring"), trained.layer, call)
    if given.get("sparsity") is None:
        _check_alone("sparsity_cost", "sparsity", call)
        given.pop("sparsity_cost", None)
    made = Trainer(algorithm=call.signature.name, **given)
    _check(made, trained, call, place.span, context)
    return made


# -- values ----------------------------------------------------------------------------------------


def _numbers(value: Value) -> tuple[float, ...]:
    values = value if isinstance(value, tuple) else (value,)
    return tuple(float(cast(float, each)) for each in values)


def _momentum(value: Value) -> Momentum:
    if value == SUTSKEVER.name or isinstance(value, CallValue):
        options = dict(value.options) if isinstance(value, CallValue) else {}
        return Sutskever(float(cast(float, {**SUTSKEVER.defaults, **options}["most"])))
    return Knots(_numbers(value))


def _batch(given: Mapping[str, Any], trained: Trained | None) -> int | None:
    """As written, or 100 or all rows where there are fewer; all of them of a trainer without."""
    written: int | None = given.get("batch")
    if written is not None or (trained is not None and "of" in given):
        return written
    rows = trained.rows if trained is not None else None
    return BATCH if rows is None else min(BATCH, rows)


def _tempered(given: Mapping[str, Any], call: Reading) -> dict[str, Any]:
    """Inverse temperatures and chains of tempering. Raises `SpecError`."""
    betas = tuple(given.get("betas") or (k / (BETAS - 1) for k in range(BETAS)))
    rising = all(a < b for a, b in pairwise(betas))
    if len(betas) < 2 or betas[0] != 0 or betas[-1] != 1 or not rising:
        message = "inverse temperatures rise from 0, where units are free, to 1"
        raise problem("wrong-betas", message, call.places["betas"].span, hint=f"betas=0:1:{BETAS}")
    chains = given.get("chains") or CHAINS * len(betas)
    if chains % len(betas):
        message = f"{chains} chains are no multiple of the {len(betas)} inverse temperatures"
        nearest = max(round(chains / len(betas)), 1) * len(betas)
        raise problem(
            "not-a-multiple", message, call.places["chains"].span, hint=f"the nearest is {nearest}"
        )
    return {"betas": betas, "chains": chains}


def _centring(written: bool | None, layer: Rbm, call: Reading) -> bool:
    """As written, or true with binary units. Raises `SpecError` where there are no biases, which
    centring moves."""
    binary = "binary" in (layer.visible.unit, layer.hidden.unit)
    if written and not layer.biases:
        message = "centred units need biases, and a declared symmetry leaves none"
        place = call.places["centring"].span
        raise problem("broken-symmetry", message, place, hint="write centring=false")
    return binary and layer.biases if written is None else written


# -- what does not suit ----------------------------------------------------------------------------


def _check(
    made: Trainer, trained: Trained, call: Reading, where: Span | None, context: Context
) -> None:
    """Raise `SpecError` for options that what is trained makes impossible."""

    def place(option: str) -> Span | None:
        return call.places[option].span if option in call.places else where

    layer = trained.layer
    if layer.visible.unit == layer.hidden.unit == "gaussian":
        message = "real units on both sides have no finite sum for all weights that training meets"
        raise problem("wrong-spins", message, where, hint="take discrete units on one side")
    if trained.rows is not None:
        _check_rows(made, trained.rows, place)
        _check_rate(made, trained.rows, layer, place)
        _check_saved(made, trained.rows, layer, place)
    for option in ("dropout", "sparsity"):
        if getattr(made, option) and layer.hidden.unit != "binary":
            kind = layer.hidden.spins.alphabet
            message = f"'{option}' is about units that are on or off, and these are {kind}"
            raise problem("wrong-spins", message, place(option), hint="write spins=binary")
    if made.of is not None:
        _check_exact(made, trained, place, where)
    chains, batch = made.chains, made.batch
    if "chains" in call.places and chains and batch and made.betas is None and chains < batch:
        message = (
            f"the sums of the model are over {chains} chains, those of the data over {batch} rows"
        )
        context.problems.warning(
            "few-chains", message, place("chains"), hint=f"chains={batch} or a smaller batch"
        )


def _check_alone(option: str, other: str, call: Reading) -> None:
    if option in call.places:
        message = f"'{option}' says nothing without '{other}'"
        span = call.places[option].span
        raise problem("missing-option", message, span, hint=f"add {other}=0.1")


def _check_rows(made: Trainer, rows: int, place: PlaceOf) -> None:
    if made.batch is not None and made.batch > rows:
        message = f"a batch of {made.batch} rows, and there are {rows} to train on"
        hint = f"batch={rows} at most"
        raise problem("out-of-range", message, place("batch"), hint=hint)


def _check_rate(made: Trainer, rows: int, layer: Rbm, place: PlaceOf) -> None:
    """Raise `SpecError` for a rate with which no weight moves by the unit of weights in an epoch:
    an average of products of two units changes by 2 at most."""
    most = max(made.rate.values)
    moved = 2 * most * made.in_epoch(rows)
    real = "gaussian" in (layer.visible.unit, layer.hidden.unit) or made.of is not None
    if most == 0 or (moved < WEIGHT_UNIT and not real):
        message = f"with a rate of {most:g} no weight moves in an epoch"
        if most:
            message += f": {moved:.1g} at most, and the unit of weights is 2^-26"
        hint = "rates are mostly between 0.001 and 1"
        raise problem("out-of-range", message, place("rate"), hint=hint)


def _check_saved(made: Trainer, rows: int, layer: Rbm, place: PlaceOf) -> None:
    """Raise `SpecError` for kept models beyond the limit of their size."""
    visible, hidden = layer.shape
    size = WEIGHT_BYTES * visible * hidden + BIAS_BYTES * (visible + hidden) * layer.biases
    count = len(made.saved(made.updates(rows)))
    if count * size > SAVED_LIMIT:
        message = (
            f"{count} models of {visible} x {hidden} weights take {count * size / GIB:.4g} GiB; "
            f"the limit is {SAVED_LIMIT // GIB} GiB"
        )
        hint = f"save={SAVED_LIMIT // size} at most"
        raise problem("out-of-range", message, place("save"), hint=hint)


def _check_exact(made: Trainer, trained: Trained, place: PlaceOf, where: Span | None) -> None:
    """Raise `SpecError` where sums over all states are too long, or there is no Hamiltonian."""
    visible, hidden = trained.layer.visible, trained.layer.hidden
    if not (fits(visible.states, MOST_TABLED) or fits(hidden.states, MOST_TABLED)):
        fewer = min((side.states for side in (visible, hidden) if side.states), default=0)
        raise _too_many(f"the smaller side has {states_text(fewer)} states", MOST_TABLED, where)
    if made.of != "hamiltonian":
        return
    if trained.hamiltonian is None:
        message = "the likelihood of a Hamiltonian is that of a spec with one"
        raise problem("missing-section", message, place("of"), hint="leave it out: exact()")
    if not trained.tabled:
        message = "the layers below have too many states, or means, to know what this one sees"
        hint = "leave it out: exact()"
        raise problem("too-many-states", message, place("of"), hint=hint)
    if not fits(visible.states, MOST_TABLED):
        what = f"the visible side has {states_text(visible.states)} states"
        raise _too_many(what, MOST_TABLED, place("of"))


def _too_many(what: str, most: int, span: Span | None) -> SpecError:
    """The error of a sum over more states than are summed over."""
    message = f"{what}; the limit is {states_text(most)}"
    hint = "take fewer units, or train with cd or pcd"
    return problem("too-many-states", message, span, hint=hint)
