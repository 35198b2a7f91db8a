"""The calls of the section `lattice`: names and options, for checks, editors and hints.

What they mean is checked in `rgc.ast_to_model.sections.lattice`, where lattices are built.
"""

from __future__ import annotations

from rgc.language.signatures import Field, Signature, table

_SIZE = Field(
    "size", "expression", "unit cells along each vector; without it the lattice is infinite"
)
_BOUNDARY = Field(
    "boundary", "expression", "periodic, open or antiperiodic, or a list with one for each vector"
)
_CRYSTALS = (
    ("chain", "in one dimension"),
    ("square", "x and y orthogonal"),
    ("triangular", "x and y at 120 degrees"),
    ("honeycomb", "letters a, b"),
    ("kagome", "letters a, b, c"),
    ("cubic", "x, y and z orthogonal"),
)
LATTICES = table(
    (
        *(
            Signature(name, doc, (_SIZE, _BOUNDARY), ("size",), variadic=True)
            for name, doc in _CRYSTALS
        ),
        Signature(
            "hypercubic",
            "in d dimensions",
            (Field("d", "integer", "dimension", required=True, least=1), _SIZE, _BOUNDARY),
            ("size",),
            variadic=True,
            example="hypercubic(8, d=4)",
        ),
        Signature(
            "crystal",
            "primitive vectors and basis positions, Cartesian",
            (
                Field("vectors", "expression", "a list of vectors", required=True),
                Field("basis", "expression", "a list of positions", required=True),
                _SIZE,
                _BOUNDARY,
            ),
            ("size",),
            variadic=True,
            example="crystal(vectors=[(1,0), (0,1)], basis=[(0,0)], size=8)",
        ),
        Signature(
            "complete",
            "every pair of sites is a neighbour pair",
            (Field("size", "integer", "number of sites", required=True, least=1),),
            ("size",),
            example="complete(500)",
        ),
        Signature(
            "diamond",
            "each bond becomes `branches` chains of b bonds",
            (
                Field("b", "integer", "bonds of a chain", 2, least=2),
                Field("branches", "integer", "chains of a bond", 2, least=1),
                Field("generations", "integer", "how often; without it for ever", least=0),
            ),
        ),
        Signature(
            "graph",
            "sites and bonds of a CSV file",
            (
                Field("path", "path", "the file", required=True),
                Field(
                    "sites",
                    "expression",
                    "a list of sites, numbered anew in its order; edges that join others are "
                    "left out",
                ),
            ),
            ("path",),
            example='graph("edges.csv")',
        ),
    )
)
