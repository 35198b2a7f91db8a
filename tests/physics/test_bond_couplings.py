"""Couplings of bonds of more than two states: those of the spec do not depend on what completes
them.
"""

from __future__ import annotations

import numpy as np
import pytest

import rgc
from rgc.emit import emit
from rgc.flows.couplings.bond_space import BondSpace, bond_space
from rgc.passes.bonds import bond_model
from tests.physics.test_bonds import GENERAL, POTTS, WEIGHT, ran, text_of

SPIN_1 = ("- K * sum(<i,j>) s[i]*s[j]", "+ D * sum(i) s[i]^2", "- h * sum(i) s[i]")
MODELS = {
    "spin 1 in a field": ("spin(1)", SPIN_1, "K = 0.8, D = 0.5, h = 0.2"),
    "spin 1": ("spin(1)", SPIN_1[:2], "K = 0.8, D = 0.5"),
    "potts in a field": ("potts(4)", (POTTS, "- h * sum(i) delta(s[i], 1)"), "K = 0.8, h = 0.3"),
    "clock": ("clock(5)", ("- K * sum(<i,j>) cos(2*pi*(s[i] - s[j])/5)",), "K = 0.8"),
    "no symmetry": ("potts(3)", (GENERAL,), WEIGHT),
    "many states": ("potts(20)", (POTTS,), "K = 0.8"),
}


def space_of(name: str) -> BondSpace:
    spins, terms, parameters = MODELS[name]
    spec = rgc.load(text_of("chain", spins, terms, "exact", parameters, "decimate(2)")).spec
    assert spec.hamiltonian is not None
    assert spec.lattice is not None
    return bond_space(bond_model(spec.hamiltonian, spec.lattice, spec.species), 1)


def flowed(spins: str, terms: tuple[str, ...], parameters: str) -> dict[str, float]:
    """The couplings of level 1 of a chain of which every fourth spin is kept."""
    found = ran(text_of("chain", spins, terms, "exact(steps=1)", parameters, "decimate(4)"))
    return {name: each.value or 0.0 for name, each in found.levels[1].couplings.items()}


@pytest.mark.parametrize("name", MODELS)
def test_what_completes_the_terms_is_orthogonal_to_them_and_to_itself(name: str) -> None:
    space = space_of(name)
    own = len(space.names) - len(space.terms)
    flat = space.functions.reshape(len(space.names), -1)
    products = flat @ flat.T
    assert np.allclose(products[own:, :own], 0, atol=1e-10)
    assert np.allclose(products[own:, own:], np.diag(np.diag(products[own:, own:])), atol=1e-10)
    assert np.allclose(flat[own:].sum(axis=1), 0, atol=1e-10)
    assert np.allclose(np.abs(flat[own:]).max(axis=1), 1)
    if space.states <= 12:
        assert 1 + len(space.names) == space.states * (space.states + 1) // 2


def test_opposite_fields_give_opposite_couplings() -> None:
    """K' is the coefficient of the product, [u(1,1) + u(-1,-1) - 2 u(1,-1)]/4 with u = ln W^4."""
    up, down = (flowed("spin(1)", SPIN_1, f"K = 0.8, D = 0.5, h = {h}") for h in (0.2, -0.2))
    odd = {"h", "lnW_0_1"}
    assert set(up) == {"K", "D", "lnW_0_0"} | odd
    for name, value in up.items():
        assert down[name] == pytest.approx(-value if name in odd else value, abs=1e-14), name
    s = np.array([-1.0, 0.0, 1.0])
    site = (0.2 * s - 0.5 * s**2) / 2
    u = np.log(
        np.linalg.matrix_power(np.exp(0.8 * np.outer(s, s) + site[:, None] + site[None, :]), 4)
    )
    assert up["K"] == pytest.approx((u[2, 2] + u[0, 0] - 2 * u[0, 2]) / 4, abs=1e-14)
    assert up["K"] == pytest.approx(0.05432, abs=5e-6)
    assert abs(up["lnW_0_0"]) > 1e-4


def test_the_name_of_a_state_does_not_matter() -> None:
    """A field on any state of a Potts spin gives the same K' and h', and one coupling besides."""
    found = [
        flowed("potts(4)", (POTTS, f"- h * sum(i) delta(s[i], {state})"), "K = 0.8, h = 0.3")
        for state in range(4)
    ]
    for each in found:
        assert each["K"] == pytest.approx(found[0]["K"], abs=1e-13)
        assert each["h"] == pytest.approx(found[0]["h"], abs=1e-13)
        assert sum(abs(value) > 1e-10 for value in each.values()) == 3


@pytest.mark.parametrize("name", ["spin 1 in a field", "potts in a field", "no symmetry"])
def test_a_level_written_as_a_spec_flows_on_as_the_original_does(name: str) -> None:
    spins, terms, parameters = MODELS[name]
    text = text_of("chain", spins, terms, "exact(steps=2)", parameters, "decimate(2)")
    whole = ran(text)
    emitted = emit(rgc.load(text).spec, whole, 1)
    again = ran(emitted)
    last, same = whole.levels[2].couplings, again.levels[1].couplings
    for each, coupling in last.items():
        value = same[each].value if each in same else 0.0
        assert value == pytest.approx(coupling.value, abs=1e-12), each
