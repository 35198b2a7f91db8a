"""Hopfield dynamics."""

from __future__ import annotations

from rgc.language.signatures import Field
from rgc.schemes import options
from rgc.schemes.answers import MODEL, TWO_STATES
from rgc.schemes.needs import lattice
from rgc.schemes.scheme import Scheme

FIELDS = (
    Field("start", "word", "initial states", "patterns", choices=("patterns", "random", "noisy")),
    Field("noise", "number", "temperature of the dynamics; 0 is deterministic", 0, least=0),
    Field(
        "until",
        "word",
        "where a run ends; without it after `sweeps`",
        choices=("fixed_point",),
    ),
    Field("sweeps", "integer", "largest number of updates of every unit", 1000, least=1),
    options.REPLICAS,
    options.SEED,
    options.GENERATOR,
    options.DISORDER,
)

SCHEME = Scheme(
    name="recall",
    doc="Hopfield dynamics",
    fields=FIELDS,
    lattice=lattice.COMPLETE,
    needs=MODEL,
    uses=("data",),
    alphabets=TWO_STATES,
    answers=("overlap", "energy"),
)
