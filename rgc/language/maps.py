"""The flow maps without spins: what the section `map` may hold."""

from __future__ import annotations

from rgc.language.signatures import Field, Signature, table
from rgc.language.trainers import TRAINERS

_SCALE = Field("scale", "number", "b, the ratio of lattice constants", above=1)
MAPS = table(
    (
        Signature(
            "recursion",
            "p' = f(p): the new value of each quantity, with F(p) = constant + F(p')/sites",
            (
                _SCALE,
                Field("sites", "number", "sites that become one", above=0),
                Field("constant", "expression", "g of F(p) = g(p) + F(p')/sites"),
            ),
            free="quantity",
        ),
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
            (
                Field("matrix", "expression", "C", required=True),
                _SCALE,
                Field("nonnegative", "flag", "refuse entries of C below 0"),
            ),
            ("matrix",),
        ),
        Signature(
            "convex_nmf",
            "convex non-negative factorisation of the data",
            (
                Field("rank", "integer", "number of factors", required=True, least=1),
                Field(
                    "variant",
                    "word",
                    "multiplicative updates, or a linear program that keeps archetypes",
                    "dlj",
                    choices=("dlj", "lp"),
                ),
                Field("iterations", "integer", "updates of the factors, of dlj", 200, least=1),
                Field("tolerance", "number", "largest entry of C X - X, of lp", 0, least=0),
            ),
            ("rank",),
        ),
        Signature(
            "diffusion",
            "a random walk on the data, whose steps have the length s",
            (
                Field("scale", "number", "s of exp(-|x - y|^2 / (2 s^2))", required=True, above=0),
                Field(
                    "clusters",
                    "integer",
                    "number of clusters; default where the spectrum has its widest gap",
                    least=2,
                    most=20,
                ),
            ),
            ("scale",),
            example="diffusion(scale=0.2)",
        ),
        Signature(
            "curve",
            "y = f(x): a column of the data as an expression of others and of unknown numbers",
            (
                Field("linear", "names", "unknown numbers in which the expression is linear"),
                Field("nonlinear", "names", "all other unknown numbers, which need starts"),
                Field("error", "expression", "standard error of a value; default unknown"),
                Field("passes", "expression", "a list of expressions, above 0 where a fit passes"),
            ),
            free="quantity",
            example="curve(x2 = A + B*x1, linear=[A, B])",
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
                Field(
                    "train",
                    "call",
                    "how it is trained",
                    calls=(TRAINERS["gradient"],),
                    noun="trainer",
                ),
            ),
            ("hidden",),
        ),
        Signature(
            "topple",
            "a site of that height gives a grain to each neighbour",
            (
                Field(
                    "threshold", "integer", "height at which a site topples", required=True, least=1
                ),
            ),
            ("threshold",),
        ),
    )
)
