"""How a layer or a network is trained, every option evaluated."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log2

from rgc.model import shown


@dataclass(frozen=True, slots=True)
class Knots:
    """A number that runs linearly from each of the values to the next, which are equally far apart
    over the run."""

    values: tuple[float, ...]

    def at(self, update: int, updates: int) -> float:
        """Its value in one of the updates, which are numbered from 0."""
        if len(self.values) == 1 or updates == 1:
            return self.values[0]
        place = update * (len(self.values) - 1) / (updates - 1)
        below = min(int(place), len(self.values) - 2)
        first, second = self.values[below : below + 2]
        return first + (place - below) * (second - first)

    def __str__(self) -> str:
        return shown.value(self.values if len(self.values) > 1 else self.values[0])


@dataclass(frozen=True, slots=True)
class Sutskever:
    """min(1 - 2^(-1 - log2(floor(t/250) + 1)), most) in update t: .5, then .75 from update 250.

    Sutskever, Martens, Dahl and Hinton 2013.
    """

    most: float

    def at(self, update: int, updates: int) -> float:
        """Its value in one of the updates, which are numbered from 0."""
        return float(min(1 - 2 ** (-1 - log2(update // 250 + 1)), self.most))

    def __str__(self) -> str:
        return shown.call("sutskever", self.most)


Momentum = Knots | Sutskever


@dataclass(frozen=True, slots=True, kw_only=True)
class Trainer:
    """Gradient descent, or one of the ways to train a machine. An option that the algorithm does
    not have, or that is not in force, is None.

    - `batch` rows make a gradient, and `epochs` is how often all rows are gone through; a batch of
      None is all of them.
    - `k` Gibbs steps lie between the two phases of a gradient. `chains` are persistent, at all
      inverse temperatures `betas` together.
    - `l1` and `l2` weigh the sums of |w| and of w^2 / 2, `max_norm` bounds the norm of the weights
      of a hidden unit, `dropout` is the share of hidden units that are left out. `sparsity` is the
      mean activity at which hidden units are held, at the rate `sparsity_cost`.
    - With `nesterov` the gradient is that where the momentum leads. With `centring` units enter it
      less their averages.
    - `gradient` says whether hidden units enter it by their states or their means.
    - `of` says whose likelihood `exact` increases, that of the rows or of the Hamiltonian.
    - `save` models are kept, at updates that grow geometrically.
    """

    algorithm: str
    epochs: int
    batch: int | None
    rate: Knots
    momentum: Momentum
    l1: float
    l2: float
    k: int | None = None
    chains: int | None = None
    betas: tuple[float, ...] | None = None
    nesterov: bool | None = None
    max_norm: float | None = None
    sparsity: float | None = None
    sparsity_cost: float | None = None
    dropout: float | None = None
    centring: bool | None = None
    gradient: str | None = None
    of: str | None = None
    save: int | None = None

    def updates(self, rows: int) -> int:
        """The updates of a run over so many rows: in each epoch one for each batch, of which the
        last may be smaller."""
        return self.epochs * self.in_epoch(rows)

    def in_epoch(self, rows: int) -> int:
        """The updates of one epoch."""
        return ceil(rows / (self.batch or rows))

    def saved(self, updates: int) -> tuple[int, ...]:
        """After which updates, counted from 1, the model is kept: `save` of them, rising
        geometrically from the first to the last, fewer where they fall together."""
        if self.save is None:
            return ()
        if self.save == 1:
            return (updates,)
        marks = (round(updates ** (k / (self.save - 1))) for k in range(self.save))
        return tuple(sorted({*marks, updates}))

    def __str__(self) -> str:
        """The call without options that are 0 or false, which change nothing."""
        options = {name: getattr(self, name) for name in self.__slots__}
        name = options.pop("algorithm")
        idle = (0, False, Knots((0.0,)))
        return shown.call(name, options={k: v for k, v in options.items() if v not in idle})
