"""What couplings of hidden units from samples ask of a stack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from rgc.errors import Problem
from rgc.language.values import OperatorBasis, Value
from rgc.model.data import rows_of
from rgc.model.lattice import Lattice
from rgc.model.stack import Rbm
from rgc.passes.tell_operators import hidden_operators, tell_hidden
from rgc.schemes.needs.operators import basis
from rgc.schemes.scheme import Asked

FEWEST_ROWS = 64
"""Rows from which couplings are found: two in each group of the jackknife."""


def basis_of_hidden(options: Mapping[str, Value]) -> OperatorBasis:
    """The basis that is asked for, or that by default."""
    chosen = options.get("basis")
    return chosen if isinstance(chosen, OperatorBasis) else OperatorBasis()


def couplings(asked: Asked) -> Iterator[Problem]:
    """Report a stack none of whose layers has hidden units with neighbours, those near an edge, too
    few rows, a basis that looks through too many operators or holds none, and one of no couplings.
    """
    stack = asked.spec.stack
    if "couplings" not in asked.options:
        if "basis" in asked.places:
            message = "'basis' is that of couplings, and none are asked for"
            hint = "add couplings=callen"
            yield Problem("unused-option", message, asked.place("basis"), hint=hint)
        return
    if stack is None or not asked.read("stack", "data"):
        return
    place = asked.place("couplings")
    layers = [layer for layer in stack.layers if tell_hidden(layer)]
    if not layers:
        message = "couplings are those of hidden units with neighbours, and no layer has such"
        hint = "connect a layer of two-state units by patch or convolution"
        yield Problem("wrong-stack", message, place, hint=hint)
    rows = rows_of(asked.spec.data) or 0
    if rows < FEWEST_ROWS:
        message = f"couplings are found from {rows} rows of data"
        hint = f"take more rows: couplings have an error from {FEWEST_ROWS} on"
        yield Problem("no-rows", message, place, hint=hint)
    for layer in layers:
        yield from _of_layer(asked, layer)


def _of_layer(asked: Asked, layer: Rbm) -> Iterator[Problem]:
    """What is wrong with the lattice or the basis of the hidden units of a layer."""
    lattice, chosen = layer.hidden.places, basis_of_hidden(asked.options)
    assert isinstance(lattice, Lattice)  # noqa: S101  (they have neighbours)
    if {*lattice.boundary} != {"periodic"}:
        message = "near an edge the couplings of hidden units differ from place to place"
        hint = "use boundary=periodic"
        yield Problem("wrong-lattice", message, asked.place("couplings"), hint=hint)
        return
    spec = replace(asked.spec, lattice=lattice, species=(layer.hidden.spins,))
    too_many = [*basis(replace(asked, spec=spec, options={**asked.options, "basis": chosen}))]
    yield from too_many
    if not too_many and not hidden_operators(layer, chosen.range, chosen.bodies):
        own = f"operators(range={chosen.range:g}, bodies={chosen.bodies})"
        message = f"hidden units have no coupling among {own}"
        hint = "take two bodies or more: operators(range=2, bodies=4)"
        yield Problem("nothing-to-measure", message, asked.place("basis"), hint=hint)
