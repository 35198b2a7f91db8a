"""Glasses and random fields of given couplings, sampled, against sums over all states by a program
that is independent of rgc: ten seeds each, and a coupling that is wrong by 1 % fails.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

import rgc
from rgc.model.spec import Spec
from tests.physics.running import agrees, p_value, scaled, seeds, table

pytestmark = pytest.mark.slow

SPEC = """
parameters {{ K = {}, {} = file("couplings.npy") }}
lattice {}
spins s: ising
hamiltonian {}
flow sample(sweeps=4000, thermalise=2000, every=20, replicas=256)
measure {{ energy, specific_heat, m2 = avg(m^2), q2, q4, abs_q }}
"""
TORUS = "- K * sum(<i,j>) J[i,j]*s[i]*s[j]"
EVERY_PAIR = "- K * sum(i < j) J[i,j]*s[i]*s[j]"
FIELDS = "- K * sum(<i,j>) s[i]*s[j] - sum(i) J[i]*s[i]"

EDWARDS_ANDERSON = [
    -0.651284, -0.498341, -1.010751, -0.570186, 0.807357, 1.599102, -0.939386, 0.848551,
    -0.00962, 0.227779, -0.159417, -1.173116, 0.096612, -0.168152, 0.029895, -1.232607,
    -0.256835, -0.559274, -0.551143, -2.128556, -0.962848, -0.219229, 0.327523, -0.247047,
    1.27599, 1.01486, -0.531124, -0.069709, 0.750703, -0.556679, 1.043669, -1.205451,
]  # fmt: skip
"""Bonds of the 4x4 torus, site by site: to the next in a row, then to that of the next row."""

SIGNS = "-+-+--+++-+-+++--+---++-+--+-+-+-+-++--+---+--+-+++--++++---+++--+"
"""Pairs of twelve sites, times 1/sqrt(12)."""

SHERRINGTON_KIRKPATRICK = [
    -0.182046, -0.193104, -0.129475, -0.122874, -0.065068, 0.100277, -0.080229, 0.12681,
    -0.12221, 0.028468, 0.073647, 0.543612, 0.393051, -0.139935, 0.431736, 0.344376,
    0.385882, -0.054657, -0.450539, -0.00868, 0.097389, -0.469559, -0.270152, 0.109766,
    -0.360485, -0.499874, -0.027107, -0.194255, 0.245237, 0.03877, -0.006969, 0.251651,
    -0.198464, 0.151713, 0.233373, 0.588397, 0.274817, 0.11369, -0.391013, -0.218262,
    0.580713, -0.135106, 0.573708, 0.300804, -0.537968, 0.159277, -0.058722, -0.11716,
    -0.009382, -0.018618, -0.065916, 0.23894, 0.246358, -0.388109, -0.071407, -0.146919,
    -0.062039, 0.087626, 0.129122, 0.163632, 0.504904, -0.547157, 0.706137, -0.053542,
    -0.446839, -0.088121,
]  # fmt: skip

RANDOM_FIELDS = [
    -0.669079, -0.47608, 0.819146, -1.698667, 0.393635, -0.077004, 0.861195, 0.506329,
    0.648019, 0.58941, 0.616183, 0.506618, -0.679295, 0.773363, -0.663972, -2.060449,
]  # fmt: skip

ENTRIES: dict[str, tuple[float, str, str, Sequence[float], dict[str, float]]] = {
    "Edwards-Anderson, K = 0.5": (
        0.5, "square(4)", TORUS, EDWARDS_ANDERSON,
        {
            "energy": -0.29540980472457046,
            "specific_heat": 0.20397930865021374,
            "m2": 0.04488292842195654,
            "q2": 0.10797898367781336,
            "q4": 0.030703051115360175,
            "abs_q": 0.2638400161193617,
        },
    ),
    "Edwards-Anderson, K = 1": (
        1.0, "square(4)", TORUS, EDWARDS_ANDERSON,
        {
            "energy": -0.8483396065500405,
            "specific_heat": 0.3111837154987853,
            "m2": 0.030846927467905703,
            "q2": 0.22784542334690794,
            "q4": 0.11315882185020451,
            "abs_q": 0.3965983161444061,
        },
    ),
    "Sherrington-Kirkpatrick of signs, K = 1.6": (
        1.6, "complete(12)", EVERY_PAIR, [float(f"{sign}1") / np.sqrt(12) for sign in SIGNS],
        {
            "energy": -0.7891911730136725,
            "specific_heat": 0.3410381357719672,
            "m2": 0.038274920178229345,
            "q2": 0.36511598977299986,
            "q4": 0.21216049233945783,
            "abs_q": 0.5423917730632006,
        },
    ),
    "Sherrington-Kirkpatrick, K = 0.8": (
        0.8, "complete(12)", EVERY_PAIR, SHERRINGTON_KIRKPATRICK,
        {
            "energy": -0.26106098512247383,
            "specific_heat": 0.19033060973653507,
            "m2": 0.07590464265113686,
            "q2": 0.1386253754528737,
            "q4": 0.048683385509183316,
            "abs_q": 0.29970244785819444,
        },
    ),
    "random fields, K = 0.4": (
        0.4, "square(4)", FIELDS, RANDOM_FIELDS,
        {
            "energy": -0.7997148901769718,
            "specific_heat": 0.364758662790031,
            "m2": 0.15535406520697623,
            "q2": 0.2806015311714801,
            "q4": 0.13209819848402968,
            "abs_q": 0.4724537768647192,
        },
    ),
}  # fmt: skip


def sites_of(lattice: str, count: int) -> Iterator[tuple[int, ...]]:
    """The sites of each coupling of a list of so many, in its order."""
    if lattice != "square(4)":
        yield from combinations(range(12), 2)
    elif count == 16:
        yield from ((k,) for k in range(16))
    else:
        yield from ((4 * y + x, 4 * y + (x + 1) % 4) for y in range(4) for x in range(4))
        yield from ((4 * y + x, (4 * y + 4) % 16 + x) for y in range(4) for x in range(4))


def made(name: str, folder: Path) -> Spec:
    strength, lattice, energy, couplings, _ = ENTRIES[name]
    places = list(sites_of(lattice, len(couplings)))
    values = np.zeros((1 + max(max(sites) for sites in places),) * len(places[0]))
    for sites, coupling in zip(places, couplings, strict=True):
        values[sites] = values[sites[::-1]] = coupling
    np.save(folder / "couplings.npy", values)
    (folder / "spec.rgc").write_text(SPEC.format(strength, "J", lattice, energy))
    return rgc.load(folder / "spec.rgc").spec


@pytest.mark.parametrize("name", ENTRIES)
def test_averages_are_those_of_all_states(name: str, tmp_path: Path) -> None:
    spec, exact = made(name, tmp_path), ENTRIES[name][-1]
    found = seeds(spec)
    for quantity, value in exact.items():
        each = [result.averages[quantity] for result in found]
        assert agrees(each, value), f"{quantity}: {table(each, value)}"
    wrong = seeds(scaled(spec, "K", 1.01))
    p = {
        name: p_value([result.averages[name] for result in wrong], value)
        for name, value in exact.items()
    }
    assert min(p.values()) < 1e-3, p
