"""The calls of data, stack, map, measure and expect: what may stand in these sections, by name."""

from __future__ import annotations

from rgc.language.signatures import Field, Signature, table
from rgc.language.updates import UPDATES

# -- data --------------------------------------------------------------------------------------------------------------

_SAMPLES = Signature(
    "samples",
    "configurations of the Hamiltonian; parameter values make one set each",
    (
        Field("count", "integer", "number of configurations", required=True, least=1),
        Field("thermalise", "integer", "updates of every site before the first", least=0),
        Field("every", "integer", "sweeps from one to the next", 10, least=1),
        Field("update", "call", "how configurations are updated", "auto", calls=tuple(UPDATES.values())),
    ),
    ("count",),
    free="parameter",
)
_FILE = Signature(
    "file",
    "rows of a .npy, .npz or .csv file inside the spec's folder",
    (
        Field("path", "path", "the file", required=True),
        Field("threshold", "number", "values above it are spin up"),
        Field("validation", "number", "share of the rows kept for validation", least=0, most=0.9),
    ),
    ("path",),
)
_PATTERNS = Signature(
    "patterns",
    "random patterns, each spin up or down with equal probability",
    (Field("count", "integer", "number of patterns", required=True, least=1),),
    ("count",),
)
DATA = table(
    (
        _SAMPLES,
        _FILE,
        _PATTERNS,
        Signature(
            "shuffle_sites",
            "the data with the sites permuted, the same way in every row: a control",
            (
                Field(
                    "source",
                    "call",
                    "what is shuffled",
                    required=True,
                    calls=(_SAMPLES, _FILE, _PATTERNS),
                    noun="data",
                ),
            ),
            ("source",),
        ),
    )
)

# -- stack -------------------------------------------------------------------------------------------------------------

_STATES = Field("states", "integer", "number of states", required=True, least=2, most=8)
ALPHABETS = table(
    (
        Signature(
            "ising",
            "-1/+1",
            (Field("symmetry", "word", "odd couplings are zero", choices=("symmetric",)),),
            ("symmetry",),
        ),
        Signature("binary", "0/1"),
        Signature("potts", "0..q-1", (_STATES,), ("states",)),
        Signature("clock", "0..q-1, on a circle", (_STATES,), ("states",)),
        Signature("spin", "-1/0/+1", (Field("size", "integer", "1", choices=(1,)),), ("size",)),
        Signature("gaussian", "real"),
        Signature(
            "height", "0..n-1", (Field("states", "integer", "n", required=True, least=2),), ("states",)
        ),
    )
)

_EPOCHS = Field("epochs", "integer", "passes over the data", 100, least=1)
_BATCH = Field("batch", "integer", "rows of one gradient", 100, least=1)
_RATE = Field("rate", "number", "learning rate", 0.1, above=0)
_MOMENTUM = Field("momentum", "number", "share of the last step kept", 0, least=0, most=0.999)
_L1 = Field("l1", "number", "weight of the sum of |w|", 0, least=0)
_L2 = Field("l2", "number", "weight of the sum of w^2 / 2", 0, least=0)
_DROPOUT = Field("dropout", "number", "share of hidden units left out", 0, least=0, most=0.99)
_K = Field("k", "integer", "Gibbs steps of one gradient", 1, least=1)
_DESCENT = (_EPOCHS, _BATCH, _RATE, _MOMENTUM, _L1, _L2)

