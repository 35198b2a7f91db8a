"""The sources of training data: what the section `data` may hold."""

from __future__ import annotations

from rgc.language.point_clouds import CLOUDS
from rgc.language.signatures import Field, Signature, table
from rgc.language.updates import UPDATES

MOST_ROWS = 2**31 - 1

_VALIDATION = Field(
    "validation", "number", "share of the rows kept for validation", least=0, most=0.9
)
_SAMPLES = Signature(
    "samples",
    "configurations of the Hamiltonian; parameter values make one set each",
    (
        Field(
            "count", "integer", "number of configurations", required=True, least=1, most=MOST_ROWS
        ),
        Field("thermalise", "integer", "updates of every site before the first", least=0),
        Field("every", "integer", "sweeps from one to the next", 10, least=1),
        Field(
            "update",
            "call",
            "how configurations are updated",
            "local",
            calls=tuple(UPDATES.values()),
        ),
        _VALIDATION,
    ),
    ("count",),
    free="parameter",
)
_FILE = Signature(
    "file",
    "rows of a .npy, .npz or .csv file inside the spec's folder",
    (
        Field("path", "path", "the file", required=True),
        Field("array", "text", "which of the arrays of an .npz file"),
        Field("threshold", "number", "values above it are spin up"),
        _VALIDATION,
        Field("weights", "path", "a file that says how often each row counts"),
        Field("scale", "number", "a factor of all values, such as 1/255"),
        Field("centre", "flag", "subtract the mean of each column, after scaling"),
    ),
    ("path",),
)
_PATTERNS = Signature(
    "patterns",
    "random patterns, each spin up or down with equal probability",
    (Field("count", "integer", "number of patterns", required=True, least=1, most=MOST_ROWS),),
    ("count",),
)
SOURCES = table((_SAMPLES, _FILE, _PATTERNS))
"""Where data come from."""


def _control(name: str, doc: str) -> Signature:
    """A control: data of another source, changed."""
    source = Field(
        "source",
        "call",
        "what is changed",
        required=True,
        calls=tuple(SOURCES.values()),
        noun="data",
    )
    return Signature(name, doc, (source,), ("source",), example=f"{name}(samples(1000))")


CONTROLS = table(
    (
        _control(
            "shuffle_sites",
            "the data with the sites permuted, the same way in every row: a control",
        ),
        _control(
            "independent",
            "the data with the rows of each site permuted, of each by itself: a control without "
            "correlations",
        ),
        _control(
            "gaussian_twin",
            "signs of a Gaussian field with the two-point function of the data: a control",
        ),
    )
)
DATA = {**SOURCES, **CONTROLS, **CLOUDS}
