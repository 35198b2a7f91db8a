"""Whether a symmetry of lattice and Hamiltonian makes all directions of a plane alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import product as cartesian

from rgc.model.hamiltonian import Table
from rgc.model.lattice import Lattice
from rgc.model.operators import product
from rgc.model.symmetry import Symmetry
from rgc.passes.find_symmetries import find_symmetries

_DIGITS = 12


def isotropic(lattice: Lattice, tables: Iterable[Table]) -> bool:
    """Whether some symmetry of a lattice in two dimensions, were it infinite, is a rotation by
    less than half a turn. Then sound is as fast in all directions; reflections alone leave it two
    principal axes.
    """
    plane = replace(lattice, shape=(None, None), boundary=("periodic", "periodic"))
    joint = [table for table in tables if len(table.spins) > 1]
    turning = [symmetry for symmetry in find_symmetries(plane) if _turns(symmetry)]
    return all(_exchangeable(table) for table in joint) and any(
        _keeps(symmetry, joint) for symmetry in turning
    )


def _turns(symmetry: Symmetry) -> bool:
    """Whether it is a rotation, and not by half a turn or none."""
    (a, b), (c, d) = symmetry.matrix
    return a * d - b * c == 1 and (b, c) != (0, 0)


def _exchangeable(table: Table) -> bool:
    """Whether the spins of a table may change places. It is asked of equal species only."""
    count = len(table.spins)
    states = round(len(table.energies) ** (1 / count))
    if states**count != len(table.energies):
        return False
    found: dict[tuple[int, ...], float] = {}
    for joint, energy in zip(cartesian(range(states), repeat=count), table.energies, strict=True):
        if found.setdefault(tuple(sorted(joint)), energy) != energy:
            return False
    return True


def _keeps(symmetry: Symmetry, tables: Sequence[Table]) -> bool:
    """Whether the tables go to tables of the same energies."""
    before = Counter((product(table.spins), _rounded(table)) for table in tables)
    after = Counter((symmetry.product(table.spins), _rounded(table)) for table in tables)
    return before == after


def _rounded(table: Table) -> tuple[float, ...]:
    return tuple(float(f"{energy:.{_DIGITS}g}") + 0.0 for energy in table.energies)
