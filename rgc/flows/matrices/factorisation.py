"""Convex non-negative factorisations of data, by multiplicative updates or by a linear program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.archetypes import Infeasible, find_archetypes
from rgc.analysis.convex_nmf import Factors, objective, started, updated
from rgc.flows.data.clouds import PointCloud
from rgc.flows.flow import Account
from rgc.flows.matrices.matrix_flow import Arrays
from rgc.flows.matrices.matrix_result import Report, exact, report
from rgc.model.matrix_maps import ConvexNmf
from rgc.program.draws import Key, uniforms
from rgc.results.result import Estimate

Floats = NDArray[np.float64]

SAME = 1e-9
"""Solutions that differ by less than this are the same."""

RISES = 1e-13
"""An objective that rises by less than this, relative to it, has not risen: it is rounding."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Multiplicative:
    """Multiplicative updates from factors that are drawn with `key`, one a step."""

    map: ConvexNmf
    points: PointCloud
    key: Key

    @property
    def steps(self) -> int:
        return self.map.iterations

    def start(self) -> Arrays:
        count, rank = self.points.count, self.map.rank
        drawn = uniforms(self.key, 2 * count * rank).reshape(count, 2 * rank)
        factors = started(rank, drawn)
        first = np.array([objective(self.points.values, factors)])
        return {"out": factors.out, "into": factors.into, "objective": first}

    def step(self, arrays: Arrays) -> None:
        factors = updated(self.points.values, Factors(arrays["out"], arrays["into"]))
        arrays["out"], arrays["into"] = factors.out, factors.into
        now = objective(self.points.values, factors)
        arrays["objective"] = np.append(arrays["objective"], now)

    def answer(self, arrays: Mapping[str, NDArray[Any]]) -> Report:
        values = arrays["objective"]
        matrix = Factors(arrays["out"], arrays["into"]).matrix
        found = report(matrix, self.points.values)
        falls = int((np.diff(values) <= RISES * values[:-1]).sum())
        numbers = {**found.values, "objective": exact(values[-1]), "falls": exact(falls)}
        tables = {**found.tables, "objective": values, "points": self.points.values}
        return replace(found, values=numbers, tables=tables)

    def account(self) -> Account:
        count, columns = self.points.values.shape
        lines = {
            "data": f"X [{count}, {columns}]",
            "map": f"C = G W^T, G and W [{count}, {self.map.rank}] >= 0",
            "updates": f"{self.map.iterations}, multiplicative, of |X - C X|^2",
        }
        return Account("convex factorisation", lines)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Program:
    """The linear program whose costs are drawn with `key`, in one step. It is solved for two draws
    of the costs, whose solutions agree where the data determine C; the first is the answer.
    """

    map: ConvexNmf
    points: PointCloud
    key: Key

    @property
    def steps(self) -> int:
        return 1

    def start(self) -> Arrays:
        return {}

    def step(self, arrays: Arrays) -> None:
        count, rank = self.points.count, self.map.rank
        costs = 1 + uniforms(self.key, 2 * count).reshape(2, count)
        try:
            found, other = (
                find_archetypes(self.points.values, rank, cost, self.map.tolerance)
                for cost in costs
            )
        except Infeasible:
            return
        arrays["spread"] = np.abs(found.matrix - other.matrix).max()
        arrays["matrix"] = found.matrix
        arrays["rows"] = np.array(found.rows, dtype=np.int64)
        arrays["objective"] = np.array(found.objective)
        arrays["whole"] = np.array(found.whole)

    def answer(self, arrays: Mapping[str, NDArray[Any]]) -> Report:
        if "matrix" not in arrays:
            return self._infeasible()
        found = report(arrays["matrix"], self.points.values)
        rows, values = arrays["rows"], dict(found.values)
        values["archetypes"] = exact((np.diag(arrays["matrix"]) > 0.5).sum())
        values["objective"] = exact(float(arrays["objective"]))
        if self.points.planted:
            values["recovered"] = exact(len(set(map(int, rows)) & set(self.points.planted)))
        values["spread"] = exact(float(arrays["spread"]))
        return replace(
            found,
            values=values,
            tables={**found.tables, "points": self.points.values, "archetypes": rows},
            warnings=(*found.warnings, *_undetermined(arrays)),
        )

    def _infeasible(self) -> Report:
        rank, within = self.map.rank, f" within {self.map.tolerance:g}" * bool(self.map.tolerance)
        why = f"no C of trace {rank} keeps the data{within}"
        hint = "raise the rank, or allow a distance to the data by tolerance="
        null = Estimate(None, None, "exact", note=why)
        names = ("archetypes", "objective", *(["recovered"] if self.points.planted else []))
        return Report(
            values=dict.fromkeys(names, null),
            tables={"points": self.points.values},
            warnings=(f"{why}: {hint}",),
        )

    def account(self) -> Account:
        count, columns = self.points.values.shape
        lines = {
            "data": f"X [{count}, {columns}]",
            "map": f"C [{count}, {count}], {count * count} unknowns",
            "linear program": f"least p . diag C, C X = X, tr C = {self.map.rank}, HiGHS",
        }
        return Account("archetypes", lines)


def _undetermined(arrays: Mapping[str, NDArray[Any]]) -> Iterator[str]:
    """Warnings about a solution that the data do not determine."""
    if not arrays["whole"]:
        yield "the archetypes are not determined: no rows alone make all others"
    elif arrays["spread"] > SAME:
        yield (
            "C is not determined: for other costs its entries differ by up to "
            f"{float(arrays['spread']):.2g}"
        )
