"""What rounding leaves of the numbers of `enumerate`."""

from __future__ import annotations

import pytest

import rgc

SYMMETRIC = """parameters { K = 0.4, h = 0 }
lattice square(3)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j] - h * sum(i) s[i]
block majority(3)
flow enumerate
scan { K = [0, 0.4], h = -0.1:0.2:4 }
measure { m, correlation(1), one = 1/avg(m), ratio = avg(m^3)/avg(m), information, kl, dF }
"""


def test_rounding_is_no_digit() -> None:
    """Without a field <m> is 0 and 1/<m> is no number; without bonds spins are independent."""
    points = rgc.compile(SYMMETRIC, backend="reference").run().points
    found = {tuple(point.parameters.values()): point.result.observables for point in points}
    for coupling in (0.0, 0.4):
        assert found[coupling, 0.0]["m"].value == 0.0
        for name in ("one", "ratio"):
            assert found[coupling, 0.0][name].value is None
            assert "rounding" in found[coupling, 0.0][name].note
        assert found[coupling, 0.1]["one"].value == pytest.approx(
            1 / (found[coupling, 0.1]["m"].value or 0), rel=1e-14
        )
        assert found[coupling, -0.1]["m"].value == pytest.approx(
            -(found[coupling, 0.1]["m"].value or 0), rel=1e-12
        )
    assert {found[0.0, h]["correlation(1)"].value for h in (-0.1, 0.0, 0.1, 0.2)} == {0.0}
    assert all((each["information"].value or 0) >= 0 for each in found.values())


def test_a_block_that_knows_nothing_has_no_information() -> None:
    """At p = 0 block spins are drawn without looking: I(v;h) was -4e-16 there."""
    text = SYMMETRIC.replace("majority(3)", "kadanoff(3, p=0)")
    for point in rgc.compile(text, backend="reference").run().points:
        assert point.result.observables["information"].value == 0.0
        assert point.result.observables["kl"].value == 0.0


def test_spins_of_no_block_are_summed_over_in_groups_of_few_states() -> None:
    """Eight of four states in one group would leave four states to a chunk."""
    from rgc.flows.enumeration.block_step import _cuts

    assert _cuts([2] * 20) == [0, 8, 16, 20]
    assert _cuts([4] * 8) == [0, 4, 8]
    assert _cuts([300, 300, 2]) == [0, 1, 2, 3]
    assert _cuts([]) == [0]


def test_a_term_that_has_become_a_number_has_no_coupling() -> None:
    """On one site every neighbour is the site itself."""
    text = """
lattice square(2)
spins s: potts(3)
hamiltonian - 0.3 * sum(<i,j>) delta(s[i], s[j])
block decimate(2)
flow enumerate
"""
    found = rgc.compile(text, backend="reference").run().points[0].result
    assert not found.levels[1].couplings


@pytest.mark.parametrize("spins", ["ising", "binary"])
def test_couplings_and_averages_that_are_rounding_are_zero(spins: str) -> None:
    term = "s[i]*s[j]" if spins == "ising" else "(2*s[i] - 1)*(2*s[j] - 1)"
    text = f"""parameters {{ K = 0.3 }}
lattice square(4)
spins s: {spins}
hamiltonian - K * sum(<i,j>) {term}
block majority(2)
flow enumerate(steps=1)
"""
    level = rgc.compile(text, backend="reference").run().result.levels[1]
    odd = ("k1", "k3_10_01")
    if spins == "ising":
        assert [level.couplings[name].value for name in odd] == [0.0, 0.0]
        assert level.couplings["k4_10_01_11"].value == pytest.approx(0.001958621394, abs=1e-11)
    assert [level.averages[name].value for name in odd if name in level.averages].count(0.0) > 0
    every = [each.value for each in (*level.couplings.values(), *level.averages.values())]
    assert all(value == 0.0 or abs(value or 1.0) > 1e-13 for value in every)
