"""Writing a rule node by node: equal nodes are written once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rgc.model.operators import Spin
from rgc.program.lattice.nodes import Bit, Count, Equals, Load, Node, Tally, Value
from rgc.program.lattice.program import Rule


@dataclass(frozen=True, slots=True)
class Counter:
    """The count of several words, or a single word that stands for its own count."""

    value: Value
    several: bool = False


@dataclass(slots=True)
class RuleWriter:
    """A rule in the making. Words: bit 1 means s = -1, so that the product of spins is the XOR of
    their words."""

    letter: int
    nodes: list[Node] = field(default_factory=list)
    _known: dict[Node, Value] = field(default_factory=dict)
    _products: dict[frozenset[Spin], Value] = field(default_factory=dict)

    def add(self, node: Node) -> Value:
        """The value of a node. A node that is already there is not written again."""
        if node not in self._known:
            self._known[node] = len(self.nodes)
            self.nodes.append(node)
        return self._known[node]

    def tally(self, array: int, row: int, word: Value) -> None:
        """Tallies add up, so that two equal ones are two."""
        self.nodes.append(Tally(array, row, word))

    def spin(self, spin: Spin, stride: tuple[int, ...] | None = None) -> Value:
        """The word of a spin relative to the running cell. The field of a species bears its
        number."""
        return self.add(Load(spin.species, spin.cell, spin.letter, stride=stride))

    def bit(self, op: str, operands: Iterable[Value]) -> Value:
        """and, or, xor of one word or more."""
        words = tuple(operands)
        return words[0] if len(words) == 1 else self.add(Bit(op, words))  # type: ignore[arg-type]

    def product(self, spins: Iterable[Spin]) -> Value:
        """The word of a product of at least one spin (1 where it is -1), built upon the products
        written before: first from two known parts, else from the largest known part and single
        spins."""
        wanted = frozenset(spins)
        if wanted in self._products:
            return self._products[wanted]
        parts = [part for part in self._products if part < wanted and len(part) > 1]
        pair = next((part for part in parts if wanted - part in self._products), frozenset[Spin]())
        part = pair or max(
            parts, key=lambda product: (len(product), sorted(product)), default=frozenset[Spin]()
        )
        rest = wanted - part
        words = [self._products[part]] if part else []
        words += [self._products[rest]] if pair else [self.spin(spin) for spin in sorted(rest)]
        self._products[wanted] = self.bit("xor", words)
        return self._products[wanted]

    def counter(self, words: Sequence[Value]) -> Counter:
        """What `equals` compares: how many of the words are 1."""
        return (
            Counter(words[0])
            if len(words) == 1
            else Counter(self.add(Count(tuple(words))), several=True)
        )

    def equals(self, counter: Counter, number: int) -> Value:
        """The word that is 1 where the count is `number`. For a count of one word it is that word
        or its inverse."""
        if counter.several:
            return self.add(Equals(counter.value, number))
        return counter.value if number else self.add(Bit("not", (counter.value,)))

    def masks(self, counters: Sequence[Counter], keys: Sequence[tuple[int, ...]]) -> list[Value]:
        """The words of where all counts are those of each key. Keys with a common beginning share
        its word."""
        digits = [
            {k: self.equals(counter, k) for k in sorted({key[place] for key in keys})}
            for place, counter in enumerate(counters)
        ]
        masks: dict[tuple[int, ...], Value] = {(k,): mask for k, mask in digits[0].items()}
        for place, digit in enumerate(digits[1:], start=1):
            beginnings = dict.fromkeys(key[: place + 1] for key in keys)
            masks = {
                beginning: self.bit("and", (masks[beginning[:-1]], digit[beginning[-1]]))
                for beginning in beginnings
            }
        return [masks[key] for key in keys]

    def rule(self) -> Rule:
        return Rule(self.letter, tuple(self.nodes))
