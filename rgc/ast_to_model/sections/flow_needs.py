"""What a scheme asks of the lattice, the spins and the block map."""

from __future__ import annotations

from collections.abc import Iterator

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.expressions.calls import listing, named
from rgc.ast_to_model.expressions.options import Reading
from rgc.ast_to_model.sections.cell_needs import check_cells
from rgc.ast_to_model.sections.enumeration import check_enumeration
from rgc.ast_to_model.sections.hypercube_needs import check_hypercube
from rgc.errors import SpecError
from rgc.language.blocks import BLOCKS
from rgc.language.updates import CLUSTER_UPDATES
from rgc.model.lattice import Complete, Diamond, Geometry, Graph, Lattice
from rgc.model.spec import Spec
from rgc.passes.bonds import NotBonds, bond_model
from rgc.passes.cells import HYPERCUBIC
from rgc.passes.frustration import cluster_obstacle
from rgc.passes.square_bonds import find_bonds
from rgc.schemes.table import Scheme
from rgc.syntax import ast


def check_needs(spec: Spec, scheme: Scheme, reading: Reading, context: Context) -> None:
    """Report lattices, spins, block maps and updates that the scheme cannot work with, each with the reason."""
    if spec.lattice is not None and "lattice" not in context.failed:
        _check_lattice(spec.lattice, scheme, context)
    _check_spins(spec, scheme, context)
    if scheme.bonds == "equal" and "hamiltonian" not in context.failed:
        _check_bonds(spec, scheme, context)
    if scheme.bonds == "square" and not context.failed & {"hamiltonian", "lattice", "spins"}:
        check_square_bonds(spec, context)
    _check_blocks(spec, scheme, context)
    if scheme.cells:
        check_cells(spec, scheme, context.document.place("block"), context)
    if scheme.hypercube:
        places = context.document.place("lattice"), context.document.place("block")
        check_hypercube(spec, scheme, reading, context, *places)
    _check_update(spec, reading, context)
    _check_gauge(spec, reading, context)
    if scheme.name == "enumerate":
        check_enumeration(spec, reading, context)


def _body(context: Context, name: str) -> ast.Expr | None:
    section = context.section(name)
    return None if section is None or isinstance(section.body, str | tuple) else section.body


def finite(lattice: Geometry) -> bool:
    """True for a lattice with a number of sites."""
    if isinstance(lattice, Lattice):
        return lattice.finite
    return not isinstance(lattice, Diamond) or lattice.generations is not None


def _sized(lattice: Geometry) -> bool:
    """True for a lattice with a size in some direction."""
    return any(lattice.shape) if isinstance(lattice, Lattice) else finite(lattice)


def _check_lattice(lattice: Geometry, scheme: Scheme, context: Context) -> None:
    span = context.document.place("lattice")
    body = _body(context, "lattice")
    call = named(body) if body is not None else None
    name = call[0] if call else "lattice"
    error = context.problems.error
    if scheme.lattice == "finite" and not finite(lattice):
        example = "diamond(generations=6)" if isinstance(lattice, Diamond) else f"{name}(16)"
        message = f"'{scheme.name}' needs a finite lattice, and this one has no size"
        error("needs-finite-lattice", message, span, hint=f"give it one: {example}")
    elif (scheme.lattice == "infinite" or name == scheme.lattice == "chain") and _sized(lattice):
        message = f"'{scheme.name}' works on the infinite lattice"
        error("needs-infinite-lattice", message, span, hint=f"leave the size out: lattice {name}")
    elif scheme.lattice == "complete" and not isinstance(lattice, Complete):
        message = f"'{scheme.name}' works on the complete graph"
        error("wrong-lattice", message, span, hint="write lattice complete(500)")
    elif scheme.lattice == "chain" and not (isinstance(lattice, Diamond) or name == "chain"):
        message = (
            f"decimation on '{name}' makes ever more couplings: the sum closes on chain and diamond only"
        )
        error("wrong-lattice", message, span, hint="migdal_kadanoff approximates it by moving bonds")
    elif "block" in scheme.needs and scheme.lattice == "finite" and isinstance(lattice, Complete | Graph):
        message = f"'{scheme.name}' blocks a lattice with unit cells, which '{name}' lacks"
        error("wrong-lattice", message, span)


