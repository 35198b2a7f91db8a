"""Flow maps without spins, every option evaluated, their functions as expressions of the model.

Every map has a `name`, the `quantities` that it changes, and the `answers` that it can give: words
of `Scheme.answers`. What a scheme answers about a spec with a map is what the map can.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rgc.model import shown
from rgc.model.curve import Curve
from rgc.model.expressions import Expression, written
from rgc.model.matrix_maps import MatrixMap
from rgc.model.stack import Places
from rgc.model.trainer import Trainer

SPECTRUM = ("eigenvalue", "fixed_point", "couplings", "period", "lyapunov")
"""What every map of quantities answers."""

ACCUMULATED = ("F", "constant", "residual")
"""What a map with a constant answers besides."""

MOST_HARMONICS = 9
"""The largest number of log-periodic amplitudes besides A_0."""


def complex_powers(harmonics: int = MOST_HARMONICS) -> tuple[str, ...]:
    """What a map of one quantity with a constant answers where its oscillations are asked for."""
    return ("m", "log_frequency", "oscillation", *(f"A{k}" for k in range(1 + harmonics)))


@dataclass(frozen=True, slots=True)
class Quantity(Expression):
    """The value of a quantity of the map."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class RecursionMap:
    """p' = f(p): `updates` = (quantity, its new value).

    - `scale` is the ratio b of lattice constants, None where there is none.
    - `constant` is g of F(p) = g(p) + F(p')/n, and `sites` is n. Both are None where the map has no
      such equation; `sites` alone says how many sites become one.
    """

    name: ClassVar[str] = "recursion"

    updates: tuple[tuple[str, Expression], ...]
    scale: float | None = None
    sites: float | None = None
    constant: Expression | None = None

    @property
    def quantities(self) -> tuple[str, ...]:
        """The names of the quantities that the map changes."""
        return tuple(name for name, _ in self.updates)

    @property
    def answers(self) -> tuple[str, ...]:
        exponents = ("exponents",) if self.scale is not None else ()
        if self.constant is None:
            return (*SPECTRUM, *exponents)
        powers = complex_powers() if len(self.updates) == 1 else ()
        return (*SPECTRUM, *exponents, *ACCUMULATED, *powers)

    def __str__(self) -> str:
        constant = None if self.constant is None else written(self.constant)
        options = {"scale": self.scale, "sites": self.sites, "constant": constant}
        return shown.call(self.name, *_lines(self.updates), options=options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ode:
    """dp/dl = f(p): `rates` = (quantity, its rate). A step is l = 1, so that b = e."""

    name: ClassVar[str] = "ode"
    answers: ClassVar[tuple[str, ...]] = (*SPECTRUM, "exponents")

    rates: tuple[tuple[str, Expression], ...]

    @property
    def quantities(self) -> tuple[str, ...]:
        """The names of the quantities that the map changes."""
        return tuple(name for name, _ in self.rates)

    def __str__(self) -> str:
        return shown.call(self.name, *_lines(self.rates))


@dataclass(frozen=True, slots=True, kw_only=True)
class Autoencoder:
    """The data to `hidden` units and back, with one matrix both ways where it is `tied`."""

    name: ClassVar[str] = "autoencoder"
    quantities: ClassVar[tuple[str, ...]] = ()
    answers: ClassVar[tuple[str, ...]] = ("residual", "excess_over_pca")

    hidden: Places
    activation: str
    tied: bool
    train: Trainer | None = None

    def __str__(self) -> str:
        options = {"activation": self.activation, "tied": self.tied, "train": self.train}
        return shown.call(self.name, self.hidden, options=options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Topple:
    """A site of height `threshold` gives a grain to each neighbour."""

    name: ClassVar[str] = "topple"
    quantities: ClassVar[tuple[str, ...]] = ()
    answers: ClassVar[tuple[str, ...]] = ()

    threshold: int

    def __str__(self) -> str:
        return shown.call(self.name, self.threshold)


FlowMap = RecursionMap | Ode | MatrixMap | Curve | Autoencoder | Topple


def _lines(changed: tuple[tuple[str, Expression], ...]) -> tuple[str, ...]:
    return tuple(f"{name} = {written(expression)}" for name, expression in changed)
