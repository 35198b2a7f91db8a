"""From a Hamiltonian of spins with several states to the program of one sweep.

A spin proposes one of its other states, each with the same probability, and moves there by
Metropolis: the words of a sign are those after the move, and the inverse of those before it.

The program depends on structure and shape only. Couplings enter through `Update.arguments`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from rgc.model.groups import Signs
from rgc.model.lattice import Lattice
from rgc.model.operators import Spin
from rgc.model.spins import Species
from rgc.model.stars import SignStar, SweepStep
from rgc.model_to_program.acceptance_writer import AcceptanceWriter, Tables
from rgc.model_to_program.code_words import (
    States,
    code_bits,
    load_planes,
    load_states,
    moved,
    negative_word,
    planes_of,
    states_of,
    uniform_states,
)
from rgc.model_to_program.rule_writer import RuleWriter
from rgc.model_to_program.sweep import SweepShape, distinct_stars, make_update
from rgc.model_to_program.update import Update
from rgc.passes.choose_acceptance import Acceptance, Form
from rgc.passes.choose_acceptance_of_states import choose_acceptance_of_states
from rgc.program.draws import Generator
from rgc.program.lattice.nodes import Bit, Store, Value
from rgc.program.lattice.program import Rule


def states_to_update(
    lattice: Lattice,
    species: Sequence[Species],
    groups: Sequence[Signs],
    steps: Sequence[SweepStep],
    *,
    kind: Literal["metropolis", "lazy"] = "metropolis",
    form: Form | None = None,
    planes: Literal[32, 64] = 32,
    generator: Generator = "splitmix",
) -> Update:
    """The program of one sweep, as `hamiltonian_to_update` makes it of products.

    The draws of a species are those of its proposals, the highest plane first, and then those of
    the acceptance. Its rules share them. `form` overrides the choice of
    `choose_acceptance_of_states`.
    """
    stars = distinct_stars(steps)
    chosen = [choose_acceptance_of_states(star, species) for star in stars]
    if form is not None:
        chosen = [replace(choice, form=form) for choice in chosen]
    factors = len(groups) if any(choice.form == "factorised" for choice in chosen) else 1
    lazily = kind == "lazy" and any(choice.form != "joint" for choice in chosen)
    proposing = proposal_draws(species)
    width = proposing + factors + lazily
    tables = Tables(kind, len(groups))
    rules = [
        MoveRule(
            tables, lattice, species, star, range(star.species * width, (star.species + 1) * width)
        ).write(choice, proposing)
        for star, choice in zip(stars, chosen, strict=True)
    ]
    shape = SweepShape(lattice, tuple(species), tuple(steps), planes, generator)
    return make_update(shape, rules, tables, width * len(species))


def proposal_draws(species: Sequence[Species]) -> int:
    """The draws of a proposal, the same for all species."""
    return max(code_bits(len(spin.codes) - 1) for spin in species)


class MoveRule:
    """The rule of one star, on whose sites all words have the same `weights` if these are given."""

    def __init__(
        self,
        tables: Tables,
        lattice: Lattice,
        species: Sequence[Species],
        star: SignStar,
        draws: range,
        weights: tuple[Sequence[int], int] | None = None,
    ) -> None:
        self.tables, self.species, self.star, self.draws = tables, species, star, draws
        self.weights = weights
        self.own = Spin((0,) * lattice.dimension, star.letter, star.species)
        self.code = RuleWriter(star.letter)

    def write(self, choice: Acceptance, proposing: int) -> Rule:
        kind, code = self.species[self.star.species], self.code
        planes, count = load_planes(code, self.own, kind), len(kind.codes)
        around = {s: load_states(code, s, self.species[s.species]) for s in self.star.neighbours}
        before = states_of(code, planes, count)
        steps = uniform_states(code, count - 1, self.tables, self.draws) if count > 2 else ()
        after = moved(code, before, steps)
        words = [
            [
                word
                for sign in signs
                for word in (
                    negative_word(code, sign.negative, self._states(sign.spins, around, after)),
                    self._inverse(sign.negative, self._states(sign.spins, around, before)),
                )
            ]
            for signs in self.star.images
        ]
        decide = AcceptanceWriter(
            self.tables, code, self.draws[proposing:], choice, weights=self.weights
        )
        accepted = decide.accepted(words)
        for k, (old, new) in enumerate(zip(planes, planes_of(code, after), strict=True)):
            change = code.bit("and", (accepted, code.bit("xor", (old, new))))
            code.add(Store(self.star.species, code.bit("xor", (old, change)), k))
        return code.rule()

    def _inverse(self, negative: Sequence[bool], states: Sequence[States]) -> Value:
        return self.code.add(Bit("not", (negative_word(self.code, negative, states),)))

    def _states(
        self, spins: Sequence[Spin], around: dict[Spin, States], own: States
    ) -> list[States]:
        return [around.get(spin, own) for spin in spins]
