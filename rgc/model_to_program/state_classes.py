"""Laws that are written out as classes of states of equal probability, and words that tell the
classes apart."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from rgc.errors import Problem, SpecError
from rgc.model.weighed import CLOSE, Weighed
from rgc.model_to_program import thresholds
from rgc.model_to_program.rule_writer import RuleWriter
from rgc.passes.choose_acceptance import MOST_CLASSES
from rgc.program.lattice.nodes import Bit, Value

MOST_NODES = 1024
"""Decisions of a diagram, each a few words of a rule."""


def state_classes(law: Weighed, given: int) -> tuple[list[Fraction], list[int]]:
    """ln p(+)/p(-) of each class for block spin number `given` of a law of two-state spins, and the
    class of every state of the cell and of the block spins before it, in row-major order.

    The later block spins are summed over. Values that differ by rounding alone are one class.
    Raises `SpecError` where there are more than `MOST_CLASSES`.
    """
    energies, scale = _energies(law)
    later = 1 << (law.species - given - 1)
    keys = [_shape(energies[k : k + 2 * later], later) for k in range(0, len(energies), 2 * later)]
    odds = {key: _log_odds(key, scale) for key in set(keys)}
    size = Fraction(CLOSE) * Fraction(max(map(abs, energies), default=0), scale)
    first = _firsts(sorted(set(odds.values())), size)
    classes = sorted(set(first.values()), reverse=True)
    if len(classes) > MOST_CLASSES:
        message = (
            f"this block spin has {len(classes)} different probabilities, one class of cells each; "
            f"the limit is {MOST_CLASSES}"
        )
        raise SpecError(
            [Problem("too-many-classes", message, hint="take a smaller cell or equal weights")]
        )
    number = {value: k for k, value in enumerate(classes)}
    return classes, [number[first[odds[key]]] for key in keys]


Key = tuple[tuple[int, ...], tuple[int, ...]]
"""Energies of the states of the later block spins, where this one is +1 and where it is -1."""


def _shape(energies: Sequence[int], later: int) -> Key:
    """Up to what all have in common."""
    lowest = energies[-1]
    plus, minus = energies[:later], energies[later:]
    return tuple(sorted(x - lowest for x in plus)), tuple(sorted(x - lowest for x in minus))


def _log_odds(key: Key, scale: int) -> Fraction:
    plus, minus = ([Fraction(x, scale) for x in part] for part in key)
    return thresholds.log_ratio(plus, minus)


def _firsts(values: Sequence[Fraction], size: Fraction) -> dict[Fraction, Fraction]:
    """For each of some rising numbers the first of those that it is as good as equal to."""
    first = {value: value for value in values[:1]}
    for before, value in pairwise(values):
        first[value] = first[before] if value - before <= size else value
    return first


def _energies(law: Weighed) -> tuple[list[int], int]:
    """T of all states of a law, exactly: integers and the number by which they are divided."""
    import numpy as np

    exact = [[Fraction(energy) for energy in piece.energies] for piece in law.pieces]
    scale = max((energy.denominator for energies in exact for energy in energies), default=1)
    total = np.zeros(law.radices, dtype=object)
    for piece, energies in zip(law.pieces, exact, strict=True):
        values = np.array([int(energy * scale) for energy in energies], dtype=object)
        values = values.reshape([law.radices[k] for k in piece.spins])
        shape = [radix if k in piece.spins else 1 for k, radix in enumerate(law.radices)]
        total += np.transpose(values, np.argsort(piece.spins)).reshape(shape)
    return total.ravel().tolist(), scale


# -- decisions ------------------------------------------------------------------------------------


def class_masks(code: RuleWriter, class_of: Sequence[int], words: Sequence[Value]) -> list[Value]:
    """For each of several classes the word of the replicas whose state is in it; none for a single
    class.

    `class_of[n]` is the class of the state whose bits are those of n, the first word the slowest.
    The classes are the leaves of a decision diagram with shared nodes, and a word for each node
    says which replicas reach it. Raises `SpecError` where it has more than `MOST_NODES`.
    """
    nodes, root, leaves = _diagram(class_of, len(words))
    reached: dict[int, list[Value]] = {}
    for number in range(len(nodes) - 1, -1, -1):
        axis, low, high = nodes[number]
        here = [] if leaves + number == root else [code.bit("or", reached[leaves + number])]
        absent = code.add(Bit("not", (words[axis],)))
        reached.setdefault(low, []).append(code.bit("and", [*here, absent]))
        reached.setdefault(high, []).append(code.bit("and", [*here, words[axis]]))
    return [code.bit("or", reached[k]) for k in range(leaves)] if nodes else []


def _diagram(class_of: Sequence[int], axes: int) -> tuple[list[tuple[int, int, int]], int, int]:
    """Nodes (axis, where the bit is 0, where it is 1), the root and the number of leaves.

    Node k is called leaves + k and comes after those below it.
    """
    leaves, row = max(class_of) + 1, list(class_of)
    number: dict[tuple[int, int, int], int] = {}
    for axis in range(axes - 1, -1, -1):
        pairs = zip(row[::2], row[1::2], strict=True)
        row = [
            low if low == high else number.setdefault((axis, low, high), leaves + len(number))
            for low, high in pairs
        ]
        if len(number) > MOST_NODES:
            message = (
                f"telling the classes of a cell of {axes} spins apart takes more than "
                f"{MOST_NODES} decisions"
            )
            raise SpecError([Problem("too-many-classes", message, hint="take a smaller cell")])
    return list(number), row[0], leaves
