"""The sources of training data: what the section `data` may hold."""

from __future__ import annotations

from rgc.language.signatures import Field, Signature, table
from rgc.language.updates import UPDATES

_SAMPLES = Signature(
    "samples",
    "configurations of the Hamiltonian; parameter values make one set each",
    (
        Field("count", "integer", "number of configurations", required=True, least=1),
        Field("thermalise", "integer", "updates of every site before the first", least=0),
        Field("every", "integer", "sweeps from one to the next", 10, least=1),
        Field(
            "update",
            "call",
            "how configurations are updated",
            "auto",
            calls=tuple(UPDATES.values()),
        ),
    ),
    ("count",),
    free="parameter",
)
_FILE = Signature(
    "file",
    "rows of a .npy, .npz or .csv file inside the spec's folder",
    (
        Field("path", "path", "the file", required=True),
        Field("threshold", "number", "values above it are spin up"),
        Field("validation", "number", "share of the rows kept for validation", least=0, most=0.9),
    ),
    ("path",),
)
_PATTERNS = Signature(
    "patterns",
    "random patterns, each spin up or down with equal probability",
    (Field("count", "integer", "number of patterns", required=True, least=1),),
    ("count",),
)
DATA = table(
    (
        _SAMPLES,
        _FILE,
        _PATTERNS,
        Signature(
            "shuffle_sites",
            "the data with the sites permuted, the same way in every row: a control",
            (
                Field(
                    "source",
                    "call",
                    "what is shuffled",
                    required=True,
                    calls=(_SAMPLES, _FILE, _PATTERNS),
                    noun="data",
                ),
            ),
            ("source",),
        ),
    )
)
