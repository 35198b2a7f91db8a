"""The section `stack`: layers from the bottom up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.expressions.calls import name_span
from rgc.ast_to_model.expressions.options import Reading, read_call
from rgc.ast_to_model.scope import Unknowable, problem
from rgc.ast_to_model.sections.connections import connection, weights
from rgc.ast_to_model.sections.lattice import geometry
from rgc.ast_to_model.sections.spins import places_of_spins, species_of
from rgc.ast_to_model.sections.training import WEIGHT_BYTES, Trained, trainer
from rgc.errors import SpecError, listing
from rgc.language.layers import LAYERS, MOST_UNIT_STATES, UNITS
from rgc.model.data import columns_of, rows_of
from rgc.model.lattice import Complete, Lattice
from rgc.model.spec import Spec
from rgc.model.spins import Species
from rgc.model.stack import Layer, Places, Rbm, Side, Stack
from rgc.model.supercells import as_written
from rgc.passes.count_states import MOST_JOINT, fits
from rgc.schemes.needs.states import GIB
from rgc.syntax import ast
from rgc.text import in_yaml, section_text

HIDDEN = "h"
"""The name of the species of hidden spins."""

WEIGHTS_LIMIT = 4 * GIB
"""The limit of the weights of a layer in bytes."""


MOST_REAL = 1 << 12
"""The most real units of a side: sums of their values times weights, 2^26 and 2^25 at most, stay
within 63 bits.
"""


def check_stack(spec: Spec, context: Context) -> Spec:
    """The spec with its layers.

    Reports unknown layers and options, units that no machine has, layers that do not fit on each
    other, and trainers that do not suit the rows of the data.
    """
    section = context.section("stack")
    if section is None or not isinstance(section.body, tuple):
        return spec
    before = len(context.problems.errors)
    written = tuple(item.value for item in section.body if isinstance(item, ast.Item))
    readings = [read_call(layer, LAYERS, "layer", context) for layer in written]
    if not readings:
        message = "the stack has no layers"
        context.problems.error(
            "empty-section", message, section.name_span, hint="stack { rbm(hidden=16, train=cd()) }"
        )
    layers: list[Layer] = []
    if len(context.problems.errors) == before and not context.failed & {"lattice", "spins", "data"}:
        with context.failing("stack"):
            visible = _visible(spec, context)
            for number, (reading, layer) in enumerate(zip(readings, written, strict=True), 1):
                if reading is None:
                    raise Unknowable("stack")
                place = Place(spec, context, visible, number, layer, _tabled(layers))
                layers.append(MAKERS[reading.signature.name](reading, place))
                visible = layers[-1].hidden
    if len(context.problems.errors) > before or len(layers) < len(written):
        context.failed.add("stack")
        return spec
    return replace(spec, stack=Stack(tuple(layers)))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a layer stands: what lies below it, and its number, counted from 1. `tabled` says
    whether all states of the layers below can be gone through.
    """

    spec: Spec
    context: Context
    visible: Side
    number: int
    written: ast.Expr
    tabled: bool = True


def _tabled(layers: Sequence[Layer]) -> bool:
    """Whether all states of both sides of every layer can be gone through together."""
    return all(
        layer.upward != "means"
        and layer.visible.states is not None
        and layer.hidden.states is not None
        and fits(layer.visible.states * layer.hidden.states, MOST_JOINT)
        for layer in layers
    )


# -- what the lowest machine sees ------------------------------------------------------------------


def _visible(spec: Spec, context: Context) -> Side:
    """The spins of the spec, on its lattice or in the columns of its data. Raises `SpecError`."""
    if not spec.species:
        message = "the lowest layer needs visible spins, and this spec declares none"
        where = context.document.place("stack")
        written = "spins: {v: binary}" if in_yaml(where) else "spins v: binary"
        hint = f"add one, such as: {written}"
        raise problem("missing-section", message, where, hint=hint)
    species, *others = spec.species
    places = places_of_spins(context)
    place = places.get(species.name)
    if others:
        message = f"a stack has visible units of one kind, and there are {len(spec.species)}"
        hint = f"keep one of them: {species.name}"
        raise problem("wrong-spins", message, places.get(others[0].name), hint=hint)
    if species.kind.unit is None:
        message = f"no machine has units of the kind '{species.alphabet}'"
        hint = f"units are {listing((row.name for row in UNITS), 'or')}"
        raise problem("wrong-spins", message, place, hint=hint)
    if (species.states or 0) > MOST_UNIT_STATES:
        message = f"a unit has at most {MOST_UNIT_STATES} states, not {species.states}"
        raise problem("out-of-range", message, place, hint=f"the nearest is {MOST_UNIT_STATES}")
    return Side(_visible_places(spec, context), species)


def _visible_places(spec: Spec, context: Context) -> Places:
    if spec.lattice is not None:
        return _places(_written(spec.lattice), context.body("lattice"), "visible")
    columns = columns_of(spec.data)
    if columns is not None:
        return columns
    message = "how many visible units there are is said by a lattice or by a file of data"
    place = context.document.place("stack")
    hint = f"add one, such as: {section_text('lattice', 'square(8)', place)}"
    raise problem("missing-section", message, place, hint=hint)


def _written(found: object) -> object:
    """Units lie on the lattice as written, however large the cells of the Hamiltonian are."""
    return as_written(found) if isinstance(found, Lattice) else found


# -- layers ----------------------------------------------------------------------------------------


