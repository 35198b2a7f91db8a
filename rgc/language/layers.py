"""The layers of a stack and their trainers: what the section `stack` may hold."""

from __future__ import annotations

from dataclasses import replace

from rgc.language.alphabets import ALPHABETS, Alphabet
from rgc.language.signatures import Field, Signature, table

MOST_HIDDEN_STATES = 8

_EPOCHS = Field("epochs", "integer", "passes over the data", 100, least=1)
_BATCH = Field("batch", "integer", "rows of one gradient", 100, least=1)
_RATE = Field("rate", "number", "learning rate", 0.1, above=0)
_MOMENTUM = Field("momentum", "number", "share of the last step kept", 0, least=0, most=0.999)
_L1 = Field("l1", "number", "weight of the sum of |w|", 0, least=0)
_L2 = Field("l2", "number", "weight of the sum of w^2 / 2", 0, least=0)
_DROPOUT = Field("dropout", "number", "share of hidden units left out", 0, least=0, most=0.99)
_K = Field("k", "integer", "Gibbs steps of one gradient", 1, least=1)
_DESCENT = (_EPOCHS, _BATCH, _RATE, _MOMENTUM, _L1, _L2)


def _of_units(alphabet: Alphabet) -> Alphabet:
    """The alphabet of hidden units, which have two to eight states."""
    fields = tuple(
        replace(field, least=2, most=MOST_HIDDEN_STATES) if field.name == "states" else field
        for field in alphabet.fields
    )
    return replace(alphabet, fields=fields)


TRAINERS = table(
    (
        Signature("cd", "contrastive divergence", (_K, *_DESCENT, _DROPOUT)),
        Signature(
            "pcd",
            "persistent contrastive divergence",
            (
                _K,
                Field("chains", "integer", "persistent chains", 100, least=1),
                *_DESCENT,
                _DROPOUT,
            ),
        ),
        Signature("gradient", "gradient descent", _DESCENT),
    )
)
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
                    "the hidden spins",
                    "binary",
                    calls=tuple(map(_of_units, ALPHABETS.values())),
                    noun="alphabet",
                ),
                Field(
                    "train",
                    "call",
                    "how it is trained",
                    calls=(TRAINERS["cd"], TRAINERS["pcd"]),
                    noun="trainer",
                ),
            ),
            ("hidden",),
        ),
    )
)
