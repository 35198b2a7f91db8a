"""Learned block maps as the language defines them: p(h|v) of the hidden units, from the text of the
sections `stack` and `spins` and the arrays of the files that it names.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.model.lattice import Cell, Lattice, Site
from rgc.model.spins import Species
from rgc.syntax import ast
from rgc.verification.blocks import Map, maps, place_of
from rgc.verification.evaluator import Evaluator, Unreadable
from rgc.verification.states import States
from rgc.verification.subject import Subject

Floats = NDArray[np.float64]

VALUES = {"ising": (-1.0, 1.0), "binary": (0.0, 1.0)}
"""The values of units of two states."""

DEFAULTS = {"convolution": {"b": 2, "kernel": 4}, "patch": {"b": 2, "reach": 1}}
"""The options of connections by windows, in order."""

SEEN = 1 << 20
"""Units see parameters rounded to 1 / SEEN kT."""


@dataclass(frozen=True, slots=True, eq=False)
class Units(Map):
    """The hidden units of a layer, whose values are `hidden`, above visible ones of the values
    `visible`: couplings[unit, site] and biases[unit] in kT, of one unit for each letter or of all
    units of a lattice of the cells `above`, cells row-major.
    """

    visible: tuple[float, float] = VALUES["ising"]
    hidden: tuple[float, float] = VALUES["ising"]
    biases: Floats = field(default_factory=lambda: np.zeros(0))
    couplings: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    above: Cell = ()

    def at(self, number: int) -> Map:
        """The map that has the units of this number everywhere."""
        letters = len(self.cells)
        own = slice(number - number % letters, number - number % letters + letters)
        return replace(self, biases=self.biases[own], couplings=self.couplings[own], above=())

    def weights(self, states: States, coarse: Cell, letter: int) -> Floats:
        """p(h|v), shaped as that of other maps."""
        (bits,), low, high = states.bits, *self.visible
        place = int(np.ravel_multi_index(coarse, self.above)) if self.above else 0
        unit = place * len(self.cells) + letter
        x = self.biases[unit] + np.zeros(states.number)
        for weight, site in zip(self.couplings[unit], self.cells[letter], strict=True):
            at = site.shifted(tuple(self.b * c for c in coarse))
            x = x + weight * np.where(bits[place_of(at, states.lattice)], low, high)
        energies = np.array([x * value for value in reversed(self.hidden)])
        shares = np.exp(energies - energies.max(axis=0))
        return np.asarray(shares / shares.sum(axis=0))


def read_maps(subject: Subject, lattice: Lattice) -> list[Map]:
    """The maps of a spec in the order in which steps take them, on this lattice. The weights of
    learned ones are those of the lattice of the spec.

    Raises `Unreadable` for maps that cannot be read here.
    """
    document = subject.document
    section = document.section("block")
    if section is None or _name(section.body) != "learned":
        return maps(document, lattice)
    (visible,), own = subject.spec.species, subject.spec.lattice
    assert isinstance(own, Lattice)  # noqa: S101  (there are windows on it)
    return list(_layers(document, own, visible, subject.loaded.folder))


def _layers(
    document: ast.Document, lattice: Lattice, visible: Species, folder: Path | None
) -> Iterator[Map]:
    """The maps that the layers are, from the bottom up."""
    section, numbers = document.section("stack"), Evaluator(document, lattice, {}, [])
    layers: Sequence[Any] = section.body if section and isinstance(section.body, tuple) else ()
    below, letters = visible.alphabet, len(lattice.basis)
    cells = np.array(lattice.cells)
    for number, layer in enumerate(layers, 1):
        options = {option.name: option.value for option in layer.value.options}
        shared, b, steps = _window(options["connect"], numbers)
        window = tuple(
            Site(at, letter)
            for at in product(steps, repeat=lattice.dimension)
            for letter in range(letters)
        )
        above = _name(options.get("spins")) or ("ising" if visible.symmetric else "binary")
        places = list(np.ndindex(*(cells // b)))[: 1 if shared else None]
        weights, biases = _parameters(options["weights"], number, (below, above), folder, numbers)
        yield Units(
            rule="learned",
            b=b,
            cells=(window,) * letters,
            visible=VALUES[below],
            hidden=VALUES[above],
            biases=biases[: len(places) * letters],
            couplings=np.array(
                [
                    weights[_rows(window, b * np.array(place), cells, letters), unit]
                    for unit, place in enumerate(np.repeat(places, letters, axis=0))
                ]
            ),
            above=() if shared else tuple(map(int, cells // b)),
        )
        below, cells = above, cells // b


def _rows(window: Sequence[Site], corner: Any, cells: Any, letters: int) -> list[int]:
    """The numbers of the visible units of a window around a lattice of so many cells."""
    return [
        int(np.ravel_multi_index(tuple((np.array(s.cell) + corner) % cells), cells)) * letters
        + s.letter
        for s in window
    ]


def _name(expr: Any) -> str:
    """The word that an expression is, or calls; '' for none."""
    return getattr(expr, "name", "")


def _window(expr: Any, numbers: Evaluator) -> tuple[bool, int, range]:
    """Whether units share their weights, b, and the cells of a window along each vector. Raises
    `Unreadable` for what has no windows."""
    defaults = DEFAULTS.get(_name(expr))
    if defaults is None:
        raise Unreadable(f"a layer connected by {_name(expr)} has no independent reading")
    given = dict(zip(defaults, getattr(expr, "arguments", ()), strict=False))
    given |= {option.name: option.value for option in getattr(expr, "options", ())}
    b, size = (round(numbers(given[name])) if name in given else n for name, n in defaults.items())
    if _name(expr) == "patch":
        return False, b, range(-size, b + size)
    first = -int((size - b) / 2)
    return True, b, range(first, first + size)


def _parameters(
    expr: Any, number: int, units: tuple[str, str], folder: Path | None, numbers: Evaluator
) -> tuple[Floats, Floats]:
    """W and c of a layer as its units see them. Raises `Unreadable` for a file in another
    convention than that of the language, or for other units."""
    given = dict(zip(("path", "convention", "layer"), expr.arguments, strict=False))
    given |= {option.name: option.value for option in expr.options}
    layer = round(numbers(given["layer"])) if "layer" in given else number
    if folder is None or _name(given.get("convention")) not in ("", "rgc"):
        raise Unreadable("a file of weights in this convention has no independent reading")
    with np.load(folder / given["path"].value) as stored:
        arrays = dict(stored)
    for side, alphabet in zip(("visible", "hidden"), units, strict=True):
        if str(arrays.get(f"{side}_units_{layer}", alphabet)) != alphabet:
            raise Unreadable("a file of weights of other units has no independent reading")
    weights = arrays[f"weights_{layer}"]
    biases = arrays.get(f"hidden_{layer}", np.zeros(weights.shape[1]))
    unit = float(arrays.get("unit", 1.0))
    return _seen(weights, unit), _seen(biases, unit)


def _seen(stored: NDArray[Any], unit: float) -> Floats:
    """Parameters in kT as units see them: in units of 2^-26 kT, integers as they are and others to
    the nearest, and of these in units of 2^-20 kT."""
    scale = unit if stored.dtype.kind in "iu" else 1.0
    trained = np.rint(stored * (scale * (1 << 26))).astype(np.int64)
    return np.asarray(((trained + (1 << 5)) >> 6) / SEEN)
