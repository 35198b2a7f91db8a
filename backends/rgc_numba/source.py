"""Pieces of generated code that every kernel shares: the preamble, the generators, and logic on
words as plain statements."""

from __future__ import annotations

from rgc.program.draws import Generator
from rgc.program.lattice.nodes import Bit, Count, Equals, Node
from rgc.program.lattice.program import Program
from rgc.program.units import EXP, FAR, LOG2_E

LINE = 8
"""Words of a cache line."""

SYMBOL = {"and": " & ", "or": " | ", "xor": " ^ "}

PREAMBLE = """\
import numpy as np
from numba import njit

compiled = njit(cache=True, nogil=True, error_model="numpy")
ZERO, ONES = np.uint64(0), np.uint64(0xFFFFFFFFFFFFFFFF)
ONE, SITE, WORD, HALF = np.uint64(1), np.uint64(6), np.uint64(40), np.uint64(32)
LOW = np.uint64(0xFFFFFFFF)
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
"""

SPLITMIX = '''
M1, M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
R1, R2, R3 = np.uint64(30), np.uint64(27), np.uint64(31)


@compiled
def spread(a, c):
    """Where the stream of key (a, b) stands at counter c; linear in c."""
    return a + c * GOLDEN


@compiled
def word_at(a, b, z, k):
    """The word of key (a, b) at counter c + k, z = spread(a, c): keyed splitmix64."""
    z = (z + k * GOLDEN) ^ b
    z = (z ^ (z >> R1)) * M1
    z = (z ^ (z >> R2)) * M2
    return z ^ (z >> R3)
'''

# Inlined by numba: left to LLVM, its ten rounds stay a call, and the loop over a row of words does
# not become vector code.
PHILOX = '''
P1, P2 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
W1, W2 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)


@compiled
def spread(a, c):
    """Where the stream of key (a, b) stands at counter c; linear in c."""
    return c


@njit(inline="always")
def word_at(a, b, z, k):
    """The word of key (a, b) at counter c + k, z = spread(a, c): philox4x32-10."""
    c = z + k
    c0, c1, c2, c3 = c & LOW, c >> HALF, b & LOW, b >> HALF
    k0, k1 = a & LOW, a >> HALF
    for _ in range(10):
        p, q = P1 * c0, P2 * c2
        c0, c1, c2, c3 = (q >> HALF) ^ c1 ^ k0, q & LOW, (p >> HALF) ^ c3 ^ k1, p & LOW
        k0, k1 = (k0 + W1) & LOW, (k1 + W2) & LOW
    return c0 | (c1 << HALF)
'''

ACCEPT = '''

@compiled
def accept(x, a, b, c, coarse, fine):
    """Lane r of the result is 1 where x[r] <= 0, else with probability exp(-x[r] / 2^20)."""
    result = ZERO
    for plane in range(32):
        u = ZERO
        drawn = False
        for half in range(2):
            lane = 2 * plane + half
            energy = np.int64(x[lane])
            if energy <= 0:
                result |= ONE << np.uint64(lane)
            elif energy >> 10 < coarse.shape[0]:
                if not drawn:
                    u = word_at(a, b, spread(a, c), np.uint64(plane))
                    drawn = True
                mine = (u >> HALF) if half else (u & LOW)
                if mine < (coarse[energy >> 10] * fine[energy & 1023]) >> HALF:
                    result |= ONE << np.uint64(lane)
    return result
'''

LOGISTIC = f"""
FAR, LOG2_E = np.int64({FAR}), np.uint64({LOG2_E})
TWENTY, INTEGER = np.uint64(20), np.uint64(52)
E0, E1, E2, E3, E4, E5, E6 = map(np.uint64, {EXP})
"""
LOGISTIC += '''

@compiled
def logistic(x, a, b, c):
    """Lane r of the result is 1 with probability 1 / (1 + exp(x[r] / 2^20))."""
    result = ZERO
    for plane in range(32):
        u = word_at(a, b, spread(a, c), np.uint64(plane))
        for half in range(2):
            lane = 2 * plane + half
            field = np.int64(x[lane])
            t = np.uint64(min(abs(field), FAR)) * LOG2_E
            f = (t >> TWENTY) & LOW
            e = E5 - ((E6 * f) >> HALF)
            e = E4 - ((e * f) >> HALF)
            e = E3 - ((e * f) >> HALF)
            e = E2 - ((e * f) >> HALF)
            e = E1 - ((e * f) >> HALF)
            e = (E0 - ((e * f) >> HALF)) >> (t >> INTEGER)
            mine = (u >> HALF) if half else (u & LOW)
            if (mine + ((mine * e) >> HALF) < e) == (field > 0):
                result |= ONE << np.uint64(lane)
    return result
'''

