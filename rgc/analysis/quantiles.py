"""The quantiles of the distributions from which couplings and coordinates are drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.model.draw import Distribution

Floats = NDArray[np.float64]


def quantile(draw: Distribution, u: Any) -> Floats:
    """The quantile at numbers u in [0, 1) of a distribution."""
    return np.asarray(_QUANTILES[draw.distribution](np.asarray(u), *draw.arguments))


def normal(u: Any, mean: float, sd: float) -> Any:
    """The quantile of a Gaussian. A u of 53 bits stands for the middle of its interval, as far as
    that is not rounded to 1, where the quantile is infinite.
    """
    from scipy.special import ndtri

    return mean + sd * ndtri(np.minimum(u + 2.0**-54, 1 - 2.0**-53))


_QUANTILES: Mapping[str, Callable[..., Any]] = {
    "normal": normal,
    "bimodal": lambda u, coupling, p: np.where(u < p, coupling, -coupling),
    "diluted": lambda u, coupling, p: np.where(u < p, coupling, 0.0),
    "uniform": lambda u, a, b: a + (b - a) * u,
}
