"""Mutations of dense programs: each kind of node, in every way in which it can be wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from rgc.program.dense import (
    Affine,
    Apply,
    Change,
    Dense,
    Energy,
    Exchange,
    Node,
    Pairs,
    Put,
    Read,
    Scale,
    Tally,
    Total,
    Unit,
)
from rgc.program.dense.verify import verify
from rgc.program.family import ProgramError

Other = Callable[[Dense, int, Any], Iterator[Any]]
"""What may stand in the place of node k, the first that keeps the invariants being taken."""


@dataclass(frozen=True)
class Mutation:
    """`kind` of node, `what` is wrong with it."""

    kind: type
    what: str
    other: Other

    @property
    def name(self) -> str:
        return f"{self.kind.__name__}: {self.what}"

    def apply(self, program: Dense) -> Dense | None:
        """The program with the last node of its kind that can be wrong in this way."""
        for k, node in reversed(list(enumerate(program.nodes))):
            if type(node) is self.kind:
                for wrong in self.other(program, k, node):
                    made = replace(
                        program, nodes=(*program.nodes[:k], wrong, *program.nodes[k + 1 :])
                    )
                    if wrong != node and allowed(made):
                        return made
        return None


def allowed(program: Dense) -> bool:
    """Whether a program keeps all invariants, but for draws, which a mutant may use again."""
    try:
        verify(program)
    except ProgramError as error:
        return "draw" in str(error)
    return True


def value(name: str) -> Other:
    """Another value of the kind in its place."""

    def other(program: Dense, k: int, node: Any) -> Iterator[Node]:
        for earlier in range(k):
            yield replace(node, **{name: earlier})

    return other


def number(name: str, most: Callable[[Dense], int]) -> Other:
    """Another slot, draw or number in its place."""

    def other(program: Dense, k: int, node: Any) -> Iterator[Node]:
        if getattr(node, name) is not None:
            for each in range(most(program)):
                yield replace(node, **{name: each})

    return other


def lost(name: str) -> Other:
    """An operand or an option that is forgotten."""

    def other(program: Dense, k: int, node: Any) -> Iterator[Node]:
        more = {"velocity": {"momentum": None, "ahead": None}, "ties": {"classes": 0}}
        yield replace(node, **{name: None}, **more.get(name, {}))

    return other


def flipped(name: str) -> Other:
    def other(program: Dense, k: int, node: Any) -> Iterator[Node]:
        yield replace(node, **{name: type(getattr(node, name))(not getattr(node, name))})

    return other


def another_kind(program: Dense, k: int, unit: Unit) -> Iterator[Node]:
    kinds = {"binary": "ising", "ising": "binary"}
    if unit.units.kind in kinds and unit.mask is None:
        kind: Any = kinds[unit.units.kind]
        yield replace(unit, units=replace(unit.units, kind=kind))


def fewer_chains(program: Dense, k: int, node: Any) -> Iterator[Node]:
    yield replace(node, chains=(node.chains or 17) - 1)


def swapped(program: Dense, k: int, pairs: Pairs) -> Iterator[Node]:
    yield replace(pairs, x=pairs.y, y=pairs.x)


def one_term_less(name: str) -> Other:
    def other(program: Dense, k: int, node: Any) -> Iterator[Node]:
        yield replace(node, **{name: getattr(node, name)[:-1]})

    return other


def traced_as_another(program: Dense, k: int, energy: Energy) -> Iterator[Node]:
    kinds: dict[str, Any] = {"binary": "ising", "ising": "binary"}
    for f, units in energy.traced:
        if units.kind in kinds:
            yield replace(energy, traced=((f, replace(units, kind=kinds[units.kind])),))


def slots_swapped(program: Dense, k: int, change: Change) -> Iterator[Node]:
    one, other, *rest = change.terms
    yield replace(
        change,
        terms=(replace(one, slot=other.slot), replace(other, slot=one.slot), *rest),
    )


def shifted(program: Dense, k: int, change: Change) -> Iterator[Node]:
    yield replace(change, shift=change.shift + 1)


def another_tally(program: Dense, k: int, tally: Tally) -> Iterator[Node]:
    for what in ("whole", "largest", "reach"):
        yield replace(tally, what=what, other=None)


def of_draws(program: Dense) -> int:
    return program.draws


def of_scales(program: Dense) -> int:
    return program.scales


def of_numbers(program: Dense) -> int:
    return program.numbers


def of_fields(program: Dense) -> int:
    return len(program.fields)


def of_parameters(program: Dense) -> int:
    return len(program.parameters)


MUTATIONS = (
    Mutation(Read, "wrong field", number("field", of_fields)),
    Mutation(Put, "wrong value", value("x")),
    Mutation(Affine, "wrong states", value("x")),
    Mutation(Affine, "bias lost", lost("bias")),
    Mutation(Affine, "wrong bias", number("bias", of_parameters)),
    Mutation(Affine, "wrong matrix", number("matrix", of_parameters)),
    Mutation(Affine, "turned", flipped("turned")),
    Mutation(Scale, "wrong slot", number("slot", of_scales)),
    Mutation(Scale, "base lost", lost("base")),
    Mutation(Unit, "draw reused", number("draw", of_draws)),
    Mutation(Unit, "wrong fields", value("x")),
    Mutation(Unit, "another kind", another_kind),
    Mutation(Unit, "mask lost", lost("mask")),
    Mutation(Pairs, "swapped", swapped),
    Mutation(Pairs, "wrong states", value("y")),
    Mutation(Pairs, "fewer chains", fewer_chains),
    Mutation(Total, "wrong states", value("x")),
    Mutation(Total, "fewer chains", fewer_chains),
    Mutation(Energy, "a product lost", one_term_less("products")),
    Mutation(Energy, "a trace lost", one_term_less("traced")),
    Mutation(Energy, "traced as another kind", traced_as_another),
    Mutation(Exchange, "wrong draw", number("draw", of_draws)),
    Mutation(Exchange, "wrong order", flipped("first")),
    Mutation(Exchange, "wrong energies", value("energies")),
    Mutation(Change, "slots swapped", slots_swapped),
    Mutation(Change, "a term lost", one_term_less("terms")),
    Mutation(Change, "shifted", shifted),
    *(
        Mutation(Change, f"{name} lost", lost(name))
        for name in ("velocity", "ahead", "decay", "shrink", "norm", "ties", "mask")
    ),
    *(
        Mutation(Change, f"wrong {name}", number(name, of_numbers))
        for name in ("momentum", "ahead", "decay", "shrink", "norm")
    ),
    Mutation(Apply, "turned", flipped("turned")),
    Mutation(Apply, "wrong vector", value("vector")),
    Mutation(Tally, "wrong value", value("x")),
    Mutation(Tally, "another tally", another_tally),
)
