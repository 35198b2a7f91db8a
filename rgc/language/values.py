"""What an option of a call may hold."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OperatorBasis:
    """`operators(range=2, bodies=4)`: all inequivalent operators within a Euclidean range and a
    number of spins.
    """

    range: float = 2
    bodies: int = 4


@dataclass(frozen=True, slots=True)
class CallValue:
    """An option given as a call that its scheme gives a meaning, e.g. `tempering(K=0.4:0.5:9)`."""

    name: str
    arguments: tuple[Value, ...] = ()
    options: tuple[tuple[str, Value], ...] = ()


Value = bool | int | float | str | tuple["Value", ...] | OperatorBasis | CallValue
