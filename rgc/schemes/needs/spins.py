"""Which spins a scheme takes."""

from __future__ import annotations

from collections.abc import Iterator

from rgc.errors import Problem, listing
from rgc.schemes.scheme import Asked


def suit(asked: Asked) -> Iterator[Problem]:
    """Report spins of an alphabet that the scheme does not take, each where it is declared."""
    allowed = asked.scheme.alphabets
    for species in asked.spec.species:
        if allowed and species.alphabet not in allowed:
            message = f"'{asked.scheme.name}' has no use for spins of the kind '{species.alphabet}'"
            hint = f"it takes {listing(allowed, 'or')}"
            yield Problem("wrong-spins", message, asked.spins.get(species.name), hint=hint)
