"""A cell of sixty sites: Ising spins on the carbon atoms of C60, sampled, against the exact energy
by elimination of one spin after the other.
"""

from __future__ import annotations

from itertools import product
from math import dist, sqrt

import numpy as np
import pytest

from rgc.compiler import load
from rgc.model.lattice import Lattice
from rgc.model.lattices import crystal
from rgc.model.spec import Spec
from tests.physics.running import agrees, answer

GOLD = (1 + sqrt(5)) / 2
Point = tuple[float, float, float]


def carbon() -> list[Point]:
    """The corners of the truncated icosahedron whose edges have length 2."""
    corners = set()
    for x, y, z in ((0, 1, 3 * GOLD), (1, 2 + GOLD, 2 * GOLD), (GOLD, 2, 2 * GOLD + 1)):
        for a, b, c in product((1, -1), repeat=3):
            x1, y1, z1 = (round(u, 9) + 0.0 for u in (a * x, b * y, c * z))
            corners |= {(x1, y1, z1), (y1, z1, x1), (z1, x1, y1)}
    return sorted(corners)


def log_z(bonds: list[tuple[int, int]], coupling: float) -> float:
    """ln Z. The spin with the fewest neighbours is summed over first, which joins those."""
    weight = np.exp(coupling * np.array([[1.0, -1.0], [-1.0, 1.0]]))
    factors: list[tuple[tuple[int, ...], np.ndarray]] = [(bond, weight) for bond in bonds]
    left, total = {site for bond in bonds for site in bond}, 0.0

    def joined(site: int) -> list[int]:
        sites = {k for spins, _ in factors if site in spins for k in spins}
        return sorted(sites - {site})

    while left:
        site = min(left, key=lambda k: len(joined(k)))
        around = joined(site)
        number = {k: n for n, k in enumerate([site, *around])}
        operands: list[object] = []
        for spins, table in factors:
            if site in spins:
                operands += [table, [number[k] for k in spins]]
        summed = np.einsum(*operands, [number[k] for k in around], optimize=True)  # type: ignore[call-overload]
        total += float(np.log(summed.max()))
        factors = [factor for factor in factors if site not in factor[0]]
        factors += [(tuple(around), summed / summed.max())] if around else []
        left.remove(site)
    return total


def molecule() -> Spec:
    basis = ", ".join(f"({x!r}, {y!r}, {z!r})" for x, y, z in carbon())
    return load(
        "parameters { K = 0.5 }\n"
        f"lattice crystal(vectors=[(20,0,0), (0,20,0), (0,0,20)], basis=[{basis}], size=1, "
        "boundary=open)\nspins s: ising\nhamiltonian - K * sum(<i,j>) s[i]*s[j]\n"
        "measure { energy, bond = mean(c in cells) s[c.a]*s[c.bh] }\nflow sample(sweeps=300)\n"
    ).spec


def test_a_cell_has_up_to_64_sites() -> None:
    lattice = molecule().lattice
    assert isinstance(lattice, Lattice)
    assert lattice.letters[-9:] == ("az", "ba", "bb", "bc", "bd", "be", "bf", "bg", "bh")
    row = [(float(k),) for k in range(65)]
    assert len(crystal([(99.0,)], row[:64], 1).basis) == 64
    with pytest.raises(ValueError, match="between 1 and 64 sites, not 65"):
        crystal([(99.0,)], row, 1)


@pytest.mark.slow
def test_a_cell_of_sixty_sites_is_sampled() -> None:
    sites = carbon()
    bonds = [(i, j) for j in range(60) for i in range(j) if dist(sites[i], sites[j]) < 2.001]
    assert len(bonds) == 90
    found = answer(molecule()).averages["energy"]
    slope = (log_z(bonds, 0.5 + 1e-4) - log_z(bonds, 0.5 - 1e-4)) / 2e-4
    assert agrees([found], -0.5 * slope / 60)


def test_elimination_is_right_on_a_ring() -> None:
    ring = [(k, (k + 1) % 7) for k in range(7)]
    exact = np.log((2 * np.cosh(0.3)) ** 7 + (2 * np.sinh(0.3)) ** 7)
    assert log_z(ring, 0.3) == pytest.approx(exact, rel=1e-14)
