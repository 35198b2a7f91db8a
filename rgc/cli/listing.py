"""A model as people read it: what `rgc show` prints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rgc.language.updates import AUTO
from rgc.language.values import CallValue, OperatorBasis
from rgc.model import shown
from rgc.model.block import Block
from rgc.model.claim import BEARINGS
from rgc.model.data import rows_of, source_of
from rgc.model.lattice import Complete, Diamond, Geometry, Lattice
from rgc.model.stack import alphabet_text
from rgc.model.target import ExpectedValue
from rgc.model.tempering import inner_update
from rgc.passes.choose_clusters import CROSSOVERS, choose_clusters
from rgc.syntax.ast import Call, Entry, Item, List, Name
from rgc.syntax.print import print_expression
from rgc.syntax.print_expression import print_entry

if TYPE_CHECKING:
    from rgc.language.values import Value
    from rgc.model.data import Data
    from rgc.model.hamiltonian import Term
    from rgc.model.operators import Product
    from rgc.model.spec import Spec
    from rgc.model.spins import Species
    from rgc.model.stack import Side, Stack

SHOWN = 4  # products of a term, faces of a lattice


def listing(spec: Spec) -> str:
    """Every section of the model, one line for each thing in it."""
    blocks = [spec.title, *_sections(spec)]
    return "\n\n".join(block for block in blocks if block)


def _sections(spec: Spec) -> Iterator[str]:
    yield _block("parameters", _parameters(spec))
    if spec.lattice is not None:
        yield _block("lattice", _lattice(spec.lattice))
    yield _block("spins", map(_species, spec.species))
    if spec.hamiltonian is not None:
        yield _block(
            "hamiltonian (weight exp(-H), per unit cell)",
            (_term(term, spec) for term in spec.hamiltonian.terms),
        )
    yield _block("block", map(_map, spec.blocks))
    yield _block("data", _data(spec.data))
    yield _block("stack", _stack(spec.stack))
    yield _block("map", _written(spec, "map"))
    if spec.flow is not None:
        options = spec.flow.options.items()
        yield _block(
            f"flow {spec.flow.scheme}", (f"{name} = {_value(value)}" for name, value in options)
        )
        yield _block("update=auto", _chosen(spec))
    yield _block("runs", _written(spec, "runs"))
    yield _block(
        "scan",
        (
            f"{axis.name}: {', '.join(f'{v:g}' for v in axis.values)}"
            + ", at once, with exchanges between neighbours" * axis.tempered
            for axis in spec.scan
        ),
    )
    yield _block(
        "measure",
        map(str, spec.measures),
    )
    if spec.claim is not None:
        yield _block("claim", (spec.claim.text, f"from {spec.claim.source}"))
        for bearing in BEARINGS:
            yield _block(bearing, map(_expected, spec.claim.of(bearing)))
    yield _block("expect", map(_expected, spec.expectations))


def _chosen(spec: Spec) -> Iterator[str]:
    """What `auto` stands for, and the measured crossovers by which it was chosen."""
    options = spec.flow.options if spec.flow is not None else {}
    if inner_update(options.get("update")) != AUTO or spec.hamiltonian is None:
        return
    if spec.lattice is not None:
        chosen = choose_clusters(spec.hamiltonian, spec.lattice, spec.species)
        yield f"{chosen.update}: {chosen.reason}"
    yield from (f"measured: {row}" for row in CROSSOVERS)


def _expected(line: ExpectedValue) -> str:
    return f"{line.target} {line.relation} {line.word or format(line.value, '.12g')}"


def _parameters(spec: Spec) -> Iterator[str]:
    """Numbers evaluated, everything else as the spec has it: functions, lists, matrices, draws.
    What another spec answers is told with the number that stands for it, on which others depend.
    """
    section, taken = spec.document.section("parameters"), {each.name for each in spec.taken}
    for entry in section.body if section is not None and isinstance(section.body, tuple) else ():
        if not isinstance(entry, Entry):
            continue
        name = entry.target.name if isinstance(entry.target, Name) else ""
        if name in taken:
            yield f"{print_entry(entry)}, which is not run: {spec.parameters[name]:.16g} here"
        elif name in spec.parameters:
            yield f"{name} = {spec.parameters[name]:.16g}"
        else:
            yield print_entry(entry)


def _block(head: str, lines: Iterable[str]) -> str:
    body = "\n".join(f"  {line}" for line in lines)
    return f"{head}\n{body}" if body else ""


def _lattice(lattice: Geometry) -> Iterator[str]:
    if not isinstance(lattice, Lattice):
        yield _without_cells(lattice)
        return
    if lattice.edges:
        joined = sorted({len(edge) for edge in lattice.edges})
        ends = " or ".join(map(str, joined))
        yield f"{lattice.name} of {lattice.sites} sites, {len(lattice.edges)} edges of {ends} sites"
        return
    size = " x ".join("infinite" if n is None else str(n) for n in lattice.shape)
    sites = f", {lattice.sites} sites" if lattice.finite else ""
    yield f"{lattice.name}, {size} cells{sites}, {', '.join(lattice.boundary)}"
    for name, vector in zip("xyzw", lattice.vectors, strict=False):
        yield f"{name} = ({', '.join(f'{c:.6g}' for c in vector)})"
    if len(lattice.basis) > 1:
        for letter, at in zip(lattice.letters, lattice.basis, strict=True):
            yield f"site {letter} at ({', '.join(f'{c:.6g}' for c in at)})"


def _without_cells(lattice: Complete | Diamond) -> str:
    match lattice:
        case Complete(sites):
            return f"complete graph of {sites} sites"
        case Diamond(b, branches, generations):
            how_often = "for ever" if generations is None else f"{generations} times"
            return f"diamond, each bond becomes {branches} chains of {b} bonds, {how_often}"


def _species(species: Species) -> str:
    """`s: potts(9)`: the number of states where the alphabet does not say it."""
    states = f"({species.states})" if species.kind.counted else ""
    return f"{species.name}: {species.alphabet}{states}" + (
        ", symmetric" if species.symmetric else ""
    )


def _data(data: Data | None) -> Iterator[str]:
    if data is None:
        return
    yield str(data)
    share = getattr(source_of(data), "validation", None)
    apart = f", a share of {share:g} kept for validation" if share else ""
    yield f"{rows_of(data)} rows to train on{apart}"


def _stack(stack: Stack | None) -> Iterator[str]:
    """For each layer its units from the top, how they are connected, and how they are trained."""
    layers = stack.layers if stack is not None else ()
    for number, layer in enumerate(layers, 1):
        biases = "with biases" if layer.biases else "without biases"
        rows, columns = layer.shape
        yield (
            f"layer {number}: {_side(layer.hidden)} above {_side(layer.visible)}, "
            f"{layer.connect}, {rows} x {columns} weights, {biases}"
        )
        if layer.weights is not None:
            yield f"  weights of {layer.weights}"
        if layer.train is not None:
            yield f"  trained by {layer.train}"
        if number < len(layers):
            yield f"  {layer.upward} of its hidden units upward"


def _side(side: Side) -> str:
    where = "" if isinstance(side.places, int) else f" on {shown.value(side.places)}"
    return f"{side.count} {alphabet_text(side.spins)} units{where}"


def _written(spec: Spec, name: str) -> Iterator[str]:
    """The calls or entries of a section as the spec has them."""
    section = spec.document.section(name)
    match section.body if section is not None else ():
        case List(items):
            yield from map(print_expression, items)
        case tuple(items):
            yield from (print_expression(item.value) for item in items if isinstance(item, Item))
            yield from (print_entry(item) for item in items if isinstance(item, Entry))
        case Name() | Call() as call:
            yield print_expression(call)


def _value(value: Value) -> str:
    """The value of an option, as it may be written."""
    match value:
        case bool():
            return "true" if value else "false"
        case tuple():
            return f"[{', '.join(map(_value, value))}]"
        case OperatorBasis(reach, bodies):
            return f"operators(range={reach:g}, bodies={bodies})"
        case CallValue(name, arguments, options):
            inside = (*map(_value, arguments), *(f"{key}={_value(of)}" for key, of in options))
            return f"{name}({', '.join(inside)})"
        case float():
            return f"{value:.16g}"
    return str(value)


def _term(term: Term, spec: Spec) -> str:
    names = [species.name for species in spec.species]
    letters = (
        spec.lattice.letters
        if isinstance(spec.lattice, Lattice) and len(spec.lattice.basis) > 1
        else ()
    )
    sign = "-" if term.sign < 0 else "+"
    own = f", each times a {term.inhomogeneous} of its own" if term.inhomogeneous else ""
    if term.tables:
        return (
            f"{sign} {term.name} = {term.coupling:.12g}: {len(term.tables)} tables of "
            f"{len(term.tables[0].energies)} energies{own}"
        )
    products = [
        (f"{weight:g} " if weight != 1 else "") + _product(product, names, letters)
        for weight, product in term.products
    ]
    more = f" + {len(products) - SHOWN} more" if len(products) > SHOWN else ""
    return (
        f"{sign} {term.name} = {term.coupling:.12g}: " + " + ".join(products[:SHOWN]) + more + own
    )


def _product(product: Product, names: list[str], letters: tuple[str, ...]) -> str:
    """`s[0,1]*s[1,0]`, with the basis letter behind the cell where there are several."""
    spins = (
        f"{names[s.species]}[{','.join(map(str, s.cell))}{letters[s.letter] if letters else ''}]"
        for s in product
    )
    return "*".join(spins) or "1"


def _map(block: Block) -> str:
    cells = "; ".join(
        " ".join(f"({','.join(map(str, site.cell))})" for site in cell) for cell in block.cells
    )
    p = (
        f", p = {block.p:g}"
        if block.p is not None
        else f", p free for each {block.free}"
        if block.free
        else ""
    )
    return f"{block.name}, b = {block.scale:.6g}{p}, sites {cells}"
