"""What is reported of receptive fields: their size, beside that of the two-point function of the
data, and the couplings of hidden units by the distance of what they look at.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod, sqrt

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.statistics import GROUPS, constant_record
from rgc.flows.data.rows import Rows
from rgc.flows.machines.field_couplings import LOCALISED, field_couplings
from rgc.flows.machines.fields import half_length, half_lengths_of_groups, participation
from rgc.flows.machines.machine import Machine
from rgc.model.lattice import Lattice
from rgc.model.stack import Rbm, Side, Window
from rgc.results.resampled import resampled_estimate
from rgc.results.result import Estimate

Floats = NDArray[np.float64]

Answer = tuple[dict[str, Estimate], Mapping[str, Floats]]

MOST = 1 << 12
"""Rows from which the two-point function is computed."""


def field_answer(layer: Rbm, machine: Machine, fields: Floats, bottom: Side) -> Answer:
    """Values and tables of the fields float64[hidden features, features of the lowest units] of a
    layer; none where the lowest units are on no lattice of one letter.
    """
    cells = cells_of(bottom)
    if cells is None or fields.shape[1] != prod(cells):
        return {}, {}
    pictures = fields.reshape(-1, *cells)
    sizes = {
        "half_length": [half_length(picture) for picture in pictures],
        "participation": [participation(picture) for picture in pictures],
    }
    values = {name: _median(np.array(each)) for name, each in sizes.items()}
    apart, tables = _couplings(layer, machine, pictures)
    return values | apart, tables


def cells_of(bottom: Side) -> tuple[int, ...] | None:
    """The shape of the lattice that visible units are on, if it has one letter."""
    places = bottom.places
    return places.cells if isinstance(places, Lattice) and len(places.basis) == 1 else None


def data_length(rows: Rows, bottom: Side) -> dict[str, Estimate]:
    """The half-length of the two-point function of the rows, of each without its mean, as that of a
    field is. Empty where they are on no lattice of one letter.
    """
    cells = cells_of(bottom)
    if cells is None or rows.count < 2 * GROUPS:
        return {}
    looked = rows.spread(MOST)
    found = half_lengths_of_groups(looked.values.reshape(-1, *cells), looked.shares, looked.groups)
    note = "of the two-point function of the data: what fields of any such data would show"
    reason = "the two-point function does not fall to one half"
    return {"half_length": resampled_estimate(found, note, reason=reason)}


def _couplings(layer: Rbm, machine: Machine, pictures: Floats) -> Answer:
    """How many hidden units have a centre, and the couplings of their pairs, where they lie on no
    lattice by themselves.
    """
    sides = (layer.visible, layer.hidden)
    if isinstance(layer.connect, Window) or not all(side.spins.two_states for side in sides):
        return {}, {}
    found = field_couplings(machine, pictures)
    note = f"of {len(pictures)} fields those on less than {LOCALISED:.0%} of the sites"
    tables = {"distances": found.distances, "pairs": found.pairs} if found.centres > 1 else {}
    return {"centres": Estimate(found.centres, 0.0, "exact", note=note)}, tables


def _median(values: Floats) -> Estimate:
    """The median over units, with the standard error of a median of normal numbers."""
    known = values[np.isfinite(values)]
    if not len(known):
        return Estimate(None, None, note="no hidden unit has a field")
    median = float(np.median(known))
    if constant_record(known):
        said = "one unit has no spread" if len(known) == 1 else "all fields are alike"
        return Estimate(median, None, note=said)
    spread = float(np.percentile(known, 84) - np.percentile(known, 16)) / 2
    return Estimate(median, 1.2533 * spread / sqrt(len(known)))
