"""Least squares of a curve with unknown numbers to a column of data."""

from __future__ import annotations

from dataclasses import replace

from rgc.language.nulls import NULLS
from rgc.language.signatures import Field
from rgc.schemes import checks, options
from rgc.schemes.costs import fits as cost
from rgc.schemes.needs import couplings, fits, lattice
from rgc.schemes.scheme import Ready, Scheme

STARTS = replace(options.STARTS, doc="grid(t=0:1:5): where unknown numbers are sought")
NULL = Field(
    "null",
    "call",
    "other series that are fitted in the same way",
    calls=tuple(NULLS.values()),
    noun="series",
)

TEMPLATE = """\
title "A line through points"
parameters { noise ~ normal(0, 0.1) }
data points(50, [row/10, 1 + 2*row/10 + noise])
map curve(x2=A + B*x1, linear=[A, B])
flow fit
expect { B = 2 within 4 sigma }
"""

SCHEME = Scheme(
    name="fit",
    doc="least squares of a curve to columns of data",
    fields=(STARTS, NULL, options.SEED),
    lattice=lattice.NO_LATTICE,
    needs=("map", "data"),
    limits=(*couplings.KNOWN, *fits.LIMITS),
    answers=("map",),
    ready=Ready(
        maker="rgc.flows.fits.fit:make_fit",
        kind="arrays",
        cost=cost.fit,
        checks=(checks.FIT,),
        maps=("curve",),
    ),
    examples={"map": "curve(x2 = A + B*x1, linear=[A, B])", "data": 'file("series.csv")'},
    template=TEMPLATE,
)
