"""A sandpile, grain by grain."""

from __future__ import annotations

from collections.abc import Mapping

from rgc.language.signatures import Field
from rgc.language.values import Value
from rgc.model.spec import Spec
from rgc.schemes import options
from rgc.schemes.needs import lattice, piles
from rgc.schemes.scheme import Scheme

FIELDS = (
    Field("grains", "integer", "grains dropped and recorded", 100000, least=1),
    Field("thermalise", "integer", "grains dropped before; default grains/5", least=0),
    options.SEED,
    options.GENERATOR,
)


def derived(spec: Spec, options: Mapping[str, Value]) -> Mapping[str, Value]:
    """The default of `thermalise`: a fifth of the grains."""
    grains = options.get("grains")
    return {"thermalise": grains // 5} if isinstance(grains, int) else {}


SCHEME = Scheme(
    name="drive",
    doc="a sandpile, grain by grain",
    fields=FIELDS,
    lattice=lattice.FINITE,
    needs=("lattice", "spins", "map"),
    alphabets=("height",),
    limits=(piles.topples, piles.loses_grains),
    derived=derived,
    answers=("avalanche_size", "avalanche_area", "avalanche_duration"),
)
