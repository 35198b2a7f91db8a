"""Models of the physics tests, built from the model classes directly: no parser stands between a
test and what it checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import log, sqrt
from typing import Any

from rgc.language.values import OperatorBasis
from rgc.model import lattices, shells
from rgc.model.block import Block
from rgc.model.hamiltonian import Hamiltonian, Term
from rgc.model.lattice import Lattice, Site
from rgc.model.operators import Product, Spin, product
from rgc.model.spec import FlowOfSpec, Spec
from rgc.model.spins import Species
from rgc.schemes import SCHEMES
from rgc.syntax import ast
from tests.blocks import block as block_map

CRITICAL = log(1 + sqrt(2)) / 2
"""K_c of the square Ising and the Baxter-Wu model."""


def shell(lattice: Lattice, order: int) -> tuple[Product, ...]:
    """The pairs at the order-th distance, one product for each pair of a cell."""
    return tuple(
        product([Spin(a.cell, a.letter), Spin(b.cell, b.letter)])
        for a, b in shells.shell(lattice, order)
    )


def faces(lattice: Lattice, kind: str) -> tuple[Product, ...]:
    return tuple(
        product(Spin(corner.cell, corner.letter) for corner in face.corners)
        for face in lattice.faces
        if face.kind == kind
    )


def field(lattice: Lattice) -> tuple[Product, ...]:
    return tuple((Spin((0,) * lattice.dimension, letter),) for letter in range(len(lattice.basis)))


def sites(spins: Sequence[tuple[int, ...]], lattice: Lattice) -> Product:
    """The product of the spins at these cells; one more number is the letter."""
    d = lattice.dimension
    return product(Spin(tuple(each[:d]), each[d] if len(each) > d else 0) for each in spins)


def term(name: str, coupling: float, products: Sequence[Product]) -> Term:
    """- coupling * sum of products."""
    return Term(name, coupling, -1, tuple((1.0, each) for each in products))


def majority(b: int, dimension: int = 2) -> Block:
    cells: list[tuple[int, ...]] = [()]
    for _ in range(dimension):
        cells = [(*cell, x) for cell in cells for x in range(b)]
    return block_map("majority", float(b), (b,) * dimension, (tuple(Site(cell) for cell in cells),))


BAXTER_WU_BLOCK = block_map(
    "majority", 2.0, (2, 2), (tuple(Site(cell) for cell in ((0, 0), (2, 1), (1, 2), (3, 3))),)
)
"""Four sites of one sublattice of the triangular lattice."""


def spec(
    lattice: Lattice,
    terms: Sequence[Term],
    scheme: str = "sample",
    blocks: Sequence[Block] = (),
    alphabet: str = "ising",
    **options: Any,
) -> Spec:
    if "basis" in options:
        options["basis"] = OperatorBasis(*options["basis"])
    made = Spec(
        "test",
        ast.Document(()),
        lattice=lattice,
        species=(Species("s", alphabet),),  # type: ignore[arg-type]
        hamiltonian=Hamiltonian(tuple(terms)),
        blocks=tuple(blocks),
    )
    return replace(made, flow=FlowOfSpec(scheme, SCHEMES[scheme].complete(options, made)))


def ising(
    lattice: Lattice, coupling: float = CRITICAL, scheme: str = "sample", **options: Any
) -> Spec:
    """Nearest neighbours only."""
    return spec(lattice, [term("K", coupling, shell(lattice, 1))], scheme, **options)


def baxter_wu(
    size: int | tuple[int, int],
    coupling: float = CRITICAL,
    field_h: float = 0.0,
    scheme: str = "sample",
    **options: Any,
) -> Spec:
    lattice = lattices.triangular(*((size, size) if isinstance(size, int) else size))
    terms = [term("K", coupling, faces(lattice, "triangle")), term("h", field_h, field(lattice))]
    return spec(lattice, terms, scheme, **options)