def _check_bonds(spec: Spec, scheme: Scheme, context: Context) -> None:
    """Report a Hamiltonian that is more than equal bonds between neighbours and fields, and lattices on which bonds are not moved."""
    if spec.hamiltonian is None or spec.lattice is None:
        return
    name = spec.lattice.name if isinstance(spec.lattice, Lattice) else ""
    if name and name not in HYPERCUBIC:
        message = f"'{scheme.name}' moves bonds along the axes of a hypercubic lattice, not on '{name}'"
        hint = f"it takes {listing(HYPERCUBIC, 'or')}"
        context.problems.error("wrong-lattice", message, context.document.place("lattice"), hint=hint)
        return
    try:
        model = bond_model(spec.hamiltonian, spec.lattice, spec.species)
    except NotBonds as error:
        message = f"'{scheme.name}' works on bonds between nearest neighbours, the same everywhere: {error}"
        span = error.term.span if error.term is not None else context.document.place("hamiltonian")
        hint = "enumerate and mcrg take any Hamiltonian"
        context.problems.error("not-bonds", message, span, hint=hint)
        return
    if isinstance(spec.lattice, Diamond) and any(each.site and each.coupling for each in model.terms):
        message = "the sites of a diamond lattice have different numbers of bonds, so that a field on sites is none on bonds"
        hint = "y_h is given at field 0 all the same"
        context.problems.error("not-bonds", message, context.document.place("hamiltonian"), hint=hint)


def check_square_bonds(spec: Spec, context: Context) -> None:
    """Report what no tensor of one site of a square lattice holds."""
    if spec.lattice is None or spec.hamiltonian is None or any(each.states is None for each in spec.species):
        return
    try:
        find_bonds(spec.lattice, spec.species, spec.hamiltonian, place=context.document.place("lattice"))
    except SpecError as error:
        context.problems.extend(error.problems)


def _check_spins(spec: Spec, scheme: Scheme, context: Context) -> None:
    section = context.section("spins")
    entries = section.body if section is not None and isinstance(section.body, tuple) else ()
    spans = {
        entry.target.name: entry.value.span
        for entry in entries
        if isinstance(entry, ast.Entry) and isinstance(entry.target, ast.Name) and entry.value is not None
    }
    for species in spec.species:
        if scheme.alphabets and species.alphabet not in scheme.alphabets:
            message = f"'{scheme.name}' has no use for spins of the kind '{species.alphabet}'"
            hint = f"it takes {listing(scheme.alphabets, 'or')}"
            context.problems.error("wrong-spins", message, spans.get(species.name), hint=hint)


def _maps(context: Context) -> Iterator[ast.Expr]:
    body = _body(context, "block")
    if isinstance(body, ast.List):
        yield from body.items
    elif body is not None:
        yield body


def _check_blocks(spec: Spec, scheme: Scheme, context: Context) -> None:
    if not scheme.rules or (spec.blocks == () and "block" not in context.failed):
        return
    discrete = any(species.states is not None for species in spec.species)
    for expr in _maps(context):
        call = named(expr)
        if call is None:
            continue
        rule = call[0]
        if rule not in scheme.rules and rule in BLOCKS:
            message = f"'{scheme.name}' has no use for the block map '{rule}'"
            context.problems.error(
                "wrong-block", message, expr.span, hint=f"it takes {listing(scheme.rules, 'or')}"
            )
        elif rule == "average" and discrete and scheme.name in ("mcrg", "variational_mcrg", "enumerate"):
            message = "the average of discrete spins is no spin of the same kind, so block and fine operators cannot be compared"
            context.problems.error(
                "average-discrete", message, expr.span, hint="use majority, or gaussian spins"
            )


def _check_update(spec: Spec, reading: Reading, context: Context) -> None:
    update = reading.values.get("update")
    if update not in CLUSTER_UPDATES or spec.hamiltonian is None or spec.lattice is None:
        return
    if context.failed & {"hamiltonian", "lattice"}:
        return
    why = cluster_obstacle(spec.hamiltonian, spec.lattice)
    if why:
        message = f"'{update}' clusters do not suit this Hamiltonian: {why}"
        place = reading.places["update"]
        context.problems.error(
            "wrong-update", message, place.span, hint="metropolis and heat_bath are valid here"
        )


def _check_gauge(spec: Spec, reading: Reading, context: Context) -> None:
    """dF of an RBM is minus the logarithm of the mean of tau, which its constant shifts at will."""
    if reading.values.get("minimise") != "dF" or "anchor" in reading.places:
        return
    learned = any(block.rule == "learned" for block in spec.blocks)
    if reading.signature.name == "train" or learned:
        message = (
            "dF of an RBM can be shifted at will by its constant: it says nothing until that is anchored"
        )
        hint = "minimise kl, or train with anchor=normalised"
        context.problems.error("gauge-without-anchor", message, reading.places["minimise"].span, hint=hint)
