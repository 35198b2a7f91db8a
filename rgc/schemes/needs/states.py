"""How many states an enumeration visits, and what its options need to have a meaning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import ceil, floor, log2, prod

from rgc.errors import Problem
from rgc.language.values import Value
from rgc.model.hamiltonian import Term
from rgc.model.lattice import Lattice
from rgc.model.spec import Spec
from rgc.model.spins import Species
from rgc.passes.fold_operators import fold_product
from rgc.schemes.needs.lattice import count_sites
from rgc.schemes.needs.steps import shapes
from rgc.schemes.options import QUESTIONS
from rgc.schemes.scheme import Asked
from rgc.text import Span, section_text

STATE_BYTES = 16
"""The bytes that one state of an enumeration takes."""

GIB = 2**30

MOST_MAPPED = 2**22
"""States of a lattice whose couplings have a recursion, or whose block map is found."""


def memory(asked: Asked) -> Iterator[Problem]:
    """Report more states than fit into the option `memory`."""
    spec, sites, gib = asked.spec, count_sites(asked.spec.lattice), asked.options.get("memory")
    bits = sum(log2(species.states) for species in spec.species if species.states is not None)
    unknown = sites is None or bits == 0 or not isinstance(gib, int | float)
    if unknown or not asked.read("lattice", "spins"):
        return
    assert sites is not None  # noqa: S101  (not `unknown`)
    assert isinstance(gib, int | float)  # noqa: S101
    allowed = log2(gib * GIB / STATE_BYTES)
    if sites * bits <= allowed + 1e-9:
        return
    needed = sites * bits + log2(STATE_BYTES) - 30
    states = prod(species.states or 1 for species in spec.species)
    message = (
        f"{states}^{sites} states take {_gib(needed)} at {STATE_BYTES} bytes each; the limit is "
        f"{gib:g} GiB"
    )
    fit = floor(allowed / bits + 1e-9)
    hints = [f"up to {fit} sites fit"] if fit > 0 else []
    if needed < 10:
        hints.append(f"{'or ' if hints else ''}raise it: memory={ceil(2**needed)}")
    hint = ", ".join(hints)
    yield Problem("too-many-states", message, asked.section("lattice") or asked.where, hint=hint)


def _gib(exponent: float) -> str:
    return f"{2**exponent:.4g} GiB" if exponent < 40 else f"2^{exponent:.0f} GiB"


def _known(asked: Asked) -> bool:
    return asked.read("block", "lattice", "hamiltonian", "spins")


def studied_map(asked: Asked) -> Iterator[Problem]:
    """Report options that ask for a recursion of the couplings where there is not one block map."""
    affected = [
        name for name in QUESTIONS if name in asked.places and asked.options.get(name) is not False
    ]
    if not affected or not _known(asked):
        return
    name, blocks = affected[0], asked.spec.blocks
    if not blocks:
        message = f"'{name}' is about the map of the couplings, and there is no block map"
        yield _no_map(message, asked.place(name))
    elif len(set(blocks)) > 1:
        message = (
            f"'{name}' is about one map of the couplings, and there are {len(blocks)} block maps"
        )
        yield Problem("several-maps", message, asked.place(name), hint="keep one of them")


def _no_map(message: str, place: Span | None) -> Problem:
    hint = f"add one: {section_text('block', 'majority(2)', place)}"
    return Problem("missing-section", message, place, hint=hint)


def blocked_steps(asked: Asked) -> Iterator[Problem]:
    """Report steps without a block map, and more of them than the lattice can be blocked."""
    steps, lattice, blocks = asked.options.get("steps"), asked.spec.lattice, asked.spec.blocks
    wanted = "steps" in asked.places and isinstance(steps, int) and isinstance(lattice, Lattice)
    if not wanted or not _known(asked):
        return
    assert isinstance(steps, int)  # noqa: S101  (`wanted`)
    assert isinstance(lattice, Lattice)  # noqa: S101
    if not blocks:
        yield _no_map("steps need a block map", asked.place("steps"))
        return
    if not lattice.finite or any(not block.factor for block in blocks):
        return
    most = len(shapes(lattice, blocks)) - 1
    if steps > most:
        size = " x ".join(map(str, lattice.cells))
        times = "once" if most == 1 else f"{most} times"
        message = f"{steps} steps, but {size} cells can be blocked {times}"
        yield Problem("too-many-steps", message, asked.place("steps"), hint=f"steps={most} at most")


def studied(options: Mapping[str, Value]) -> bool:
    """Whether a recursion of the couplings is asked for."""
    return any(options.get(name) not in (None, False) for name in QUESTIONS)


def kept_terms(asked: Asked) -> Iterator[Problem]:
    """Report terms without a coupling on the lattice of the block spins, where the couplings have a
    recursion.
    """
    hamiltonian, blocks = asked.spec.hamiltonian, asked.spec.blocks
    lattice = asked.spec.lattice
    if hamiltonian is None or not studied(asked.options) or not _known(asked):
        return
    if not isinstance(lattice, Lattice) or len(set(blocks)) != 1 or not blocks[0].factor:
        return
    coarse = blocks[0].coarse(lattice)
    for term in hamiltonian.terms:
        if term.coefficient and _becomes_a_number(term, coarse, asked.spec.species):
            message = (
                f"on the lattice of the block spins the term '{term.name}' is a number: "
                "its coupling is lost"
            )
            yield Problem("not-possible", message, term.span, hint="take a larger lattice")


def _becomes_a_number(term: Term, lattice: Lattice, species: Sequence[Species]) -> bool:
    """Whether the signs of every product of a term meet in pairs on a small lattice."""
    products = [spins for _, spins in term.products if spins]
    signs = all(species[spin.species].values == (-1, 1) for spins in products for spin in spins)
    return bool(products) and signs and not any(fold_product(spins, lattice) for spins in products)


def mapped_states(asked: Asked) -> Iterator[Problem]:
    """Report more states, and random couplings, where the couplings have a recursion or the block
    map is found.
    """
    spec, sites = asked.spec, count_sites(asked.spec.lattice)
    if sites is None or not spec.species or not _known(asked):
        return
    recursion = studied(asked.options)
    states = prod(species.states or 1 for species in spec.species)
    many = f"{states}^{sites}" if sites * log2(states) > log2(MOST_MAPPED) else ""
    limit, hint = f"up to 2^{log2(MOST_MAPPED):.0f} states, not {many}", "take a smaller lattice"
    if recursion and many:
        message = f"a recursion of couplings keeps every term of every state: {limit}"
        yield Problem("too-many-states", message, asked.where, hint=hint)
    if many and any(block.free for block in spec.blocks):
        message = f"p=free is found on lattices of {limit}"
        yield Problem("too-many-states", message, asked.where, hint=hint)
    terms = spec.hamiltonian.terms if spec.hamiltonian is not None else ()
    random = next((term for term in terms if term.inhomogeneous), None)
    if recursion and random is not None:
        message = "random couplings have no recursion"
        yield Problem("not-possible", message, random.span)


def turned_spins(asked: Asked) -> Iterator[Problem]:
    """Report antiperiodic boundaries around which spins without a sign would change it."""
    if asked.read("lattice", "spins"):
        yield from without_sign(asked.spec, asked.section("lattice"))


def without_sign(spec: Spec, place: Span | None) -> Iterator[Problem]:
    """The same for a spec whose lattice stands at `place`."""
    unsigned = next((kind for kind in spec.species if not kind.turns_sign), None)
    if isinstance(spec.lattice, Lattice) and "antiperiodic" in spec.lattice.boundary and unsigned:
        message = (
            "an antiperiodic boundary changes the sign of spins, "
            f"and {unsigned.alphabet} spins have none"
        )
        yield Problem("not-possible", message, place, hint="use boundary=periodic")


def one_free_step(asked: Asked) -> Iterator[Problem]:
    """Report several steps of a block map that is found."""
    steps = asked.options.get("steps")
    if isinstance(steps, int) and steps > 1 and any(block.free for block in asked.spec.blocks):
        message = "p=free is found for one step; several come later"
        yield Problem("not-yet", message, asked.place("steps"), hint="leave steps out")


def free_parameters(asked: Asked) -> Iterator[Problem]:
    """Report free parameters of a block map without a functional that they minimise, and a
    functional without free parameters.
    """
    if not _known(asked):
        return
    free = any(block.free for block in asked.spec.blocks)
    if "minimise" not in asked.places:
        if free:
            hint = "write enumerate(minimise=kl)"
            message = "p=free is found by what it minimises, and nothing is named"
            yield Problem("nothing-to-minimise", message, asked.section("block"), hint=hint)
        return
    if not free:
        message = "no parameter of the block map is free"
        hint = "write kadanoff(2, p=free) or p=free(each=block)"
        yield Problem("nothing-to-minimise", message, asked.place("minimise"), hint=hint)
    elif asked.options.get("minimise") == "dF":
        message = (
            "the kernel is normalised and its sum exact: dF is 0 whatever p is, so that it "
            "chooses nothing"
        )
        hint = (
            "minimise kl: how far the spins rebuilt from the block spins are from those of the "
            "model"
        )
        yield Problem("pure-gauge", message, asked.place("minimise"), hint=hint)
