"""The alphabets of spins. A row is all that is known about one, the rest is computed from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from rgc.language.signatures import Field, Signature, table

Unit = Literal["binary", "ising", "softmax", "gaussian"]

_TWO_STATE_UNITS: Mapping[tuple[int, ...], Unit] = {(0, 1): "binary", (-1, 1): "ising"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Alphabet(Signature):
    """An alphabet as it is written, and the numbers that stand for its states in a Hamiltonian.

    `values` are these numbers, rising. They are left out where the spec gives the number of states
    with an option `states`, which then are 0, 1, 2, ..., and where the spins are `real`. `energies`
    says whether a Hamiltonian may hold such spins today. Where states are `vectors`, to the corners
    of a simplex or to points of a circle, their numbers are names, and the magnetisation is that of
    the vectors. An option `symmetry` lets a species be declared symmetric, which it is not unless
    it says so. `softmax` says that a unit of a machine with so many states weighs each of them by
    itself.

    Two-state spins are stored as one bit. The bit 1 means the lower value, which a flip exchanges
    with the upper one. One of them is positive and the other is not, by which pictures tell them
    apart.

    Raises `ValueError` where these facts contradict one another.
    """

    values: tuple[int, ...] = ()
    real: bool = False
    energies: bool = True
    softmax: bool = False
    vectors: Literal["simplex", "circle"] | None = None

    def __post_init__(self) -> None:
        if sum((bool(self.values), self.counted, self.real)) != 1:
            raise ValueError(
                f"{self.name} spins have values, a number of states, or are real: one of these"
            )
        if list(self.values) != sorted(set(self.values)) or len(self.values) == 1:
            raise ValueError(f"the values of {self.name} spins are two or more, rising")
        if self.two_states and not self.values[0] <= 0 < self.values[1]:
            raise ValueError(f"of two {self.name} states one is positive and the other is not")
        if self.declarable and not self.turns_sign:
            raise ValueError(
                f"{self.name} spins do not change sign when they flip, so none are symmetric"
            )

    @property
    def counted(self) -> bool:
        """Whether the spec gives the number of states."""
        return self.field("states") is not None

    @property
    def declarable(self) -> bool:
        """Whether a species can be declared symmetric."""
        return self.field("symmetry") is not None

    @property
    def two_states(self) -> bool:
        """Whether a spin is one bit, and its functions are polynomials."""
        return len(self.values) == 2

    @property
    def turns_sign(self) -> bool:
        """Whether a flip takes s to -s."""
        return self.two_states and self.values[0] == -self.values[1]

    @property
    def unit(self) -> Unit | None:
        """How a unit of a machine with such states decides; None where none has them."""
        if self.real:
            return "gaussian"
        if self.softmax:
            return "softmax"
        return _TWO_STATE_UNITS.get(self.values)

    def values_of(self, states: int | None) -> tuple[int, ...]:
        """The numbers that stand for so many states. Raises `ValueError` for real spins, which have
        no list of them, and for a number of states that the alphabet does not have.
        """
        if self.real or states is None:
            raise ValueError(f"{self.name} spins have no list of states")
        count = self.field("states")
        least, most = (count.least, count.most) if count else (len(self.values),) * 2
        if not (least or 0) <= states <= (most or states):
            raise ValueError(f"{self.name} spins do not have {states} states")
        return self.values or tuple(range(states))


MOST_STATES = 256
MOST_SAMPLED = 8
"""States of a spin that can be sampled: three bits."""

_STATES = Field("states", "integer", "number of states", required=True, least=2, most=MOST_STATES)

ALPHABETS = table(
    (
        Alphabet(
            "ising",
            "-1/+1",
            (Field("symmetry", "word", "odd couplings are zero", choices=("symmetric",)),),
            ("symmetry",),
            values=(-1, 1),
        ),
        Alphabet("binary", "0/1", values=(0, 1)),
        Alphabet(
            "potts",
            "0..q-1",
            (_STATES,),
            ("states",),
            example="potts(3)",
            softmax=True,
            vectors="simplex",
        ),
        Alphabet(
            "clock",
            "0..q-1, on a circle",
            (_STATES,),
            ("states",),
            example="clock(6)",
            vectors="circle",
        ),
        Alphabet(
            "spin",
            "-1/0/+1",
            (Field("S", "integer", "the length of the spin", required=True, choices=(1,)),),
            ("S",),
            example="spin(1)",
            values=(-1, 0, 1),
        ),
        Alphabet("gaussian", "real", real=True, energies=False),
        Alphabet(
            "height",
            "0..n-1",
            (
                Field(
                    "states",
                    "integer",
                    "number of heights",
                    required=True,
                    least=1,
                    most=MOST_STATES,
                ),
            ),
            ("states",),
            example="height(4)",
            energies=False,
        ),
    )
)
