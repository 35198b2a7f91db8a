"""Small instances of a model: the same syntax tree on a lattice whose states can be enumerated."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations
from itertools import product as cartesian
from math import log2, prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rgc.ast_to_model import build
from rgc.errors import SpecError
from rgc.flows.sampling.model import make_model
from rgc.flows.sampling.sampler import Sampler, make_sampler
from rgc.model.complete import COMPLETE
from rgc.model.graphs import PLACELESS
from rgc.model.groups import present
from rgc.model.lattice import Boundary, Cell, Lattice
from rgc.model.sites import Cells
from rgc.model.spec import Spec
from rgc.model.supercells import as_written
from rgc.passes.wrapping import meets_itself
from rgc.program.lattice.program import Program
from rgc.schemes.needs.lattice import count_sites
from rgc.verification.documents import on_fewer_sites, on_lattice

if TYPE_CHECKING:
    from rgc.backend import Backend
    from rgc.syntax.ast import Document

KINSHIP = (
    "other rules than on your lattice",
    "the rules of your lattice, in other site sets",
    "the rules and site sets of your lattice",
)


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """A spec on a small lattice, lowered to programs.

    `kin`, an index of `KINSHIP`, says how similar its sweep is to that of the user's lattice.
    """

    spec: Spec
    sampler: Sampler
    kin: int

    @property
    def lattice(self) -> Lattice:
        return self.sampler.model.lattice

    @property
    def spins(self) -> int:
        return self.lattice.sites * len(self.sampler.model.species)

    @property
    def name(self) -> str:
        """A name such as `4 x 4 torus` or `2 x 2 x 4 cells, open along x`."""
        return describe(self.lattice)


def describe(lattice: Lattice) -> str:
    """The size and the edges of a lattice in words."""
    if not lattice.finite:
        return f"an infinite {lattice.name} lattice"
    if lattice.name in PLACELESS:
        kind = "complete graph" if lattice.name == COMPLETE else lattice.name
        return f"{kind} of {lattice.sites} sites"
    size = " x ".join(map(str, as_written(lattice).cells))
    open_axes = [
        ("xyzw"[k] if k < 4 else str(k + 1))
        for k, edge in enumerate(lattice.boundary)
        if edge == "open"
    ]
    if not open_axes:
        return f"{size} {'ring' if lattice.dimension == 1 else 'torus'}"
    every = len(open_axes) == lattice.dimension
    return (
        f"{size} cells, open edges"
        if every
        else f"{size} cells, open along {' and '.join(open_axes)}"
    )


@dataclass(frozen=True, slots=True)
class Search:
    """The search for an instance.

    - `document` is the spec to put on small lattices.
    - `own` is the sweep on the user's lattice.
    - `bits` is the largest number of bits of a state, of which there are 2^bits at most.
    - `zero` names the terms that are left out, as in the run.
    - `species` is the number of fields that move, which come first.
    - `folder` is that of the spec, where its files lie.
    - `first` says whether a shape is to be preferred.
    """

    document: Document
    lattice: Lattice
    own: Program
    bits: int
    zero: tuple[str, ...]
    species: int
    folder: Path | None = None
    first: Callable[[Cell], bool] = lambda cells: True

    def __call__(self, backend: Backend, seed: int) -> Instance | str:
        """The largest instance that sweeps as the user's lattice does, else the most similar one,
        else the reason why there is none.
        """
        for documents in self._documents():
            best: Instance | None = None
            for document in documents:
                made = self._made(document, backend, seed)
                if made is not None and (best is None or made.kin > best.kin):
                    best = made
                if best is not None and best.kin == len(KINSHIP) - 1:
                    break
            if best is not None:
                return best
        return f"no lattice of at most 2^{self.bits} states holds every term once"

    def _documents(self) -> Iterator[Iterator[Document]]:
        """The document on smaller lattices, those to be preferred first, by their edges."""
        if self.lattice.name in PLACELESS:
            yield iter(self._without_cells())
            return
        for boundary in _boundaries(self.lattice):
            written = (
                tuple(n * m for n, m in zip(cells, self._multiple, strict=True))
                for cells in self._shapes()
            )
            yield (on_lattice(self.document, cells, boundary) for cells in written)

    def _without_cells(self) -> list[Document]:
        """Those of a lattice without cells, the largest first."""
        most = int(self._most + 1e-9)
        found: list[Document] = []
        for document in on_fewer_sites(self.document, self.lattice, most):
            try:
                sites = count_sites(build(document, folder=self.folder)[0].lattice)
            except SpecError:
                continue
            if sites is None or sites > min(most, self.lattice.sites):
                break
            found.append(document)
        return found[::-1]

    @property
    def _multiple(self) -> Cell:
        """How many cells as written one cell of the lattice holds along each vector."""
        supercell = self.lattice.supercell
        return (1,) * self.lattice.dimension if supercell is None else supercell.multiple

    @property
    def _least(self) -> int:
        """The smallest number of cells along a vector: two as written."""
        return 2 if self.lattice.supercell is None else 1

    @property
    def _most(self) -> float:
        """The number of sites whose states are not too many."""
        states = prod(
            field.states or 1 << field.planes for field in self.own.fields[: self.species]
        )
        return self.bits / log2(states)

    def _shapes(self) -> list[Cell]:
        most, least = self._most / len(self.lattice.basis), self._least
        sizes = (range(min(least, size), min(size, self.bits) + 1) for size in self.lattice.cells)
        fit = [cells for cells in cartesian(*sizes) if prod(cells) <= most + 1e-9]
        return sorted(
            fit,
            key=lambda cells: (not self.first(cells), -prod(cells), max(cells) / min(cells), cells),
        )

    def _meets_itself(self, spec: Spec) -> bool:
        """Whether a term meets itself on the lattice of a spec, as it does not on the user's."""
        terms = spec.hamiltonian.terms if spec.hamiltonian is not None else ()
        return isinstance(spec.lattice, Lattice) and any(
            meets_itself(term, spec.lattice) and not meets_itself(term, self.lattice)
            for term in terms
            if not term.every_pair
        )

    def _made(self, document: Document, backend: Backend, seed: int) -> Instance | None:
        """The instance of a document.

        It is None where a term meets itself or does not fit, or where the spec does not fit.
        """
        try:
            spec, _ = build(document, folder=self.folder)
            if self._meets_itself(spec):
                return None
            model = make_model(spec, self.zero)
            groups = (*model.merged.groups, *model.merged.constants)
            places = [reach for group in groups for reach in group.reaches]
            cells, boundary = model.lattice.cells, model.lattice.boundary
            every = list(cartesian(*map(range, cells)))
            if not all(
                any(present(reach, at, cells, boundary) for at in every) for reach in places
            ):
                return None
            sampler = make_sampler(model, backend, seed=seed, point={})
        except SpecError:
            return None
        return Instance(spec, sampler, kinship(self.own, sampler.update.program))


def kinship(own: Program, other: Program) -> int:
    """The kinship of two sweeps of one model: 1 if their rules are equal, 2 if their site sets also
    have the same period.
    """
    if own.rules != other.rules:
        return 0
    return 1 + (_sets(own) == _sets(other))


def _sets(program: Program) -> list[Any]:
    sets = [stage.cells for stage in program.schedule]
    return [(cells.modulus, cells.residues) if isinstance(cells, Cells) else None for cells in sets]


def _boundaries(lattice: Lattice) -> Iterator[tuple[Boundary, ...]]:
    """The edges as they are, then with one axis opened, then two, and so on."""
    closed = [axis for axis, edge in enumerate(lattice.boundary) if edge != "open"]
    for number in range(len(closed) + 1):
        for opened in combinations(closed[::-1], number):
            yield tuple("open" if k in opened else edge for k, edge in enumerate(lattice.boundary))
