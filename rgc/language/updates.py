"""The updates of configurations: what `update=` may be."""

from __future__ import annotations

from rgc.language.signatures import Field, Signature, table

WITHIN = ("local", "auto", "metropolis", "heat_bath", "houdayer", "swendsen_wang", "wolff")
"""Updates that tempering may make from one exchange to the next."""

UPDATES = table(
    (
        Signature("local", "metropolis or heat_bath, whichever suits the Hamiltonian"),
        Signature(
            "auto",
            "wolff where that was measured to give more independent samples in the same time, "
            "local elsewhere",
        ),
        Signature("metropolis", "single-spin Metropolis in sets of sites that do not interact"),
        Signature("heat_bath", "single-spin heat bath"),
        Signature(
            "houdayer",
            "clusters of sites where two copies of a realisation differ exchanged, and a sweep of "
            "single spins after each; random couplings with `disorder` in `sample`",
        ),
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
            "replica exchange along the values of one parameter, in `sample` and `mcrg`",
            (
                Field(
                    "inner", "word", "update from one exchange to the next", "local", choices=WITHIN
                ),
            ),
            free="parameter",
        ),
    )
)
AUTO = "auto"
CLUSTER_UPDATES = ("swendsen_wang", "wolff")
"""Updates that turn clusters which bonds make."""

COPY_UPDATES = ("houdayer",)
"""Updates that turn clusters which two copies make."""
