"""What a sum runs over: for each summand of one unit cell, the sites that its indices stand for.

Lattices without cells (complete, diamond) have one summand; its sites are numbered by
letters in the order of the indices.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations, pairwise

from rgc.ast_to_model.expressions.evaluate import integer
from rgc.ast_to_model.expressions.sites import Bound, Group, Referent, vector
from rgc.ast_to_model.scope import Scope, problem
from rgc.errors import SpecError, suggest
from rgc.model.complete import COMPLETE
from rgc.model.every_pair import MOST_SITES, every_pair
from rgc.model.graphs import edge_sites
from rgc.model.lattice import Cell, Complete, Diamond, Geometry, Lattice, Site
from rgc.model.lattices import AXES, face_kinds
from rgc.model.shells import Pair, Shell, TooFar, shells
from rgc.model.supercells import enclosed, small_cells
from rgc.syntax import ast

ORDINALS = {1: "nearest", 2: "second", 3: "third"}
MOST_SHELLS = 64
CLOSE_DISTANCES = 0.01
"""Shells of a crystal are told apart where their distances differ by more, relatively."""

SUBLATTICES = ("even", "odd", "sublattice", "black", "white", "a", "b")
"""What people call one half of the sites."""

PAIRS = ("bond", "edge", "link", "pair")  # what others call <i,j>
LETTERS = tuple("abcdefghijklmnopqrstuvwxyz")


@dataclass(frozen=True, slots=True)
class Summands:
    """The summands of a sum.

    - `bounds` holds the indices of each summand.
    - `exchangeable` holds indices whose order has no meaning, as in `<i,j>` and `i < j`.
    - `weights` are the factors of the summands where they are not all 1.
    """

    bounds: tuple[Bound, ...]
    exchangeable: tuple[str, ...] = ()
    weights: tuple[float, ...] = ()


def indices(domain: ast.Domain) -> tuple[str, ...]:
    """The names that a domain binds."""
    match domain:
        case ast.Sites(index) | ast.Members(index):
            return (index,)
        case ast.Pairs(first, second) | ast.Shell(_, first, second):
            return first, second
        case ast.Faces(_, corners):
            return corners
        case ast.Ascending(names):
            return names


def summands(domain: ast.Domain, lattice: Geometry, scope: Scope) -> Summands:
    """The summands of a sum over the whole lattice.

    Raises `SpecError` where the lattice has nothing of that kind.
    """
    if not isinstance(lattice, Lattice):
        return _without_cells(domain, lattice)
    if lattice.supercell is not None:
        return _in_every_cell(summands(domain, lattice.supercell.small, scope), lattice)
    origin = (0,) * lattice.dimension
    if lattice.edges and not isinstance(domain, ast.Sites):
        return _of_graph(domain, lattice)
    if lattice.name == COMPLETE and isinstance(domain, ast.Pairs | ast.Ascending):
        return _every(domain, lattice)
    match domain:
        case ast.Sites(index):
            return Summands(
                tuple({index: Site(origin, letter)} for letter in range(len(lattice.basis)))
            )
        case ast.Pairs(first, second, order, along):
            pairs = _shell(order, lattice, domain)
            if along is not None:
                pairs = _along(along, order, pairs, lattice, scope)
            return _pairs(first, second, pairs)
        case ast.Shell(order_expr, first, second):
            order = integer(order_expr, scope, least=1)
            if order > MOST_SHELLS:
                raise problem(
                    "out-of-range", f"at most {MOST_SHELLS} shells, not {order}", order_expr.span
                )
            return _pairs(first, second, _shell(order, lattice, domain))
        case ast.Faces():
            return _faces(domain, lattice)
        case ast.Members(index, collection):
            return Summands(
                tuple({index: group} for group in _collection(domain, collection, lattice))
            )
        case ast.Ascending():
            return _of_pairs(domain, lattice)


def _in_every_cell(found: Summands, lattice: Lattice) -> Summands:
    """The summands of a cell as written, in each of those that a cell of the lattice holds."""

    def placed(referent: Referent, cell: Cell) -> Referent:
        if isinstance(referent, Site):
            return enclosed(referent.shifted(cell), lattice)
        sites = tuple(enclosed(site.shifted(cell), lattice) for site in referent.sites)
        return replace(referent, sites=sites)

    return replace(
        found,
        bounds=tuple(
            {name: placed(referent, cell) for name, referent in bound.items()}
            for cell in small_cells(lattice)
            for bound in found.bounds
        ),
    )


def _every(domain: ast.Pairs | ast.Ascending, lattice: Lattice) -> Summands:
    """Every pair, triple, ... of the complete graph written as one cell."""
    names = indices(domain)
    letters = combinations(range(len(lattice.basis)), len(names))
    sites = ([Site((0,) * lattice.dimension, letter) for letter in chosen] for chosen in letters)
    return Summands(tuple(dict(zip(names, chosen, strict=True)) for chosen in sites), names)


def _of_pairs(domain: ast.Ascending, lattice: Lattice) -> Summands:
    """Every pair of sites of a finite lattice, by the shortest way between them."""
    if len(domain.indices) != 2:
        message = "on a lattice with cells these sums run over pairs, not more sites"
        raise problem("not-yet", message, domain.span, hint="write sum(i < j)")
    if not lattice.finite:
        message = "a sum over every pair needs a finite lattice"
        hint = f"give it a size: {lattice.name}(16)"
        raise problem("needs-finite-lattice", message, domain.span, hint=hint)
    if lattice.sites > MOST_SITES:
        message = f"every pair of {lattice.sites} sites; the limit is {MOST_SITES} sites"
        raise problem("too-many-sites", message, domain.span, hint="take a smaller lattice")
    first, second = domain.indices
    found = tuple(every_pair(lattice))
    bounds = tuple({first: a, second: b} for a, b, _ in found)
    return Summands(bounds, domain.indices, tuple(weight for _, _, weight in found))


def _of_graph(domain: ast.Domain, lattice: Lattice) -> Summands:
    """The edges of a graph, or as pairs those that join two sites."""
    edges = edge_sites(lattice)
    match domain:
        case ast.Members(index, "edges"):
            groups = (Group(edge, LETTERS[: len(edge)]) for edge in edges)
            return Summands(tuple({index: group} for group in groups))
        case ast.Pairs(first, second, 1, None):
            pairs = tuple((edge[0], edge[1]) for edge in edges if len(edge) == 2)
            if pairs:
                return _pairs(first, second, pairs)
            message = "the edges of this graph join more than two sites"
            hint = "sum over e in edges, with a product over the sites i in e"
            raise problem("wrong-lattice", message, domain.span, hint=hint)
    message = "sums on a graph run over (i), <i,j> and e in edges"
    raise problem("wrong-lattice", message, domain.span)


def members(domain: ast.Domain, bound: Bound) -> Iterator[Bound]:
    """The indices of an inner `i in f`, where f is a face, an edge or a cell bound outside.

    Raises `SpecError`.
    """
    if not isinstance(domain, ast.Members):
        message = "a sum inside a sum runs over the sites of a face, an edge or a cell: sum(i in f)"
        raise problem("nested-sum", message, domain.span)
    group = bound.get(domain.collection)
    if not isinstance(group, Group):
        hint = suggest(domain.collection, bound) or "bind it outside: sum(f in plaquettes)"
        message = f"'{domain.collection}' is no face, edge or cell bound outside"
        raise problem("unknown-collection", message, domain.span, hint=hint)
    for site in group.sites:
        yield {**bound, domain.index: site}


def _shell(order: int, lattice: Lattice, domain: ast.Domain) -> tuple[Pair, ...]:
    """The pairs at the n-th distance.

    Raises `SpecError` for one that lies too far, and for one that is so close to the next that the
    two may be one whose sites were rounded.
    """
    try:
        found = shells(lattice, order + 1)
    except TooFar as error:
        message = f"the {order}. shell of neighbours lies too far away: {error}"
        hint = "write its pairs by their offsets"
        raise problem("out-of-range", message, domain.span, hint=hint) from None
    if lattice.rounded:
        for nearer, farther in pairwise(found[max(order - 2, 0) : order + 1]):
            if farther.distance < nearer.farthest * (1 + CLOSE_DISTANCES):
                raise _close(nearer, farther, domain)
    return found[order - 1].pairs


def _close(nearer: Shell, farther: Shell, domain: ast.Domain) -> SpecError:
    """The error for two distances that are hardly different."""
    message = (
        f"pairs at distance {nearer.distance:.9g} and at {farther.distance:.9g} are two shells, "
        "which differ by less than 1 %: were the vectors rounded?"
    )
    hint = (
        "write the vectors in full, not rounded; where the distances do differ, write the "
        "pairs by offsets, sum(i) s[i]*s[i+x]"
    )
    return problem("close-distances", message, domain.span, hint=hint)


def _pairs(first: str, second: str, pairs: tuple[Pair, ...]) -> Summands:
    return Summands(tuple({first: a, second: b} for a, b in pairs), (first, second))


def _along(
    along: ast.Expr, order: int, pairs: tuple[Pair, ...], lattice: Lattice, scope: Scope
) -> tuple[Pair, ...]:
    if len(lattice.basis) > 1:
        hint = "write the sum over cells: sum(c in cells) s[c.a]*s[c.b]"
        message = "on a lattice with a basis no bond lies along a vector alone"
        raise problem("along-basis", message, along.span, hint=hint)
    direction = vector(along, lattice, scope)
    opposite = tuple(-x for x in direction)
    chosen = tuple(pair for pair in pairs if pair[1].cell in (direction, opposite))
    if not chosen:
        known = ", ".join(_vector_text(b.cell) for _, b in pairs)
        which = ORDINALS[order]
        message = f"no {which} neighbours are displaced by {_vector_text(direction)}"
        raise problem("bad-direction", message, along.span, hint=f"they are displaced by {known}")
    return chosen


def _vector_text(cell: tuple[int, ...]) -> str:
    return f"({','.join(map(str, cell))})"


def _faces(domain: ast.Faces, lattice: Lattice) -> Summands:
    faces = [face for face in lattice.faces if face.kind == domain.kind]
    if not faces:
        raise _no_such_face(domain, domain.kind, lattice, "")
    corners = len(faces[0].corners)
    if len(domain.corners) != corners:
        message = f"a {domain.kind} has {corners} corners, not {len(domain.corners)}"
        raise problem("wrong-corners", message, domain.span)
    if domain.along is not None:
        axis = domain.along.name if isinstance(domain.along, ast.Name) else ""
        faces = [face for face in faces if face.normal is not None and "xyz"[face.normal] == axis]
        if not faces:
            message = f"no {domain.kind} of this lattice has its normal along that direction"
            hint = "plaquettes of the cubic lattice have normals x, y and z"
            raise problem("bad-direction", message, domain.along.span, hint=hint)
    return Summands(tuple(dict(zip(domain.corners, face.corners, strict=True)) for face in faces))


def _collection(domain: ast.Members, collection: str, lattice: Lattice) -> list[Group]:
    if collection == "cells":
        origin = (0,) * lattice.dimension
        return [Group(tuple(Site(origin, k) for k in range(len(lattice.basis))), lattice.letters)]
    if collection == "blocks":
        raise problem("wrong-collection", "blocks stand only in the kernel of a block", domain.span)
    if collection == "edges":
        hint = "write <i,j> for pairs of neighbours"
        raise problem("wrong-collection", "edges are those of a graph", domain.span, hint=hint)
    kind = collection.removesuffix("s")
    faces = [
        Group(face.corners) for face in lattice.faces if face.kind == kind and collection != kind
    ]
    if not faces:
        raise _no_such_face(domain, collection, lattice, "s")
    return faces


def _no_such_face(domain: ast.Domain, kind: str, lattice: Lattice, plural: str) -> SpecError:
    known = [f"{kind}{plural}" for kind in face_kinds(lattice)]
    has = f"it has {', '.join(known)}" if known else "it has no faces"
    hint = suggest(kind, [*known, "cells"] if plural else known) or has
    if kind.lower() in SUBLATTICES:
        place = " + ".join(f"coordinate(i,{axis})" for axis in AXES[: lattice.dimension])
        hint = f"a factor that is 0 elsewhere picks sites: sum(i) s[i]*mod({place}, 2)"
    if kind in PAIRS:
        hint = "pairs of neighbours are <i,j>, those of one direction <i,j> along x"
    return problem(
        "unknown-face", f"the {lattice.name} lattice has no {kind}", domain.span, hint=hint
    )


def _without_cells(domain: ast.Domain, lattice: Complete | Diamond) -> Summands:
    match lattice, domain:
        case _, ast.Sites(index):
            return Summands(({index: Site((), 0)},))
        case _, ast.Pairs(first, second, 1, None):
            return Summands(({first: Site((), 0), second: Site((), 1)},), (first, second))
        case Complete(), ast.Ascending(names):
            if len(names) > len(LETTERS):
                raise problem("out-of-range", f"at most {len(LETTERS)} indices", domain.span)
            return Summands(({name: Site((), k) for k, name in enumerate(names)},), names)
    name = type(lattice).__name__.lower()
    allowed = {
        "complete": "(i), <i,j> and i < j",
        "diamond": "(i) and <i,j>",
    }
    message = f"sums on the {name} lattice run over {allowed[name]}"
    raise problem("wrong-lattice", message, domain.span)
