"""Energies and measures directly from the syntax tree: every sum site by site, as docs/language.md
defines it.

It shares nothing with the compiler but the parser and the vectors, basis and faces of the lattice.
Values are numbers, or arrays over configurations, so that many configurations are evaluated at
once.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from itertools import combinations, product
from math import dist, e, pi
from typing import Any, cast

import numpy as np

from rgc.model.complete import COMPLETE
from rgc.model.graphs import columns_of, edge_sites
from rgc.model.lattice import Cell, Lattice, Site
from rgc.syntax import ast

Bound = Mapping[str, Any]
"""The values of indices: a `Site` whose cell is not folded, or a tuple of them (corners of a face,
sites of a cell).
"""

_ARC = {name: f"arc{name[1:]}" for name in ("asinh", "acosh", "atanh")}
_PLAIN = ("sqrt", "exp", "log", "sin", "cos", "sinh", "cosh", "tanh", "abs", *_ARC)
FUNCTIONS = {name: getattr(np, _ARC.get(name, name)) for name in _PLAIN} | {
    "min": lambda *values: reduce(np.minimum, values),
    "max": lambda *values: reduce(np.maximum, values),
    "mod": np.mod,
    "delta": lambda a, b: np.equal(a, b) * 1.0,
}
OPERATORS = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": operator.pow,
}


class Unreadable(Exception):
    """The independent evaluator cannot read a piece of the language. What depends on it is
    `not checked`.
    """


class Missing(Exception):
    """A summand reaches beyond an open edge."""


class Evaluator:
    """An evaluator of expressions on a lattice.

    `spins[species][cell + (letter,)]` float64[configuration] are the values of a spin as declared.
    Outermost sums run over `cells`, by default all of them. `drawn` finds random couplings. Raises
    `Unreadable` for what it cannot read.
    """

    def __init__(
        self,
        document: ast.Document,
        lattice: Lattice,
        spins: Mapping[str, Any],
        cells: Sequence[Cell] = (),
        drawn: Any = None,
    ) -> None:
        section = document.section("parameters")
        entries = section.body if section and isinstance(section.body, tuple) else ()
        given = [entry for entry in entries if isinstance(entry, ast.Entry)]
        self.parameters = {
            entry.target.name: entry
            for entry in given
            if isinstance(entry.target, ast.Name | ast.Call)
        }
        self.lattice, self.spins, self.drawn = lattice, spins, drawn
        self.cells = list(cells or product(*map(range, lattice.cells)))

    def __call__(self, expr: Any, bound: Bound | None = None) -> Any:
        bound = bound or {}
        match expr:
            case ast.Number():
                return expr.value
            case ast.List(items):
                return np.array([self(item, bound) for item in items])
            case ast.Name(name):
                return bound[name] if name in bound else self.named(name)
            case ast.Negate(operand):
                return -self(operand, bound)
            case ast.Binary(op, left, right):
                return OPERATORS[op](self(left, bound), self(right, bound))
            case ast.Call("distance", (first, second)):
                return dist(
                    *(self.lattice.position(self.site(index, bound)) for index in (first, second))
                )
            case ast.Call("coordinate", (where, along)):
                return float(self.folded(self.site(where, bound))[self.vector(along).index(1)])
            case ast.Call(name, arguments, options):
                given = (*arguments, *(option.value for option in options))
                return self.called(name, [self(argument, bound) for argument in given])
            case ast.Index(ast.Name(name), (where,)) if name in self.spins:
                at = self.site(where, bound)
                return self.turned(at) * self.spins[name][self.folded(at)]
            case ast.Index(ast.Name(name), arguments) if self.is_drawn(name):
                return self.random(name, arguments, bound)
            case ast.Index(base, arguments):
                return self(base, bound)[
                    tuple(np.asarray(self(argument, bound), int) for argument in arguments)
                ]
            case ast.Reduction(kind, domain, body):
                values = self.summands(
                    domain, body, bound, whole=kind == "prod" or (kind == "mean" and bound != {})
                )
                total = reduce(
                    OPERATORS["*" if kind == "prod" else "+"], values, float(kind == "prod")
                )
                return total / len(values) if kind == "mean" else total
        raise Unreadable(f"the independent evaluator cannot read {type(expr).__name__}")

    def named(self, name: str) -> Any:
        """A parameter or a constant."""
        return (
            self(self.parameters[name].value)
            if name in self.parameters
            else {"pi": pi, "e": e}[name]
        )

    def is_drawn(self, name: str) -> bool:
        if name in columns_of(self.lattice) or (self.drawn and name in self.drawn.given):
            return True
        if name not in self.parameters:
            return False
        entry = self.parameters[name]
        return entry.op == "~" or (isinstance(entry.value, ast.Call) and entry.value.name == "file")

    def random(self, name: str, arguments: Sequence[Any], bound: Bound) -> float:
        """The random coupling of some sites, or of the sites of a face."""
        call = self.parameters[name].value if name in self.parameters else ast.Call(name)
        if self.drawn is None:
            raise Unreadable("the independent evaluator knows no random couplings here")
        if not isinstance(call, ast.Call):
            call = ast.Call(name)  # a list, among those that are given
        parts = (*call.arguments, *(option.value for option in call.options))
        given = [float(self(part)) for part in parts if not isinstance(part, ast.Text)]
        sites: list[tuple[int, ...]] = []
        for argument in arguments:
            place = bound.get(argument.name) if isinstance(argument, ast.Name) else None
            members = place if isinstance(place, tuple) else (self.site(argument, bound),)
            sites += [self.folded(site) for site in members]
        return float(self.drawn.value(name, call, given, sites))

    def called(self, name: str, values: list[Any]) -> Any:
        """A function of numbers, which is built in or a parameter `J(r) = ...`."""
        if name not in self.parameters:
            return FUNCTIONS[name](*values)
        target: Any = self.parameters[name].target
        named = zip(target.arguments, values, strict=True)
        return self(self.parameters[name].value, {index.name: value for index, value in named})

    def summands(self, domain: ast.Domain, body: ast.Expr, bound: Bound, whole: bool) -> list[Any]:
        """The values of the body.

        Those beyond an open edge are left out. With `whole` a single one of them makes the sum
        `Missing`.
        """
        values = []
        for inner in self.domain(domain, bound):
            try:
                values.append(self(body, {**bound, **inner}))
            except Missing:
                if whole:
                    raise
        return values

    # -- places ------------------------------------------------------------------------------------

    def site(self, expr: Any, bound: Bound) -> Site:
        match expr:
            case ast.Name(name):
                return cast(Site, bound[name])
            case ast.Member(ast.Name(name), letter):
                return cast(Site, bound[name][self.lattice.letters.index(letter)])
            case ast.Binary(op, left, right):
                return self.site(left, bound).shifted(
                    tuple((x if op == "+" else -x) for x in self.vector(right))
                )
        raise Unreadable(f"the independent evaluator cannot read the site {expr}")

    def vector(self, expr: Any) -> Cell:
        match expr:
            case ast.Name(name):
                return tuple(int("xyzw"[k] == name) for k in range(self.lattice.dimension))
            case ast.Tuple(items):
                return tuple(round(self(item)) for item in items)
            case ast.Negate(operand):
                return tuple(-x for x in self.vector(operand))
            case ast.Binary("*", factor, direction):
                return tuple(round(self(factor)) * x for x in self.vector(direction))
        raise Unreadable(f"the independent evaluator cannot read the vector {expr}")

    def folded(self, site: Site) -> tuple[int, ...]:
        """The index of a site in a field."""
        axes = list(zip(site.cell, self.lattice.cells, self.lattice.boundary, strict=True))
        if any(edge == "open" and not 0 <= x < size for x, size, edge in axes):
            raise Missing
        return (*(x % size for x, size, _ in axes), site.letter)

    def turned(self, site: Site) -> int:
        """The sign with which a spin is met at a site, around antiperiodic boundaries."""
        axes = zip(site.cell, self.lattice.cells, self.lattice.boundary, strict=True)
        turns = sum(x // size for x, size, edge in axes if edge == "antiperiodic")
        return -1 if turns % 2 else 1

    def domain(self, domain: ast.Domain, bound: Bound) -> Iterator[dict[str, Any]]:
        letters = range(len(self.lattice.basis))
        match domain:
            case ast.Sites(index):
                yield from (
                    {index: Site(cell, letter)} for cell in self.cells for letter in letters
                )
            case ast.Members(index, collection) if collection in bound:
                yield from ({index: site} for site in bound[collection])
            case ast.Members(index, "edges"):
                yield from ({index: edge} for edge in edge_sites(self.lattice))
            case ast.Members(index, "cells"):
                yield from (
                    {index: tuple(Site(cell, letter) for letter in letters)} for cell in self.cells
                )
            case ast.Members(index, collection):
                yield from ({index: corners} for corners in self.faces(collection[:-1], None))
            case ast.Faces(kind, names, along):
                for corners in self.faces(kind, along):
                    yield dict(zip(names, corners, strict=True))
            case ast.Pairs(first, second) if self.lattice.edges:
                joined = (edge for edge in edge_sites(self.lattice) if len(edge) == 2)
                yield from ({first: a, second: b} for a, b in joined)
            case ast.Pairs(first, second) if self.lattice.name == COMPLETE:
                yield from self.sets((first, second))
            case ast.Ascending(names) if self.lattice.name == COMPLETE:
                yield from self.sets(names)
            case ast.Pairs(first, second, order, along):
                yield from self.pairs(first, second, order, along)
            case ast.Ascending((first, second)):
                every = product(
                    *map(range, self.lattice.cells)
                )  # there are pairs between all cells
                sites = [Site(cell, letter) for cell in every for letter in letters]
                for k, a in enumerate(sites):
                    yield from ({first: a, second: self.near(a, b)} for b in sites[k + 1 :])
            case ast.Shell(order_of, first, second):
                yield from self.pairs(first, second, round(self(order_of)), None)
            case _:
                raise Unreadable(f"the independent evaluator cannot read sums over {domain}")

    def sets(self, names: Sequence[str]) -> Iterator[dict[str, Site]]:
        """Every set of so many sites of the complete graph."""
        sites = [Site(cell, k) for cell in self.cells for k in range(len(self.lattice.basis))]
        for chosen in combinations(sites, len(names)):
            yield dict(zip(names, chosen, strict=True))

    def near(self, first: Site, second: Site) -> Site:
        """The image of the second site that is nearest to the first."""
        axes = zip(self.lattice.cells, self.lattice.boundary, strict=True)
        steps = ((0,) if edge == "open" else (-size, 0, size) for size, edge in axes)
        images = [second.shifted(step) for step in product(*steps)]
        return min(images, key=lambda image: self.lattice.distance(first, image))

    def faces(self, kind: str, along: ast.Expr | None) -> Iterator[tuple[Site, ...]]:
        normal = None if along is None else self.vector(along).index(1)
        for face in self.lattice.faces:
            if face.kind == kind and (along is None or face.normal == normal):
                yield from (
                    tuple(corner.shifted(cell) for corner in face.corners) for cell in self.cells
                )

    def pairs(
        self, first: str, second: str, order: int, along: ast.Expr | None
    ) -> Iterator[dict[str, Site]]:
        """Every pair at the order-th distance once, on a small torus with its multiplicity.

        With `along` the pairs are those displaced by +- that vector.
        """
        bonds = [(self.lattice.distance(*bond), bond) for bond in self.bonds(order)]
        length = sorted({round(x, 6) for x, _ in bonds})[order - 1]
        wanted = None if along is None else self.vector(along)
        for x, (a, b) in bonds:
            if round(x, 6) == length and wanted in (None, b.cell, tuple(-x for x in b.cell)):
                yield from (
                    {first: a.shifted(cell), second: b.shifted(cell)} for cell in self.cells
                )

    def bonds(self, order: int) -> Iterator[tuple[Site, Site]]:
        """One of each pair of sites up to translation, at least out to the order-th distance.

        That distance is at most `order` times the shortest vector v, and a site at distance r has
        |x_k| <= r |column k of the inverse of the vectors|.
        """
        vectors, basis = np.array(self.lattice.vectors), np.array(self.lattice.basis)
        spread = np.linalg.norm(basis[:, None] - basis, axis=2).max()
        reach = order * np.linalg.norm(vectors, axis=1).min() + spread
        bounds = np.floor(reach * np.linalg.norm(np.linalg.inv(vectors), axis=0) + 1e-6).astype(int)
        steps = product(*(range(-n, n + 1) for n in bounds.tolist()))
        origin, letters = (0,) * self.lattice.dimension, range(len(basis))
        for step, a, b in product(steps, letters, letters):
            if (step, b) > (origin, a):
                yield Site(origin, a), Site(step, b)


def evaluator_of_numbers(document: ast.Document) -> Evaluator:
    """An evaluator of expressions without sites."""
    return Evaluator(document, cast(Lattice, None), {}, ((),))
