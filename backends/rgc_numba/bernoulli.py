"""`Below` on rows: the first planes of every word without a branch, then the rest of those that are still undecided."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rgc.backend import Arguments
from rgc.program.nodes import Below
from rgc.program.program import Program
from rgc_numba.source import indent

FIRST = 11
"""Planes that are drawn for every word. After them one word in 32 has a replica that is undecided; it changes no result."""

FEW = 8
"""Up to so many classes, thresholds that are not baked in are selected in registers."""

Baked = tuple[int, ...]
"""T of every slot, the same for all replicas."""

MERGE = """

@compiled
def merge(into, mask, size):
    for j in range(size):
        into[j] |= mask[j]
"""


@dataclass(frozen=True, slots=True)
class Draw:
    """Statements of a draw: before the loop of its part, inside at its end, after it; and the buffers they use."""

    before: list[str]
    inside: list[str]
    after: list[str]
    buffers: tuple[str, ...]


def uniform_thresholds(given: Arguments) -> Baked | None:
    """T of every slot, or None where replicas differ."""
    table = given.thresholds
    if table.shape[-1] == 0 or not (table == table[..., :1]).all():
        return None
    bits = table[..., 0]
    if not ((bits == 0) | (bits == np.uint64(0xFFFFFFFFFFFFFFFF))).all():
        return None
    planes = table.shape[1] - 1
    return tuple(
        (int(bool(row[0])) << planes) | sum(int(bool(b)) << (planes - 1 - k) for k, b in enumerate(row[1:]))
        for row in bits
    )


def write(number: int, node: Below, program: Program, baked: Baked | None) -> Draw:
    """The statements that leave the word of node `number` in the buffer `b<number>`."""
    classes = [(f"{mask}", slot) for mask, slot in node.classes]
    inside = []
    if node.otherwise is not None:
        rest = " | ".join(f"v{mask}" for mask, _ in classes)
        inside.append(f"v{number}e = ~({rest})" if rest else f"v{number}e = ONES")
        classes.append((f"{number}e", node.otherwise))
    if baked is not None:
        return _baked(number, node, classes, inside, program, baked)
    return _general(number, node, classes, inside, program)


def _key(number: int, node: Below) -> list[str]:
    return [
        f"x{number}, y{number} = keys[{node.draw}, 0], keys[{node.draw}, 1]",
        f"z{number} = spread(x{number}, c)",
    ]


def _drawn(number: int, plane: str) -> str:
    return f"word_at(x{number}, y{number}, z, {plane})"


def _baked(
    number: int,
    node: Below,
    classes: list[tuple[str, int]],
    inside: list[str],
    program: Program,
    baked: Baked,
) -> Draw:
    top = 1 << program.planes
    always = [f"v{mask}" for mask, slot in classes if baked[slot] == top]
    active = [(mask, slot) for mask, slot in classes if 0 < baked[slot] < top]
    inside = [*inside, f"v{number} = " + (" | ".join(always) or "ZERO")]
    if not active:
        return Draw([], [*inside, f"b{number}[j] = v{number}"], [], (f"b{number}",))
    inside += [f"b{mask}[j] = v{mask}" for mask, _ in active]
    inside += ["u = " + " | ".join(f"v{mask}" for mask, _ in active), f"z = z{number} + ramp[j]"]
    for plane in range(FIRST):
        one = [f"v{mask}" for mask, slot in active if baked[slot] >> (program.planes - 1 - plane) & 1]
        inside.append(f"r = {_drawn(number, f'np.uint64({plane})')}")
        if not one:
            inside.append("u &= ~r")
        elif len(one) == len(active):
            inside += [f"v{number} |= u & ~r", "u &= r"]
        else:
            inside += [f"t = {' | '.join(one)}", f"v{number} |= u & t & ~r", "u &= ~(t ^ r)"]
    inside += [f"b{number}[j] = v{number}", f"u{number}[j] = u"]
    buffers = (f"b{number}", f"u{number}", *(f"b{mask}" for mask, _ in active))
    return Draw(_key(number, node), inside, _second(number, active, program), buffers)


def _second(number: int, active: list[tuple[str, int]], program: Program) -> list[str]:
    """The remaining planes of the words that the first ones left undecided."""
    limit = " | ".join(f"(b{mask}[j] & thresholds[{slot}, 1 + k, lo])" for mask, slot in active)
    return [
        "for j in range(size):",
        f"    if u{number}[j] != ZERO:",
        f"        u, v, z = u{number}[j], b{number}[j], z{number} + ramp[j]",
        f"        k = {FIRST}",
        f"        while u != ZERO and k < {program.planes}:",
        f"            r = {_drawn(number, 'np.uint64(k)')}",
        f"            t = {limit}",
        "            v |= u & t & ~r",
        "            u &= ~(t ^ r)",
        "            k += 1",
        f"        b{number}[j] = v",
    ]


def _general(
    number: int, node: Below, classes: list[tuple[str, int]], inside: list[str], program: Program
) -> Draw:
    """Thresholds come from the table, the same for all replicas: bits that select masks."""
    if not classes:
        return Draw([], [f"b{number}[j] = ZERO"], [], (f"b{number}",))
    inside = [*inside, *(f"b{mask}[j] = v{mask}" for mask, _ in classes)]
    buffers = (f"b{number}", f"u{number}", f"t{number}", *(f"b{mask}" for mask, _ in classes))
    after = ["for j in range(size):", f"    b{number}[j] = ZERO"]
    after += _selected(number, "b", classes, "0")
    every = " | ".join(f"b{mask}[j]" for mask, _ in classes) if node.otherwise is None else "ONES"
    after += [
        "for j in range(size):",
        f"    u{number}[j] = ({every}) & ~b{number}[j]",
        f"for k in range({FIRST}):",
    ]
    planes = ["kk = np.uint64(k)"]
    if len(classes) > FEW:
        planes += ["for j in range(size):", f"    t{number}[j] = ZERO"]
        planes += _selected(number, "t", classes, "1 + k")
        limit = f"t{number}[j]"
    else:
        planes += [f"h{n} = thresholds[{slot}, 1 + k, lo]" for n, (_, slot) in enumerate(classes)]
        limit = " | ".join(f"(b{mask}[j] & h{n})" for n, (mask, _) in enumerate(classes))
    planes += [
        "for j in range(size):",
        f"    z = z{number} + ramp[j]",
        f"    r = {_drawn(number, 'kk')}",
        f"    t = {limit}",
        f"    u = u{number}[j]",
        f"    b{number}[j] |= u & t & ~r",
        f"    u{number}[j] = u & ~(t ^ r)",
    ]
    after += indent(planes, 1) + _second(number, classes, program)
    return Draw(_key(number, node), inside, after, buffers)


def _selected(number: int, into: str, classes: list[tuple[str, int]], entry: str) -> list[str]:
    """Statements that merge the masks of the classes whose threshold has a bit."""
    lines = []
    for mask, slot in classes:
        lines += [
            f"if thresholds[{slot}, {entry}, lo] != ZERO:",
            f"    merge({into}{number}, b{mask}, size)",
        ]
    return lines
