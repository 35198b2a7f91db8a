"""Spin species and what follows from their alphabets."""

from __future__ import annotations

from dataclasses import dataclass

from rgc.language.alphabets import ALPHABETS, Alphabet


@dataclass(frozen=True, slots=True)
class Species:
    """One kind of spin, living on every site of the lattice.

    `alphabet` is the name of a row of `ALPHABETS` in `rgc/language/alphabets.py`. `states` is the
    number of states, None for real spins. `symmetric` declares the spin-flip symmetry: odd
    couplings are zero and stay zero.

    Raises `ValueError` for an unknown alphabet, and for a number of states that it does not have.
    """

    name: str
    alphabet: str = "ising"
    states: int | None = 2
    symmetric: bool = False

    def __post_init__(self) -> None:
        if self.alphabet not in ALPHABETS:
            raise ValueError(
                f"unknown alphabet '{self.alphabet}': there are {', '.join(ALPHABETS)}"
            )
        if self.states is not None or not self.kind.real:
            self.kind.values_of(self.states)

    @property
    def kind(self) -> Alphabet:
        """The row of the table of alphabets."""
        return ALPHABETS[self.alphabet]

    @property
    def values(self) -> tuple[int, ...]:
        """The numbers that stand for the states in a Hamiltonian, rising. Raises `ValueError` for
        real spins.
        """
        return self.kind.values_of(self.states)

    @property
    def codes(self) -> tuple[int, ...]:
        """The values in the order of the codes by which programs store the states, 0, 1, 2, ...:
        bit 1 is the lower value of a two-state spin, and other states are numbered as they rise.
        """
        return self.values[::-1] if self.two_states else self.values

    @property
    def bits(self) -> int:
        """Bits that hold a state: 1 for two states, 2 for three or four. Raises `ValueError` for
        real spins.
        """
        return (len(self.values) - 1).bit_length()

    @property
    def two_states(self) -> bool:
        """Whether the spin is a sign t = -1/+1, the declared value being `offset` + `scale` * t."""
        return self.kind.two_states

    @property
    def turns_sign(self) -> bool:
        """Whether a flip takes s to -s."""
        return self.kind.turns_sign

    @property
    def offset(self) -> float:
        """The mean of the two values of a two-state spin. Others are measured as declared, which is
        offset 0.
        """
        return sum(self.values) / 2 if self.two_states else 0.0

    @property
    def scale(self) -> float:
        """Half the distance of the two values of a two-state spin. Others are measured as declared,
        in scale 1.
        """
        return (self.values[1] - self.values[0]) / 2 if self.two_states else 1.0
