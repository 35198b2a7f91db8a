"""Iteration of a map that the spec writes."""

from __future__ import annotations

from rgc.language.signatures import Field
from rgc.model.map import MOST_HARMONICS
from rgc.schemes import checks, options
from rgc.schemes.costs import iteration
from rgc.schemes.needs import couplings, lattice, log_periodic, maps, matrices
from rgc.schemes.scheme import Ready, Scheme

CYCLE = Field(
    "cycle",
    "integer",
    "points that come back after so many steps, instead of fixed points",
    1,
    least=1,
    most=64,
)
OSCILLATIONS = Field(
    "oscillations",
    "integer",
    "number of log-periodic amplitudes of F besides A0",
    least=1,
    most=MOST_HARMONICS,
)
RANGE = Field("range", "numbers", "[a, b]: tabulate F, and take the side of the fixed point there")
LYAPUNOV = Field("lyapunov", "flag", "report all Lyapunov exponents")

TEMPLATE = """\
title "Period doubling of the logistic map"
parameters { r = 3.2, x = 0.3 }
map recursion(x=r*x*(1 - x))
flow iterate(find=fixed_point, cycle=2, starts=grid(x=0.05:0.95:10))
expect { eigenvalue[1] = 4 + 2*r - r^2 within 1e-10 }
"""

SCHEME = Scheme(
    name="iterate",
    doc="iteration of a map: fixed points and cycles, linearisation, spectrum",
    fields=(*options.EXACT_MAP, CYCLE, LYAPUNOV, OSCILLATIONS, RANGE, options.SEED),
    lattice=lattice.NO_LATTICE,
    needs=("map",),
    uses=("data",),
    limits=(*couplings.KNOWN, *maps.LIMITS, *log_periodic.LIMITS, *matrices.LIMITS),
    answers=("map",),
    ready=Ready(
        maker="rgc.flows.maps.iterate:make_iterate",
        kind="arrays",
        cost=iteration.iterate,
        checks=checks.MAPS,
        maps=("recursion", "ode", "linear", "convex_nmf", "diffusion"),
    ),
    template=TEMPLATE,
)