TRAINERS = table(
    (
        Signature("cd", "contrastive divergence", (_K, *_DESCENT, _DROPOUT)),
        Signature(
            "pcd",
            "persistent contrastive divergence",
            (_K, Field("chains", "integer", "persistent chains", 100, least=1), *_DESCENT, _DROPOUT),
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
                Field("hidden", "lattice", "the hidden units: a lattice, or their number", required=True),
                Field(
                    "spins",
                    "call",
                    "the hidden spins",
                    "binary",
                    calls=tuple(ALPHABETS.values()),
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

# -- map ---------------------------------------------------------------------------------------------------------------

_SCALE = Field("scale", "number", "b, the ratio of lattice constants", above=1)
MAPS = table(
    (
        Signature("recursion", "p' = f(p): the new value of each quantity", (_SCALE,), free="quantity"),
        Signature("ode", "dr/dl = f(r, ...): the rate of each quantity", free="quantity"),
        Signature(
            "scale",
            "the fundamental equation F(x) = g(x) + F(phi(x))/mu",
            (
                Field("phi", "expression", "phi", required=True),
                Field("g", "expression", "g", required=True),
                Field("mu", "number", "mu", required=True, above=0),
            ),
            ("phi", "g", "mu"),
        ),
        Signature(
            "linear",
            "x' = C x",
            (Field("matrix", "expression", "C", required=True), _SCALE),
            ("matrix",),
        ),
        Signature(
            "convex_nmf",
            "convex non-negative factorisation of the data",
            (
                Field("rank", "integer", "number of factors", required=True, least=1),
                Field("iterations", "integer", "updates of the factors", 200, least=1),
            ),
            ("rank",),
        ),
        Signature(
            "autoencoder",
            "data to hidden units and back",
            (
                Field("hidden", "lattice", "the hidden units", required=True),
                Field(
                    "activation",
                    "word",
                    "of the hidden units",
                    "linear",
                    choices=("linear", "tanh", "sigmoid", "relu"),
                ),
                Field("tied", "flag", "one matrix both ways", False),
                Field("train", "call", "how it is trained", calls=(TRAINERS["gradient"],), noun="trainer"),
            ),
            ("hidden",),
        ),
        Signature(
            "topple",
            "a site of that height gives a grain to each neighbour",
            (Field("threshold", "integer", "height at which a site topples", required=True, least=1),),
            ("threshold",),
        ),
    )
)

# -- measure -----------------------------------------------------------------------------------------------------------

_METHOD_CHI = Field("chi", "integer", "states kept on a bond", required=True, least=1, most=512)
METHODS = table(
    (
        Signature("enumerate", "all states"),
        Signature("transfer", "transfer matrix"),
        Signature("trg", "tensor renormalisation", (_METHOD_CHI,), ("chi",)),
        Signature("hotrg", "tensor renormalisation, higher order", (_METHOD_CHI,), ("chi",)),
        Signature("mean_field", "an upper bound on F"),
        Signature("lower_bound", "potential moving: a lower bound on F"),
        Signature(
            "ais",
            "annealed importance sampling",
            (
                Field("chains", "integer", "independent chains", 100, least=1),
                Field("temperatures", "integer", "temperatures from 0 coupling up", 1000, least=2),
            ),
        ),
        Signature(
            "integrate",
            "integration of <dH/dK> over values of a parameter K, from one where the spins are free to the one here",
            (
                Field("sweeps", "integer", "updates of every site per replica at each value", 4000, least=10),
                Field("replicas", "integer", "independent configurations", 256, least=64, multiple=64),
            ),
            free="parameter",
        ),
    )
)
LATER_METHODS = ("ais",)
"""Methods that can be checked and printed, but not run yet."""

MEASURES = table(
    (
        Signature("energy", "<H>/N with the constant"),
        Signature(
            "free_energy",
            "F/N by each method",
            (Field("methods", "calls", "methods", calls=tuple(METHODS.values()), noun="method"),),
            ("methods",),
        ),
        Signature("log_z", "ln Z of the whole system"),
        Signature("specific_heat", "N var(H/N)"),
        Signature("m", "sum s / N"),
        Signature("abs_m", "|sum s| / N"),
        Signature("susceptibility", "N(<m^2> - <|m|>^2)"),
        Signature("binder", "1 - <m^4>/(3 <m^2>^2)"),
        Signature(
            "correlation",
            "connected, along x",
            (Field("r", "integer", "distance in lattice vectors", required=True, least=0),),
            ("r",),
        ),
        Signature("correlation_length", "second moment"),
        Signature("overlap", "sum s t / N, with a pattern or another replica"),
        Signature("dF", "in nats of the whole system"),
        Signature("kl", "in nats of the whole system"),
        Signature("tau_defect", "max |ln tau - <ln tau>|"),
        Signature("information", "I(v;h) of spins and block spins, in nats"),
        Signature("avalanche_size", "topplings of one avalanche"),
        Signature("avalanche_area", "sites that toppled in one avalanche"),
        Signature("avalanche_duration", "parallel steps of one avalanche"),
    )
)
OTHER_NAMES = {
    "magnetisation": "m",
    "magnetization": "m",
    "mag": "m",
    "chi": "susceptibility",
    "heat_capacity": "specific_heat",
    "c_v": "specific_heat",
    "cv": "specific_heat",
    "xi": "correlation_length",
    "U4": "binder",
    "E": "energy",
    "internal_energy": "energy",
    "F": "free_energy",
    "Z": "log_z",
    "partition_function": "log_z",
}
"""What others call our measures: for hints."""

_MEASURED = Field("measure", "name", "a measure", required=True)
_ALONG = Field("parameter", "name", "a scanned parameter", required=True)
SCAN_MEASURES = table(
    (
        Signature(
            "crossing",
            "where curves of different size meet",
            (_MEASURED, _ALONG),
            ("measure", "parameter"),
        ),
        Signature(
            "extremum",
            "where a measure has its maximum or minimum",
            (_MEASURED, _ALONG),
            ("measure", "parameter"),
        ),
        Signature(
            "central_charge",
            "c of f(L) = f - pi c / (6 L^2)",
            (_MEASURED, _ALONG),
            ("measure", "parameter"),
        ),
    )
)

# -- expect ------------------------------------------------------------------------------------------------------------

EXPONENTS = ("y_t", "y_h", "nu", "eta", "alpha", "beta", "gamma", "delta")
SELECTORS = {
    "level": "integer",
    "layer": "integer",
    "step": "integer",
    "operators": "integer",
    "sector": "name",
}