COUPLE = '''

@compiled
def couple(y, x, h, block, f, w, mask):
    """y[r] = x[r] + sum_j h[j, r] (2 [bit r of f[j, w] ^ mask] - 1), h[j] those of the block, or
    h[j, 0] for all r where it has but one."""
    total = np.zeros(64, dtype=np.int32)
    for r in range(64):
        y[r] = 0
    if h.shape[1] == 1:
        same = np.int32(0)
        for j in range(h.shape[0]):
            v, c = f[j, w], h[j, 0]
            same += c
            for r in range(64):
                y[r] += c * np.int32((v >> np.uint64(r)) & ONE)
        total[:] = same
    else:
        add_own(y, total, h, np.uint64(64 * block), f, w)
    for r in range(64):
        y[r] = x[r] + (2 * y[r] - total[r]) * (1 - 2 * np.int32((mask >> np.uint64(r)) & ONE))


@compiled
def add_own(y, total, h, at, f, w):
    """Add h[j, at + r] to total[r], and to y[r] where bit r of f[j, w] is 1, two j at a time: then
    sums are loaded and stored half as often."""
    n = np.uint64(h.shape[0])
    for q in range(h.shape[0] // 2):
        j = np.uint64(2 * q)
        v, u = f[j, w], f[j + ONE, w]
        for k in range(64):
            r = np.uint64(k)
            c, d = h[j, at + r], h[j + ONE, at + r]
            y[r] += c * np.int32((v >> r) & ONE) + d * np.int32((u >> r) & ONE)
            total[r] += c + d
    if n & ONE:
        v = f[n - ONE, w]
        for k in range(64):
            r = np.uint64(k)
            c = h[n - ONE, at + r]
            y[r] += c * np.int32((v >> r) & ONE)
            total[r] += c
'''

POPCOUNT = '''
C1, C2 = np.uint64(0x5555555555555555), np.uint64(0x3333333333333333)
C4, C8 = np.uint64(0x0F0F0F0F0F0F0F0F), np.uint64(0x0101010101010101)
S1, S2, S4, S56 = np.uint64(1), np.uint64(2), np.uint64(4), np.uint64(56)


@compiled
def popcount(x):
    """The number of bits that are 1."""
    x = x - ((x >> S1) & C1)
    x = (x & C2) + ((x >> S2) & C2)
    x = (x + (x >> S4)) & C4
    return np.int64((x * C8) >> S56)
'''


def preamble(generator: Generator) -> str:
    return PREAMBLE + (PHILOX if generator == "philox" else SPLITMIX)


def indent(lines: list[str], levels: int) -> list[str]:
    return ["    " * levels + line for line in lines]


def each_word(body: list[str]) -> list[str]:
    """A loop over the words of a row. Unsigned indices spare numba's test for negative ones, so
    that LLVM makes vectors of it."""
    return ["for j in range(size):", *indent(["i = np.uint64(j)", *body], 1)] if body else []


def dispatch(calls: dict[int, str]) -> list[str]:
    """Statements that make the call of `body`."""
    return [
        line
        for at, (number, call) in enumerate(calls.items())
        for line in (f"{'el' if at else ''}if body == {number}:", f"    {call}")
    ]


def listing(program: Program) -> str:
    """The program as comment lines: its fields, and every node of every rule under the name that
    the code gives it."""
    lines = [
        f"# {program.name!r}: {program.shape} cells, {program.letters} letters, "
        f"{len(program.schedule)} stages"
    ]
    lines += [f"# f{n}: {field!r}" for n, field in enumerate(program.fields)]
    for number, rule in enumerate(program.rules):
        lines.append(f"# rule {number}, letter {rule.letter}")
        lines += [f"#   v{n}: {node!r}" for n, node in enumerate(rule.nodes)]
    return "\n".join(lines) + "\n"


def logic(number: int, node: Node, planes: dict[int, int], lane: str = "") -> list[str]:
    """Statements that compute a `Bit`, `Count` or `Equals` from earlier words, where word n is
    `v<n><lane>`. The planes of count n are `v<n><lane>_0`, `v<n><lane>_1`, ..., lowest first.
    `planes` maps counts to their number of planes and is added to."""
    own = f"v{number}{lane}"
    match node:
        case Bit("not", (a,)):
            return [f"{own} = ~v{a}{lane}"]
        case Bit(op, operands):
            return [f"{own} = " + SYMBOL[op].join(f"v{a}{lane}" for a in operands)]
        case Count(words):
            lines, names = add_up([f"v{a}{lane}" for a in words], own)
            planes[number] = len(names)
            return [*lines, *(f"{own}_{n} = {name}" for n, name in enumerate(names))]
        case Equals(count, value):
            width = planes[count]
            if value < 0 or value >> width:
                return [f"{own} = ZERO"]
            bits = [("" if value >> n & 1 else "~") + f"v{count}{lane}_{n}" for n in range(width)]
            return [f"{own} = " + " & ".join(bits)]
    raise TypeError(f"not a node of logic: {node!r}")


def add_up(words: list[str], stem: str) -> tuple[list[str], list[str]]:
    """Statements of a carry-save adder over words, and the names of the planes of the sum, lowest
    first."""
    lines: list[str] = []
    planes: list[str] = []
    level = words or ["ZERO"]
    made = 0
    while level:
        carries: list[str] = []
        while len(level) > 1:
            taken, level = level[:3], level[3:]
            s, c = f"{stem}s{made}", f"{stem}c{made}"
            made += 1
            lines += _adder(taken, s, c)
            level.append(s)
            carries.append(c)
        planes.append(level[0])
        level = carries
    return lines, planes


def _adder(words: list[str], s: str, c: str) -> list[str]:
    """Half or full adder: words = s + 2 c."""
    if len(words) == 2:
        a, b = words
        return [f"{s} = {a} ^ {b}", f"{c} = {a} & {b}"]
    x, y, z = words
    return [f"{s}h = {x} ^ {y}", f"{s} = {s}h ^ {z}", f"{c} = ({x} & {y}) | ({s}h & {z})"]
