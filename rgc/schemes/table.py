"""The table of schemes: what each is asked with, what it needs, and whether it runs today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rgc.language.blocks import BLOCKS, EXACT_BLOCKS, SAMPLED_BLOCKS
from rgc.language.signatures import Field, Signature, table
from rgc.language.updates import UPDATES
from rgc.language.values import OperatorBasis

LatticeNeed = Literal["none", "finite", "infinite", "any", "chain", "complete", "optional"]

WORD_REPLICAS = 64  # replicas in one machine word
STATE_BYTES = 16  # of one state of an enumeration
SMALLEST = 4  # L' of the last level when `steps` is left out


@dataclass(frozen=True, slots=True)
class Ready:
    """What of a scheme runs today; the rest is checked and printed. `alphabets` of the spins, `rules` of block maps (`free`: also with a
    parameter that the scheme determines), `measures` by name, `lattices` by kind, `disorder`: random couplings."""

    alphabets: tuple[str, ...]
    rules: tuple[str, ...] = ()
    free: bool = False
    measures: tuple[str, ...] = ()
    lattices: tuple[Literal["crystal", "complete", "diamond", "graph"], ...] = ("crystal",)
    disorder: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme(Signature):
    """A scheme. `needs` are the sections without which it cannot be, `uses` those that it can use besides.

    `lattice`: what it runs on (chain: chain or diamond, without a size); `rules`: the rules of block maps that it takes; `alphabets`:
    the spins; `bonds`: the Hamiltonian is one of nearest-neighbour bonds and single sites, `equal` ones that can be moved, or `square`, along
    the two vectors of a square lattice; `hypercube`: of products within a unit hypercube; `cells`: it is expanded around the cells of one
    block map. `answers`: what `expect` may name besides the measures of the spec (exponents, couplings and fixed_point stand for one
    name for each). `ready`: what of it can be run today; None: it is checked and printed only.
    """

    lattice: LatticeNeed = "none"
    needs: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    alphabets: tuple[str, ...] = ()
    bonds: Literal["any", "equal", "square"] = "any"
    cells: bool = False
    hypercube: bool = False
    answers: tuple[str, ...] = ()
    ready: Ready | None = None

    @property
    def runs(self) -> bool:
        """Whether it can be run today."""
        return self.ready is not None

    @property
    def sections(self) -> tuple[str, ...]:
        """Every section that the scheme makes use of."""
        return (*_ALWAYS, *self.needs, *self.uses)


_ALWAYS = ("title", "about", "include", "parameters", "flow", "scan", "measure", "expect")

# -- options, as language.md section 8 has them ------------------------------------------------------------------------

_SWEEPS = Field("sweeps", "integer", "updates of every site per replica, after thermalising", 20000, least=1)
_THERMALISE = Field(
    "thermalise", "integer", "updates of every site before the first record; default sweeps/5", least=0
)
_EVERY = Field("every", "integer", "sweeps from one record to the next", 10, least=1)
_REPLICAS = Field(
    "replicas", "integer", "independent configurations", 256, least=WORD_REPLICAS, multiple=WORD_REPLICAS
)
_UPDATE = Field("update", "call", "how configurations are updated", "auto", calls=tuple(UPDATES.values()))
_SEED = Field("seed", "integer", "seed of all random numbers; --seed wins", 0, least=0, most=2**64 - 1)
_GENERATOR = Field(
    "generator", "word", "generator of random words", "splitmix", choices=("splitmix", "philox")
)
_PLANES = Field("planes", "integer", "bits of an acceptance probability", 32, choices=(32, 64))
_DISORDER = Field("disorder", "integer", "realisations of the random couplings", least=1)
_STEPS = Field("steps", "integer", "RG steps; default until the lattice has size 4", least=1)
_BASIS = Field(
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
_FIND = Field(
    "find",
    "word",
    "the fixed point that the critical couplings flow to, or only those: the separatrix",
    choices=("fixed_point", "separatrix"),
)
_LINEARISE = Field("linearise", "flag", "report the linearised map and its spectrum")
_GRID = Signature("grid", "every combination of the values of some couplings", free="coupling")
_STARTS = Field("starts", "points", "couplings to start from, or grid(K=0:0.6:7)", also=_GRID)
_PLANE = Field("plane", "names", "the two couplings of a flow diagram")
_MINIMISE = Field("minimise", "word", "the functional that free parameters minimise", choices=("dF", "kl"))
_MEMORY = Field(
    "memory", "number", "largest memory of the enumeration in GiB, at 16 bytes a state", 4, above=0, most=1024
)

_SAMPLING = (_SWEEPS, _THERMALISE, _EVERY, _REPLICAS, _UPDATE, _SEED, _GENERATOR, _PLANES, _DISORDER)
_MAP_STEPS = Field("steps", "integer", "RG steps", least=1)
_TENSOR_STEPS = Field(
    "steps", "integer", "steps on the infinite lattice, each joining two sites to one", 50, least=1, most=200
)
_EXACT_MAP = (_MAP_STEPS, _FIND, _LINEARISE, _STARTS, _PLANE)
_CHI = Field("chi", "integer", "largest number of states kept on a bond", required=True, least=1, most=512)

_MODEL = ("lattice", "spins", "hamiltonian")
_DISCRETE = ("ising", "binary", "potts", "clock", "spin")
_HARD_OR_SOFT = tuple(BLOCKS)

_RG = ("exponents", "eigenvalue", "couplings")
_FIXED = (*_RG, "fixed_point", "constant", "free_energy", "log_z")
_STANDARD = ("energy", "m", "abs_m", "susceptibility", "specific_heat", "binder", "correlation_length")
_BLOCKED = ("dF", "kl", "tau_defect", "information", "block.p")
_SAMPLED = (*_STANDARD, "correlation")

SCHEMES = table(
    (
        Scheme(
            "sample",
            "plain Monte Carlo",
            _SAMPLING,
            lattice="finite",
            needs=_MODEL,
            alphabets=(*_DISCRETE, "gaussian"),
            answers=(*_STANDARD, "couplings", "correlation", "overlap"),
            ready=Ready(("ising", "binary"), measures=_SAMPLED),
        ),
        Scheme(
            "mcrg",
            "Swendsen's Monte Carlo renormalisation group",
            (_STEPS, *_SAMPLING, _BASIS),
            lattice="finite",
            needs=(*_MODEL, "block"),
            uses=("data", "stack"),
            rules=_HARD_OR_SOFT,
            alphabets=(*_DISCRETE, "gaussian"),
            answers=(*_RG, *_STANDARD, "constant", "correlation"),
            ready=Ready(("ising", "binary"), SAMPLED_BLOCKS, measures=_SAMPLED),
        ),
        Scheme(
            "variational_mcrg",
            "variational Monte Carlo renormalisation group of Wu and Car",
            (_STEPS, *_SAMPLING, _BASIS, _FIND, _LINEARISE, _STARTS, _PLANE),
            lattice="finite",
            needs=(*_MODEL, "block"),
            uses=("data", "stack"),
            rules=_HARD_OR_SOFT,
            alphabets=_DISCRETE,
            answers=(*_FIXED, *_STANDARD, *_BLOCKED),
        ),
        Scheme(
            "enumerate",
            "exact block-spin map of a small lattice, or without a block Z and all correlators",
            (*_EXACT_MAP, _MINIMISE, _DISORDER, _SEED, _MEMORY),
            lattice="finite",
            needs=_MODEL,
            uses=("block", "data", "stack"),
            rules=_HARD_OR_SOFT,
            alphabets=_DISCRETE,
            answers=(
                *_FIXED,
                *_STANDARD,
                *_BLOCKED,
                "correlation",
                "kl_reconstruction",
                "kl_uniform",
                "improved",
            ),
            ready=Ready(
                _DISCRETE,
                EXACT_BLOCKS,
                free=True,
                measures=(*_SAMPLED, "free_energy", "log_z", "dF", "kl", "tau_defect", "information"),
                lattices=("crystal", "complete"),
                disorder=True,
            ),
        ),
        Scheme(
            "exact",
            "decimation where the sum closes: chain and diamond lattices",
            _EXACT_MAP,
            lattice="chain",
            needs=(*_MODEL, "block"),
            rules=("decimate",),
            alphabets=_DISCRETE,
            bonds="equal",
            answers=_FIXED,
            ready=Ready(_DISCRETE, ("decimate",), lattices=("crystal", "diamond")),
        ),
        Scheme(
            "migdal_kadanoff",
            "bond moving and decimation, any q x q bond weight",
            (
                Field("b", "number", "ratio of lattice constants; 1 is the limit b -> 1", 2, least=1),
                Field("order", "word", "what comes first", "move", choices=("move", "decimate")),
                *_EXACT_MAP,
            ),
            lattice="infinite",
            needs=_MODEL,
            alphabets=_DISCRETE,
            bonds="equal",
            answers=_FIXED,
            ready=Ready(_DISCRETE),
        ),
        Scheme(
            "cumulant",
            "cumulant expansion of Niemeijer and van Leeuwen",
            (Field("order", "integer", "order of the expansion", 1, choices=(1, 2)), *_EXACT_MAP),
            lattice="infinite",
            needs=(*_MODEL, "block"),
            rules=("majority", "kadanoff", "decimate", "kernel"),
            alphabets=_DISCRETE,
            cells=True,
            answers=_FIXED,
            ready=Ready(("ising",), ("majority", "kadanoff", "decimate", "kernel")),
        ),
        Scheme(
            "lower_bound",
            "Kadanoff's variational potential moving: a lower bound on F",
            (
                Field(
                    "subspace",
                    "word",
                    "couplings of a cell; symmetric keeps its pair couplings equal",
                    "full",
                    choices=("full", "symmetric"),
                ),
                *_EXACT_MAP,
            ),
            lattice="infinite",
            needs=(*_MODEL, "block"),
            rules=("kadanoff",),
            alphabets=("ising", "binary"),
            hypercube=True,
            answers=(*_FIXED, "block.p", "block.slope"),
            ready=Ready(("ising", "binary"), ("kadanoff",), free=True),
        ),
        Scheme(
            "trg",
            "tensor renormalisation by singular values",
            (_CHI, _TENSOR_STEPS),
            ("chi",),
            lattice="any",
            bonds="square",
            needs=_MODEL,
            alphabets=_DISCRETE,
            answers=("exponents", "eigenvalue", "central_charge", "constant", "free_energy", "log_z"),
            ready=Ready(_DISCRETE, measures=("free_energy", "log_z")),
        ),
        Scheme(
            "hotrg",
            "tensor renormalisation by higher-order singular values",
            (_CHI, _TENSOR_STEPS),
            ("chi",),
            lattice="any",
            bonds="square",
            needs=_MODEL,
            alphabets=_DISCRETE,
            answers=("exponents", "eigenvalue", "central_charge", "constant", "free_energy", "log_z"),
            ready=Ready(_DISCRETE, measures=("free_energy", "log_z")),
        ),
        Scheme(
            "train",
            "greedy training of a stack of layers",
            (
                Field("receptive_fields", "flag", "report the weights of every hidden unit as maps"),
                Field("reconstruct", "integer", "samples to reconstruct through the stack", least=0),
                Field(
                    "monitors",
                    "names",
                    "what is followed while training",
                    choices=("kl", "gap", "reconstruction", "dF", "tau_defect", "pseudo_likelihood"),
                ),
                _MINIMISE,
                Field(
                    "anchor",
                    "word",
                    "what fixes the constant of dF",
                    choices=("normalised", "enumerate", "ais"),
                ),
                _SEED,
                _GENERATOR,
            ),
            lattice="optional",
            needs=("data", "stack"),
            uses=(*_MODEL, "block"),
            rules=_HARD_OR_SOFT,
            alphabets=(*_DISCRETE, "gaussian"),
            answers=("kl", "dF", "tau_defect", "gap", "reconstruction", "couplings", "free_energy"),
        ),
        Scheme(
            "recall",
            "Hopfield dynamics",
            (
                Field("start", "word", "initial states", "patterns", choices=("patterns", "random", "noisy")),
                Field("noise", "number", "temperature of the dynamics; 0 is deterministic", 0, least=0),
                Field(
                    "until",
                    "word",
                    "where a run ends; without it after `sweeps`",
                    choices=("fixed_point",),
                ),
                Field("sweeps", "integer", "largest number of updates of every unit", 1000, least=1),
                _REPLICAS,
                _SEED,
                _GENERATOR,
                _DISORDER,
            ),
            lattice="complete",
            needs=_MODEL,
            uses=("data",),
            alphabets=("ising", "binary"),
            answers=("overlap", "energy"),
        ),
        Scheme(
            "iterate",
            "iteration of a map: fixed point, linearisation, spectrum",
            (*_EXACT_MAP, _SEED),
            needs=("map",),
            uses=("data",),
            answers=(
                "exponents",
                "eigenvalue",
                "fixed_point",
                "couplings",
                "F",
                "residual",
                "excess_over_pca",
            ),
        ),
        Scheme(
            "drive",
            "a sandpile, grain by grain",
            (
                Field("grains", "integer", "grains dropped and recorded", 100000, least=1),
                Field("thermalise", "integer", "grains dropped before; default grains/5", least=0),
                _SEED,
                _GENERATOR,
            ),
            lattice="finite",
            needs=("lattice", "spins", "map"),
            alphabets=("height",),
            answers=("avalanche_size", "avalanche_area", "avalanche_duration"),
        ),
    )
)
