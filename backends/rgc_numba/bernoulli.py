"""`Bernoulli` on rows: the first planes of every word without a branch, then the rest of those that
are still undecided."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from rgc.program.lattice.nodes import Bernoulli
from rgc.program.lattice.program import Program
from rgc_numba.source import each_word, indent

FIRST = 11
"""Planes that are drawn for every word. After them one word in 32 has a replica that is undecided.
The number changes no result."""

FEW = 8
"""Up to so many classes, thresholds that are not baked in are selected in registers."""

INLINE = 64
"""Up to so many classes, the thresholds of words that stay undecided are one expression. More are a
loop, which compiles in less time."""

STORED = 4
"""Up to so many masks are left in buffers for the words that stay undecided. More are computed
again for those words."""

Baked = tuple[int, ...]
"""T of every slot, the same for all replicas."""

HELPERS = '''

@compiled
def merge(row, into, masks, count, size):
    """The buffer at `into` becomes the union of those at masks[:count], taken four at a time; the
    entries masks[count:] point at zeros."""
    for j in range(size):
        row[into + np.uint64(j)] = ZERO
    for n in range(0, count, 4):
        a, b, c, d = masks[n], masks[n + 1], masks[n + 2], masks[n + 3]
        for j in range(size):
            i = np.uint64(j)
            row[into + i] |= row[a + i] | row[b + i] | row[c + i] | row[d + i]


@compiled
def choose(thresholds, slots, masks, zeros, found, counts, lo):
    """For each of the first entries of thresholds, those of the masks whose slot has a bit
    there."""
    for entry in range(counts.shape[0]):
        count = 0
        for n in range(slots.shape[0]):
            if thresholds[slots[n], entry, lo] != ZERO:
                found[entry, count] = masks[n]
                count += 1
        counts[entry] = count
        found[entry, count:] = zeros


@compiled
def finish(u, v, masks, slots, thresholds, lo, x, y, z, planes):
    """The word v after the planes that come after the first ones, of which u is undecided."""
    k = FIRST
    while u != ZERO and k < planes:
        r = word_at(x, y, z, np.uint64(k))
        t = ZERO
        for n in range(masks.shape[0]):
            t |= masks[n] & thresholds[slots[n], 1 + k, lo]
        d = t ^ r
        v |= u & t & d
        u &= ~d
        k += 1
    return v
'''

Again = Callable[[Sequence[int]], list[str]]
"""Statements that compute the values of some nodes once more."""


@dataclass(slots=True)
class Draw:
    """The statements of a draw, at the start of the function, before the loop of its part, inside
    that loop at its end, and after it, with the names of the buffers that they use."""

    first: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    inside: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    buffers: list[str] = field(default_factory=list)


def constants() -> str:
    """Module-level statements: how many planes come first, and their numbers."""
    return f"FIRST = {FIRST}\n" + "".join(
        f"K{plane} = np.uint64({plane})\n" for plane in range(FIRST)
    )


def write(
    number: int, node: Bernoulli, program: Program, baked: Baked | None, again: Again
) -> Draw:
    """The statements that leave the word of node `number` in its buffer."""
    draw = Draw(buffers=[f"b{number}"])
    classes = [(f"{mask}", slot) for mask, slot in node.classes]
    if node.otherwise is not None:
        rest = " | ".join(f"v{mask}" for mask, _ in classes)
        draw.inside.append(f"v{number}e = ~({rest})" if rest else f"v{number}e = ONES")
        classes.append((f"{number}e", node.otherwise))
    if baked is not None:
        top = 1 << program.planes
        always = [f"v{mask}" for mask, slot in classes if baked[slot] == top]
        classes = [(mask, slot) for mask, slot in classes if 0 < baked[slot] < top]
    elif len(classes) <= FEW:
        always = [f"v{mask} & h{number}_{n}_0" for n, (mask, _) in enumerate(classes)]
        draw.first += _scalars(number, classes)
    else:
        _many(draw, number, node, classes, program, again)
        return _keyed(draw, number, node)
    draw.inside.append(f"v{number} = " + (" | ".join(always) or "ZERO"))
    if not classes:
        draw.inside.append(f"row[b{number} + i] = v{number}")
        return draw
    every = " | ".join(f"v{mask}" for mask, _ in classes)
    draw.inside += [
        f"u = {every}" if baked is not None else f"u = ({every}) & ~v{number}",
        f"z = z{number} + ramp[j]",
    ]
    needed = _needed(classes, baked, program.planes)
    for plane in range(min(FIRST, needed)):
        draw.inside.append(f"r = {_word(number, f'K{plane}')}")
        if baked is not None:
            bits = [baked[slot] >> (program.planes - 1 - plane) & 1 for _, slot in classes]
            draw.inside += _decide_baked(number, [f"v{mask}" for mask, _ in classes], bits)
        else:
            limit = " | ".join(
                f"(v{mask} & h{number}_{n}_{1 + plane})" for n, (mask, _) in enumerate(classes)
            )
            draw.inside += _decide(f"v{number}", limit)
    draw.inside.append(f"row[b{number} + i] = v{number}")
    if needed <= FIRST:
        return _keyed(draw, number, node)
    draw.inside.append(f"row[u{number} + i] = u")
    draw.buffers.append(f"u{number}")
    if len(classes) <= STORED:
        draw.inside += [f"row[b{mask} + i] = v{mask}" for mask, _ in classes]
        draw.buffers += [f"b{mask}" for mask, _ in classes]
        masks = [f"v{mask} = row[b{mask} + i]" for mask, _ in classes]
    else:
        masks = _again(number, node, again)
    _second(draw, number, classes, program, masks)
    return _keyed(draw, number, node)


def _needed(classes: list[tuple[str, int]], baked: Baked | None, planes: int) -> int:
    """The planes up to the last in which a threshold that is baked in has a bit: who is undecided
    after them is not below it. A probability of 1/2 needs one."""
    if baked is None:
        return planes
    lowest = min(baked[slot] & -baked[slot] for _, slot in classes)
    return planes - lowest.bit_length() + 1


def _again(number: int, node: Bernoulli, again: Again) -> list[str]:
    """Statements that compute the masks of all classes once more."""
    lines = again([mask for mask, _ in node.classes])
    if node.otherwise is not None:
        rest = " | ".join(f"v{mask}" for mask, _ in node.classes)
        lines.append(f"v{number}e = ~({rest})" if rest else f"v{number}e = ONES")
    return lines


def _keyed(draw: Draw, number: int, node: Bernoulli) -> Draw:
    draw.first.append(f"x{number}, y{number} = keys[{node.draw}, 0], keys[{node.draw}, 1]")
    draw.before.append(f"z{number} = spread(x{number}, c)")
    return draw


def _word(number: int, plane: str) -> str:
    return f"word_at(x{number}, y{number}, z, {plane})"


def _scalars(number: int, classes: list[tuple[str, int]]) -> list[str]:
    """The table entries of the first planes. Entry 0 is "always"."""
    return [
        f"h{number}_{n}_{entry} = thresholds[{slot}, {entry}, lo]"
        for n, (_, slot) in enumerate(classes)
        for entry in range(1 + FIRST)
    ]


def decide(value: str) -> list[str]:
    """From u, the replicas that were undecided before the plane r, and t, the bits of their
    thresholds: less is 1, more is 0."""
    return ["d = t ^ r", f"{value} |= u & t & d", "u &= ~d"]


def _decide(value: str, limit: str) -> list[str]:
    return [f"t = {limit}", *decide(value)]


def _decide_baked(number: int, masks: list[str], bits: list[int]) -> list[str]:
    if not any(bits):
        return ["u &= ~r"]
    if all(bits):
        return [f"v{number} |= u & ~r", "u &= r"]
    return _decide(
        f"v{number}", " | ".join(mask for mask, bit in zip(masks, bits, strict=True) if bit)
    )


def _second(
    draw: Draw, number: int, classes: list[tuple[str, int]], program: Program, masks: list[str]
) -> None:
    """The remaining planes of the words that the first ones left undecided. Names are new: numba's
    time grows with the number of names that are bound twice."""
    body = [re.sub(r"\bv(?=\d)", "w", line) for line in masks]
    if len(classes) > INLINE:
        body += _looped(draw, number, classes, program)
    else:
        limit = " | ".join(f"(w{mask} & thresholds[{slot}, 1 + k, lo])" for mask, slot in classes)
        body += [
            f"u, v, z = row[u{number} + i], row[b{number} + i], z{number} + ramp[j]",
            f"k = {FIRST}",
            f"while u != ZERO and k < {program.planes}:",
            f"    r = {_word(number, 'np.uint64(k)')}",
            *indent(_decide("v", limit), 1),
            "    k += 1",
            f"row[b{number} + i] = v",
        ]
    draw.after += each_word([f"if row[u{number} + i] != ZERO:", *indent(body, 1)])


def _looped(draw: Draw, number: int, classes: list[tuple[str, int]], program: Program) -> list[str]:
    slots = ", ".join(str(slot) for _, slot in classes)
    draw.first += [
        f"some{number} = np.empty({len(classes)}, np.uint64)",
        f"slots{number} = np.array([{slots}])",
    ]
    keep = [f"some{number}[{n}] = w{mask}" for n, (mask, _) in enumerate(classes)]
    stream = f"x{number}, y{number}, z{number} + ramp[j]"
    given = f"some{number}, slots{number}, thresholds, lo, {stream}, {program.planes}"
    return [*keep, f"row[b{number} + i] = finish(row[u{number} + i], row[b{number} + i], {given})"]


def _many(
    draw: Draw,
    number: int,
    node: Bernoulli,
    classes: list[tuple[str, int]],
    program: Program,
    again: Again,
) -> None:
    """Thresholds from the table, the same for all replicas: their bits say which masks to merge."""
    draw.inside += [f"row[b{mask} + i] = v{mask}" for mask, _ in classes]
    draw.inside += [f"row[o{number} + i] = ZERO"]
    every = "ONES" if node.otherwise is not None else " | ".join(f"v{mask}" for mask, _ in classes)
    draw.inside.append(f"row[u{number} + i] = {every}")
    draw.buffers += [f"u{number}", f"t{number}", f"o{number}", *(f"b{mask}" for mask, _ in classes)]
    slots, masks = (
        ", ".join(str(slot) for _, slot in classes),
        ", ".join(f"b{mask}" for mask, _ in classes),
    )
    draw.first += [
        f"found{number} = np.empty(({1 + FIRST}, {len(classes) + 4}), np.uint64)",
        f"counts{number} = np.empty({1 + FIRST}, np.int64)",
        f"chosen{number}, masks{number} = np.array([{slots}]), np.array([{masks}])",
        f"choose(thresholds, chosen{number}, masks{number}, o{number}, "
        f"found{number}, counts{number}, lo)",
    ]
    draw.after += _merged(f"b{number}", number, "0")
    draw.after += each_word([f"row[u{number} + i] &= ~row[b{number} + i]"])
    decide = each_word(
        [
            f"z, v, u = z{number} + ramp[j], row[b{number} + i], row[u{number} + i]",
            f"r = {_word(number, 'np.uint64(k)')}",
            *_decide("v", f"row[t{number} + i]"),
            f"row[b{number} + i] = v",
            f"row[u{number} + i] = u",
        ]
    )
    planes = [*_merged(f"t{number}", number, "1 + k"), *decide]
    draw.after += [f"for k in range({FIRST}):", *indent(planes, 1)]
    _second(draw, number, classes, program, _again(number, node, again))


def _merged(into: str, number: int, entry: str) -> list[str]:
    """A statement that gathers the masks of the classes whose threshold has a bit."""
    return [f"merge(row, {into}, found{number}[{entry}], counts{number}[{entry}], size)"]
