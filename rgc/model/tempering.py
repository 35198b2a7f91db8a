"""Replica exchange, as an option `update=tempering(K=0.4:0.5:9, inner=wolff)` asks for it."""

from __future__ import annotations

from dataclasses import dataclass

from rgc.language.updates import UPDATES
from rgc.language.values import CallValue, Value

NAME = "tempering"


@dataclass(frozen=True, slots=True)
class Tempering:
    """The parameters with their values, of which there is one in a checked spec, and the update
    from one exchange to the next.
    """

    along: tuple[tuple[str, tuple[float, ...]], ...]
    inner: Value


def tempering(update: Value | None) -> Tempering | None:
    """What an update asks of replica exchange; None where it is another update."""
    name, given = (
        (update.name, dict(update.options)) if isinstance(update, CallValue) else (update, {})
    )
    if name != NAME:
        return None
    along = tuple(
        (key, tuple(float(x) for x in values if isinstance(x, int | float)))
        for key, values in given.items()
        if isinstance(values, tuple)
    )
    return Tempering(along, given.get("inner", UPDATES[NAME].defaults["inner"]))


def updates_in(update: Value | None) -> tuple[str, ...]:
    """The names of all updates that are made: of tempering its own and the inner one."""
    own = () if tempering(update) is None else (NAME,)
    return (*own, str(inner_update(update)))


def inner_update(update: Value | None) -> Value | None:
    """The update at one value: that from one exchange to the next, of tempering."""
    found = tempering(update)
    return update if found is None else found.inner
