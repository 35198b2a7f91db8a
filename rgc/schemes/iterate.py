"""Iteration of a map that the spec writes."""

from __future__ import annotations

from rgc.language.signatures import Field
from rgc.schemes import checks, options
from rgc.schemes.needs import couplings, lattice, maps, matrices
from rgc.schemes.scheme import Ready, Scheme

CYCLE = Field(
    "cycle",
    "integer",
    "points that come back after so many steps, instead of fixed points",
    1,
    least=1,
    most=64,
)
LYAPUNOV = Field("lyapunov", "flag", "report all Lyapunov exponents")

SCHEME = Scheme(
    name="iterate",
    doc="iteration of a map: fixed points and cycles, linearisation, spectrum",
    fields=(*options.EXACT_MAP, CYCLE, LYAPUNOV, options.SEED),
    lattice=lattice.NO_LATTICE,
    needs=("map",),
    uses=("data",),
    limits=(*couplings.NAMED, *maps.LIMITS, *matrices.LIMITS),
    answers=("map",),
    ready=Ready(
        maker="rgc.flows.maps.iterate:make_iterate",
        kind="arrays",
        checks=checks.ARRAYS,
        maps=("recursion", "ode", "linear", "convex_nmf", "diffusion"),
    ),
)
