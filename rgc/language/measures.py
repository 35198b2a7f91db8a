"""The built-in measures, the methods of a free energy and the measures of a scan.

These are what the section `measure` may hold by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rgc.language.signatures import Field, Signature, table


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltIn(Signature):
    """A built-in measure.

    - `of` says whether it has a value in one configuration, so that `avg` and `var` may stand
      around it, or only in the ensemble.
    - `of_spins` says that it is a function of sums over the lattice. Every scheme that has
      configurations gives it, and its expression is the row of that name in `BUILT_IN` of
      `rgc/passes/built_in.py`. So is that of a measure `of_copies`, of two copies of the spins at
      once, which a scheme with independent replicas gives. Any other measure is a number that some
      schemes find.
    """

    of: Literal["configuration", "ensemble"] = "ensemble"
    of_spins: bool = False
    of_copies: bool = False

    @property
    def built_in(self) -> bool:
        """Whether it is made of sums over the lattice, of one copy of the spins or of two."""
        return self.of_spins or self.of_copies


_METHOD_CHI = Field("chi", "integer", "states kept on a bond", required=True, least=1, most=512)
METHODS = table(
    (
        Signature("enumerate", "all states"),
        Signature("transfer", "transfer matrix"),
        Signature("onsager", "closed form of the infinite square Ising lattice without a field"),
        Signature("kaufman", "closed form of a square Ising torus without a field"),
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
            "integration of <dH/dK> over values of a parameter K, from one where the spins are "
            "free to the one here",
            (
                Field(
                    "sweeps",
                    "integer",
                    "updates of every site per replica at each value",
                    4000,
                    least=10,
                ),
                Field(
                    "replicas", "integer", "independent configurations", 256, least=64, multiple=64
                ),
            ),
            free="parameter",
        ),
    )
)
IN_WORDS = {
    "enumerate": "enumeration",
    "transfer": "transfer matrix",
    "onsager": "Onsager",
    "kaufman": "Kaufman",
    "trg": "TRG",
    "hotrg": "HOTRG",
    "mean_field": "mean field",
    "lower_bound": "moved potentials",
    "ais": "annealing",
    "integrate": "integration",
}
"""Methods of free energies in words, for figures and tables."""


MEASURES = table(
    (
        BuiltIn("energy", "<H>/N with the constant", of="configuration", of_spins=True),
        BuiltIn(
            "free_energy",
            "F/N by each method",
            (Field("methods", "calls", "methods", calls=tuple(METHODS.values()), noun="method"),),
            ("methods",),
        ),
        BuiltIn("log_z", "ln Z of the whole system"),
        BuiltIn("specific_heat", "N var(H/N)", of_spins=True),
        BuiltIn("m", "sum s / N", of="configuration", of_spins=True),
        BuiltIn("abs_m", "|sum s| / N", of="configuration", of_spins=True),
        BuiltIn("susceptibility", "N(<m^2> - <|m|>^2)", of_spins=True),
        BuiltIn("binder", "1 - <m^4>/(3 <m^2>^2)", of_spins=True),
        BuiltIn(
            "correlation",
            "connected, between equal letters or from one to another",
            (
                Field("r", "integer", "distance in lattice vectors", required=True, least=0),
                Field("along", "word", "the vector", "x", choices=("x", "y", "z", "w")),
                Field("letters", "names", "the letter here and the one r vectors away"),
            ),
            ("r",),
            of_spins=True,
        ),
        BuiltIn("correlation_length", "second moment", of_spins=True),
        BuiltIn(
            "overlap",
            "q = sum s t / N of two copies s and t",
            of="configuration",
            of_copies=True,
        ),
        BuiltIn("abs_q", "|q|", of="configuration", of_copies=True),
        BuiltIn("q2", "q^2", of="configuration", of_copies=True),
        BuiltIn("q4", "q^4", of="configuration", of_copies=True),
        BuiltIn("dF", "in nats of the whole system"),
        BuiltIn("kl", "in nats of the whole system"),
        BuiltIn("tau_defect", "max |ln tau - <ln tau>|"),
        BuiltIn("information", "I(v;h) of spins and block spins, in nats"),
        BuiltIn("avalanche_size", "topplings of one avalanche", of="configuration"),
        BuiltIn("avalanche_area", "sites that toppled in one avalanche", of="configuration"),
        BuiltIn("avalanche_duration", "parallel steps of one avalanche", of="configuration"),
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

_MEASURED = Field(
    "measure", "name", "a measure by its name, as q of q = correlation(1)", required=True
)
_ALONG = Field("parameter", "name", "a scanned parameter", required=True)
SCAN_MEASURES = table(
    (
        Signature(
            "crossing",
            "where curves of different size meet",
            (_MEASURED, _ALONG),
            ("measure", "parameter"),
            example="crossing(binder, K)",
        ),
        Signature(
            "extremum",
            "where a measure has its maximum",
            (_MEASURED, _ALONG),
            ("measure", "parameter"),
            example="extremum(specific_heat, K)",
        ),
        Signature(
            "central_charge",
            "c of f(L) = f - pi c / (6 L^2)",
            (_MEASURED, _ALONG),
            ("measure", "parameter"),
            example="f = free_energy(transfer), c = central_charge(f, L)",
        ),
        Signature(
            "scaling_dimensions",
            "the lowest x of gaps 2 pi x / L of strips; the others in its note",
            (_MEASURED, _ALONG),
            ("measure", "parameter"),
            example="f = free_energy(transfer), x = scaling_dimensions(f, L)",
        ),
    )
)
