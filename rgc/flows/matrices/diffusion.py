"""The random walk of a diffusion map."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.clusters import agreement, clusters, number_of_clusters, separation
from rgc.analysis.diffusion import parts, walk
from rgc.flows.data.clouds import PointCloud
from rgc.flows.flow import Account
from rgc.flows.matrices.matrix_flow import Arrays
from rgc.flows.matrices.matrix_result import Report, exact, listed
from rgc.model.matrix_maps import DiffusionMap
from rgc.results.result import Estimate

Floats = NDArray[np.float64]

LEAST_SEPARATION = 2.0
"""Clusters are told apart if the eigenvectors that do so are slower than the next by this factor.
"""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Diffusion:
    """A random walk on points, and the clusters into which it divides them."""

    map: DiffusionMap
    points: PointCloud

    @property
    def steps(self) -> int:
        return 1

    def start(self) -> Arrays:
        return {}

    def step(self, arrays: Arrays) -> None:
        found = walk(self.points.values, self.map.scale)
        number = self.map.clusters or number_of_clusters(found.eigenvalues)
        arrays["eigenvalues"] = found.eigenvalues
        arrays["vectors"] = found.vectors[:, : max(number, 4)]
        arrays["labels"] = clusters(found.vectors, number)
        if found.matrix is not None:
            arrays["idempotence"] = np.abs(found.matrix @ found.matrix - found.matrix).max()

    def answer(self, arrays: Mapping[str, NDArray[Any]]) -> Report:
        values, labels = arrays["eigenvalues"], arrays["labels"]
        number = int(labels.max()) + 1
        return Report(
            eigenvalues=listed(values.astype(np.complex128)),
            values=dict(self._values(arrays, number)),
            tables={
                "spectrum": np.stack([values, np.zeros_like(values)]),
                "points": self.points.values,
                "labels": labels,
                "slow": arrays["vectors"],
            },
            warnings=tuple(_warnings(values, number)),
        )

    def _values(
        self, arrays: Mapping[str, NDArray[Any]], number: int
    ) -> Iterator[tuple[str, Estimate]]:
        values = arrays["eigenvalues"]
        yield "multiplicity", exact(parts(values))
        if "idempotence" in arrays:
            yield "idempotence", exact(float(arrays["idempotence"]))
        yield "clusters", exact(number)
        if number < len(values):
            yield "eigengap", exact(values[number - 1] - values[number])
        if self.points.labels is not None:
            yield "agreement", exact(agreement(arrays["labels"], self.points.labels))

    def account(self) -> Account:
        count, columns = self.points.values.shape
        lines = {
            "data": f"X [{count}, {columns}]",
            "weights": f"exp(-|x - y|^2 / (2 {self.map.scale:g}^2)), divided by both densities",
        }
        return Account("random walk on the data", lines)


def _warnings(values: Floats, number: int) -> Iterator[str]:
    """That the scale is too small or too large; of a scan it is said at which points."""
    apart = parts(values)
    if apart > 1:
        yield (
            f"the graph falls apart: {apart} eigenvalues are 1, and no step leads from one part to "
            "another"
        )
    elif number < len(values) and separation(values, number) < LEAST_SEPARATION:
        gap = values[number - 1] - values[number]
        yield (
            f"no {number} clusters are told apart: the eigengap behind them is {gap:.2g}, and the "
            "next eigenvector decays at nearly the same rate"
        )
