"""Block maps that the layers of a stack are: their laws, from the weights.

A hidden unit is a block spin, T = ln p(h|v) = sum_i v_i W_ij h_j + c_j h_j - ln sum over h_j, with
the parameters as units see them.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rgc.errors import Problem, SpecError
from rgc.flows.machines.connections import Ties, ties_of
from rgc.flows.machines.machine import Floats, Machine
from rgc.flows.machines.sides import Discrete, numbers_of
from rgc.flows.machines.weights_file import load, machine_of, parameters_of
from rgc.model.block import Block
from rgc.model.block_maps import BLOCKS, Written
from rgc.model.block_rule import BlockRule
from rgc.model.hamiltonian import Table
from rgc.model.lattice import Lattice
from rgc.model.operators import Spin
from rgc.model.sites import flatten, unflatten
from rgc.model.spec import Spec
from rgc.model.spins import Species
from rgc.model.stack import Rbm, Side, Window


def with_laws(spec: Spec) -> Spec:
    """The spec whose learned block maps have the laws of their layers.

    Raises `SpecError` for what cannot be read of a file of weights, and for weights that are not
    those of one window for all hidden units (wrong-weights).
    """
    blocks = tuple(_taught(block, spec.species) for block in spec.blocks)
    return replace(spec, blocks=blocks)


def _taught(block: Block, species: tuple[Species, ...]) -> Block:
    layer = block.layer
    if layer is None:
        return block
    machine, ties = machine_of(parameters_of(load(layer), layer), layer), ties_of(layer)
    _check(machine, ties, layer)
    law = BLOCKS[block.name].law
    if law is None:
        raise ValueError(f"the block map '{block.name}' has no law")
    letters, rules = len(block.cells), list[BlockRule]()
    for unit in range(letters if _shared(layer) else layer.hidden.count):
        letter = unit % letters
        written = Written(
            letter=letter,
            cell=block.cells[letter],
            species=species,
            transfer=_transfer(machine, layer, unit, block),
            normalised=True,
        )
        rules.append(law(written))
    return replace(block, rules=tuple(rules))


def _shared(layer: Rbm) -> bool:
    """Whether hidden units have one set of weights."""
    return isinstance(layer.connect, Window) and layer.connect.shared


def _check(machine: Machine, ties: Ties, layer: Rbm) -> None:
    """Raise `SpecError` for weights outside the windows, and for those of two hidden units that
    differ."""
    if machine.weights[ties.weights < 0].any():
        raise _refused("connects units outside its windows", layer)
    for values, classes in (
        (machine.weights, ties.weights),
        (machine.hidden_bias, ties.hidden),
    ):
        known = classes >= 0
        first = np.zeros(classes.max() + 1)
        first[classes[known]] = values[known]
        if (values[known] != first[classes[known]]).any():
            raise _refused("has other weights for each hidden unit", layer)


def _refused(what: str, layer: Rbm) -> SpecError:
    assert layer.weights is not None  # noqa: S101  (its machine was loaded)
    message = f"'{layer.weights.path}' {what}, and the layer is {layer.connect}"
    hint = "take the weights of a layer that was trained with this connection"
    return SpecError([Problem("wrong-weights", message, layer.weights.span, hint=hint)])


def _transfer(machine: Machine, layer: Rbm, unit: int, block: Block) -> tuple[Table, ...]:
    """T of a hidden unit as tables of its spin and of each visible one, relative to its cell and
    without what normalises it."""
    lattice, above = layer.visible.places, layer.hidden.places
    if not isinstance(lattice, Lattice) or not isinstance(above, Lattice):
        raise TypeError("the units of a block map lie on lattices")
    place, letter = divmod(unit, len(block.cells))
    cell = unflatten(place, above.cells)
    corner = tuple(f * x for f, x in zip(block.factor, cell, strict=True))
    visible, hidden = (_states(side) for side in (layer.visible, layer.hidden))
    high, wide = hidden.shape[1], visible.shape[1]
    columns = slice(unit * high, (unit + 1) * high)
    own = Spin((0,) * lattice.dimension, letter, 1)
    tables = [Table((own,), _flat(hidden @ machine.hidden_bias[columns]))]
    for site in block.cells[letter]:
        at = tuple(x % n for x, n in zip(site.shifted(corner).cell, lattice.cells, strict=True))
        row = flatten(at, lattice.cells) * len(lattice.basis) + site.letter
        weights = machine.weights[row * wide : (row + 1) * wide, columns]
        energies = visible @ weights @ hidden.T
        tables.append(Table((Spin(site.cell, site.letter), own), _flat(energies)))
    return tuple(tables)


def _states(side: Side) -> Floats:
    """The features of each state of a unit, float64[state, feature]. Raises `ValueError` for real
    units."""
    units = numbers_of(side)
    if not isinstance(units, Discrete):
        raise ValueError("the states of real units have no table")
    return units.table


def _flat(energies: Floats) -> tuple[float, ...]:
    return tuple(map(float, energies.ravel()))
