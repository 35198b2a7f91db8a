"""The lattice of a spec as SVG: its sites, what its terms multiply, the cells of its block map."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product as cartesian
from math import atan2, dist, prod

from rgc.model.block import Block
from rgc.model.hamiltonian import Term
from rgc.model.lattice import Cell, Lattice, Site
from rgc.model.spec import Spec
from rgc.portrait.markup import escape

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
SCALE, MARGIN, LINE = 46.0, 24.0, 20.0
"""Pixels of the nearest-neighbour distance, around the lattice, and of a line of the key."""

MOST_SITES = 150
MOST_LINES = 6
"""Sites that are drawn, and terms in the key."""

STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#333}.site{fill:#333;stroke:#fff;stroke-width:.04}"
    ".cell{fill:#999;stroke:#999;opacity:.25;stroke-linejoin:round;stroke-linecap:round}"
    "@media(prefers-color-scheme:dark){text{fill:#ddd}.site{fill:#ddd;stroke:#181818}"
    ".cell{opacity:.4}}"
)

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class View:
    """A window of `cells` unit cells from the origin, on the plane of the page."""

    lattice: Lattice
    cells: Cell

    def inside(self, site: Site) -> bool:
        return all(0 <= x < size for x, size in zip(site.cell, self.cells, strict=True))

    def at(self, site: Site) -> Point:
        """A site on the page, y upwards; the third axis goes back to the right."""
        x, y, z, *_ = (*self.lattice.position(site), 0.0, 0.0)
        return x + 0.42 * z, -(y + 0.3 * z)

    @property
    def sites(self) -> Iterator[Site]:
        for cell in cartesian(*map(range, self.cells)):
            yield from (Site(cell, letter) for letter in range(len(self.lattice.basis)))


def lattice_drawing(spec: Spec) -> str:
    """The drawing as a text, empty where the lattice has no cells or more than three dimensions.

    Terms of two spins are lines between their sites, the others are filled shapes at the cells
    where they fit.
    """
    lattice = spec.lattice
    if not isinstance(lattice, Lattice) or lattice.dimension > 3:
        return ""
    block = next((each for each in spec.blocks if each.cells), None)
    view = _view(lattice, block)
    terms = spec.hamiltonian.terms if spec.hamiltonian is not None else ()
    shown = [each for each in terms if any(map(_joins, _spins(each)))][:MOST_LINES]
    points = [view.at(site) for site in view.sites]
    left, top = min(x for x, _ in points), min(y for _, y in points)
    parts = [*(_cells(view, block) if block is not None else ())]
    drawn = [
        (bodies, each)
        for term in zip(COLOURS, shown, strict=False)
        for bodies, each in _term(view, *term)
    ]
    parts += [each for _, each in sorted(drawn, key=lambda pair: -pair[0])]
    parts += [f'<circle class="site" cx="{x:.2f}" cy="{y:.2f}" r="0.11"/>' for x, y in points]
    width = max(x for x, _ in points) - left
    height = max(y for _, y in points) - top
    return _picture(parts, _key(shown, block), (left, top, width, height))


def _view(lattice: Lattice, block: Block | None) -> View:
    """Two blocks along each axis, or else four cells, fewer where sites are many."""
    want = [2 * f for f in block.factor] if block is not None else []
    want = want or [6 if block is not None else 4] * lattice.dimension
    if lattice.dimension == 1:
        want = [max(8, *want, 0)]
    if lattice.dimension == 3:
        want = [min(n, 3) for n in want]
    sizes = [min(n, size or n) for n, size in zip(want, lattice.shape, strict=True)]
    while prod(sizes) * len(lattice.basis) > MOST_SITES and max(sizes) > 1:
        sizes[sizes.index(max(sizes))] -= 1
    return View(lattice, tuple(sizes))


def _cells(view: View, block: Block) -> Iterator[str]:
    """The cells of the block map, as broad strokes around their sites."""
    axes = range(view.lattice.dimension)
    vectors = block.vectors or [[f * (k == x) for x in axes] for k, f in enumerate(block.factor)]
    for steps in cartesian(range(-max(view.cells), max(view.cells) + 1), repeat=len(axes)):
        corner = tuple(sum(n * v[x] for n, v in zip(steps, vectors, strict=True)) for x in axes)
        for cell in block.cells:
            sites = [_moved(site, corner) for site in cell]
            if all(map(view.inside, sites)):
                yield f'<path class="cell" stroke-width="0.55" d="{_path(view, sites)}"/>'


def _spins(term: Term) -> set[tuple[Site, ...]]:
    """The sites that the products and tables of a term are of."""
    return {
        tuple(dict.fromkeys(Site(spin.cell, spin.letter) for spin in spins))
        for spins in term.supports
    }


def _joins(sites: tuple[Site, ...]) -> bool:
    return len(sites) > 1


def _term(view: View, colour: str, term: Term) -> Iterator[tuple[int, str]]:
    """What a term multiplies, with the number of spins: lines, or shapes of more than two."""
    for sites in sorted(filter(_joins, _spins(term))):
        for corner in cartesian(*map(range, (n + 1 for n in view.cells))):
            moved = [_moved(site, corner) for site in sites]
            if not all(map(view.inside, moved)):
                continue
            style = (
                f'fill="{colour}" fill-opacity="0.13" stroke-opacity="0.5"'
                if len(moved) > 2
                else 'fill="none"'
            )
            yield (
                len(moved),
                f'<path d="{_path(view, moved)}" {style} stroke="{colour}" stroke-width="0.06" '
                'stroke-linejoin="round"/>',
            )


def _moved(site: Site, cell: Cell) -> Site:
    return Site(tuple(a + b for a, b in zip(site.cell, cell, strict=True)), site.letter)


def _path(view: View, sites: Sequence[Site]) -> str:
    """A closed path around the sites, by their angle about the middle; a line through two, a point
    at one.
    """
    points = [view.at(site) for site in sites]
    middle = tuple(sum(values) / len(points) for values in zip(*points, strict=True))
    order = sorted(points, key=lambda point: _turn(point, middle)) if len(points) > 2 else points
    return (
        "M"
        + "L".join(f"{x:.2f} {y:.2f}" for x, y in order)
        + ("h0", "", "Z")[min(len(order), 3) - 1]
    )


def _turn(point: Point, middle: Sequence[float]) -> tuple[float, float]:
    return atan2(point[1] - middle[1], point[0] - middle[0]), dist(point, middle)


def _key(terms: Sequence[Term], block: Block | None) -> list[tuple[str, str]]:
    """The names of the terms with their colours, and of the block map."""
    rows = [(term.name, colour) for term, colour in zip(terms, COLOURS, strict=False)]
    return rows + ([(f"cells of {block.name}", "")] if block is not None else [])


def _picture(
    parts: Sequence[str], key: Sequence[tuple[str, str]], box: tuple[float, float, float, float]
) -> str:
    left, top, width, height = box
    wide = max(2 * MARGIN + SCALE * width, 220.0)
    high = 2 * MARGIN + SCALE * height
    rows = []
    for place, (name, colour) in enumerate(key):
        y = high + LINE * (place + 0.5)
        mark = f'stroke="{colour}"' if colour else 'class="cell"'
        rows.append(
            f'<line x1="{MARGIN}" x2="{MARGIN + 22}" y1="{y}" y2="{y}" {mark} stroke-width="4"/>'
            f'<text x="{MARGIN + 30}" y="{y + 4}">{escape(name)}</text>'
        )
    total = high + LINE * len(key) + (MARGIN / 2 if key else 0)
    moved = f"translate({MARGIN} {MARGIN}) scale({SCALE}) translate({-left:.3f} {-top:.3f})"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide:.0f}" height="{total:.0f}" '
        f'viewBox="0 0 {wide:.0f} {total:.0f}"><style>{STYLE}</style>'
        f'<g transform="{moved}">{"".join(parts)}</g>{"".join(rows)}</svg>\n'
    )
