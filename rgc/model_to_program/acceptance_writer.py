"""Writing the acceptance of a flip or a move: from words to the word of the replicas that accept.

A word is a sign, 1 where it is -1. With k of the n words of a group at -1 the change of the sum of
signs S of the group is scale * (n - 2 k), and dE = sum_g c_g dS_g. The scale is -2 for the products
that a flip turns, 1 for signs after a move and minus signs before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product as cartesian

from rgc.model_to_program.rule_writer import RuleWriter
from rgc.model_to_program.update import Kind, Probability, Row, Sums
from rgc.passes.choose_acceptance import Acceptance, Classes
from rgc.program.lattice.nodes import Accept, Bernoulli, Couple, Value, Weigh

Words = Sequence[Sequence[Value]]
"""The words of each group."""


class Tables:
    """The threshold and weight slots that the rules of an update share."""

    def __init__(self, kind: Kind, groups: int) -> None:
        self.kind = kind
        self.groups = groups
        self.rows: list[Row] = []
        self.weights: list[Sums] = []

    def threshold(self, kind: Probability, change: Sums) -> int:
        return self._row((kind, change))

    def share(self, part: int, whole: int) -> int:
        """The probability part / whole."""
        return self._row(Fraction(part, whole))

    def _row(self, row: Row) -> int:
        if row not in self.rows:
            self.rows.append(row)
        return self.rows.index(row)

    def weight(self, multiples: Sums) -> int:
        if multiples not in self.weights:
            self.weights.append(multiples)
        return self.weights.index(multiples)

    def only(self, group: int, number: int) -> Sums:
        """`number` at one group, 0 elsewhere."""
        return tuple(number if g == group else 0 for g in range(self.groups))


@dataclass(frozen=True, slots=True)
class AcceptanceWriter:
    """Writes into a rule how it decides, with draws of its own.

    Weights are added up with those of the `coupled` (species, matrix), turned by the `own` spin.
    `weights` are the slots of all words, one after the other, and of what is always added, where
    they are no multiples of the coefficients of groups.
    """

    tables: Tables
    code: RuleWriter
    draws: range
    choice: Acceptance
    coupled: Sequence[tuple[int, int]] = ()
    own: Value | None = None
    weights: tuple[Sequence[int], int] | None = None

    def accepted(self, words: Words) -> Value:
        """The replicas that accept, by Metropolis in the form that was chosen."""
        kind, choice = self.tables.kind, self.choice
        if choice.form == "joint":
            return self.joint(choice.flip, kind, words)
        factors = self._factors(words) if choice.form == "factorised" else [self._weighed(words)]
        if kind == "lazy":
            slot = self.tables.threshold("lazy", (0,) * self.tables.groups)
            factors.append(self.code.add(Bernoulli((), slot, self.draws[-1])))
        return self.code.bit("and", factors)

    def joint(self, classes: Classes | None, kind: Kind, words: Words) -> Value:
        """One Bernoulli word with a threshold for each class, or for every class where they are not
        listed.
        """
        if classes is None:
            classes = tuple(cartesian(*(range(n + 1) for n in self.choice.sizes)))
        slots = [self.tables.threshold(kind, self._change(counts)) for counts in classes]
        if len(classes) == 1:
            return self.code.add(Bernoulli((), slots[0], self.draws[0]))
        felt = [
            (self.code.counter(group), group_number)
            for group_number, group in enumerate(words)
            if group
        ]
        keys = [tuple(counts[number] for _, number in felt) for counts in classes]
        masks = self.code.masks([counter for counter, _ in felt], keys)
        return self.code.add(Bernoulli(tuple(zip(masks, slots, strict=True)), None, self.draws[0]))

    def _change(self, counts: Sums) -> Sums:
        scale = self.choice.scale
        return tuple(scale * (n - 2 * k) for n, k in zip(self.choice.sizes, counts, strict=True))

    def _factors(self, words: Words) -> list[Value]:
        """One Bernoulli word for each group: min(1, exp(-dE_g)), 7/8 of it where the group is
        free."""
        factors = []
        for group, signs in enumerate(words):
            if signs:
                counter, size = self.code.counter(signs), self.choice.sizes[group]
                classes = tuple(
                    (
                        self.code.equals(counter, k),
                        self._threshold_of(group, self.choice.scale * (size - 2 * k)),
                    )
                    for k in self.choice.by_group[group]
                )
                factors.append(self.code.add(Bernoulli(classes, None, self.draws[group])))
        return factors or [self._always()]

    @property
    def _factor(self) -> Probability:
        return "plain" if self.tables.kind == "lazy" else "metropolis"

    def _threshold_of(self, group: int, change: int) -> int:
        return self.tables.threshold(self._factor, self.tables.only(group, change))

    def _always(self) -> Value:
        """A spin that is in no word."""
        slot = self.tables.threshold(self._factor, (0,) * self.tables.groups)
        return self.code.add(Bernoulli((), slot, self.draws[0]))

    def _weighed(self, words: Words) -> Value:
        """exp(-dE) with dE = sum over words of scale * (1 - 2 * [word is -1]) * c."""
        if not any(words) and not self.coupled:
            return self._always()
        masks = tuple(word for signs in words for word in signs)
        slots, base = self.weights or self._multiples(words)
        lanes = self.code.add(Weigh(masks, tuple(slots), base))
        for species, matrix in self.coupled:
            lanes = self.code.add(Couple(lanes, species, matrix, self.own))
        return self.code.add(Accept(lanes, self.draws[0]))

    def _multiples(self, words: Words) -> tuple[list[int], int]:
        """The slots of the weights of words, and of the sum with no word at -1."""
        tables, scale, slots = self.tables, self.choice.scale, list[int]()
        for group, signs in enumerate(words):
            slots += [tables.weight(tables.only(group, -scale))] * len(signs)
        return slots, tables.weight(tuple(scale * n // 2 for n in self.choice.sizes))
