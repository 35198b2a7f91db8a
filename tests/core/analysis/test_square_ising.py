"""Closed forms of the square Ising model against numbers of another program and enumeration."""

from __future__ import annotations

from itertools import product as cartesian
from math import fsum

import numpy as np
import pytest

from rgc.analysis.square_ising import kaufman, onsager, spontaneous
from tests.physics.golden import KAUFMAN_LOG_Z

CRITICAL = float(np.log(1 + np.sqrt(2)) / 2)
UNIT = 2.0**-52

# -ln z, -<sum s s'>/N and the spontaneous magnetisation, recomputed with 30 digits
REFERENCE = {
    0.1: (-0.7032312422858324, -0.2033773910973557, 0.0),
    0.2: (-0.734530812276326, -0.4282288332403481, 0.0),
    0.3: (-0.7905590709512629, -0.7044990708324451, 0.0),
    0.4: (-0.8793638207749482, -1.106079203745791, 0.0),
    0.5: (-1.025792812694918, -1.745564575312554, 0.911319377877496),
    1.0: (-2.00034828370071, -1.997160204112251, 0.9992757519570612),
}


@pytest.mark.parametrize("coupling", REFERENCE)
def test_the_infinite_lattice(coupling: float) -> None:
    free, u, m = REFERENCE[coupling]
    found, energy = onsager(coupling, coupling)
    assert found == pytest.approx(free, rel=4 * UNIT)
    assert energy == pytest.approx(coupling * u, rel=16 * UNIT)
    assert spontaneous(coupling, coupling) == pytest.approx(m, rel=4 * UNIT)


def test_the_critical_point() -> None:
    """-ln z = -(ln 2)/2 - 2 G/pi, with Catalan's constant G, and u = -sqrt 2."""
    free, energy = onsager(CRITICAL, CRITICAL)
    catalan = 0.9159655941772190
    assert free == pytest.approx(-np.log(2) / 2 - 2 * catalan / np.pi, rel=2 * UNIT)
    assert energy == pytest.approx(-np.sqrt(2) * CRITICAL, abs=1e-14)


@pytest.mark.parametrize(("x", "y"), [(0.3, 0.7), (1.5, 0.02), (0.1, 0.1), (0.44068, 0.4407)])
def test_unlike_bonds_and_large_tori(x: float, y: float) -> None:
    """A torus of 400 sites across is infinite where its correlation length is short, and x and y
    may change places.
    """
    assert onsager(x, y) == pytest.approx(onsager(y, x), rel=8 * UNIT)
    step = 1e-6
    slope = (onsager(x * (1 + step), y * (1 + step))[0] - onsager(x, y)[0]) / step
    assert onsager(x, y)[1] == pytest.approx(slope, abs=1e-4)
    log_z, energy = kaufman(x, y, 4000, 3000)
    assert -log_z / 12e6 == pytest.approx(onsager(x, y)[0], abs=3e-7)
    assert energy / 12e6 == pytest.approx(onsager(x, y)[1], abs=1e-3)


def test_one_bond_only_is_chains() -> None:
    free, energy = onsager(0.0, 0.7)
    assert free == pytest.approx(-np.log(2 * np.cosh(0.7)), rel=4 * UNIT)
    assert energy == pytest.approx(-0.7 * np.tanh(0.7), rel=8 * UNIT)
    assert onsager(0.0, 0.0) == (-float(np.log(2)), 0.0)
    assert spontaneous(0.0, 5.0) == 0


@pytest.mark.parametrize("bonds", [(300.0, 400.0), (500.0, 1e-3), (1e-200, 3.0), (1e80, 1e90)])
def test_extreme_bonds(bonds: tuple[float, float]) -> None:
    with np.errstate(all="raise", under="ignore"):
        free, energy = onsager(*bonds)
        log_z, total = kaufman(*bonds, 4, 6)
    assert free == pytest.approx(energy, rel=0.5)
    assert np.isfinite([free, energy, log_z, total]).all()
    assert min(bonds) < 1 or free == pytest.approx(-sum(bonds), rel=1e-12)


@pytest.mark.parametrize("size", [2, 4, 16, 64])
def test_tori(size: int) -> None:
    log_z, _ = kaufman(0.4, 0.4, size, size)
    assert log_z == pytest.approx(KAUFMAN_LOG_Z[size, 0.4], rel=4 * UNIT)


@pytest.mark.parametrize("shape", [(1, 1), (1, 3), (3, 1), (2, 2), (3, 3), (2, 5), (4, 3)])
@pytest.mark.parametrize("bonds", [(0.3, 0.7), (0.7, 0.1), (CRITICAL, CRITICAL), (0.0, 1.1)])
def test_small_tori_against_every_state(shape: tuple[int, int], bonds: tuple[float, float]) -> None:
    spins = np.array(list(cartesian((-1, 1), repeat=shape[0] * shape[1]))).reshape(-1, *shape)
    along = [(spins * np.roll(spins, -1, axis=axis + 1)).sum(axis=(1, 2)) for axis in (0, 1)]
    minus = bonds[0] * along[0] + bonds[1] * along[1]
    weights = np.exp(minus - minus.max())
    log_z = float(minus.max() + np.log(fsum(weights)))
    energy = -fsum(minus * weights) / fsum(weights)
    assert kaufman(*bonds, *shape) == pytest.approx((log_z, energy), rel=16 * UNIT, abs=1e-15)
