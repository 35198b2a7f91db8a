"""The calls of the section `block`: names and options, for checks, editors and hints.

What they mean is checked in `rgc.ast_to_model.sections.block`, where block maps are built."""

from __future__ import annotations

from rgc.language.signatures import Field, Signature, table

_B = Field("b", "integer", "ratio of lattice constants", least=2)
_CELL = Field("cell", "expression", "the fine sites of a block: a list of sites, triangle or star")
FREE = Signature(
    "free",
    "the scheme determines the parameter",
    (Field("each", "word", "what has one of its own", "step", choices=("step", "block", "flow")),),
    example="p=free",
)
BLOCKS = table(
    (
        Signature("majority", "the state of most spins; ties are drawn", (_B, _CELL), ("b",)),
        Signature(
            "kadanoff",
            "p(t|s) proportional to exp(p t sum s)",
            (_B, Field("p", "expression", "a number, a list or free", required=True), _CELL),
            ("b",),
            example="kadanoff(2, p=0.766) or p=free",
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
            example="kernel(b=2, T=sum(B in blocks) p*s[B]*sum(i in B) s[i])",
        ),
        Signature(
            "learned",
            "the layers of the stack",
            (Field("stack", "name", "the word stack", required=True),),
            ("stack",),
            example="learned(stack)",
        ),
    )
)
SAMPLED_BLOCKS = ("majority", "kadanoff", "decimate")
"""The block maps that blocked configurations can be made with today."""
EXACT_BLOCKS = (*SAMPLED_BLOCKS, "kernel")
"""The block maps that can be summed over exactly today."""
