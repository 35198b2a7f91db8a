"""Flow maps without spins, every option evaluated, their functions as expressions of the model."""

from __future__ import annotations

from dataclasses import dataclass

from rgc.model import shown
from rgc.model.expressions import Expression, written
from rgc.model.stack import Trainer, Units


@dataclass(frozen=True, slots=True)
class Quantity(Expression):
    """The value of a quantity of the map, or of the argument of a `MapFunction`."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class MapFunction:
    """A function of one argument. `body` holds the argument as `Quantity(argument)`."""

    name: str
    argument: str
    body: Expression

    def __str__(self) -> str:
        return f"{self.name}({self.argument}) = {written(self.body)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecursionMap:
    """p' = f(p): `updates` = (quantity, its new value). `scale` is the ratio b of lattice
    constants, None where there is none.
    """

    updates: tuple[tuple[str, Expression], ...]
    scale: float | None = None

    @property
    def quantities(self) -> tuple[str, ...]:
        """The names of the quantities that the map changes."""
        return tuple(name for name, _ in self.updates)

    def __str__(self) -> str:
        return shown.call("recursion", *_lines(self.updates), options={"scale": self.scale})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ode:
    """dp/dl = f(p): `rates` = (quantity, its rate)."""

    rates: tuple[tuple[str, Expression], ...]

    @property
    def quantities(self) -> tuple[str, ...]:
        """The names of the quantities that the map changes."""
        return tuple(name for name, _ in self.rates)

    def __str__(self) -> str:
        return shown.call("ode", *_lines(self.rates))


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleEquation:
    """F(x) = g(x) + F(phi(x)) / mu."""

    phi: MapFunction
    g: MapFunction
    mu: float

    @property
    def quantities(self) -> tuple[str, ...]:
        """The names of the quantities that the map changes; they have none here."""
        return ()

    def __str__(self) -> str:
        return shown.call("scale", self.phi, self.g, options={"mu": self.mu})


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearMap:
    """x' = C x with the rows of the square matrix C. `scale` as in `RecursionMap`."""

    matrix: tuple[tuple[float, ...], ...]
    scale: float | None = None

    @property
    def quantities(self) -> tuple[str, ...]:
        """The names of the quantities that the map changes; they have none here."""
        return ()

    def __str__(self) -> str:
        return shown.call("linear", self.matrix, options={"scale": self.scale})


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvexNmf:
    """Convex non-negative factorisation of the data into `rank` factors."""

    rank: int
    iterations: int

    @property
    def quantities(self) -> tuple[str, ...]:
        """The names of the quantities that the map changes; they have none here."""
        return ()

    def __str__(self) -> str:
        return shown.call("convex_nmf", self.rank, options={"iterations": self.iterations})


@dataclass(frozen=True, slots=True, kw_only=True)
class Autoencoder:
    """The data to `hidden` units and back, with one matrix both ways where it is `tied`."""

    hidden: Units
    activation: str
    tied: bool
    train: Trainer | None = None

    @property
    def quantities(self) -> tuple[str, ...]:
        """The names of the quantities that the map changes; they have none here."""
        return ()

    def __str__(self) -> str:
        options = {"activation": self.activation, "tied": self.tied, "train": self.train}
        return shown.call("autoencoder", self.hidden, options=options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Topple:
    """A site of height `threshold` gives a grain to each neighbour."""

    threshold: int

    @property
    def quantities(self) -> tuple[str, ...]:
        """The names of the quantities that the map changes; they have none here."""
        return ()

    def __str__(self) -> str:
        return shown.call("topple", self.threshold)


FlowMap = RecursionMap | Ode | ScaleEquation | LinearMap | ConvexNmf | Autoencoder | Topple


def _lines(changed: tuple[tuple[str, Expression], ...]) -> tuple[str, ...]:
    return tuple(f"{name} = {written(expression)}" for name, expression in changed)
