"""From trained layers to a result, one level each, with what was followed along their training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.flows.data.rows import Rows
from rgc.flows.machines.bound import bounds
from rgc.flows.machines.field_answer import cells_of, data_length
from rgc.flows.machines.hidden_couplings import hidden_couplings
from rgc.flows.machines.iterated import as_tables
from rgc.flows.machines.layer_answer import Trained, answered
from rgc.flows.machines.network import network_kl
from rgc.flows.machines.sides import features_of
from rgc.flows.machines.visible_hidden import MOST, visible_hidden
from rgc.flows.machines.weights_file import file_of
from rgc.flows.request import Request
from rgc.flows.sampling.callen import Found, with_couplings
from rgc.model.stack import rings_of
from rgc.passes.count_states import MOST_JOINT, fits
from rgc.results.result import Estimate, IteratedChains, Level, Result
from rgc.schemes.needs.hidden import basis_of_hidden

Floats = NDArray[np.float64]


def finished(
    request: Request,
    layers: Sequence[Trained],
    series: Mapping[str, NDArray[Any]],
    notes: Sequence[str],
    provenance: Mapping[str, Any],
    *,
    strips: Floats | None = None,
    iterated: tuple[IteratedChains, ...] = (),
) -> Result:
    """The answer: level l is layer l, and level 0 the visible units. `series` are what was written
    down along the training.
    """
    networks = _networks(layers)
    answers = [answered(layer, request.backend) for layer in layers]
    bound = bounds(layers, [answer.values["log_z"] for answer in answers])
    lowest = layers[0].layer.visible
    own = data_length(layers[0].rows, lowest)
    levels = [Level(0, lowest.shape, _couplings_of(request), values=own)]
    tables: dict[str, NDArray[Any]] = dict(series)
    if strips is not None:
        tables["reconstruction"] = strips
    if iterated:
        tables |= as_tables(iterated)
    for number, (layer, answer) in enumerate(zip(layers, answers, strict=True), 1):
        near, profile = _visible_hidden(layers[0].rows, layer)
        own_values = {**answer.values, **bound[number - 1], **networks[number - 1], **near}
        values = {**own_values, **_last(series, layer)}
        levels.append(Level(number, layer.layer.hidden.shape, values=values))
        tables[f"layer{number}.weights"] = layer.machine.weights
        if request.options.flag("receptive_fields"):
            own_tables = {**answer.tables, **profile}
            tables |= {f"layer{number}.{name}": table for name, table in own_tables.items()}
    result = Result(
        "train",
        levels=tuple(levels),
        tables=tables,
        iterated=iterated,
        weights=file_of([(layer.layer, layer.models) for layer in layers]),
        warnings=(*notes, *(text for answer in answers for text in answer.warnings)),
        provenance=provenance,
    )
    return with_couplings(result, _drawn(request, layers), "layer", "layer{number}.{name}")


def _drawn(request: Request, layers: Sequence[Trained]) -> dict[int, Found]:
    """The couplings of what the data become on the hidden units of each layer, where they are
    asked for and hidden units have neighbours.
    """
    basis, found = basis_of_hidden(request.options.values), dict[int, Found]()
    for layer in layers:
        if layer.drawn is not None:
            own = hidden_couplings(layer.layer, layer.drawn, basis)
            found |= {} if own is None else {layer.number: own}
    return found


def _networks(layers: Sequence[Trained]) -> list[dict[str, Estimate]]:
    """KL(P || q) of the network that each layer is the top of, where all states of all layers can
    be gone through. The lowest has none, since its `kl` is this.
    """
    found: list[dict[str, Estimate]] = [{} for _ in layers]
    target, machines = layers[0].target, [layer.machine for layer in layers]
    if target is None or not target.tabled:
        return found
    for number, (below, layer) in enumerate(pairwise(layers), 1):
        sides = below.layer.visible.states, below.layer.hidden.states
        joint = None if None in sides else (sides[0] or 0) * (sides[1] or 0)
        if layer.rows.means or not fits(joint, MOST_JOINT):
            break
        value = network_kl(machines[: number + 1], target.log_chances)
        found[number]["network_kl"] = Estimate(value, 0.0, "exact")
    return found


def _visible_hidden(
    lowest: Rows, layer: Trained
) -> tuple[Mapping[str, Estimate], Mapping[str, Floats]]:
    """How the correlation of the lowest units and the hidden units of a layer falls with distance,
    where both are single numbers and the lowest are on a torus.
    """
    rings, cells = rings_of(layer.bottom.places), cells_of(layer.bottom)
    sides = layer.bottom.spins, layer.layer.hidden.spins
    if rings < 2 or cells is None or any(side.kind.unit == "softmax" for side in sides):
        return {}, {}
    count = MOST // (lowest.sites + layer.layer.hidden.count)
    seen = layer.rows.spread(count)
    means = layer.machine.hidden.means(
        layer.machine.hidden_fields(features_of(layer.machine.visible, seen))
    )
    pictures = np.ascontiguousarray(layer.through.T).reshape(-1, *cells)
    return visible_hidden(lowest.spread(count), means, pictures, rings)


def _last(series: Mapping[str, NDArray[Any]], layer: Trained) -> dict[str, Estimate]:
    """What was seen of a layer after its last update."""
    found, number = {}, layer.number
    states = not layer.rows.means and layer.layer.visible.unit != "gaussian"
    what = "a share of the units" if states else "the mean square of a unit's change"
    for name in ("gap", "reconstruction"):
        values = series.get(f"layer{number}.{name}")
        if values is not None and len(values):
            errors = series.get(f"layer{number}.{name}_error")
            error = None if errors is None else float(errors[-1])
            note = "" if errors is not None else f"{what} in some rows"
            found[name] = Estimate(float(values[-1]), error, note=note)
    return found


def _couplings_of(request: Request) -> dict[str, Estimate]:
    hamiltonian = request.spec.hamiltonian
    named = hamiltonian.couplings() if hamiltonian is not None else {}
    return {name: Estimate(value, 0.0, "exact") for name, value in named.items()}
