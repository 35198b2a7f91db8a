"""The Baxter-Wu model: three spins on every triangle, four ground states, exponents y_t = 3/2 and
y_h = 15/8.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from rgc.flows.sampling.model import make_model
from tests.physics.enumeration import enumerate_exactly, states
from tests.physics.golden import BAXTER_WU_LOG_Z
from tests.physics.models import BAXTER_WU_BLOCK, CRITICAL, baxter_wu
from tests.physics.running import agrees, answer, scaled, seeds, table

BRIEF = {"sweeps": 40, "thermalise": 30, "every": 4, "replicas": 1024}


@lru_cache
def transfer(size: int, coupling: float) -> tuple[float, float]:
    """(ln Z, <H>/N) of the L x L rhombic torus. Triangles (i, i+x, i+x+y) and (i, i+x+y, i+y) join
    row s to row t: T = exp(K W), W = sum_x s_x s_x+1 t_x+1 + s_x t_x+1 t_x; <H> = -K d ln Tr T^L /
    dK.
    """
    rows = states(size).astype(float)
    after = np.roll(rows, -1, axis=1)
    bonds = (rows * after) @ after.T + rows @ (rows * after).T
    matrix = np.exp(coupling * bonds)
    power = np.linalg.matrix_power(matrix, size - 1)
    z = np.sum(power * matrix.T)
    slope = size * np.sum(power * (matrix * bonds).T) / z
    return float(np.log(z)), float(-coupling * slope / size**2)


@pytest.mark.parametrize("size", BAXTER_WU_LOG_Z)
def test_the_transfer_matrix_gives_the_known_partition_function(size: int) -> None:
    assert transfer(size, CRITICAL)[0] == pytest.approx(BAXTER_WU_LOG_Z[size], abs=1e-10)


def test_the_transfer_matrix_agrees_with_the_sum_over_states() -> None:
    exact = enumerate_exactly(baxter_wu(3, -0.3))
    assert transfer(3, -0.3) == pytest.approx((exact.log_z, exact.energy), abs=1e-12)


def test_four_sectors_and_three_colours() -> None:
    model = make_model(baxter_wu(6))
    assert model.sectors.names == ("invariant", "eo", "oe", "oo")


@pytest.mark.parametrize("field", [0.0, 0.2, -0.2])
def test_energy_and_magnetisation_of_three_by_three(field: float) -> None:
    """The sign of the field with an odd-body coupling: fails if bit 1 ever means s = +1."""
    exact = enumerate_exactly(baxter_wu(3, 0.3, field))
    found = seeds(baxter_wu(3, 0.3, field, **BRIEF), "reference", range(3))
    for name in ("energy", "m"):
        estimates = [each.observables[name] for each in found]
        assert agrees(estimates, getattr(exact, name)), (
            f"{name}\n{table(estimates, getattr(exact, name))}"
        )


@pytest.mark.slow
@pytest.mark.parametrize("update", ["metropolis", "heat_bath"])
@pytest.mark.parametrize("coupling", [0.3, -0.3, 0.4407, -0.4407, 0.5, -0.5])
def test_energies_against_the_transfer_matrix(coupling: float, update: str) -> None:
    options = {"sweeps": 4000, "thermalise": 1000, "every": 4, "replicas": 256, "update": update}
    found = [each.observables["energy"] for each in seeds(baxter_wu(6, coupling, **options))]
    assert agrees(found, transfer(6, coupling)[1]), table(found, transfer(6, coupling)[1])
    wrong = transfer(6, 1.01 * coupling)[1]
    assert not agrees(found, wrong), table(found, wrong)


@pytest.mark.slow
@pytest.mark.parametrize("field", [0.0, 0.2, -0.2])
def test_six_by_three_over_ten_seeds(field: float) -> None:
    """Energy and magnetisation against the sum over states; a coupling or a field wrong by 1 %
    fails.
    """
    model = baxter_wu((6, 3), 0.3, field)
    exact = enumerate_exactly(model)
    options = {"sweeps": 2000, "thermalise": 200, "every": 5, "replicas": 1024}
    found = [each.observables for each in seeds(baxter_wu((6, 3), 0.3, field, **options))]
    for name in ("energy", "m"):
        estimates = [each[name] for each in found]
        assert agrees(estimates, getattr(exact, name)), (
            f"{name}\n{table(estimates, getattr(exact, name))}"
        )
    for name in ("K", "h") if field else ("K",):
        wrong = enumerate_exactly(scaled(model, name, 1.01)).energy
        estimates = [each["energy"] for each in found]
        assert not agrees(estimates, wrong), f"{name}\n{table(estimates, wrong)}"


@pytest.mark.slow
def test_thermal_exponent() -> None:
    """y_t = 3/2 (Baxter and Wu 1973), within 0.05."""
    options = {"sweeps": 10000, "every": 10, "replicas": 256, "steps": 3, "basis": (2, 4)}
    found = answer(baxter_wu(48, scheme="mcrg", blocks=[BAXTER_WU_BLOCK], **options))
    assert found.exponents["y_t"].value == pytest.approx(1.5, abs=0.05)
    assert found.exponents["y_h"].value == pytest.approx(15 / 8, abs=0.05)
