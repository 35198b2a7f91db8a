"""From a Hamiltonian to the program of one sweep.

Bit 1 means s = -1, so the product of spins is the XOR of their words. With k of the n products of a
group at -1 their sum is m = n - 2 k.

- Metropolis flips a spin: dE = -2 sum_g c_g m_g over the products that contain it.
- Heat bath sets a spin: s = -1 with probability 1 / (1 + exp(-2 sum_g c_g m_g)), where m is over
  the products of the *other* spins.

The program depends on structure and shape only. Couplings enter through `Update.arguments`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from rgc.model.groups import Group
from rgc.model.lattice import Lattice
from rgc.model.operators import Product, Spin
from rgc.model.spins import Species
from rgc.model.stars import Star, SweepStep
from rgc.model_to_program.acceptance_writer import AcceptanceWriter, Tables
from rgc.model_to_program.pair_matrices import Matrices
from rgc.model_to_program.rule_writer import RuleWriter
from rgc.model_to_program.sweep import SweepShape, distinct_stars, make_update
from rgc.model_to_program.update import Kind, Update
from rgc.passes.choose_acceptance import Acceptance, Form, choose_acceptance
from rgc.program.draws import Generator
from rgc.program.lattice.nodes import Store, Value
from rgc.program.lattice.program import Rule

_ANY = 1 << 16  # classes, where a form is asked for by name


def hamiltonian_to_update(
    lattice: Lattice,
    species: Sequence[Species],
    groups: Sequence[Group],
    steps: Sequence[SweepStep],
    *,
    kind: Kind = "metropolis",
    form: Form | None = None,
    planes: Literal[32, 64] = 32,
    generator: Generator = "splitmix",
) -> Update:
    """The program of one sweep: the steps of `colour_sites` in order, one rule for each star that
    occurs.

    Field n holds species n; those without a star, which never move, come last. The draws of a
    species are shared by its rules, since the canonical site number tells letters and places apart.
    `lazy` multiplies every acceptance by 7/8. `form` overrides the choice of `choose_acceptance`.

    Raises `ValueError` for heat bath where it is not on offer (`choose_update` refuses it before).
    """
    stars = distinct_stars(steps)
    chosen = [_chosen(star, form, kind) for star in stars]
    factors = len(groups) if any(acceptance.form == "factorised" for acceptance in chosen) else 1
    width = factors + (kind == "lazy" and any(acceptance.form != "joint" for acceptance in chosen))
    tables = Tables(kind, len(groups))
    matrices = Matrices.of(lattice, steps)
    rules = []
    for star, choice in zip(stars, chosen, strict=True):
        draws = range(star.species * width, (star.species + 1) * width)
        coupled = matrices.take(star) if choice.form == "weigh" else []
        rules.append(_UpdateRule(tables, lattice, star, draws, coupled).write(choice))
    shape = SweepShape(lattice, tuple(species), tuple(steps), planes, generator)
    most = 1 + max(star.species for star in stars)
    return make_update(shape, rules, tables, width * most, matrices)


def _chosen(star: Star, form: Form | None, kind: Kind) -> Acceptance:
    """Heat bath has joint classes whatever the form of Metropolis."""
    choice = (
        choose_acceptance(star)
        if form is None
        else replace(choose_acceptance(star, _ANY, _ANY), form=form)
    )
    if kind != "heat_bath":
        return choice
    if choice.field is None:
        raise ValueError(f"heat bath needs every local field: {choice.reason}")
    return replace(choice, form="joint")


class _UpdateRule:
    """The rule of one star."""

    def __init__(
        self,
        tables: Tables,
        lattice: Lattice,
        star: Star,
        draws: range,
        coupled: Sequence[tuple[int, int]],
    ) -> None:
        self.tables = tables
        self.star = star
        self.coupled = coupled
        self.draws = draws
        self.own = Spin((0,) * lattice.dimension, star.letter, star.species)
        self.code = RuleWriter(star.letter)

    def write(self, choice: Acceptance) -> Rule:
        own = None if self.tables.kind == "heat_bath" else self.code.spin(self.own)
        for spin in self._neighbours():
            self.code.spin(spin)
        sizes = tuple(len(self._singly(images)) for images in self.star.images)
        decide = AcceptanceWriter(
            self.tables, self.code, self.draws, replace(choice, sizes=sizes), self.coupled, own
        )
        if self.tables.kind == "heat_bath":
            new = decide.joint(choice.field, "heat_bath", self._words(with_own=False))
        else:
            flips = decide.accepted(self._words(with_own=True))
            new = self.code.bit("xor", (self.code.spin(self.own), flips))
        self.code.add(Store(self.star.species, new))
        return self.code.rule()

    def _neighbours(self) -> Sequence[Spin]:
        """The spins of the products that are no part of a matrix, in order."""
        if not self.coupled:
            return self.star.neighbours
        images = [image for images in self.star.images for image in self._singly(images)]
        return sorted({spin for image in images for spin in image})

    def _singly(self, images: Sequence[Product]) -> Sequence[Product]:
        """The products that are no part of a matrix."""
        return [image for image in images if len(image) != 1] if self.coupled else images

    def _words(self, with_own: bool) -> list[list[Value]]:
        """For each group the words of its products. Products of no spin at all are left out: they
        are never -1."""
        own = (self.own,) if with_own else ()
        images = [[(*own, *image) for image in self._singly(images)] for images in self.star.images]
        return [[self.code.product(spins) for spins in group if spins] for group in images]
