"""Block spins as the language says: what fraction of draws makes a block spin -1, from the syntax tree of the section `block`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from rgc.model.lattice import Cell, Lattice, Site
from rgc.syntax import ast
from rgc.verification.evaluator import Evaluator, Unreadable

STARS = (Site((0, 0), 1), Site((2, 1), 0))
"""The centres of the stars that make the coarse letters a and b of a honeycomb lattice."""


@dataclass(frozen=True, slots=True)
class Map:
    """The spin of letter k of coarse cell R is made from the fine sites b R + cells[k]; `p` of kadanoff."""

    rule: str
    b: int
    cells: tuple[tuple[Site, ...], ...]
    p: float = 0.0

    def chance(self, bits: Any, coarse: Cell, letter: int) -> Any:
        """The probability of -1, from bits bool[*cells, letter, configuration]: majority has 1 below m = 0 and 1/2 at it,
        kadanoff 1 / (1 + exp(2 p m)), with m the sum of the spins of the block; decimate copies its spin."""
        shape = bits.shape[:-2]
        places = [
            (
                *((self.b * x + y) % n for x, y, n in zip(coarse, site.cell, shape, strict=True)),
                site.letter,
            )
            for site in self.cells[letter]
        ]
        m = sum(1.0 - 2.0 * bits[place] for place in places)
        return 1 / (1 + np.exp(2 * self.p * m)) if self.rule == "kadanoff" else (1 - np.sign(m)) / 2


def maps(document: ast.Document, lattice: Lattice) -> list[Map]:
    """The maps of a document in the order in which steps take them. Raises `Unreadable` for rules that are not sampled."""
    section = document.section("block")
    body = section.body if section else ast.List(())
    numbers = Evaluator(document, lattice, {}, [(0,) * lattice.dimension])
    return [
        each
        for item in (body.items if isinstance(body, ast.List) else (body,))
        for each in _maps(item, lattice, numbers)
    ]


def _maps(call: Any, lattice: Lattice, numbers: Evaluator) -> Sequence[Map]:
    options = {option.name: option.value for option in call.options}
    rule = call.name
    if rule not in ("majority", "kadanoff", "decimate"):
        raise Unreadable(f"the block map {rule} has no independent evaluator")
    star = options.get("cell") == ast.Name("star")
    given = call.arguments[0] if call.arguments else options.get("b")
    b = 2 if star else round(numbers(given))
    cells = _stars(lattice) if star else _cells(options.get("cell"), rule, b, lattice, numbers)
    schedule = np.atleast_1d(numbers(options["p"])) if rule == "kadanoff" else [0.0]
    return [Map(rule, b, cells, float(p)) for p in schedule]


def _stars(lattice: Lattice) -> tuple[tuple[Site, ...], ...]:
    """Each centre and the sites at distance 1."""
    near = [Site(cell, letter) for cell in product(range(-1, 4), repeat=2) for letter in (0, 1)]
    return tuple(
        tuple(site for site in near if lattice.distance(centre, site) < 1.01) for centre in STARS
    )


def _cells(
    expr: Any, rule: str, b: int, lattice: Lattice, numbers: Evaluator
) -> tuple[tuple[Site, ...], ...]:
    d = lattice.dimension
    if expr is None:
        offsets = [(0,) * d] if rule == "decimate" else product(range(b), repeat=d)
        return (tuple(Site(tuple(offset)) for offset in offsets),)
    lists = expr.items if isinstance(expr.items[0], ast.List) else (expr,)
    return tuple(tuple(_site(item, lattice, numbers) for item in each.items) for each in lists)


def _site(expr: Any, lattice: Lattice, numbers: Evaluator) -> Site:
    items: Sequence[Any] = expr.items if isinstance(expr, ast.Tuple) else (expr,)
    letter = lattice.letters.index(items[-1].name) if len(items) > lattice.dimension else 0
    return Site(tuple(round(numbers(item)) for item in items[: lattice.dimension]), letter)
