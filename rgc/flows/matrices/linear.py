"""A matrix that the spec writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.flows.data.clouds import PointCloud
from rgc.flows.flow import Account
from rgc.flows.matrices.matrix_flow import Arrays
from rgc.flows.matrices.matrix_result import Report, exact, report
from rgc.model.matrix_maps import LinearMap
from rgc.results.result import Level

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Linear:
    """The map x' = C x, `count` steps from each of the `starts` [k, n], and the rows of `points`
    that it ought to keep, if there are any.
    """

    map: LinearMap
    starts: Floats
    count: int
    points: PointCloud | None = None

    @property
    def steps(self) -> int:
        return 1

    @property
    def matrix(self) -> Floats:
        return np.array(self.map.matrix)

    def start(self) -> Arrays:
        return {}

    def step(self, arrays: Arrays) -> None:
        paths = [self.starts]
        with np.errstate(over="ignore", invalid="ignore"):
            for _ in range(self.count):
                paths.append(paths[-1] @ self.matrix.T)
        arrays["paths"] = np.stack(paths, axis=1)

    def answer(self, arrays: Mapping[str, NDArray[Any]]) -> Report:
        points = None if self.points is None else self.points.values
        found = report(self.matrix, points, self.map.scale)
        tables = dict(found.tables)
        if len(self.starts):
            tables["paths"] = arrays["paths"]
        return replace(found, levels=_levels(arrays["paths"], self.map.quantities), tables=tables)

    def account(self) -> Account:
        size = len(self.map.matrix)
        lines = {"map": f"x' = C x, C [{size}, {size}]", "spectrum": f"eigvals of [{size}, {size}]"}
        return Account("iteration of a matrix", lines)


def _levels(paths: Floats, names: tuple[str, ...]) -> tuple[Level, ...]:
    """The components of x after each step from the first start."""
    return tuple(
        Level(step, (), couplings={n: exact(x) for n, x in zip(names, at, strict=True)})
        for path in paths[:1]
        for step, at in enumerate(path)
    )
