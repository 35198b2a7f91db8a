"""The table of block maps: how each is written, and the law by which it makes block spins.

A row is all that is known about a map. What follows from its law is computed by
`rgc.model.block_rule`. Options are read by `rgc.ast_to_model.sections.block`. The verifier reads
maps for itself, in `rgc.verification.blocks`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rgc.language.signatures import Field, Signature, table
from rgc.model.block_rule import BlockRule, Law
from rgc.model.counted import IMPOSSIBLE, POSSIBLE, Copied, Counted, Counts, LogWeight
from rgc.model.hamiltonian import Table
from rgc.model.lattice import Site
from rgc.model.operators import Spin
from rgc.model.spins import Species
from rgc.model.weighed import Piece, Weighed


class NoLaw(ValueError):
    """A map has no law for spins of this kind. The message says for which it has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a spec says of the block spins of one letter: the cell that makes them, the species, and
    for a transfer operator its tables, in which block spins are counted as species behind the fine
    ones. With `normalised` it is divided by its sum."""

    letter: int
    cell: tuple[Site, ...]
    species: tuple[Species, ...]
    transfer: tuple[Table, ...] = ()
    normalised: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockMap(Signature):
    """A block map.

    - `law` makes the law of the block spins of one letter. Without it the map can be checked and
      printed only. It raises `NoLaw` for spins that it has no law for.
    - `one_site` says that a cell is one site of a block, and not all of them.
    - `real` says that block spins are real numbers, whatever the fine spins are.
    """

    law: Callable[[Written], BlockRule] | None = None
    one_site: bool = False
    real: bool = False


# -- laws ------------------------------------------------------------------------------------------


def counted(
    log_weights: Callable[[Counts], tuple[LogWeight, ...]], *, signed: bool = False
) -> Callable[[Written], BlockRule]:
    """Each species by itself, from how many of its spins are in each state.

    With `signed` there is a law for spins of +1 and -1 only.
    """

    def law(written: Written) -> BlockRule:
        stateless = next((kind for kind in written.species if not kind.two_states), None)
        if signed and stateless is not None:
            raise NoLaw(f"two-state spins, not {stateless.alphabet} spins")
        return _each(written, lambda states: Counted(len(written.cell), states, log_weights))

    return law


def most(counts: Counts) -> tuple[LogWeight, ...]:
    """The state of most spins. States that share the first place are equally likely."""
    return tuple(POSSIBLE if count == max(counts) else IMPOSSIBLE for count in counts)


def any_up(counts: Counts) -> tuple[LogWeight, ...]:
    """+1 where any spin is +1."""
    up, _ = counts
    return (POSSIBLE, IMPOSSIBLE) if up else (IMPOSSIBLE, POSSIBLE)


def kadanoff(counts: Counts) -> tuple[LogWeight, ...]:
    """exp(p t m), m the sum of the spins."""
    up, down = counts
    return LogWeight(slope=up - down), LogWeight(slope=down - up)


def first(written: Written) -> BlockRule:
    """The spin of the first site of the cell."""
    return _each(written, lambda states: Copied(len(written.cell), states, 0))


def _each(written: Written, law: Callable[[int], Law]) -> BlockRule:
    """The same law for each species."""
    return BlockRule(tuple(law(_states(species)) for species in written.species))


def _states(species: Species) -> int:
    if species.states is None:
        raise NoLaw(f"spins with a number of states, not {species.alphabet} spins")
    return species.states


def transferred(written: Written) -> BlockRule:
    """exp(T) of all species together."""
    kinds, origin = range(len(written.species)), (0,) * len(written.cell[0].cell)
    fine = [Spin(site.cell, site.letter, kind) for kind in kinds for site in written.cell]
    coarse = [Spin(origin, written.letter, len(written.species) + kind) for kind in kinds]
    number = {spin: k for k, spin in enumerate([*fine, *coarse])}
    pieces = tuple(
        Piece(tuple(number[spin] for spin in table.spins), _by_state(table, written.species))
        for table in written.transfer
    )
    states = tuple(map(_states, written.species))
    return BlockRule((Weighed(len(written.cell), states, pieces, written.normalised),))


def _by_state(table: Table, species: Sequence[Species]) -> tuple[float, ...]:
    """Energies that are row-major over `Species.values` as energies over states, of which 0 is +1
    for a two-state spin."""
    energies = list(table.energies)
    step = len(energies)
    for spin in table.spins:
        kind = species[spin.species % len(species)]
        q = len(kind.values)
        step //= q
        if kind.two_states:
            blocks = [energies[k : k + step] for k in range(0, len(energies), step)]
            energies = [x for k in range(len(blocks)) for x in blocks[k + 1 - 2 * (k % q)]]
    return tuple(energies)


# -- rows ------------------------------------------------------------------------------------------

_B = Field("b", "integer", "ratio of lattice constants", least=2)
_CELL = Field("cell", "expression", "the fine sites of a block: a list of sites, triangle or star")
_P = Field("p", "expression", "a number, a list or free", required=True)
_T = Field("T", "expression", "the transfer operator", required=True)
_NORMALISED = Field("normalised", "flag", "subtract ln Tr_h exp(T)")
_STACK = Field("stack", "name", "the word stack", required=True)

FREE = Signature(
    "free",
    "the scheme determines the parameter",
    (
        Field(
            "each",
            "word",
            "what has one of its own",
            "step",
            choices=("step", "block", "flow"),
        ),
    ),
    example="p=free",
)

CERTAIN = 1000.0
"""The parameter from which on a majority decides with certainty, to 64 bits: the map is the
majority."""

TRIED = (0.3, 0.4, 0.5, 0.6, 0.75, 1.0, 1.5, CERTAIN)
"""The parameters of the maps that block the same configurations where p=free is found by
comparing levels."""

BLOCKS = table(
    (
        BlockMap(
            name="majority",
            doc="the state of most spins; ties are drawn",
            fields=(_B, _CELL),
            positional=("b",),
            law=counted(most),
        ),
        BlockMap(
            name="any",
            doc="+1 where any spin is +1",
            fields=(_B, _CELL),
            positional=("b",),
            law=counted(any_up, signed=True),
        ),
        BlockMap(
            name="kadanoff",
            doc="p(t|s) proportional to exp(p t sum s)",
            fields=(_B, _P, _CELL),
            positional=("b",),
            example="kadanoff(2, p=0.766) or p=free",
            law=counted(kadanoff, signed=True),
        ),
        BlockMap(
            name="decimate",
            doc="the spin of one site",
            fields=(_B, _CELL),
            positional=("b",),
            law=first,
            one_site=True,
        ),
        BlockMap(
            name="average",
            doc="the mean of the spins",
            fields=(_B, _CELL),
            positional=("b",),
            real=True,
        ),
        BlockMap(
            name="kernel",
            doc="a transfer operator T(v, h)",
            fields=(_B, _T, _NORMALISED, _CELL),
            positional=("b",),
            example="kernel(b=2, T=sum(B in blocks) p*s[B]*sum(i in B) s[i])",
            law=transferred,
        ),
        BlockMap(
            name="learned",
            doc="the layers of the stack",
            fields=(_STACK,),
            positional=("stack",),
            example="learned(stack)",
            law=transferred,
        ),
    )
)

LAWFUL = tuple(row.name for row in BLOCKS.values() if row.law is not None)
"""The maps whose block spins have a law: configurations can be blocked by it, and states summed
with it."""
