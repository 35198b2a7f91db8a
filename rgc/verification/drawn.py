"""The random couplings of a run, drawn once more from the text of a spec."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from rgc.model.graphs import Column
from rgc.model.lattice import Lattice
from rgc.model.supercells import as_written
from rgc.program.draws import SLOT, STEP, fold, stream, word
from rgc.syntax import ast
from rgc.verification.evaluator import Unreadable

DISTRIBUTIONS: Mapping[str, Callable[..., float]] = {
    "normal": lambda u, mean, sd: NormalDist().inv_cdf(u + 2.0**-54) * sd + mean,
    "diluted": lambda u, coupling, p: coupling if u < p else 0.0,
    "bimodal": lambda u, coupling, p: coupling if u < p else -coupling,
    "uniform": lambda u, a, b: a + (b - a) * u,
}
"""The number that a uniform one, u in [0, 1), stands for."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """The random couplings of the first realisation of a run.

    `names` are those of all couplings that are drawn, and `given` the arrays of files.
    """

    lattice: Lattice
    seed: int
    point: Mapping[str, float]
    names: Collection[str]
    given: Mapping[str, Any]

    def value(
        self, name: str, call: ast.Call, given: list[float], sites: Collection[tuple[int, ...]]
    ) -> float:
        """The coupling of that name at some sites, each a cell and a letter, drawn from the
        distribution `call` with these arguments.

        Raises `Unreadable` for other distributions, and where cells are joined to larger ones.
        """
        written = as_written(self.lattice) if name in self.given else self.lattice
        shape = (*written.cells, len(written.basis))
        numbers = sorted({int(np.ravel_multi_index(site, shape)) for site in sites})
        if name in self.given:
            found = self.given[name]
            return float(found.at(numbers) if isinstance(found, Column) else found[tuple(numbers)])
        if call.name not in DISTRIBUTIONS:
            raise Unreadable(f"the independent evaluator draws no {call.name} couplings")
        if self.lattice.supercell is not None:
            raise Unreadable("the independent evaluator draws no couplings of larger cells")
        key = fold(stream(self.seed, self.point, "disorder"), STEP, 0)
        key = fold(key, SLOT, sorted(self.names).index(name))
        place = 0
        for site in numbers:
            place = place * (self.lattice.sites + 1) + site + 1
        u = int(word(key, place).ravel()[0] >> np.uint64(11)) * 2.0**-53
        return float(DISTRIBUTIONS[call.name](u, *given))
