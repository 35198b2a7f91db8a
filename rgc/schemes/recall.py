"""Hopfield dynamics."""

from __future__ import annotations

from collections.abc import Iterator

from rgc.errors import Problem
from rgc.language.signatures import Field
from rgc.model.data import Patterns, source_of
from rgc.schemes import options
from rgc.schemes.answers import MODEL, TWO_STATES
from rgc.schemes.needs import lattice
from rgc.schemes.scheme import Asked, Scheme

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


def _patterns(asked: Asked) -> Iterator[Problem]:
    """Report states that are those of patterns where there are none."""
    start, data = asked.options.get("start"), asked.spec.data
    if start not in ("patterns", "noisy") or not asked.read("data"):
        return
    if data is None or not isinstance(source_of(data), Patterns):
        message = f"start={start} takes the patterns of the data, and this spec has none"
        hint = "add data patterns(10), or write start=random"
        yield Problem("missing-section", message, asked.place("start"), hint=hint)


SCHEME = Scheme(
    name="recall",
    doc="Hopfield dynamics",
    fields=FIELDS,
    lattice=lattice.COMPLETE,
    needs=MODEL,
    uses=("data",),
    limits=(_patterns,),
    alphabets=TWO_STATES,
    answers=("overlap", "energy"),
)
