"""Block spins that are drawn from how many spins of a cell are in each state.

Cells of equal weights are one class. The planes of the code of a block spin are written one after
the other, the highest first, each given those before it: certain where only one of its values can
be, elsewhere drawn with the odds of the states that are left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import isfinite

from rgc.model.counted import Counted, LogWeight, Odds
from rgc.model_to_program.code_words import code_bits, state_of
from rgc.model_to_program.rule_writer import RuleWriter
from rgc.program.lattice.nodes import Bernoulli, Value

Weights = tuple[LogWeight, ...]


def counted_planes(
    code: RuleWriter,
    law: Counted,
    cell: Sequence[Sequence[Value]],
    draw: int,
    threshold: Callable[[Odds], int],
) -> list[Value]:
    """The planes of a block spin of a law, from those of the spins of its cell.

    `threshold` gives the slot of some odds. Plane k is drawn from draw + k.
    """
    classes = _classes(code, law, cell)
    planes: list[Value] = []  # from k + 1 on
    for k in reversed(range(code_bits(law.states))):
        certain, drawn = list[Value](), dict[Odds, list[Value]]()
        for mask, odds in _cases(code, classes, planes, k, law.states):
            if not odds.zeros:
                certain.append(mask)
            elif odds.ones:
                drawn.setdefault(odds, []).append(mask)
        if drawn:
            chosen = tuple(
                (code.bit("or", masks), threshold(odds)) for odds, masks in drawn.items()
            )
            certain.append(code.add(Bernoulli(chosen, None, draw + k)))
        planes.insert(0, code.bit("or", certain))
    return planes


def _classes(
    code: RuleWriter, law: Counted, cell: Sequence[Sequence[Value]]
) -> list[tuple[Value, Weights]]:
    """The cells of each class but that in which the block spin is in state 0 for certain, whose
    planes are all 0. The count of the first state follows from the others.
    """
    every = {counts[1:]: law.log_weights(counts) for counts in law.counts()}
    keys = {
        counts: weights
        for counts, weights in every.items()
        if any(isfinite(weight.constant) for weight in weights[1:])
    }
    counters = [
        code.counter([state_of(code, planes, state, law.states) for planes in cell])
        for state in range(1, law.states)
    ]
    masks: dict[Weights, list[Value]] = {}
    for mask, weights in zip(code.masks(counters, list(keys)), keys.values(), strict=True):
        masks.setdefault(weights, []).append(mask)
    return [(code.bit("or", each), weights) for weights, each in masks.items()]


def _cases(
    code: RuleWriter,
    classes: Sequence[tuple[Value, Weights]],
    planes: Sequence[Value],
    k: int,
    states: int,
) -> Iterator[tuple[Value, Odds]]:
    """For each class and each way in which the planes above plane k can be, its word and the odds
    of plane k.
    """
    higher = 1 + (states - 1 >> k + 1)
    for mask, weights in classes:
        left = {n: weight for n, weight in enumerate(weights) if isfinite(weight.constant)}
        above = sorted({n >> k + 1 for n in left})
        for beginning in above:
            here = {n: weight for n, weight in left.items() if n >> k + 1 == beginning}
            odds = Odds(
                *(
                    tuple(weight for n, weight in here.items() if n >> k & 1 == bit)
                    for bit in (0, 1)
                )
            )
            if len(above) == 1:
                yield mask, odds
            else:
                given = state_of(code, planes, beginning, higher)
                yield code.bit("and", (mask, given)), odds
