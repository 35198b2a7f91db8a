"""What a run would cost, judged before anything is allocated, and how often a lattice can be blocked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product as cartesian
from math import ceil, comb, floor, log2, prod

from rgc.ast_to_model.context import Context
from rgc.language.values import OperatorBasis, Value
from rgc.model.block import Block
from rgc.model.lattice import Complete, Diamond, Geometry, Lattice, Site
from rgc.model.spec import Flow, Spec
from rgc.schemes.table import SCHEMES, SMALLEST, STATE_BYTES
from rgc.syntax import ast

GIB = 2**30
CONFIGURATION_LIMIT = 16 * GIB  # bytes of all spins of all replicas, at one byte each
OPERATOR_LIMIT = 1_000_000  # sets of spins that a basis of operators looks through

Places = Mapping[str, ast.Expr]


def check_limits_of_run(spec: Spec, flow: Flow, places: Places, context: Context) -> None:
    """Report what goes beyond the limits stated here, with the number and the limit."""
    if context.failed & {"lattice", "spins"} or spec.lattice is None:
        return
    if SCHEMES[flow.scheme].lattice == "finite":
        _check_configurations(spec, flow, places, context)
    if flow.scheme == "enumerate":
        _check_states(spec, flow, context)
    if isinstance(spec.lattice, Lattice):
        if flow.scheme in ("mcrg", "variational_mcrg") and "block" not in context.failed:
            _check_steps(spec, spec.lattice, flow, places, context)
        _check_basis(spec.lattice, flow, places, context)


def count_sites(lattice: Geometry) -> int | None:
    """N, or None where it is infinite or stands in a file."""
    match lattice:
        case Lattice():
            return lattice.sites if lattice.finite else None
        case Complete(sites):
            return sites
        case Diamond(b, branches, generations) if generations is not None:
            sites, bonds = 2, 1
            for _ in range(
                min(generations, 64)
            ):  # each bond becomes b * branches, with branches * (b - 1) new sites
                sites, bonds = sites + bonds * branches * (b - 1), bonds * b * branches
            return sites
    return None


def _check_configurations(spec: Spec, flow: Flow, places: Places, context: Context) -> None:
    sites = count_sites(spec.lattice) if spec.lattice is not None else None
    replicas = flow.options.get("replicas")
    if sites is None or not isinstance(replicas, int):
        return
    spins = sites * replicas * max(len(spec.species), 1)
    if spins > CONFIGURATION_LIMIT:
        most = CONFIGURATION_LIMIT // replicas // max(len(spec.species), 1)
        message = (
            f"{sites} sites in {replicas} replicas take {spins / GIB:.1f} GiB at one byte a spin; "
            f"the limit is {CONFIGURATION_LIMIT // GIB} GiB"
        )
        hint = f"with these replicas up to {most} sites fit"
        span = places["replicas"].span if "replicas" in places else context.document.place("lattice")
        context.problems.error("too-many-sites", message, span, hint=hint)


def _check_states(spec: Spec, flow: Flow, context: Context) -> None:
    sites = count_sites(spec.lattice) if spec.lattice is not None else None
    memory = flow.options.get("memory")
    bits = sum(log2(species.states) for species in spec.species if species.states is not None)
    if sites is None or bits == 0 or not isinstance(memory, int | float):
        return
    allowed = log2(memory * GIB / STATE_BYTES)
    if sites * bits <= allowed + 1e-9:
        return
    needed = sites * bits + log2(STATE_BYTES) - 30
    message = f"{_power(sites, spec)} states take {_gib(needed)} at {STATE_BYTES} bytes each; the limit is {memory:g} GiB"
    hint = f"up to {floor(allowed / bits + 1e-9)} sites fit"
    if needed < 10:
        hint += f", or raise it: memory={ceil(2**needed)}"
    place = context.document.place("lattice") or flow.span
    context.problems.error("too-many-states", message, place, hint=hint)


def _power(sites: int, spec: Spec) -> str:
    states = prod(species.states or 1 for species in spec.species)
    return f"{states}^{sites}"


def _gib(exponent: float) -> str:
    return f"{2**exponent:.4g} GiB" if exponent < 40 else f"2^{exponent:.0f} GiB"


# -- steps -------------------------------------------------------------------------------------------------------------


def shapes(lattice: Lattice, blocks: Sequence[Block]) -> list[tuple[int, ...]]:
    """The shapes of the levels 0, 1, ... as often as the blocks, taken in turn, divide the lattice."""
    found = [lattice.cells]
    while blocks and max(found[-1]) > 1:
        factor = blocks[(len(found) - 1) % len(blocks)].factor
        if (
            prod(factor) == 1
            or len(factor) != lattice.dimension
            or any(n % f for n, f in zip(found[-1], factor, strict=True))
        ):
            break
        found.append(tuple(n // f for n, f in zip(found[-1], factor, strict=True)))
    return found


def default_steps(spec: Spec, flow: Flow) -> dict[str, Value]:
    """The number of steps of Monte Carlo RG where it is not written: until the smallest size is 4, at least one."""
    monte_carlo = flow.scheme in ("mcrg", "variational_mcrg")
    if (
        not monte_carlo
        or "steps" in flow.options
        or not isinstance(spec.lattice, Lattice)
        or not spec.lattice.finite
    ):
        return {}
    levels = shapes(spec.lattice, spec.blocks)
    return {"steps": max(1, sum(min(shape) >= SMALLEST for shape in levels) - 1)}


def _check_steps(spec: Spec, lattice: Lattice, flow: Flow, places: Places, context: Context) -> None:
    steps = flow.options.get("steps")
    if (
        not isinstance(steps, int)
        or not lattice.finite
        or any(block.rule == "learned" for block in spec.blocks)
    ):
        return
    levels = [shape for shape in shapes(lattice, spec.blocks) if min(shape) > 1]
    possible = len(levels) - 1
    if 0 < possible < steps:
        last = " x ".join(map(str, levels[-1]))
        size = " x ".join(map(str, lattice.cells))
        times = "once" if possible == 1 else f"{possible} times"
        message = f"{steps} steps, but {size} cells can be blocked {times}, to {last}"
        place = places.get("steps")
        hint = f"steps={possible} at most, or a larger lattice"
        context.problems.error(
            "too-many-steps", message, place.span if place is not None else flow.span, hint=hint
        )


def _check_basis(lattice: Lattice, flow: Flow, places: Places, context: Context) -> None:
    basis = flow.options.get("basis")
    if not isinstance(basis, OperatorBasis):
        return
    reach = range(-ceil(basis.range) * 2, ceil(basis.range) * 2 + 1)
    origin = Site((0,) * lattice.dimension)
    cells = cartesian(reach, repeat=lattice.dimension)
    around = (Site(cell, letter) for cell in cells for letter in range(len(lattice.basis)))
    near = sum(lattice.distance(origin, site) <= basis.range + 1e-9 for site in around) - 1
    sets = sum(comb(near, bodies - 1) for bodies in range(1, basis.bodies + 1))
    if sets > OPERATOR_LIMIT:
        message = f"a basis of range {basis.range:g} and {basis.bodies} bodies looks through {sets} sets of spins; the limit is {OPERATOR_LIMIT}"
        place = places.get("basis")
        context.problems.error(
            "too-many-operators",
            message,
            place.span if place is not None else flow.span,
            hint="take a smaller range or fewer bodies",
        )
