"""Central charges and scaling dimensions of strips: what is known, and what is no number."""

from __future__ import annotations

from math import log, pi, sqrt

import numpy as np
import pytest

import rgc
from rgc.model import lattices
from rgc.passes.isotropy import isotropic
from rgc.passes.local_energies import local_energies
from rgc.results.answer import Answer
from tests.physics.models import CRITICAL, field, ising, shell, spec, term

TEXT = """
parameters {{ Kx = {x}, Ky = {y}, L = 4 }}
lattice {lattice}
spins s: {spins}
hamiltonian {hamiltonian}
scan {{ L = {widths} }}
measure {{ f = free_energy(transfer), c = central_charge(f, L), x = scaling_dimensions(f, L) }}
"""
UNLIKE = "- Kx * sum(<i,j> along x) s[i]*s[j] - Ky * sum(<i,j> along y) s[i]*s[j]"
ALIKE = "- Kx * sum(<i,j>) s[i]*s[j]"
POTTS = "- Kx * sum(<i,j>) delta(s[i], s[j])"


def answer(
    widths: list[int],
    x: float = CRITICAL,
    y: float = 0.0,
    hamiltonian: str = ALIKE,
    spins: str = "ising",
    lattice: str = "square(L, infinite)",
) -> Answer:
    text = TEXT.format(
        x=x, y=y, lattice=lattice, spins=spins, hamiltonian=hamiltonian, widths=widths
    )
    return rgc.compile(text, backend="reference").run()


DUAL = float(np.arcsinh(1 / np.sinh(0.4)) / 2)
KNOWN = {
    "Ising": (answer, {"widths": [4, 6, 8]}, 1 / 2, 1 / 8),
    "infinite along x": (
        answer,
        {"widths": [4, 6, 8], "lattice": "square(infinite, L)"},
        1 / 2,
        1 / 8,
    ),
    "Kx < Ky": (
        answer,
        {"widths": [6, 8, 10], "x": 0.2, "y": DUAL, "hamiltonian": UNLIKE},
        1 / 2,
        1 / 8,
    ),
    "Kx > Ky": (
        answer,
        {"widths": [6, 8, 10], "x": DUAL, "y": 0.2, "hamiltonian": UNLIKE},
        1 / 2,
        1 / 8,
    ),
    "antiferromagnet": (answer, {"widths": [4, 6, 8], "x": -CRITICAL}, 1 / 2, 1 / 8),
    "triangular": (
        answer,
        {"widths": [4, 5, 6], "x": log(3) / 4, "lattice": "triangular(L, infinite)"},
        1 / 2,
        1 / 8,
    ),
    "Potts": (
        answer,
        {"widths": [4, 5, 6], "x": log(1 + sqrt(3)), "hamiltonian": POTTS, "spins": "potts(3)"},
        4 / 5,
        2 / 15,
    ),
}


@pytest.mark.parametrize("name", KNOWN)
def test_what_is_known(name: str) -> None:
    made, options, c, x = KNOWN[name]
    found = made(**options).observables
    for number, exact, most in ((found["c"], c, 0.12), (found["x"], x, 0.01)):
        assert number.value is not None
        assert number.error is not None
        assert abs(number.value - exact) < 2 * number.error < most


def test_the_spectrum_is_that_of_the_fermions() -> None:
    """Kaufman: gaps between the vacua of odd and even modes, and of two odd modes. At K_c
    sinh(gamma/2) = sin(q/2) with q of the width of the strip.
    """
    width = 6
    point = answer([4, width]).points[-1].result.tables["strip_spectrum"]

    def gamma(q: float) -> float:
        return 2 * float(np.arcsinh(abs(np.sin(q / 2))))

    odd = [gamma(pi * (2 * k + 1) / width) for k in range(width)]
    even = [gamma(2 * pi * k / width) for k in range(width)]
    assert point[0].tolist() == [0, 0, 0]
    assert point[1] == pytest.approx([(sum(odd) - sum(even)) / 2, 0, 1], abs=1e-12)
    lowest = next(row for row in point[1:] if row[1] == 0 and row[2] == 0)
    assert lowest[0] == pytest.approx(2 * gamma(pi / width), abs=1e-12)
    moving = next(row for row in point[1:] if row[1] == 1 and row[2] == 1)
    assert moving[0] == pytest.approx(point[1][0] + gamma(2 * pi / width), abs=1e-12)


@pytest.mark.parametrize("coupling", [0.2, 0.42, 0.47, 0.7])
def test_off_criticality_there_is_none(coupling: float) -> None:
    found = answer([6, 8, 10], coupling).observables
    for name in ("c", "x"):
        assert found[name].value is None
        assert "not critical" in found[name].note


def test_a_central_charge_is_not_below_0() -> None:
    """Odd widths frustrate an antiferromagnet, and odd and even ones are no single curve."""
    odd, mixed = answer([5, 7, 9], -CRITICAL), answer([4, 5, 6, 7], -CRITICAL)
    for name in ("c", "x"):
        assert odd.observables[name].value is None
        assert "odd width" in odd.observables[name].note
        assert mixed.observables[name].value is None
        assert "not of one kind" in mixed.observables[name].note


def test_two_unlike_bonds_need_three_widths() -> None:
    found = answer([6, 8], 0.2, DUAL, UNLIKE).observables
    assert found["c"].value is None
    assert "three widths" in found["c"].note
    assert answer([6, 8]).observables["c"].value == pytest.approx(0.5, abs=0.05)


def test_isotropy_is_a_symmetry() -> None:
    square, triangular = lattices.square(), lattices.triangular()
    along = [product for product in shell(square, 1) if product[-1].cell == (1, 0)]
    cases = {
        True: (
            ising(square),
            ising(triangular),
            ising(lattices.square(6, None)),
            spec(square, [term("K", 0.3, shell(square, 2)), term("h", 0.1, field(square))]),
        ),
        False: (
            spec(square, [term("K", 0.3, along)]),
            spec(square, [term("K", 0.3, shell(square, 1)), term("k", 0.1, along)]),
            spec(triangular, [term("K", 0.3, shell(triangular, 1)[:1])]),
        ),
    }
    for expected, specs in cases.items():
        for given in specs:
            assert given.hamiltonian is not None
            tables = local_energies(given.hamiltonian, given.species)
            assert isotropic(given.lattice, tables) == expected  # type: ignore[arg-type]
