"""How 2 x 2 block spins of small tori of Ising spins are distributed, from sums over all states by
a program that is independent of rgc. Tests that sample, enumerate or run under a bias compare with
this one table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations, product
from math import exp

from tests.physics.models import CRITICAL

NAMES = "K", "k2_11", "k4_10_01_11", "h", "k3_10_01"
"""Couplings of nearest and of diagonal pairs, of plaquettes, of single spins, and of the triples at
the corners of plaquettes, as `mcrg` calls them.
"""


@dataclass(frozen=True, slots=True)
class BlockSpins:
    """The block spins of `square(side)` at couplings `given`, those of `NAMES` that are not 0.

    `couplings` are theirs, in the order of `NAMES`. The weight of each of their states is
    exp(constant) times what the couplings make of it; the constant is known at side 4. `even` and
    `odd`, where they are known, are dK'_a/dK_b among the first three names and among the last two.
    """

    side: int
    block: str
    given: Mapping[str, float]
    couplings: tuple[float, ...]
    constant: float | None = None
    even: tuple[tuple[float, ...], ...] = ()
    odd: tuple[tuple[float, ...], ...] = ()

    def __str__(self) -> str:
        return " ".join([self.block, *(f"{name}={value:g}" for name, value in self.given.items())])

    @property
    def exact(self) -> dict[str, float]:
        """The couplings that no symmetry makes 0, by name."""
        return {name: K for name, K in zip(NAMES, self.couplings, strict=True) if K}

    @property
    def averages(self) -> dict[str, float]:
        """The average of one product of each kind but the triples; `h` names that of one spin."""
        K, K2, K4, h, K3 = self.couplings
        near, far, triples, four = 2 * K, 4 * K2, 4 * K3, 4 * K4  # see `on_torus`
        sums = dict.fromkeys(("weight", *NAMES[:4]), 0.0)
        for t in product((-1, 1), repeat=4):
            whole = t[0] * t[1] * t[2] * t[3]
            pairs = sum(t[a] * t[b] for a, b in NEAREST)
            diagonals = t[0] * t[3] + t[1] * t[2]
            three = sum(a * b * c for a, b, c in combinations(t, 3))
            weight = exp(
                h * sum(t) + near * pairs + far * diagonals + triples * three + four * whole
            )
            values = 1, pairs / 4, diagonals / 2, whole, sum(t) / 4
            for name, value in zip(sums, values, strict=True):
                sums[name] += weight * value
        return {name: value / sums["weight"] for name, value in sums.items() if name != "weight"}


def on_torus(h: float, near: float, far: float, triples: float, whole: float) -> tuple[float, ...]:
    """Couplings from what multiplies, in -H, the sum of the four spins, each nearest and each
    diagonal pair, each triple, and the product of all. On a torus of 2 x 2 the nearest pairs count
    twice, and the diagonal ones, triples and the product four times.
    """
    return near / 2, far / 4, whole / 4, h, triples / 4


NEAREST = ((0, 1), (0, 2), (1, 3), (2, 3))
"""The nearest neighbours among the spins t1 t2 / t3 t4."""

BLOCK_SPINS = {
    str(each): each
    for each in (
        BlockSpins(4, "majority(2)", {"K": 0.6, "h": -0.1},
            couplings=(0.5617933712807581, 0.1562145505359825, 0.002098144875634672,
                -0.43829637245558206, 0.011751108050606335),
            constant=13.601700772518434),
        BlockSpins(4, "kadanoff(2, p=0.4)", {"K": 0.6, "h": -0.1},
            couplings=(0.28055356218914357, 0.13437119267350486, -0.04299856053060508,
                -0.5658892655773007, 0.043391195954047446),
            constant=16.02706242738923),
        BlockSpins(4, "majority(2)", {"K": 0.4, "h": 0.05},
            couplings=(0.2930553083785485, 0.06370295889092639, 0.004515936428016232,
                0.17888920821010146, -0.000988286361449986),
            constant=10.742264228938625),
        BlockSpins(4, "majority(2)", {"K": 0.3},
            couplings=(0.17887246096568776, 0.02977045344989382, 0.0019586213939408736, 0.0, 0.0),
            constant=9.675351801339737),
        BlockSpins(4, "kadanoff(2, p=0.6)", {"K": 0.6, "h": -0.1},
            couplings=(0.4355785023103802, 0.17485436505872815, -0.08281869239964282,
                -0.5419665655282017, 0.037511545673949404),
            constant=14.757659365584267),
        BlockSpins(4, "kadanoff(2, p=0.4)", {"K": 0.3},
            couplings=(0.1253952486946795, 0.032585970974666506, -0.003360892857416309, 0.0, 0.0),
            constant=9.837308093505568),
        BlockSpins(4, "kadanoff(2, p=1.2)", {"K": 0.4, "h": 0.05},
            couplings=(0.2900259300317231, 0.06440794092996574, 0.003285828849251937,
                0.1803146453683362, -0.0013187827088017023),
            constant=10.760071817649328),
        BlockSpins(4, "kadanoff(2, p=1.2)", {"K": 0.3},
            couplings=(0.1766937096942565, 0.030118690508793275, 0.0017025428389290942, 0.0, 0.0),
            constant=9.682441541191029),
        BlockSpins(4, "kadanoff(2, p=1.2)", {"K": CRITICAL},
            couplings=(0.34319181679208854, 0.08270012421721804, 0.0028117876256553154, 0.0, 0.0),
            constant=11.25516367794345),
        BlockSpins(4, "majority(2)",
            {"K": 0.35, "k2_11": 0.1, "k4_10_01_11": 0.05, "h": 0.03, "k3_10_01": 0.01},
            couplings=(0.42851219139523855, 0.13140626448761794, 0.001403577946678114,
                0.23915156019441008, 0.0033405871522318997),
            constant=11.076601495847699),
        BlockSpins(4, "majority(2)", {"K": CRITICAL},
            couplings=(0.3464501707709558, 0.08184601811637016, 0.004908632445898065, 0.0, 0.0),
            constant=11.232017095640302,
            even=(
                (1.3305462324383384, 1.7417696626546397, 0.6102677568717159),
                (0.4522308560235043, 0.8023078786504318, 0.17379958660797337),
                (0.002061869497573088, -0.11170165743717722, 0.18527502540726984),
            ),
            odd=(
                (3.794475116498685, 10.393261336233914),
                (-0.037385586333475676, 0.5578790030063215),
            )),
        BlockSpins(4, "majority(2)", {"K": 0.3, "k2_11": 0.087, "k4_10_01_11": -0.0013},
            couplings=(0.2999140327635138, 0.08711930233189452, -0.0012655137514923087, 0.0, 0.0),
            constant=10.122226050003338,
            even=(
                (1.3590393100406624, 1.5564191594531271, 0.6020958022023335),
                (0.4342872301892594, 0.7492299738282608, 0.1948221690988891),
                (-0.045026591261870155, -0.09868568244092299, 0.13137894567470773),
            ),
            odd=(
                (3.6383442362707727, 9.018441492946561),
                (-0.0338016184739508, 0.5623391949338921),
            )),
        BlockSpins(4, "decimate(2)", {"K": 0.4, "k2_11": 0.05, "k4_10_01_11": -0.02},
            couplings=(0.29217817994807105, 0.09907439396880291, -0.044751364660434556, 0.0, 0.0),
            constant=11.577301999152352,
            even=(
                (1.2680295244073991, 1.4417296872046301, 0.8027386207305806),
                (0.4945823961734821, 0.8269136143602622, 0.20334243118868556),
                (-0.41832564079410006, -0.6571050362972246, -0.08848849872376419),
            ),
            odd=(
                (4.551034622319482, 13.151194898992497),
                (-0.20420016001347807, 0.04567710562098687),
            )),
        BlockSpins(6, "kadanoff(3, p=0.4)", {"K": CRITICAL},
            couplings=on_torus(0.0, 0.6858198168765737, 0.360739947482849, 0.0,
                -0.011771206123221578)),
        BlockSpins(6, "majority(3)", {"K": 0.4, "h": 0.05},
            couplings=on_torus(0.34354046849352016, 0.5960336259949038, 0.2178018152845954,
                0.011247155701931133, 0.035368928819652146)),
        BlockSpins(6, "kadanoff(3, p=0.6)", {"K": 0.6, "h": -0.1},
            couplings=on_torus(-1.015927113863262, 1.403963494725769, 0.7867346336435135,
                0.139493026467727, -0.05679232470409845)),
        BlockSpins(6, "decimate(3)", {"K": CRITICAL},
            couplings=on_torus(0.0, 0.4933966544358923, 0.3546307739441197, 0.0,
                -0.15482494014813497)),
        BlockSpins(6, "kadanoff(3, p=0.6)", {"K": CRITICAL},
            couplings=on_torus(0.0, 0.7221920741996388, 0.34166551599469464, 0.0,
                0.028623918418405392)),
        BlockSpins(6, "kadanoff(3, p=0.6)", {"K": 0.3},
            couplings=on_torus(0.0, 0.28195555786041737, 0.0775228927345264, 0.0,
                0.004965281380906461)),
        BlockSpins(6, "majority(3)", {"K": 0.3},
            couplings=on_torus(0.0, 0.3062267095827673, 0.06946429570198953, 0.0,
                0.0068709791290215705)),
        BlockSpins(6, "kadanoff(3, p=0.6)", {"K": 0.4, "h": 0.05},
            couplings=on_torus(0.35390792919203395, 0.5634913734386393, 0.23374033408643768,
                0.0022225311482446664, 0.021324618982923926)),
        BlockSpins(6, "kadanoff(3, p=0.4)", {"K": 0.6, "h": -0.1},
            couplings=on_torus(-1.1644511394163688, 1.1745336483632007, 0.8766661756372147,
                0.2877266922004713, -0.22875919116286614)),
        BlockSpins(6, "decimate(3)", {"K": 0.4, "h": 0.05},
            couplings=on_torus(0.4252751768416083, 0.3279442777492533, 0.21986307033172803,
                -0.056061145811035606, -0.03488372341602486)),
    )
}  # fmt: skip
