"""The built-in measures, the methods of a free energy and the measures of a scan: what the section `measure` may hold by name."""

from __future__ import annotations

from rgc.language.signatures import Field, Signature, table

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
                Field(
                    "sweeps",
                    "integer",
                    "updates of every site per replica at each value",
                    4000,
                    least=10,
                ),
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
