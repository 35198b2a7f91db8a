"""Spin species and their alphabets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Alphabet = Literal["ising", "binary", "potts", "clock", "spin", "gaussian", "height"]


@dataclass(frozen=True, slots=True)
class Species:
    """One kind of spin, living on every site of the lattice.

    ising -1/+1, binary 0/1, potts and clock 0..q-1, spin(1) -1/0/+1, height 0..n-1, gaussian real. `states` is the number of
    states (None for gaussian). `symmetric` declares the spin-flip symmetry: odd couplings are zero and stay zero.
    """

    name: str
    alphabet: Alphabet = "ising"
    states: int | None = 2
    symmetric: bool = False

    @property
    def values(self) -> tuple[int, ...]:
        """The numbers that stand for the states in a Hamiltonian. Raises `ValueError` for real-valued spins."""
        if self.states is None:
            raise ValueError(f"{self.alphabet} spins have no list of states")
        if self.alphabet == "ising":
            return (-1, 1)
        return (-1, 0, 1) if self.alphabet == "spin" else tuple(range(self.states))
