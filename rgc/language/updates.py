"""The updates of configurations: what `update=` may be."""

from __future__ import annotations

from rgc.language.signatures import Field, Signature, table

WITHIN = ("auto", "metropolis", "heat_bath", "swendsen_wang", "wolff")
"""Updates that tempering may make from one exchange to the next."""

UPDATES = table(
    (
        Signature("auto", "metropolis or heat_bath, whichever suits the Hamiltonian"),
        Signature("metropolis", "single-spin Metropolis in sets of sites that do not interact"),
        Signature("heat_bath", "single-spin heat bath"),
        Signature(
            "swendsen_wang",
            "every cluster turned by a coin, and a sweep of single spins after each; pair terms "
            "without frustration only",
        ),
        Signature(
            "wolff",
            "clusters grown from a few seeds, and a sweep of single spins after each; pair terms "
            "without frustration only",
        ),
        Signature(
            "tempering",
            "replica exchange along the values of one parameter, in `sample`",
            (
                Field(
                    "inner", "word", "update from one exchange to the next", "auto", choices=WITHIN
                ),
            ),
            free="parameter",
        ),
    )
)
CLUSTER_UPDATES = ("swendsen_wang", "wolff")
