"""The layers of a stack: what the section `stack` may hold. Trainers are in `trainers.py`."""

from __future__ import annotations

from dataclasses import replace

from rgc.language.alphabets import ALPHABETS, Alphabet
from rgc.language.conventions import CONVENTIONS
from rgc.language.signatures import Field, Signature, table
from rgc.language.trainers import TRAINERS

MOST_UNIT_STATES = 32
"""The most states of a unit, visible or hidden."""

UNITS = tuple(alphabet for alphabet in ALPHABETS.values() if alphabet.unit)
"""The alphabets that units of a machine may have."""


def _of_units(alphabet: Alphabet) -> Alphabet:
    """The alphabet of hidden units, whose number of states is limited."""
    fields = tuple(
        replace(field, most=MOST_UNIT_STATES) if field.name == "states" else field
        for field in alphabet.fields
    )
    return replace(alphabet, fields=fields)


_B = Field("b", "integer", "ratio of lattice constants", 2, least=1)
CONNECTIONS = table(
    (
        Signature("dense", "every visible unit with every hidden unit"),
        Signature(
            "patch",
            "every hidden unit with its block of visible sites and those within reach of it",
            (_B, Field("reach", "integer", "cells around the block", 1, least=0)),
        ),
        Signature(
            "convolution",
            "the same with one set of weights for all hidden units of a letter",
            (_B, Field("kernel", "integer", "visible cells along each vector", 4, least=1)),
        ),
        Signature(
            "mask",
            "where a file holds 1 for a visible and a hidden unit, not where it holds 0",
            (Field("path", "path", "the file, a row for each visible unit", required=True),),
            ("path",),
            example='mask("m.npy")',
        ),
    )
)
"""Which units are connected."""

WEIGHTS = table(
    (
        Signature(
            "file",
            "weights of a file, such as the weights.npz of another run",
            (
                Field("path", "path", "the file", required=True),
                Field(
                    "convention",
                    "word",
                    "how it writes the energy",
                    "rgc",
                    choices=tuple(CONVENTIONS),
                ),
                Field("layer", "integer", "which of its layers; default the own number", least=1),
                Field(
                    "update",
                    "integer",
                    "the model kept after this update; default that of the end",
                    least=1,
                ),
            ),
            ("path",),
            example='file("weights.npz")',
        ),
    )
)
"""Where weights come from that are not trained here, or before they are."""

LAYERS = table(
    (
        Signature(
            "rbm",
            "a restricted Boltzmann machine above the layer before it",
            (
                Field(
                    "hidden",
                    "lattice",
                    "the hidden units: a lattice, or their number",
                    required=True,
                ),
                Field(
                    "spins",
                    "call",
                    "the hidden spins; default binary, or ising above symmetric spins",
                    calls=tuple(map(_of_units, UNITS)),
                    noun="alphabet",
                ),
                Field(
                    "connect",
                    "call",
                    "which units are connected",
                    "dense",
                    calls=tuple(CONNECTIONS.values()),
                    noun="connection",
                ),
                Field(
                    "train",
                    "call",
                    "how it is trained",
                    calls=tuple(row for row in TRAINERS.values() if row.of_machines),
                    noun="trainer",
                ),
                Field(
                    "weights",
                    "call",
                    "weights to take instead of training, or to begin with",
                    calls=tuple(WEIGHTS.values()),
                    noun="weights",
                ),
                Field(
                    "upward",
                    "word",
                    "what the layer above is trained on",
                    "samples",
                    choices=("samples", "means"),
                ),
            ),
            ("hidden",),
        ),
    )
)
