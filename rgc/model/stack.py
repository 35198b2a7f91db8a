"""Layers that stand one on the other, every option evaluated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import prod
from pathlib import Path

from rgc.language.alphabets import Unit
from rgc.model import shown
from rgc.model.lattice import Complete, Lattice
from rgc.model.spins import Species
from rgc.model.trainer import Trainer
from rgc.text import Span

Places = Lattice | Complete | int
"""Where units are: on a finite lattice, or nowhere, so that there is but their number."""


MOST_RINGS = 16
"""Rings around what a hidden unit looks at in which its correlations are told."""


def rings_of(places: Places) -> int:
    """How many rings of width 1 around a place lie within half of the shortest side of a torus of
    one letter, at most MOST_RINGS; 0 elsewhere.
    """
    if not isinstance(places, Lattice) or len(places.basis) > 1 or not places.finite:
        return 0
    torus = all(each == "periodic" for each in places.boundary)
    return min(*places.cells, 2 * MOST_RINGS) // 2 if torus else 0


@dataclass(frozen=True, slots=True)
class Side:
    """The units of one side of a machine."""

    places: Places
    spins: Species

    @property
    def count(self) -> int:
        """The number of units."""
        return self.places if isinstance(self.places, int) else self.places.sites

    @property
    def unit(self) -> Unit:
        """How a unit decides. Raises `ValueError` for spins that no unit has."""
        kind = self.spins.kind.unit
        if kind is None:
            raise ValueError(f"no machine has units with {self.spins.alphabet} spins")
        return kind

    @property
    def features(self) -> int:
        """The numbers of all units that weights multiply: one a unit, of softmax units one a
        state."""
        return self.count * (self.spins.states or 1 if self.unit == "softmax" else 1)

    @property
    def states(self) -> int | None:
        """The states of all units together; None for real ones."""
        return None if self.spins.states is None else int(self.spins.states) ** self.count

    @property
    def shape(self) -> tuple[int, ...]:
        """How results arrange the units: by cells, and by letters where there are several."""
        if not isinstance(self.places, Lattice):
            return (self.count,)
        letters = len(self.places.basis)
        return self.places.cells if letters == 1 else (*self.places.cells, letters)


@dataclass(frozen=True, slots=True)
class Dense:
    """Every visible unit with every hidden unit."""

    def __str__(self) -> str:
        return "dense"


@dataclass(frozen=True, slots=True)
class Window:
    """Every hidden unit of the cell R with the visible units of the cells b R + first, ..., b R +
    first + width - 1 along each vector. Where `shared`, all hidden units of a letter have one set
    of weights. `written` is how the language has it.
    """

    b: int
    first: int
    width: int
    shared: bool
    written: str = field(compare=False)

    def __str__(self) -> str:
        return self.written


@dataclass(frozen=True, slots=True, kw_only=True)
class Mask:
    """The pairs of units for which a file inside `folder` holds 1, by rows of visible units."""

    path: str
    folder: Path = field(default=Path(), repr=False, compare=False)
    span: Span | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        return shown.call("mask", f'"{self.path}"')


Connection = Dense | Window | Mask


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsFile:
    """The parameters of layer number `layer` in a file inside `folder`, which writes the energy by
    a row of `rgc.language.conventions.CONVENTIONS`: those kept after an update, or the last ones.
    """

    path: str
    convention: str
    layer: int
    update: int | None = None
    folder: Path = field(default=Path(), repr=False, compare=False)
    span: Span | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        options = {"convention": self.convention, "layer": self.layer, "update": self.update}
        return shown.call("file", f'"{self.path}"', options=options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rbm:
    """A restricted Boltzmann machine, with the energy

        E(v, h) = - sum_i b_i v_i - sum_j c_j h_j - sum_ij v_i W_ij h_j

    in kT, plus v_i^2 / 2 and h_j^2 / 2 of real units. Of softmax units v_i is one number, 0 or 1,
    for each state.

    - Without `biases` b and c are 0, as a declared symmetry has it.
    - `weights` are what it has without `train`, and begins with otherwise.
    - `upward` says what the layer above is trained on, states of hidden units or their means.
    """

    visible: Side
    hidden: Side
    connect: Connection
    biases: bool
    train: Trainer | None = None
    weights: WeightsFile | None = None
    upward: str = "samples"

    @property
    def shape(self) -> tuple[int, int]:
        """Of the matrix W: features of visible and of hidden units."""
        return self.visible.features, self.hidden.features

    @property
    def scale(self) -> float | None:
        """The ratio of lattice constants (n_v / n_h)^(1/d), where both sides lie on lattices of one
        dimension."""
        below, above = self.visible.places, self.hidden.places
        if not isinstance(below, Lattice) or not isinstance(above, Lattice):
            return None
        if below.dimension != above.dimension:
            return None
        return float((prod(below.cells) / prod(above.cells)) ** (1 / below.dimension))

    def __str__(self) -> str:
        options = {
            "spins": alphabet_text(self.hidden.spins),
            "connect": self.connect,
            "train": self.train,
            "weights": self.weights,
            "upward": self.upward,
        }
        return shown.call("rbm", self.hidden.places, options=options)


Layer = Rbm


@dataclass(frozen=True, slots=True)
class Stack:
    """The layers, bottom up. Layer 0 is what the lowest machine sees; layer l is the hidden side of
    machine l."""

    layers: tuple[Layer, ...]

    def fractional(self, number: int) -> bool:
        """Whether a layer, numbered from 0, is trained on means of the units below it."""
        return number > 0 and self.layers[number - 1].upward == "means"


def files_of(stack: Stack | None) -> Iterator[tuple[Path, str]]:
    """The files that a stack is read from: the folder of the spec and the path in it."""
    for layer in stack.layers if stack is not None else ():
        for part in (layer.connect, layer.weights):
            if isinstance(part, Mask | WeightsFile):
                yield part.folder, part.path


def alphabet_text(species: Species) -> str:
    """`ising(symmetric)`, `potts(3)`, `spin(1)`."""
    kind = species.kind
    if kind.counted:
        return shown.call(kind.name, species.states)
    return f"{kind.name}(symmetric)" if species.symmetric else kind.example or kind.name
