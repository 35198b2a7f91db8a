"""Whether the files of a spec hold, value by value, what it takes them for."""

from __future__ import annotations

from rgc.flows.data.files import read_rows
from rgc.flows.data.source import file_rows
from rgc.flows.disorder import read_given
from rgc.flows.fits.fit import fit_of_data
from rgc.flows.machines.connections import mask_of
from rgc.flows.machines.weights_file import load
from rgc.model.curve import Curve
from rgc.model.data import File, source_of
from rgc.model.spec import Spec
from rgc.model.stack import Rbm


def check_values(spec: Spec) -> None:
    """Raise `SpecError` for values that a run of the spec refuses: couplings that are no finite
    numbers or depend on the order of sites, data that are no states, weights that are not finite, a
    mask of other numbers than 0 and 1, errors of a fit that are not above 0, and rows in which its
    curve has no value.
    """
    read_given(spec.given)
    for layer in spec.stack.layers if spec.stack is not None else ():
        _check_layer(layer)
    source = source_of(spec.data) if spec.data is not None else None
    if not isinstance(source, File):
        return
    if spec.map and isinstance(spec.map[0], Curve):
        fit_of_data(spec, 0)
    elif spec.stack is None:
        read_rows(source)
    else:
        file_rows(source, spec.species[0], spec.stack.layers[0].visible.count)


def _check_layer(layer: Rbm) -> None:
    if layer.weights is not None:
        load(layer)
    mask_of(layer)
