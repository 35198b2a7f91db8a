"""The options of a flow, or of a method of a free energy, read by their kinds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rgc.language.values import Value


@dataclass(frozen=True, slots=True)
class Options:
    """Options by name, defaults filled in.

    Each accessor raises `KeyError` for an option that has no value and `TypeError` for a value of
    another kind: whoever reads an option without a default asks first whether it is there.
    """

    values: Mapping[str, Value]

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def __getitem__(self, name: str) -> Value:
        return self.values[name]

    def integer(self, name: str) -> int:
        """A whole number."""
        value = self.values[name]
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"the option '{name}' is an integer, not {value!r}")
        return value

    def number(self, name: str) -> float:
        """A number."""
        value = self.values[name]
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError(f"the option '{name}' is a number, not {value!r}")
        return float(value)

    def word(self, name: str) -> str:
        """A word."""
        value = self.values[name]
        if not isinstance(value, str):
            raise TypeError(f"the option '{name}' is a word, not {value!r}")
        return value

    def names(self, name: str) -> tuple[str, ...]:
        """A list of words. One that was not written is empty."""
        value = self.values.get(name, ())
        if not isinstance(value, tuple) or not all(isinstance(each, str) for each in value):
            raise TypeError(f"the option '{name}' is a list of words, not {value!r}")
        return tuple(map(str, value))

    def numbers(self, name: str) -> tuple[float, ...]:
        """A list of numbers."""
        value = self.values[name]
        if not isinstance(value, tuple) or not all(isinstance(x, int | float) for x in value):
            raise TypeError(f"the option '{name}' is a list of numbers, not {value!r}")
        return tuple(float(x) for x in value if isinstance(x, int | float))

    def flag(self, name: str) -> bool:
        """Whether a flag is set. One that was not written is not."""
        value = self.values.get(name, False)
        if not isinstance(value, bool):
            raise TypeError(f"the option '{name}' is true or false, not {value!r}")
        return value
