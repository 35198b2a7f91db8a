"""`onsager` and `kaufman` as methods of a free energy, against transfer matrices."""

from __future__ import annotations

import pytest

import rgc
from rgc.errors import SpecError
from rgc.results.result import Result

TEXT = """
parameters {{ Kx = {x}, Ky = {y} }}
lattice square{size}
spins s: {spins}
hamiltonian
  - Kx * sum(<i,j> along x) s[i]*s[j]
  - Ky * sum(<i,j> along y) s[i]*s[j]
  {more}
measure {{ free_energy(methods=[{methods}]) }}
"""


def result(
    x: float = 0.3,
    y: float = 0.7,
    size: str = "",
    methods: str = "onsager",
    spins: str = "ising",
    more: str = "",
) -> Result:
    text = TEXT.format(x=x, y=y, size=size, methods=methods, spins=spins, more=more)
    return rgc.compile(text, backend="reference").run().result


@pytest.mark.parametrize("size", ["(3)", "(4, 7)", "(7, 4)", "(2, 5)", "(1, 6)", "(8, 6)"])
@pytest.mark.parametrize("bonds", [(0.3, 0.7), (0.44, 0.44), (0.9, 0.05)])
def test_tori_against_the_transfer_matrix(size: str, bonds: tuple[float, float]) -> None:
    found = result(*bonds, size, "kaufman, transfer", more="+ sum(i) 0.3")
    closed, transfer = found.free_energy
    assert (closed.kind, closed.error) == ("exact", 0.0)
    assert closed.value == pytest.approx(transfer.value, rel=1e-14)


@pytest.mark.parametrize(("x", "y"), [(-0.3, 0.7), (0.3, -0.7), (-0.3, -0.7)])
def test_negative_bonds_on_even_tori(x: float, y: float) -> None:
    closed, transfer = result(x, y, "(4, 6)", "kaufman, transfer").free_energy
    assert closed.value == pytest.approx(transfer.value, rel=1e-14)


def test_the_energy_is_that_of_every_state() -> None:
    text = TEXT.format(
        x=0.3, y=0.7, size="(3, 4)", methods="kaufman", spins="ising", more="+ sum(i) 0.3"
    ).replace("measure {", "flow enumerate\nmeasure { energy, ")
    found = rgc.compile(text, backend="reference").run().result
    exact = found.observables["energy"].value
    assert found.observables["energy[kaufman]"].value == pytest.approx(exact, rel=1e-13)


def test_strips_approach_the_infinite_lattice() -> None:
    """At K = 0.2 a strip of 12 is infinite to eight digits."""
    wide = result(0.2, 0.2, "(12, infinite)", "transfer").free_energy[0].value
    assert result(0.2, 0.2).free_energy[0].value == pytest.approx(wide, abs=1e-8)


def test_what_is_found_besides() -> None:
    ordered, disordered = result(0.3, -0.7).observables, result(0.1, 0.2).observables
    assert "alternates along y" in ordered["m[onsager]"].note
    assert ordered["m[onsager]"].value == pytest.approx(0.8671356623, abs=1e-10)
    assert disordered["m[onsager]"].value == 0
    assert disordered["m[onsager]"].error == 0
    assert "m[kaufman]" not in result(size="(4)", methods="kaufman").observables


def test_other_spins_of_two_states() -> None:
    """A lattice gas at half filling: n n' = (1 + s + s' + s s')/4, so that J = 4 K, and the
    chemical potential -4 J takes the field away.
    """
    gas = result(1.6, 1.6, spins="binary", more="+ sum(i) 3.2*s[i]")
    assert gas.free_energy[0].value == pytest.approx(result(0.4, 0.4).free_energy[0].value + 0.8)
    assert "m[onsager]" not in gas.observables
    with pytest.raises(SpecError) as caught:
        result(1.6, 1.6, spins="binary")
    assert {problem.code for problem in caught.value.problems} == {"not-bonds"}


def test_an_expectation_may_name_what_a_method_finds() -> None:
    text = TEXT.format(x=0.5, y=0.5, size="", methods="onsager", spins="ising", more="")
    text += "expect { m[onsager] = 0.911319377877496 within 1e-14, energy[onsager] below 0 }"
    assert all(check.passed for check in rgc.compile(text, backend="reference").run().checks)
