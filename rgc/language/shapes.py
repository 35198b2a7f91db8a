"""The calls of lattice and block: names and options, for checks, editors and hints. What they mean is checked where lattices and
blocks are built."""

from __future__ import annotations

from rgc.language.signatures import Field, Signature, table

_SIZE = Field("size", "expression", "unit cells along each vector; without it the lattice is infinite")
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
        *(Signature(name, doc, (_SIZE, _BOUNDARY), ("size",)) for name, doc in _CRYSTALS),
        Signature(
            "hypercubic",
            "in d dimensions",
            (Field("d", "integer", "dimension", required=True, least=1), _SIZE, _BOUNDARY),
            ("size",),
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
        ),
        Signature(
            "complete",
            "every pair of sites is a neighbour pair",
            (Field("size", "integer", "number of sites", required=True, least=1),),
            ("size",),
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
            (Field("path", "path", "the file", required=True),),
            ("path",),
        ),
    )
)
_B = Field("b", "integer", "ratio of lattice constants", least=2)
_CELL = Field("cell", "expression", "the fine sites of a block: a list of sites, triangle or star")
BLOCKS = table(
    (
        Signature("majority", "the state of most spins; ties are drawn", (_B, _CELL), ("b",)),
        Signature(
            "kadanoff",
            "p(t|s) proportional to exp(p t sum s)",
            (_B, Field("p", "expression", "a number, a list or free", required=True), _CELL),
            ("b",),
        ),
        Signature("decimate", "the spin of one site", (_B, _CELL), ("b",)),
        Signature("average", "the mean of the spins", (_B, _CELL), ("b",)),
        Signature(
            "kernel",
            "a transfer operator T(v, h)",
            (
                _B,
                Field("T", "expression", "the transfer operator", required=True),
                Field("normalised", "flag", "subtract ln Tr_h exp(T)"),
                _CELL,
            ),
            ("b",),
        ),
        Signature(
            "learned",
            "the layers of the stack",
            (Field("stack", "name", "the word stack", required=True),),
            ("stack",),
        ),
    )
)
SAMPLED_BLOCKS = ("majority", "kadanoff", "decimate")
"""The block maps that blocked configurations can be made with today."""
EXACT_BLOCKS = (*SAMPLED_BLOCKS, "kernel")
"""The block maps that can be summed over exactly today."""
