"""Spins with several states, sampled, against sums over all states by a program that is
independent of rgc: ten seeds each, and a coupling that is wrong by 1 % fails.
"""

from __future__ import annotations

import pytest

import rgc
from rgc.model.spec import Spec
from tests.physics.running import agrees, p_value, scaled, seeds, table

pytestmark = pytest.mark.slow

SPEC = """
parameters {{ {parameters} }}
lattice {lattice}
spins {spins}
hamiltonian {energy}
measure {{ {measures} }}
"""
FLOW = "flow sample(sweeps=5000, thermalise=200, every=10)"
VECTOR = "energy, specific_heat, m2 = avg(m^2), m4 = avg(m^4)"
POTTS = "- K * sum(<i,j>) delta(s[i], s[j]) - h * sum(i) delta(s[i], 0)"
OF_POTTS = f"{VECTOR}, first = mean(i) delta(s[i], 0), bond = mean(<i,j>) delta(s[i], s[j])"
CLOCK = "- K * sum(<i,j>) cos(2*pi*(s[i] - s[j])/{q}) - h * sum(i) cos(2*pi*s[i]/{q})"
OF_CLOCK = f"{VECTOR}, m_x = mean(i) cos(2*pi*s[i]/{{q}})"
SPIN1 = "- K * sum(<i,j>) s[i]*s[j] + D * sum(i) s[i]^2 - h * sum(i) s[i]"
OF_SPIN1 = f"{VECTOR}, m, abs_m, s2 = mean(i) s[i]^2, bond = mean(<i,j>) s[i]*s[j]"
ASHKIN_TELLER = (
    "- K * sum(<i,j>) s[i]*s[j] - Kt * sum(<i,j>) t[i]*t[j] "
    "- K4 * sum(<i,j>) s[i]*s[j]*t[i]*t[j] - h * sum(i) s[i]*t[i]"
)
OF_TWO = (
    "energy, specific_heat, m_s2 = avg(m^2), m_s4 = avg(m^4), st = mean(i) s[i]*t[i], "
    "bond_s = mean(<i,j>) s[i]*s[j], bond_t = mean(<i,j>) t[i]*t[j], "
    "bond_st = mean(<i,j>) s[i]*s[j]*t[i]*t[j]"
)
ENTRIES: dict[str, tuple[str, str, str, str, dict[str, float]]] = {
    "potts(3), K = 1.2, h = 0.15": (
        "s: potts(3)", "K = 1.2, h = 0.15", POTTS, OF_POTTS,
        {
            "energy": -2.381843911204876, "specific_heat": 0.7339031437844912,
            "m2": 0.9320611013951775, "m4": 0.8962007573026454,
            "first": 0.6360984947901435, "bond": 0.9526788070776476,
        },
    ),
    "potts(3), K = 1.2": (
        "s: potts(3)", "K = 1.2, h = 0", POTTS, OF_POTTS,
        {
            "energy": -2.276026026822574, "specific_heat": 0.712377333025851,
            "m2": 0.9255753895781675, "m4": 0.886966607053963, "bond": 0.9483441778427393,
        },
    ),
    "potts(3), K = 0.7, h = 0.15": (
        "s: potts(3)", "K = 0.7, h = 0.15", POTTS, OF_POTTS,
        {
            "energy": -0.9766826219687353, "specific_heat": 0.9318885211872548,
            "m2": 0.48018362048467805, "m4": 0.3320468860841811,
            "first": 0.48623005054141627, "bond": 0.6455343674196594,
        },
    ),
    "potts(4), K = 1.0986": (
        "s: potts(4)", "K = 1.0986122886681098, h = 0", POTTS, OF_POTTS,
        {
            "energy": -1.886185073168318, "specific_heat": 1.6196255306964469,
            "m2": 0.8161320968482934, "m4": 0.7320443432795293, "bond": 0.8584398211379068,
        },
    ),
    "potts(4), K = 0.8": (
        "s: potts(4)", "K = 0.8, h = 0", POTTS, OF_POTTS,
        {
            "energy": -0.9289685471107537, "specific_heat": 1.2083465455375233,
            "m2": 0.45397365440595006, "m4": 0.2948880162294638, "bond": 0.580605341944221,
        },
    ),
    "potts(3) on 4x4, K = 0.9": (
        "s: potts(3)", "K = 0.9, h = 0", POTTS, OF_POTTS, {"bond": 0.7612296264379037},
    ),
    "potts(4) on 4x4, K = 1.0986": (
        "s: potts(4)", "K = 1.0986122886681098, h = 0", POTTS, OF_POTTS,
        {"bond": 0.8404344439640795},
    ),
    "clock(6), K = 1.1": (
        "s: clock(6)", "K = 1.1, h = 0", CLOCK.format(q=6), OF_CLOCK.format(q=6),
        {
            "energy": -1.6958750825473703, "specific_heat": 0.7995327163488418,
            "m2": 0.7738092602098872, "m4": 0.6176292647254569,
        },
    ),
    "clock(5), K = 1": (
        "s: clock(5)", "K = 1, h = 0", CLOCK.format(q=5), OF_CLOCK.format(q=5),
        {
            "energy": -1.537150873584833, "specific_heat": 1.0401439941727106,
            "m2": 0.7718608472545972, "m4": 0.6253697708731037,
        },
    ),
    "clock(5), K = 1, h = 0.2": (
        "s: clock(5)", "K = 1, h = 0.2", CLOCK.format(q=5), OF_CLOCK.format(q=5),
        {
            "energy": -1.6836894695894464, "specific_heat": 1.1582243705509856,
            "m2": 0.7904579202477908, "m4": 0.652228572692884, "m_x": 0.5526378306394168,
        },
    ),
    "spin(1), K = 1, D = 1.966": (
        "s: spin(1)", "K = 1, D = 1.966, h = 0", SPIN1, OF_SPIN1,
        {
            "energy": 0.35873076463566567, "specific_heat": 0.4296227233497911,
            "abs_m": 0.4949509745512824, "m2": 0.34334128573295014, "m4": 0.22504848261067203,
            "s2": 0.5299316229191566, "bond": 0.3415574030116981,
        },
    ),
    "spin(1), K = 0.6, D = 0.3, h = 0.1": (
        "s: spin(1)", "K = 0.6, D = 0.3, h = 0.1", SPIN1, OF_SPIN1,
        {
            "energy": -0.5421552375357016, "specific_heat": 1.136494524497007,
            "m": 0.46844533618203427, "abs_m": 0.7499035348452227, "m2": 0.6235697519246504,
            "m4": 0.48449462462875814, "s2": 0.8223048653983221, "bond": 0.6183351362808291,
        },
    ),
    "Ashkin-Teller, different K": (
        "{ s: ising, t: ising }", "K = 0.25, Kt = 0.35, K4 = -0.1, h = 0", ASHKIN_TELLER, OF_TWO,
        {
            "energy": -0.4967050226597294, "specific_heat": 0.5513426317783873,
            "m_s2": 0.2900180855485084, "m_s4": 0.1756185111378093,
            "bond_s": 0.2622790628762399, "bond_t": 0.5421600472868447,
            "bond_st": 0.06973270939590862,
        },
    ),
    "Ashkin-Teller, h = 0.1": (
        "{ s: ising, t: ising }", "K = 0.3, Kt = 0.3, K4 = 0.1, h = 0.1", ASHKIN_TELLER, OF_TWO,
        {
            "energy": -0.9527897993293334, "specific_heat": 1.7245207874519286,
            "m_s2": 0.6769896886378227, "m_s4": 0.5874238472149671, "st": 0.4107132005927787,
            "bond_s": 0.6709349601379191, "bond_st": 0.5329826355227638,
        },
    ),
}  # fmt: skip


def written(name: str, flow: str) -> str:
    """The spec of an entry with a flow."""
    spins, parameters, energy, measures, _ = ENTRIES[name]
    lattice = "square(4)" if "4x4" in name else "square(3)"
    return flow + SPEC.format(
        lattice=lattice, spins=spins, parameters=parameters, energy=energy, measures=measures
    )


def made(name: str) -> Spec:
    return rgc.load(written(name, FLOW)).spec


@pytest.mark.parametrize("name", ENTRIES)
def test_averages_are_those_of_all_states(name: str) -> None:
    found = seeds(made(name))
    for quantity, exact in ENTRIES[name][-1].items():
        each = [result.averages[quantity] for result in found]
        assert agrees(each, exact), f"{quantity}: {table(each, exact)}"


@pytest.mark.parametrize("name", ENTRIES)
def test_a_coupling_wrong_by_one_percent_shows(name: str) -> None:
    found = seeds(scaled(made(name), "K", 1.01), over=range(3))
    assert (
        min(
            p_value([result.averages[quantity] for result in found], exact)
            for quantity, exact in ENTRIES[name][-1].items()
        )
        < 1e-3
    )
