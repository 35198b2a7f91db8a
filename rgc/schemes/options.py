"""Options that several schemes share, as section 8 of `docs/language.md` has them."""

from __future__ import annotations

from dataclasses import replace

from rgc.language.signatures import Field, Signature
from rgc.language.updates import UPDATES
from rgc.language.values import OperatorBasis

WORD_REPLICAS = 64
"""The number of replicas in one machine word."""

LARGEST_SEED = 2**64 - 1

SEED = Field(
    "seed", "integer", "seed of all random numbers; --seed wins", 0, least=0, most=LARGEST_SEED
)
GENERATOR = Field(
    "generator", "word", "generator of random words", "splitmix", choices=("splitmix", "philox")
)
REPLICAS = Field(
    "replicas",
    "integer",
    "independent configurations",
    256,
    least=WORD_REPLICAS,
    multiple=WORD_REPLICAS,
)
DISORDER = Field("disorder", "integer", "realisations of the random couplings", least=1)

SAMPLING = (
    Field(
        "sweeps", "integer", "updates of every site per replica, after thermalising", 20000, least=1
    ),
    Field(
        "thermalise",
        "integer",
        "updates of every site before the first record; default sweeps/5",
        least=0,
    ),
    Field("every", "integer", "sweeps from one record to the next", 10, least=1),
    REPLICAS,
    Field(
        "update", "call", "how configurations are updated", "local", calls=tuple(UPDATES.values())
    ),
    SEED,
    GENERATOR,
    Field("planes", "integer", "bits of an acceptance probability", 32, choices=(32, 64)),
    DISORDER,
)
"""The options of a run that samples configurations."""

SAVED = (
    Field("save", "integer", "configurations of each replica that are kept as arrays", least=1),
    Field("series", "flag", "keep what is measured by replica and record"),
)
"""What a run keeps replica by replica."""

STEPS = Field(
    "steps", "integer", "RG steps; default until the lattice has size 4", least=1, most=10_000
)
BASIS = Field(
    "basis",
    "call",
    "operators of the linearised map",
    OperatorBasis(),
    calls=(
        Signature(
            "operators",
            "all inequivalent operators within a range and a number of spins",
            (
                Field(
                    "range",
                    "number",
                    "largest distance of two of its spins, in lattice constants",
                    2,
                    above=0,
                    most=8,
                ),
                Field("bodies", "integer", "largest number of spins", 4, least=1, most=8),
            ),
        ),
    ),
)

HIDDEN_BASIS = replace(
    BASIS,
    doc="operators of `couplings=callen` of hidden units; default operators(range=2, bodies=4)",
    default=None,
)

FIND = Field(
    "find",
    "word",
    "the fixed point that the critical couplings flow to, or only those: the separatrix",
    choices=("fixed_point", "separatrix"),
)
HISTOGRAMS = Field(
    "histograms", "flag", "m, energy and their histograms at every level", default=False
)
COUPLINGS = Field(
    "couplings",
    "word",
    "couplings of every level, from its block spins or hidden units by Callen's equations",
    choices=("callen",),
)

CRITICAL = (
    Field(
        "find",
        "word",
        "move couplings to where the relevant scaling field vanishes",
        choices=("critical",),
    ),
    Field("coupling", "name", "the coupling that find=critical moves; default all, in proportion"),
)
"""The search for a critical point by sampling."""

LINEARISE = Field("linearise", "flag", "report the linearised map and its spectrum")
STARTS = Field(
    "starts",
    "points",
    "couplings to start from, or grid(K=0:0.6:7)",
    also=Signature("grid", "every combination of the values of some couplings", free="coupling"),
)
PLANE = Field("plane", "names", "the two couplings of a flow diagram")
MAP = (FIND, LINEARISE, STARTS, PLANE)
"""What can be asked of a map of couplings."""

QUESTIONS = tuple(field.name for field in MAP)

SHOWN_STEPS = 10
"""The number of RG steps of a trajectory where the spec names none."""

EXACT_MAP = (Field("steps", "integer", "RG steps", least=1, most=10_000), *MAP)
"""The options of a map of couplings that is computed, not sampled."""

MINIMISE = Field(
    "minimise", "word", "the functional that free parameters minimise", choices=("dF", "kl")
)

TENSORS = (
    Field(
        "chi",
        "integer",
        "largest number of states kept on a bond",
        required=True,
        least=1,
        most=512,
    ),
    Field(
        "steps",
        "integer",
        "steps on the infinite lattice, each joining two sites to one",
        50,
        least=1,
        most=200,
    ),
)
"""The options of tensor renormalisation."""
