"""Sources of data that are points, made by the spec itself: what the section `data` may hold of
them.
"""

from __future__ import annotations

from rgc.language.signatures import Field, Signature, table

MOST_POINTS = 1_000_000
MOST_DIMENSIONS = 10_000

CLOUDS = table(
    (
        Signature(
            "points",
            "points whose coordinates are expressions of `row`, counted from 0, and of drawn "
            "parameters, which are drawn anew for each row",
            (
                Field(
                    "count", "integer", "number of points", required=True, least=1, most=MOST_POINTS
                ),
                Field("coordinates", "expression", "a list of expressions", required=True),
                Field("label", "expression", "the class of each row, for `agreement`: 0, 1, ..."),
                Field(
                    "embed",
                    "integer",
                    "coordinates after a random isometry into a space of more dimensions",
                    least=1,
                    most=MOST_DIMENSIONS,
                ),
            ),
            ("count", "coordinates"),
            example="points(400, [cos(2*pi*row/400), sin(2*pi*row/400)])",
        ),
        Signature(
            "simplex",
            "points drawn evenly from a simplex, its corners among them, in random rows",
            (
                Field("points", "integer", "number of points", required=True, least=1, most=10_000),
                Field(
                    "archetypes", "integer", "number of corners", required=True, least=1, most=1000
                ),
                Field("noise", "number", "standard deviation of what is added", 0, least=0),
            ),
            ("points", "archetypes"),
            example="simplex(24, 3)",
        ),
    )
)
"""The sources by name."""

ROW = "row"
"""The name by which coordinates call the number of their row."""
