"""The alphabets of spins."""

from __future__ import annotations

from rgc.language.signatures import Field, Signature, table

_STATES = Field("states", "integer", "number of states", required=True, least=2, most=8)
ALPHABETS = table(
    (
        Signature(
            "ising",
            "-1/+1",
            (Field("symmetry", "word", "odd couplings are zero", choices=("symmetric",)),),
            ("symmetry",),
        ),
        Signature("binary", "0/1"),
        Signature("potts", "0..q-1", (_STATES,), ("states",)),
        Signature("clock", "0..q-1, on a circle", (_STATES,), ("states",)),
        Signature("spin", "-1/0/+1", (Field("size", "integer", "1", choices=(1,)),), ("size",)),
        Signature("gaussian", "real"),
        Signature(
            "height",
            "0..n-1",
            (Field("states", "integer", "n", required=True, least=2),),
            ("states",),
        ),
    )
)
