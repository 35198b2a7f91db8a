"""Layers that are trained one on the other, every option evaluated."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from rgc.model import shown
from rgc.model.lattice import Geometry
from rgc.model.spins import Species

Units = Geometry | int
"""Hidden units: a lattice, or their number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trainer:
    """Gradient descent, or contrastive divergence with `k` Gibbs steps, of which the persistent one
    (`pcd`) has `chains`.

    `l1` and `l2` weigh the sums of |w| and of w^2 / 2. `dropout` is the share of hidden units that
    are left out. An option that the algorithm does not have is None.
    """

    algorithm: str
    epochs: int
    batch: int
    rate: float
    momentum: float
    l1: float
    l2: float
    k: int | None = None
    chains: int | None = None
    dropout: float | None = None

    def __str__(self) -> str:
        options = asdict(self)
        return shown.call(options.pop("algorithm"), options=options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rbm:
    """A restricted Boltzmann machine above the layer before it, with `hidden` units of one species
    of `spins`. Without `train` it is not trained.
    """

    hidden: Units
    spins: Species
    train: Trainer | None = None

    def __str__(self) -> str:
        return shown.call(
            "rbm", self.hidden, options={"spins": alphabet_text(self.spins), "train": self.train}
        )


Layer = Rbm


@dataclass(frozen=True, slots=True)
class Stack:
    """The layers, bottom up."""

    layers: tuple[Layer, ...]


def alphabet_text(species: Species) -> str:
    """`ising(symmetric)`, `potts(3)`, `spin(1)`."""
    kind = species.kind
    if kind.counted:
        return shown.call(kind.name, species.states)
    return f"{kind.name}(symmetric)" if species.symmetric else kind.example or kind.name
