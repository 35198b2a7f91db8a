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
from itertools import product as cartesian
from typing import Literal

from rgc.model.groups import Group
from rgc.model.lattice import Lattice
from rgc.model.operators import Spin
from rgc.model.spins import Species
from rgc.model.stars import Star, SweepStep
from rgc.model_to_program.fields import spin_fields
from rgc.model_to_program.rule_writer import Counter, RuleWriter
from rgc.model_to_program.update import Kind, Probability, Sums, Update
from rgc.passes.choose_acceptance import Acceptance, Form, choose_acceptance
from rgc.program.draws import Generator
from rgc.program.lattice.nodes import Accept, Bernoulli, Store, Value, Weigh
from rgc.program.lattice.program import Program, Rule, Stage
from rgc.program.lattice.verify import verify

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

    Field n holds species n. The draws of a species are shared by its rules, since the canonical
    site number tells letters and places apart. `lazy` multiplies every acceptance by 7/8. `form`
    overrides the choice of `choose_acceptance`.

    Raises `ValueError` for heat bath where it is not on offer (`choose_update` refuses it before).
    """
    stars = list(dict.fromkeys(step.star for step in steps))
    chosen = [_chosen(star, form, kind) for star in stars]
    factors = len(groups) if any(acceptance.form == "factorised" for acceptance in chosen) else 1
    width = factors + (kind == "lazy" and any(acceptance.form != "joint" for acceptance in chosen))
    tables = _Tables(kind, len(groups))
    rules = [
        _UpdateRule(
            tables, lattice, star, range(star.species * width, (star.species + 1) * width)
        ).write(choice)
        for star, choice in zip(stars, chosen, strict=True)
    ]
    numbers = {star: number for number, star in enumerate(stars)}
    program = Program(
        name="sweep",
        shape=lattice.cells,
        letters=len(lattice.basis),
        fields=spin_fields(lattice, species),
        rules=tuple(rules),
        schedule=tuple(Stage(numbers[step.star], step.sites) for step in steps),
        slots=len(tables.rows),
        weights=len(tables.weights),
        draws=width * len(species),
        planes=planes,
        generator=generator,
    )
    verify(program)
    sizes = tuple(tuple(map(len, star.images)) for star in stars)
    return Update(program, tuple(tables.rows), tuple(tables.weights), sizes)


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


class _Tables:
    """The threshold and weight slots that the rules of an update share."""

    def __init__(self, kind: Kind, groups: int) -> None:
        self.kind = kind
        self.groups = groups
        self.rows: list[tuple[Probability, Sums]] = []
        self.weights: list[Sums] = []

    def threshold(self, kind: Probability, sums: Sums) -> int:
        if (kind, sums) not in self.rows:
            self.rows.append((kind, sums))
        return self.rows.index((kind, sums))

    def weight(self, multiples: Sums) -> int:
        if multiples not in self.weights:
            self.weights.append(multiples)
        return self.weights.index(multiples)

    def only(self, group: int, number: int) -> Sums:
        """`number` at one group, 0 elsewhere."""
        return tuple(number if g == group else 0 for g in range(self.groups))


class _UpdateRule:
    """The rule of one star."""

    def __init__(self, tables: _Tables, lattice: Lattice, star: Star, draws: range) -> None:
        self.tables = tables
        self.star = star
        self.draws = draws
        self.own = Spin((0,) * lattice.dimension, star.letter, star.species)
        self.code = RuleWriter(star.letter)
        self._factor: Probability = "plain" if tables.kind == "lazy" else "metropolis"

    def write(self, choice: Acceptance) -> Rule:
        for spin in (
            *([] if self.tables.kind == "heat_bath" else [self.own]),
            *self.star.neighbours,
        ):
            self.code.spin(spin)
        if self.tables.kind == "heat_bath":
            new = self._heat_bath(choice)
        else:
            new = self.code.bit("xor", (self.code.spin(self.own), self._flips(choice)))
        self.code.add(Store(self.star.species, new))
        return self.code.rule()

    def _flips(self, choice: Acceptance) -> Value:
        if choice.form == "joint":
            return self._joint(choice, self.tables.kind, self._words(with_own=True))
        factors = self._factors(choice) if choice.form == "factorised" else [self._weighed()]
        if self.tables.kind == "lazy":
            slot = self.tables.threshold("lazy", (0,) * self.tables.groups)
            factors.append(self.code.add(Bernoulli((), slot, self.draws[-1])))
        return self.code.bit("and", factors)

    def _words(self, with_own: bool) -> list[list[Value]]:
        """For each group the words of its products. Products of no spin at all are left out: they
        are never -1."""
        own = (self.own,) if with_own else ()
        images = [[(*own, *image) for image in images] for images in self.star.images]
        return [[self.code.product(spins) for spins in group if spins] for group in images]

    def _heat_bath(self, choice: Acceptance) -> Value:
        return self._joint(choice, "heat_bath", self._words(with_own=False))

    def _joint(self, choice: Acceptance, kind: Kind, words: Sequence[Sequence[Value]]) -> Value:
        classes = choice.field if kind == "heat_bath" else choice.flip
        if classes is None:
            classes = tuple(cartesian(*(range(n + 1) for n in choice.sizes)))
        slots = [self.tables.threshold(kind, _sums(choice.sizes, counts)) for counts in classes]
        if len(classes) == 1:
            return self.code.add(Bernoulli((), slots[0], self.draws[0]))
        felt = [
            (self.code.counter(group), group_number)
            for group_number, group in enumerate(words)
            if group
        ]
        keys = [tuple(counts[number] for _, number in felt) for counts in classes]
        masks = self._masks([counter for counter, _ in felt], keys)
        return self.code.add(Bernoulli(tuple(zip(masks, slots, strict=True)), None, self.draws[0]))

    def _masks(self, counters: Sequence[Counter], keys: Sequence[Sums]) -> list[Value]:
        """The masks of where the counts of the groups are those of each key. Keys with a common
        beginning share its mask."""
        digits = [
            {k: self.code.equals(counter, k) for k in sorted({key[place] for key in keys})}
            for place, counter in enumerate(counters)
        ]
        masks: dict[Sums, Value] = {(k,): mask for k, mask in digits[0].items()}
        for place, digit in enumerate(digits[1:], start=1):
            beginnings = dict.fromkeys(key[: place + 1] for key in keys)
            masks = {
                beginning: self.code.bit("and", (masks[beginning[:-1]], digit[beginning[-1]]))
                for beginning in beginnings
            }
        return [masks[tuple(key)] for key in keys]

    def _factors(self, choice: Acceptance) -> list[Value]:
        """One Bernoulli word for each group: min(1, exp(-dE_g)), 7/8 of it where the group is
        free."""
        factors = []
        for group, words in enumerate(self._words(with_own=True)):
            if words:
                counter, size = self.code.counter(words), choice.sizes[group]
                classes = tuple(
                    (self.code.equals(counter, k), self._threshold_of(group, size - 2 * k))
                    for k in choice.by_group[group]
                )
                factors.append(self.code.add(Bernoulli(classes, None, self.draws[group])))
        return factors or [self._always()]

    def _threshold_of(self, group: int, total: int) -> int:
        return self.tables.threshold(self._factor, self.tables.only(group, total))

    def _always(self) -> Value:
        """A spin that no product contains."""
        return self.code.add(
            Bernoulli(
                (), self.tables.threshold(self._factor, (0,) * self.tables.groups), self.draws[0]
            )
        )

    def _weighed(self) -> Value:
        """exp(-dE) with dE = sum over products of (-1 + 2 * [product is -1]) * 2 c."""
        if not any(self.star.images):
            return self._always()
        masks, slots = [], []
        for group, words in enumerate(self._words(with_own=True)):
            masks += words
            slots += [self.tables.weight(self.tables.only(group, 2))] * len(words)
        base = self.tables.weight(tuple(-len(images) for images in self.star.images))
        lanes = self.code.add(Weigh(tuple(masks), tuple(slots), base))
        return self.code.add(Accept(lanes, self.draws[0]))


def _sums(sizes: Sums, numbers: Sums) -> Sums:
    return tuple(n - 2 * k for n, k in zip(sizes, numbers, strict=True))
