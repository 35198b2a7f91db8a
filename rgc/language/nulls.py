"""Series without what a fit looks for, which are fitted in the same way."""

from __future__ import annotations

from rgc.language.signatures import Field, Signature, table

COUNT = Field("count", "integer", "number of series", required=True, least=2, most=10_000)

NULLS = table(
    (
        Signature(
            "random_walk",
            "walks of Gaussian steps, as large as those of the data",
            (COUNT,),
            ("count",),
            example="random_walk(80)",
        ),
        Signature(
            "ar1",
            "Gaussian series with mean, variance and next-row correlation of the data",
            (COUNT,),
            ("count",),
            example="ar1(80)",
        ),
    )
)
"""The series by name."""
