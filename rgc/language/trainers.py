"""The trainers of machines and of networks, with their options."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rgc.language.signatures import Field, Signature, table


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainerRow(Signature):
    """A trainer. `of_machines` says that it trains restricted Boltzmann machines."""

    of_machines: bool = True


MOST_RATE = 16
"""A rate above this takes a weight beyond 32 kT, where machines end, in one update."""

SUTSKEVER = Signature(
    "sutskever",
    "min(1 - 2^(-1 - log2(floor(t/250) + 1)), most) in update t",
    (Field("most", "number", "largest share", 0.99, least=0, most=0.999),),
    ("most",),
)

_EPOCHS = Field("epochs", "integer", "passes over the data", 100, least=1)
_BATCH = Field(
    "batch", "integer", "rows of one gradient; default 100, or all where there are fewer", least=1
)
_RATE = Field(
    "rate", "knots", "learning rate, or its values along the run", 0.1, least=0, most=MOST_RATE
)
_MOMENTUM = Field(
    "momentum",
    "knots",
    "share of the last step kept, or its values along the run",
    0,
    least=0,
    most=0.999,
    also=SUTSKEVER,
)
_L1 = Field("l1", "number", "weight of the sum of |w|", 0, least=0)
_L2 = Field("l2", "number", "weight of the sum of w^2 / 2", 0, least=0)
_DESCENT = (_EPOCHS, _BATCH, _RATE, _MOMENTUM, _L1, _L2)

_K = Field("k", "integer", "Gibbs steps of one gradient", 1, least=1)
_CHAINS = Field("chains", "integer", "persistent chains", 100, least=1)
_MACHINES = (
    Field("nesterov", "flag", "the gradient is taken where the momentum leads", False),
    Field("max_norm", "number", "largest norm of the weights of a hidden unit", above=0),
    Field("sparsity", "number", "mean activity that hidden units shall have", above=0, most=0.999),
    Field("sparsity_cost", "number", "rate at which activity is held there", 0.1, above=0),
    Field("centring", "flag", "units are centred; default true with binary units"),
    Field("save", "integer", "models kept, at updates that grow geometrically", least=1),
)
_SAMPLED = (
    *_MACHINES,
    Field("dropout", "number", "share of hidden units left out", 0, least=0, most=0.99),
    Field(
        "gradient",
        "word",
        "whether hidden units enter a gradient by their states or their means",
        "samples",
        choices=("samples", "means"),
    ),
    Field(
        "preset",
        "word",
        "values of options that are not written",
        choices=("hinton2010",),
    ),
)

PRESETS = {
    "hinton2010": {"momentum": (0.5, 0.9), "l2": 1e-4, "gradient": "means", "centring": False},
}
"""Options by the name of a preset. G. E. Hinton, A practical guide to training restricted Boltzmann
machines, UTML TR 2010-003: momentum from 0.5 to 0.9, a weight cost of 1e-4, probabilities in the
statistics."""

TRAINERS = table(
    (
        TrainerRow("cd", "contrastive divergence", (_K, *_DESCENT, *_SAMPLED)),
        TrainerRow("pcd", "persistent contrastive divergence", (_K, _CHAINS, *_DESCENT, *_SAMPLED)),
        TrainerRow(
            "tempering",
            "persistent contrastive divergence with chains at several temperatures",
            (
                _K,
                replace(_CHAINS, doc="chains at all temperatures together", default=None),
                Field(
                    "betas",
                    "numbers",
                    "inverse temperatures, from 0 to 1; default ten of them",
                ),
                *_DESCENT,
                *_SAMPLED,
            ),
        ),
        TrainerRow(
            "exact",
            "the gradient of the likelihood, by sums over all states of the smaller side",
            (
                Field(
                    "of",
                    "word",
                    "whose likelihood: the rows, or configurations of the Hamiltonian",
                    "rows",
                    choices=("rows", "hamiltonian"),
                ),
                *(field for field in _DESCENT if field is not _BATCH),
                *(field for field in _MACHINES if field.name != "centring"),
            ),
        ),
        TrainerRow("gradient", "gradient descent", _DESCENT, of_machines=False),
    )
)
