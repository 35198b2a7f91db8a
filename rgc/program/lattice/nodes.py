"""The nodes of a rule: straight-line code for one site, on words that hold that site of 64
replicas.

A rule is a tuple of nodes, and a node names earlier ones by their index (`Value`). A node yields

- a `word`, one bit a replica; read as a spin, bit 1 means s = -1;
- a `count`, the bit planes of a small integer;
- or `lanes`, an int32 a replica.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Value = int
"""The index of an earlier node of the same rule."""


@dataclass(frozen=True, slots=True)
class Load:
    """word: plane `plane` of `field` at cell stride * cell + offset (componentwise, wrapped on
    periodic axes), basis `letter`."""

    field: int
    offset: tuple[int, ...]
    letter: int = 0
    plane: int = 0
    stride: tuple[int, ...] | None = None  # None: 1 along every axis


@dataclass(frozen=True, slots=True)
class Bit:
    """word: bitwise `op` of words. `not` has one operand, the others have two or more."""

    op: Literal["and", "or", "xor", "not"]
    operands: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Count:
    """count: in each replica the number of `words` whose bit is 1."""

    words: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Equals:
    """word: the replicas whose `count` equals `number`."""

    count: Value
    number: int


@dataclass(frozen=True, slots=True)
class Bernoulli:
    """word: a Bernoulli variable. Replica r gets 1 with probability T / 2^P.

    T is the threshold of the class whose mask holds r. A class is a mask and the slot of its
    threshold; masks are disjoint. `otherwise` is the slot of the replicas in no class, and None
    stands for probability 0. P is the program's `planes`.

    Bit P-1-k of the uniform of replica r is bit r of `word(key[step, draw], w * 2^40 + i * 2^6 +
    k)`, so plane k = 0 is the most significant. 1 is drawn where the uniform is below T; T = 2^P is
    "always".
    """

    classes: tuple[tuple[Value, int], ...]
    otherwise: int | None
    draw: int


@dataclass(frozen=True, slots=True)
class Weigh:
    """lanes: weight[base] + sum of weight[slot] over the masks whose bit is 1, int32 in units of
    2^-20 kT."""

    masks: tuple[Value, ...]
    slots: tuple[int, ...]
    base: int


@dataclass(frozen=True, slots=True)
class Couple:
    """lanes: earlier `lanes` + sum_j h_ij (2 [bit_j xor mask] - 1) over all sites j of a plane of
    `field`, i the running site and h_ij = couplings[matrix, i, j] those of the block of the word,
    int32 in units of 2^-20 kT.

    The field has the cells and the letters of the program, and i and j are canonical numbers of
    sites. Without a `mask` that is 0. Read as spins, with bit 1 for s = -1, it adds -sum_j h_ij s_j
    times the spin of the mask.
    """

    lanes: Value
    field: int
    matrix: int
    mask: Value | None = None
    plane: int = 0


@dataclass(frozen=True, slots=True)
class Accept:
    """word: 1 where x <= 0, else 1 with probability exp(-x), for lanes x in units of 2^-20 kT.

    The test is `U32 < (A[x >> 10] * B[x & 1023]) >> 32` with the tables of
    `rgc.program.exponentials`, and A is 0 beyond its end. U32 of lane r is half `r & 1` (0: low) of
    the draw's plane `r >> 1`.
    """

    lanes: Value
    draw: int


@dataclass(frozen=True, slots=True)
class Logistic:
    """word: 1 with probability 1 / (1 + exp(x)), for lanes x in units of 2^-20 kT.

    It is 1 where a unit of `rgc.program.units.binary` in the field x is 0. U32 is that of `Accept`.
    """

    lanes: Value
    draw: int


@dataclass(frozen=True, slots=True)
class Store:
    """Write a word to the running cell of a plane of a field, at basis `letter`, by default that of
    the rule. Yields nothing."""

    field: int
    word: Value
    plane: int = 0
    letter: int | None = None

    def place(self, rule: int) -> tuple[int, int, int]:
        """Field, plane and letter that are written by a rule of this letter."""
        return self.field, self.plane, rule if self.letter is None else self.letter


@dataclass(frozen=True, slots=True)
class Tally:
    """Add the bits of `word` to row `row` of tally array `array` of the program. Yields nothing."""

    array: int
    row: int
    word: Value


Drawn = Bernoulli | Accept | Logistic
"""The nodes that draw random numbers."""

Node = Load | Bit | Count | Equals | Drawn | Weigh | Couple | Store | Tally
