"""From a Hamiltonian to the program of a sweep in which spins turn with those that follow them.

The rule of a spin s works out what its followers would be with -s: t' from the cell of t, then the
follower of t from t', and so on. `pivotal` is where a follower would turn. The flip of all of them
costs

    dE = dE(s) + sum over followers t of [t is pivotal] dE(t),

dE(x) = -2 sum_g c_g m_g over the products that contain x. With the probability 1 / (1 + exp(dE)) s
and the pivotal followers turn: heat bath between the two states of them all. What follows is thus
in place after every step, and a follower has no step of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from rgc.model.followers import Follower
from rgc.model.groups import Group
from rgc.model.lattice import Lattice
from rgc.model.operators import Product, Spin
from rgc.model.spins import Species
from rgc.model.stars import ChainStar, SweepStep
from rgc.model_to_program.acceptance_writer import Tables
from rgc.model_to_program.rule_writer import RuleWriter
from rgc.model_to_program.sweep import SweepShape, distinct_stars, make_update
from rgc.model_to_program.update import Update
from rgc.program.draws import Generator
from rgc.program.lattice.nodes import Bit, Logistic, Store, Value, Weigh
from rgc.program.lattice.program import Rule


def followers_to_update(
    lattice: Lattice,
    species: Sequence[Species],
    groups: Sequence[Group],
    steps: Sequence[SweepStep],
    *,
    planes: Literal[32, 64] = 32,
    generator: Generator = "splitmix",
) -> Update:
    """The program of one sweep: the steps of `colour_sites` with followers, one rule for each chain
    that occurs. Field n holds species n and has a draw of its own.
    """
    tables = Tables("heat_bath", len(groups))
    rules = [_FlipRule(tables, star).write() for star in distinct_stars(steps)]
    shape = SweepShape(lattice, tuple(species), tuple(steps), planes, generator)
    return make_update(shape, rules, tables, len(species))


class _FlipRule:
    """The rule of one chain."""

    def __init__(self, tables: Tables, star: ChainStar) -> None:
        self.tables = tables
        self.star = star
        self.code = RuleWriter(star.letter)
        self.masks: list[Value] = []
        self.slots: list[int] = []

    def write(self) -> Rule:
        code, (own, *others) = self.code, self.star.stars
        old = [code.spin(self._spin(star.letter)) for star in self.star.stars]
        pivotal = self._pivotal(old)
        base = self.tables.weight(self._minus_sizes(own.images))
        self._add(own.letter, own.images, None)
        for star, mask in zip(others, pivotal, strict=True):
            if any(star.images):
                self.masks.append(mask)
                self.slots.append(self.tables.weight(self._minus_sizes(star.images)))
            self._add(star.letter, star.images, mask)
        lanes = code.add(Weigh(tuple(self.masks), tuple(self.slots), base))
        turns = code.add(Logistic(lanes, self.star.species))
        code.add(Store(self.star.species, code.bit("xor", (old[0], turns))))
        for star, before, mask in zip(others, old[1:], pivotal, strict=True):
            after = code.bit("xor", (before, code.bit("and", (mask, turns))))
            code.add(Store(self.star.species, after, letter=star.letter))
        return code.rule()

    def _spin(self, letter: int) -> Spin:
        return Spin(self.star.origin, letter, self.star.species)

    def _pivotal(self, old: Sequence[Value]) -> list[Value]:
        """For each follower, where it turns with the spin."""
        found, letter, new = [], self.star.letter, self.code.add(Bit("not", (old[0],)))
        for follower, before in zip(self.star.followers, old[1:], strict=True):
            new = self._decided(follower, letter, new)
            found.append(self.code.bit("xor", (before, new)))
            letter = follower.letter
        return found

    def _decided(self, follower: Follower, letter: int, new: Value) -> Value:
        """What a follower is if the spin of a letter has this new word."""
        tied = None
        if follower.tie is not None:
            tied = new if follower.tie == letter else self.code.spin(self._spin(follower.tie))
        rest = sorted((each for each in follower.cell if each != letter), key=self._nearness)
        cell = [self.code.spin(self._spin(each)) for each in rest]
        words = [new, *cell] if letter in follower.cell else cell
        counter, parts = self.code.counter(words), []
        for number, minus in enumerate(follower.minus):
            if minus:
                parts.append(self.code.equals(counter, number))
            elif minus is None and tied is not None:
                parts.append(self.code.bit("and", (self.code.equals(counter, number), tied)))
        return self.code.bit("or", parts)

    def _nearness(self, letter: int) -> tuple[int, int]:
        """Spins that stand in products with the running one come first, so that rules of several
        letters are alike.
        """
        place = self._spin(letter)
        shared = sum(place in image for images in self.star.stars[0].images for image in images)
        return -shared, letter

    def _add(self, letter: int, images: Sequence[Sequence[Product]], mask: Value | None) -> None:
        """The products of a spin, counted where the mask is 1."""
        for group, parts in enumerate(images):
            slot = self.tables.weight(self.tables.only(group, 2)) if parts else 0
            own = self.code.spin(self._spin(letter))
            for image in sorted(parts, key=self._known):
                word = self.code.bit("xor", (own, self.code.product(image))) if image else own
                self.masks.append(word if mask is None else self.code.bit("and", (mask, word)))
                self.slots.append(slot)

    def _known(self, image: Product) -> tuple[bool, Product]:
        """Products of spins that are loaded already come first, for the same reason."""
        return not set(image) <= set(self.star.deciding), image

    @staticmethod
    def _minus_sizes(images: Sequence[Sequence[Product]]) -> tuple[int, ...]:
        return tuple(-len(parts) for parts in images)