def _rbm(reading: Reading, place: Place) -> Rbm:
    context, visible = place.context, place.visible
    hidden = Side(_hidden(reading, visible, context), _spins(reading, visible, context))
    _check_memory(visible, hidden, reading)
    _check_real(visible, hidden, place)
    layer = Rbm(
        visible=visible,
        hidden=hidden,
        connect=connection(reading, visible, hidden, context),
        biases=not visible.spins.symmetric,
        weights=weights(reading, place.number, (visible, hidden), context),
        upward=str(reading.values.get("upward", reading.signature.defaults["upward"])),
    )
    rows, hamiltonian = rows_of(place.spec.data), place.spec.hamiltonian
    trained = Trained(layer, rows, hamiltonian, place.number, place.tabled)
    layer = replace(layer, train=trainer(reading, context, trained))
    if layer.train is None and layer.weights is None:
        message = f"layer {place.number} is not trained and has no weights"
        hint = 'add train=cd(), or weights=file("weights.npz")'
        raise problem("missing-option", message, name_span(place.written), hint=hint)
    if layer.train is not None and context.section("data") is None:
        message = f"layer {place.number} is trained on data, and this spec has none"
        place_of_trainer = reading.places["train"].span
        hint = f"add some, such as: {section_text('data', 'samples(20000)', place_of_trainer)}"
        raise problem("missing-section", message, place_of_trainer, hint=hint)
    return layer


MAKERS: Mapping[str, Callable[[Reading, Place], Layer]] = {"rbm": _rbm}
"""What each layer becomes. Raises `SpecError` for what its record cannot hold, and `Unknowable`."""


def _hidden(reading: Reading, visible: Side, context: Context) -> Places:
    """The hidden units; where a lattice is too large, the error says how many could be."""
    try:
        return units(reading, context)
    except SpecError as error:
        hint = f"up to {_most(visible, 1)} hidden units have weights that fit into memory"
        found = (
            replace(each, hint=each.hint or hint) if each.code == "out-of-range" else each
            for each in error.problems
        )
        raise SpecError(found) from None


def _spins(reading: Reading, visible: Side, context: Context) -> Species:
    """The hidden spins: as written, or binary, or Ising above symmetric spins.

    Above symmetric spins they are symmetric too, since H(h) is then unchanged when all flip.
    """
    symmetric = visible.spins.symmetric
    if "spins" not in reading.places:
        return Species(HIDDEN, "ising" if symmetric else "binary", symmetric=symmetric)
    written = reading.places["spins"]
    spins = species_of(HIDDEN, written, context)
    if spins is None:
        raise Unknowable("spins")
    if symmetric and not spins.turns_sign:
        message = (
            f"{spins.alphabet} units break the symmetry that the spins below are declared to have"
        )
        hint = f"write spins=ising, or declare {visible.spins.name}: ising without (symmetric)"
        raise problem("broken-symmetry", message, written.span, hint=hint)
    if spins.symmetric and not symmetric:
        message = "hidden spins are symmetric where the spins below are declared to be"
        hint = "write spins=ising"
        raise problem("broken-symmetry", message, written.span, hint=hint)
    return replace(spins, symmetric=symmetric)


def units(reading: Reading, context: Context) -> Places:
    """The units of the option `hidden`: their number, or their lattice.

    Raises `SpecError` and `Unknowable`.
    """
    value, place = reading.values.get("hidden"), reading.places["hidden"]
    if isinstance(value, int):
        return value
    return _places(geometry(place, context.scope, context.folder), place, "hidden")


def _places(found: object, expr: ast.Expr | None, what: str) -> Places:
    """A lattice that units can lie on. Raises `SpecError`."""
    span = expr.span if expr is not None else None
    if isinstance(found, Lattice) and not found.finite:
        message = f"{what} units have a number, and this lattice has no size"
        example = f"{expr.name}(16)" if isinstance(expr, ast.Name) else "size=16"
        raise problem("needs-finite-lattice", message, span, hint=f"give it one: {example}")
    if isinstance(found, Lattice | Complete):
        return found
    message = f"{what} units lie on a lattice with unit cells, or on none"
    raise problem("wrong-lattice", message, span, hint="write their number, such as hidden=16")


def _most(visible: Side, features: int) -> int:
    """How many hidden units of so many features have weights within the limit."""
    return WEIGHTS_LIMIT // (WEIGHT_BYTES * visible.features * features)


def _check_real(visible: Side, hidden: Side, place: Place) -> None:
    """Raise `SpecError` for more real units than fields add up exactly."""
    for name, side in (("visible", visible), ("hidden", hidden)):
        if side.unit == "gaussian" and side.count > MOST_REAL:
            message = f"layer {place.number} has {side.count} real {name} units"
            hint = f"up to {MOST_REAL} of them add up exactly; take binary or ising units"
            raise problem("out-of-range", message, name_span(place.written), hint=hint)


def _check_memory(visible: Side, hidden: Side, reading: Reading) -> None:
    size = visible.features * hidden.features * WEIGHT_BYTES
    if size <= WEIGHTS_LIMIT:
        return
    message = (
        f"the weights of {visible.count} visible and {hidden.count} hidden units take "
        f"{size / GIB:.4g} GiB; the limit is {WEIGHTS_LIMIT // GIB} GiB"
    )
    hint = f"up to {_most(visible, hidden.features // hidden.count)} hidden units fit"
    raise problem("too-many-sites", message, reading.places["hidden"].span, hint=hint)
