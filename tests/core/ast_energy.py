"""The energy of a configuration straight from the syntax tree: every sum site by site, as the language page reads.

Shares nothing with the compiler but the parser and the positions and faces of the lattice.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import combinations, product
from typing import Any

from rgc.model.lattice import Lattice
from rgc.syntax import ast

Place = tuple[tuple[int, ...], int]  # cell (not folded), letter
Configuration = Mapping[tuple[str, tuple[int, ...], int], float]


class Missing(Exception):
    """A summand reaches beyond an open edge."""


class Energy:
    def __init__(self, lattice: Lattice, values: Mapping[str, Any], spins: Configuration) -> None:
        self.lattice, self.values, self.spins = lattice, values, spins
        self.places = [(c, a) for c in product(*map(range, lattice.cells)) for a in range(len(lattice.basis))]

    def __call__(self, expr: ast.Expr, bound: Mapping[str, Any] | None = None) -> Any:
        bound = bound or {}
        match expr:
            case ast.Number():
                return expr.value
            case ast.Name(name):
                return self.values[name]
            case ast.Negate(operand):
                return -self(operand, bound)
            case ast.Binary(op, left, right):
                a, b = self(left, bound), self(right, bound)
                return {"+": a.__add__, "-": a.__sub__, "*": a.__mul__, "/": a.__truediv__, "^": a.__pow__}[
                    op
                ](b)
            case ast.Call("delta", (left, right)):
                return float(self(left, bound) == self(right, bound))
            case ast.Call("distance", (first, second)):
                return self.distance(self.site(first, bound), self.site(second, bound))
            case ast.Call(name, (argument,)):
                return getattr(math, name)(self(argument, bound))
            case ast.Index(ast.Name(name), arguments) if name in self.values:
                entry = self.values[name]
                for argument in arguments:
                    entry = entry[int(self(argument, bound))]
                return entry
            case ast.Index(ast.Name(name), (reference,)):
                cell, letter = self.fold(*self.site(reference, bound))
                return self.spins[name, cell, letter]
            case ast.Reduction(kind, domain, body):
                values = self.summands(domain, body, bound, whole=kind != "sum")
                total = math.prod(values) if kind == "prod" else math.fsum(values)
                return total / len(values) if kind == "mean" else total
        raise AssertionError(expr)

    def summands(
        self, domain: ast.Domain, body: ast.Expr, bound: Mapping[str, Any], whole: bool
    ) -> list[float]:
        """The values of the body; those beyond an open edge are left out, or with `whole` are `Missing` for all."""
        values = []
        for inner in self.domain(domain, bound):
            try:
                values.append(self(body, {**bound, **inner}))
            except Missing:
                if whole:
                    raise
        return values

    def site(self, expr: ast.Expr, bound: Mapping[str, Any]) -> Place:
        match expr:
            case ast.Name(name):
                return bound[name]
            case ast.Member(ast.Name(name), letter):
                return bound[name], "abc".index(letter)
            case ast.Binary(op, left, right):
                (cell, letter), shift = self.site(left, bound), self.vector(right)
                return tuple(c + (s if op == "+" else -s) for c, s in zip(cell, shift, strict=True)), letter
        raise AssertionError(expr)

    def vector(self, expr: ast.Expr) -> tuple[int, ...]:
        d = self.lattice.dimension
        match expr:
            case ast.Name(name):
                return tuple(int("xyz"[k] == name) for k in range(d))
            case ast.Tuple(items):
                return tuple(int(self(item)) for item in items)
            case ast.Negate(operand):
                return tuple(-x for x in self.vector(operand))
            case ast.Binary("*", factor, direction):
                return tuple(int(self(factor)) * x for x in self.vector(direction))
        raise AssertionError(expr)

    def fold(self, cell: tuple[int, ...], letter: int) -> Place:
        sizes = self.lattice.cells
        for x, size, edge in zip(cell, sizes, self.lattice.boundary, strict=True):
            if edge == "open" and not 0 <= x < size:
                raise Missing
        return tuple(x % size for x, size in zip(cell, sizes, strict=True)), letter

    def position(self, place: Place) -> list[float]:
        cell, letter = place
        at = list(self.lattice.basis[letter])
        for n, vector in zip(cell, self.lattice.vectors, strict=True):
            at = [x + n * v for x, v in zip(at, vector, strict=True)]
        return at

    def distance(self, a: Place, b: Place) -> float:
        return math.dist(self.position(a), self.position(b))

    def images(self, a: Place, b: Place) -> Iterator[tuple[float, Place]]:
        """b and its periodic images with their distances from a."""
        reach = [range(-1, 2) if edge != "open" else range(1) for edge in self.lattice.boundary]
        for shift in product(*reach):
            cell = tuple(x + n * size for x, n, size in zip(b[0], shift, self.lattice.cells, strict=True))
            yield self.distance(a, (cell, b[1])), (cell, b[1])

    def domain(self, domain: ast.Domain, bound: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        match domain:
            case ast.Sites(index):
                yield from ({index: place} for place in self.places)
            case ast.Pairs(first, second, order, along):
                yield from self.pairs(first, second, order, along)
            case ast.Shell(order, first, second):
                yield from self.pairs(first, second, int(self(order)), None)
            case ast.Members(index, "cells"):
                yield from ({index: cell} for cell, letter in self.places if letter == 0)
            case ast.Members(index, collection) if collection in bound:
                yield from ({index: place} for place in bound[collection])
            case ast.Members(index, collection):
                for corners in self.faces(collection[:-1]):
                    yield {index: corners}
            case ast.Faces(kind, names):
                for corners in self.faces(kind):
                    yield dict(zip(names, corners, strict=True))

    def faces(self, kind: str) -> Iterator[list[Place]]:
        for face in self.lattice.faces:
            for cell, letter in self.places:
                if face.kind == kind and letter == 0:
                    yield [(corner.shifted(cell).cell, corner.letter) for corner in face.corners]

    def pairs(self, first: str, second: str, order: int, along: ast.Expr | None) -> Iterator[dict[str, Any]]:
        near = [
            (length, a, image) for a, b in combinations(self.places, 2) for length, image in self.images(a, b)
        ]
        lengths = sorted({round(length, 6) for length, _, _ in near})
        for length, a, b in near:
            step = tuple(y - x for x, y in zip(a[0], b[0], strict=True))
            if round(length, 6) == lengths[order - 1]:
                wanted = self.vector(along) if along is not None else step
                if step in (wanted, tuple(-x for x in wanted)):
                    yield {first: a, second: b}
