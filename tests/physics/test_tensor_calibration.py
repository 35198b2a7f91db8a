"""The errors of tensor renormalisation against models whose answers are known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product as cartesian

import numpy as np
import pytest

from rgc.analysis.square_ising import onsager
from rgc.model import lattices
from rgc.results.result import Estimate
from tests.physics.models import CRITICAL
from tests.physics.test_tensor import answer, local

ISING = np.array([[-1.0, 1.0], [1.0, -1.0]])


@dataclass(frozen=True)
class Model:
    """Bonds along x and y in kT, and what is known."""

    x: np.ndarray
    y: np.ndarray
    known: dict[str, float]


def alike(bond: np.ndarray, c: float, y_t: float | None, y_h: float | None) -> Model:
    known = {"central_charge": c, "y_t": y_t, "y_h": y_h}
    return Model(bond, bond, {name: value for name, value in known.items() if value is not None})


def clock(q: int) -> np.ndarray:
    n = np.arange(q)
    return np.asarray(-np.cos(2 * np.pi * np.subtract.outer(n, n) / q))


def pairs(energy: Callable[[np.ndarray], float]) -> np.ndarray:
    states = list(cartesian((-1, 1), repeat=2))
    return np.array([[energy(np.multiply(a, b)) for b in states] for a in states])


def fateev_zamolodchikov(q: int) -> Model:
    """The self-dual Z(q) models with c = 2(q - 1)/(q + 2) (Phys. Lett. A 92, 37, 1982)."""
    weights = [1.0]
    for n in range(q - 1):
        up, down = np.pi * n / q + np.pi / 4 / q, np.pi * (n + 1) / q - np.pi / 4 / q
        weights.append(weights[-1] * np.sin(up) / np.sin(down))
    n = np.arange(q)
    bond = -np.log(np.array(weights))[np.subtract.outer(n, n) % q]
    spin, energy = (q - 1) / (q * (q + 2)), 4 / (q + 2)
    return alike(bond, 2 * (q - 1) / (q + 2), 2 - energy, 2 - spin)


def ashkin_teller(four: float) -> Model:
    """On the self-dual line sinh 2K = exp(-2 K4) (Baxter, Exactly Solved Models, 1982)."""
    two = float(np.arcsinh(np.exp(-2 * four)) / 2)
    y = 2 / np.pi * float(np.arccos((np.exp(4 * four) - 1) / 2))
    bond = pairs(lambda p: float(-two * p.sum() - four * p.prod()))
    return alike(bond, 1.0, 2 - 1 / (2 - y), 15 / 8)


KX = 0.3
KY = float(np.arcsinh(1 / np.sinh(2 * KX)) / 2)
MODELS = {
    "Ising": alike(CRITICAL * ISING, 0.5, 1.0, 15 / 8),
    "Ising, Kx and Ky": Model(
        KX * ISING, KY * ISING, {"central_charge": 0.5, "y_t": 1.0, "y_h": 15 / 8}
    ),
    "spin 1": alike(  # the coupling is quoted: Butera and Pernici 2018
        -0.590473 * np.outer([-1, 0, 1], [-1, 0, 1]), 0.5, 1.0, 15 / 8
    ),
    "two Ising": alike(pairs(lambda p: float(-CRITICAL * p.sum())), 1.0, 1.0, 15 / 8),
    "Potts 3": alike(-np.log(1 + np.sqrt(3)) * np.eye(3), 0.8, 6 / 5, 28 / 15),
    "Potts 4": alike(-np.log(3) * np.eye(4), 1.0, 3 / 2, 15 / 8),
    "clock 4": alike(2 * CRITICAL * clock(4), 1.0, 1.0, 15 / 8),
    "clock 6": alike(clock(6) / 0.8, 1.0, None, None),
    "Ashkin-Teller, K4 > 0": ashkin_teller(0.15),
    "Ashkin-Teller, K4 < 0": ashkin_teller(-0.15),
    "Z5": fateev_zamolodchikov(5),
}
SCHEMES = [("trg", 8), ("trg", 16), ("hotrg", 6), ("hotrg", 12)]


def ratios(scheme: str, chi: int) -> Iterator[tuple[str, str, float]]:
    """How many errors each number is off."""
    for name, model in MODELS.items():
        q = len(model.x)
        given = local(lattices.square(), "potts", q, model.x, model.y, np.zeros(q))
        found = answer(given, scheme, chi, steps=30)
        numbers: dict[str, Estimate] = {**found.exponents, **found.observables}
        for quantity, exact in model.known.items():
            number = numbers.get(quantity)
            if number is not None and number.value is not None and number.error:
                yield name, quantity, abs(number.value - exact) / number.error


@pytest.mark.slow
def test_errors_of_exponents_cover() -> None:
    """At least four fifths lie within two errors, of each quantity and of each scheme, and the
    errors are not so wide that they say nothing.
    """
    found = [(scheme, *each) for scheme, chi in SCHEMES for each in ratios(scheme, chi)]
    for column in (0, 2):
        for kind in {each[column] for each in found}:
            off = np.array([each[3] for each in found if each[column] == kind])
            assert np.mean(off <= 2) >= 0.8, (kind, sorted(found, key=lambda each: -each[3])[:5])
    assert len(found) > 60
    assert np.median([each[3] for each in found]) > 0.05


def free_energies(scheme: str, chi: int) -> Iterator[tuple[str, float, float]]:
    """The true deviation of F/N and its error."""
    models = {f"{k:.3f}": (k * ISING, k * ISING, onsager(k, k)[0]) for k in (0.2, 0.3, 0.4, 0.43)}
    models |= {f"{k:.3f}": (k * ISING, k * ISING, onsager(k, k)[0]) for k in (CRITICAL, 0.5, 0.7)}
    models["unlike"] = (0.3 * ISING, 0.2 * ISING, onsager(0.3, 0.2)[0])
    models["unlike, critical"] = (KX * ISING, KY * ISING, onsager(KX, KY)[0])
    for k in (0.3, CRITICAL, 0.5):
        bond = k * pairs(lambda p: float(-p.sum()))
        models[f"two, {k:.3f}"] = (bond, bond, 2 * onsager(k, k)[0])
    for name, (x, y, exact) in models.items():
        given = local(lattices.square(), "potts", len(x), x, y, np.zeros(len(x)))
        found = answer(given, scheme, chi).free_energy[0]
        assert found.error is not None
        yield name, abs(found.value - exact), found.error


@pytest.mark.slow
@pytest.mark.parametrize(("scheme", "chi"), SCHEMES)
def test_errors_of_free_energies_are_of_the_size_of_the_truth(scheme: str, chi: int) -> None:
    for name, truth, error in free_energies(scheme, chi):
        if truth > 1e-13:
            assert truth < 2 * error, (name, truth, error)
            assert error < 20 * truth, (name, truth, error)
