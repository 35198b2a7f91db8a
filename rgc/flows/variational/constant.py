"""The constant of a level, by thermodynamic integration along the way to its bias.

Summed over N spins s, W(t) = sum_s exp(-H(s)) T(t|s) is exp(c + sum_a K_a S_a(t)), and with the
bias that makes the N' block spins t uniform the sum over them is Z = 2^N' exp(c). On the way from 0
to x H, on which the bias keeps them uniform,

    d ln Z/dx = -<H>,   c = (N - N') ln 2 - integral of <H> over x from 0 to 1,

since the change of the bias multiplies averages <S_a> that are 0. No operator is truncated.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from rgc.analysis.path_integral import integral
from rgc.analysis.statistics import GROUPS, jackknife, resample
from rgc.flows.variational.stages import RISE
from rgc.flows.variational.sums import UNIFORM
from rgc.results.result import Estimate

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from numpy.typing import NDArray

    from rgc.flows.variational.sums import LevelSums

    Arrays = Mapping[str, NDArray[Any]]
    Floats = NDArray[np.float64]

RULE = (
    "thermodynamic integration of <H> over the couplings times x, from 0 to 1 in steps of 1/8, by "
    "Simpson's rule, with block spins that a bias keeps uniform; statistical error by jackknife "
    "over replicas; systematic error from twice and four times the spacing"
)

POINTS = RISE + 1


def energy(sums: LevelSums, arrays: Arrays, records: int, coefficients: Sequence[float]) -> Floats:
    """<H> [1 + group] of the couplings of the spec with exactly uniform block spins.

    A batch whose bias is off by C^-1 <S> is weighed to where <S> is 0, to first order:
    <H> - <H; S> C^-1 <S>.
    """
    counts = np.full(GROUPS, sums.samples(records))
    found, n = sums.batch(arrays, records), sums.level.number
    fine = resample(arrays[f"fine_{n}"][UNIFORM], counts) @ np.array(coefficients)
    both = resample(arrays[f"drive_{n}"][UNIFORM], counts) @ np.array(coefficients)
    connected = both - found.mean * fine[:, None]
    return np.asarray(fine - np.einsum("ra,ra->r", connected, found.step))


def constant(path: Floats, sites: int, blocks: int, each: float) -> Estimate:
    """F/N = constant + F_n/N of a level of so many `blocks`, per site of level 0.

    `path` [1 + group, point] holds <H> at x = 0, 1/8, ..., 1, and `each` is what terms without
    spins add to H per site.
    """
    whole, error = integral(path)
    value, statistical = map(float, jackknife(whole / sites))
    value += each - (1 - blocks / sites) * float(np.log(2))
    if not np.isfinite([value, statistical]).all() or error is None:
        return Estimate(None, None, note="<H> is not known on the whole way to the bias")
    return Estimate(
        value,
        float(np.hypot(statistical, error / sites)),
        statistical=statistical,
        systematic=error / sites,
        rule=RULE,
    )
