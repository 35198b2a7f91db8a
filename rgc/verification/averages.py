"""Averages by enumeration: measures as the language defines them, over every configuration of a
small lattice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from math import nan, sqrt
from typing import Any

import numpy as np

from rgc.language.measures import MEASURES
from rgc.model.spec import Spec
from rgc.syntax import ast
from rgc.verification.evaluator import Bound, Evaluator, Unreadable
from rgc.verification.quenched import overlaps
from rgc.verification.states import States


class Averages(Evaluator):
    """Measures over all states of a lattice.

    A value of each configuration is an array over configurations, and a thermal average is a
    number. What is still an array at the end is averaged. `between` are the overlaps of two copies
    while a function of them is averaged. Raises `Unreadable` for what it cannot measure.
    """

    def __init__(self, document: ast.Document, spec: Spec, states: States) -> None:
        own = states.as_written
        super().__init__(document, own.lattice, own.values, drawn=states.drawn)
        self.spec, self.states = spec, states
        section = document.section("measure")
        entries = section.body if section and isinstance(section.body, tuple) else ()
        written = [entry for entry in entries if isinstance(entry, ast.Entry)]
        self.definitions = {
            measure.name: entry.value or entry.target
            for measure, entry in zip(spec.measures, written, strict=False)
            if entry.value is not None or isinstance(entry.target, ast.Call)
        }
        self.open: list[str] = []
        self.between: Any = None

    @cached_property
    def energies(self) -> Any:
        """H of every configuration."""
        section = self.spec.document.section("hamiltonian")
        return self(section.body if section else ast.Number("0")) + np.zeros(self.states.number)

    @cached_property
    def weights(self) -> Any:
        """exp(-H) / Z."""
        weights = np.exp(self.energies.min() - self.energies)
        return weights / weights.sum()

    def average(self, values: Any) -> float:
        return float(self.weights @ (values + np.zeros(self.states.number)))

    def measure(self, name: str) -> float:
        """The value of a measure by its name, one of the spec or a built-in one."""
        value = self.named(name)
        return float(value) if np.ndim(value) == 0 else self.average(value)

    def named(self, name: str) -> Any:
        if name in self.definitions and name not in self.open:
            self.open.append(name)
            value = self(self.definitions[name])
            self.open.remove(name)
            return value
        if name == "overlap" and self.between is not None:
            return self.between
        if name == "overlap" and self.open:
            raise Unreadable("the independent evaluator knows no overlap outside an average")
        if name in BUILT_IN and name not in self.parameters:
            return BUILT_IN[name](self)
        if name in MEASURES and name not in self.parameters:
            raise Unreadable(f"the independent evaluator has no formula for the measure '{name}'")
        return super().named(name)

    def __call__(self, expr: Any, bound: Bound | None = None) -> Any:
        if isinstance(expr, ast.Call) and expr.name == "correlation":
            return self.written(expr)
        if isinstance(expr, ast.Call) and expr.name in ("avg", "var"):
            used = {node.name for node in ast.walk(expr) if isinstance(node, ast.Name)}
            if "overlap" in used:
                return self.over_pairs(expr, used - {"overlap"})
        return super().__call__(expr, bound)

    def called(self, name: str, values: list[Any]) -> Any:
        if name == "avg":
            return self.average(values[0])
        if name == "var":
            return self.average(values[0] ** 2) - self.average(values[0]) ** 2
        return super().called(name, values)

    # -- built-in measures -------------------------------------------------------------------------

    @property
    def first(self) -> Any:
        """The spins of the first species, float64[component, *cells, letter, configuration]: the
        number of a state; for potts spins which state it is, less the mean of all states; for clock
        spins a point of the circle.
        """
        kind = self.spec.species[0]
        spins, states = self.spins[kind.name][...], len(kind.values)
        if kind.alphabet == "potts":
            scale = np.sqrt(states / (states - 1))
            return np.stack([scale * ((spins == a) - 1 / states) for a in range(states)])
        if kind.alphabet == "clock":
            angle = 2 * np.pi * spins / states
            return np.stack([np.cos(angle), np.sin(angle)])
        return spins[None]

    @property
    def m(self) -> Any:
        """sum s/N, or its length where spins have several components."""
        spins = self.first
        total = spins.reshape(len(spins), -1, self.states.number).mean(axis=1)
        return total[0] if len(total) == 1 else np.linalg.norm(total, axis=0)

    def overlap(self, function: Any) -> float:
        """The average of a function of the overlap of two copies."""
        q, share = overlaps(self.states, self.weights)
        return float(share @ function(q))

    def over_pairs(self, call: ast.Call, others: Collection[str]) -> float:
        """`avg` or `var` of a function of the overlap and of `others`, which are parameters."""
        if not set(others) <= set(self.parameters):
            raise Unreadable("the independent evaluator averages functions of the overlap alone")
        self.between, share = overlaps(self.states, self.weights)
        values = self(call.arguments[0]) + np.zeros(len(share))
        self.between = None
        mean = float(share @ values)
        return mean if call.name == "avg" else float(share @ values**2) - mean**2

    def written(self, call: ast.Call) -> float:
        """`correlation(r, along=y, letters=[a, b])`."""
        options = {option.name: option.value for option in call.options}
        distance = options.get("r", *call.arguments)
        along, named = options.get("along"), options.get("letters")
        axis = "xyzw".index(along.name) if isinstance(along, ast.Name) else 0
        items = named.items if isinstance(named, ast.List) else ()
        letters = [self.lattice.letters.index(k.name) for k in items if isinstance(k, ast.Name)]
        return self.correlation(round(self(distance)), axis, letters)

    def correlation(self, distance: int, axis: int = 0, letters: Sequence[int] = ()) -> float:
        """<s_i s_j> - <s_i> <s_j> over the pairs that are `distance` apart along an axis, of equal
        letters or of two, summed over components.

        Where several axes are open, <s_i> is the average of the letter.
        """
        return sum(
            self._correlation(np.moveaxis(spins, axis, 0), distance, axis, letters)
            for spins in self.first
        )

    def _correlation(self, spins: Any, distance: int, axis: int, letters: Sequence[int]) -> float:
        here, there = (spins[..., [k], :] for k in letters) if letters else (spins, spins)
        length, edges = spins.shape[0], zip(self.lattice.boundary, self.lattice.cells, strict=True)
        starts = range(length - distance if self.lattice.boundary[axis] == "open" else length)
        pairs = np.mean(
            [
                (here[x] * there[(x + distance) % length]).mean(axis=tuple(range(spins.ndim - 2)))
                for x in starts
            ],
            axis=0,
        )
        first, second = (np.apply_along_axis(self.average, -1, each) for each in (here, there))
        if sum(edge == "open" and cells > 1 for edge, cells in edges) > 1:
            whole = tuple(range(spins.ndim - 2))
            first, second = (
                np.broadcast_to(each.mean(axis=whole), each.shape) for each in (first, second)
            )
        apart = np.mean([first[x] * second[(x + distance) % length] for x in starts])
        return self.average(pairs) - float(apart)

    def correlation_length(self) -> float:
        """xi^2 = (S(0)/S(k) - 1) / (4 sin^2(|k|/2)) with S(k) = <|sum_i s_i exp(i k r_i)|^2>, over
        the smallest k of each periodic axis.
        """
        spins, kind = self.first, self.spec.species[0]
        if kind.two_states:
            spins = (spins - np.mean(kind.values)) / (np.ptp(kind.values) / 2)
        spins = spins.reshape(len(spins), -1, self.states.number)
        sites = [(cell, letter) for cell in self.cells for letter in range(len(self.lattice.basis))]
        vectors, basis = np.array(self.lattice.vectors), np.array(self.lattice.basis)
        places = np.array([np.array(cell) @ vectors + basis[letter] for cell, letter in sites])
        squares = []
        for axis, edge in enumerate(self.lattice.boundary):
            if edge == "periodic" and self.lattice.cells[axis] > 1:
                k = 2 * np.pi * np.linalg.inv(vectors)[:, axis] / self.lattice.cells[axis]
                zero, wave = (
                    self.average((abs(np.exp(1j * places @ wave) @ spins) ** 2).sum(axis=0))
                    for wave in (0 * k, k)
                )
                squares.append((zero / wave - 1) / (4 * np.sin(np.linalg.norm(k) / 2) ** 2))
        square = float(np.mean(squares))
        return sqrt(square) if square >= 0 else nan


BUILT_IN: Mapping[str, Any] = {
    "energy": lambda self: self.energies / self.lattice.sites,
    "m": lambda self: self.m,
    "abs_m": lambda self: abs(self.m),
    "susceptibility": lambda self: (
        self.lattice.sites * (self.average(self.m**2) - self.average(abs(self.m)) ** 2)
    ),
    "specific_heat": lambda self: (
        (self.average(self.energies**2) - self.average(self.energies) ** 2) / self.lattice.sites
    ),
    "binder": lambda self: 1 - self.average(self.m**4) / (3 * self.average(self.m**2) ** 2),
    "correlation_length": Averages.correlation_length,
    "overlap": lambda self: self.overlap(lambda q: q),
    "abs_q": lambda self: self.overlap(abs),
    "q2": lambda self: self.overlap(lambda q: q**2),
    "q4": lambda self: self.overlap(lambda q: q**4),
}


def names(spec: Spec, default: Sequence[str]) -> list[str]:
    """The measures of a spec, or the default ones."""
    return [measure.name for measure in spec.measures if not measure.of_scan] or list(default)
