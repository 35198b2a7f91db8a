"""Equal species: which exchanges are symmetries, and the sectors that they make."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import rgc
from rgc.flows.sampling.basis import Basis, make_basis
from rgc.flows.sampling.model import make_model
from rgc.model.lattices import square
from rgc.model.observables import Combined, Tally

TWO = "K*sum(<i,j>) (s[i]*s[j] + t[i]*t[j]) - K4*sum(<i,j>) s[i]*s[j]*t[i]*t[j]"
EACH = "K*sum(<i,j>) s[i]*s[j] - L*sum(<i,j>) t[i]*t[j] - K4*sum(<i,j>) s[i]*s[j]*t[i]*t[j]"


def basis(
    hamiltonian: str,
    spins: str = "s: ising, t: ising",
    block: str = "majority(2)",
    lattice: str = "square(16)",
    values: str = "K=0.3, K4=0.1, L=0.2",
    bodies: int = 4,
) -> Basis:
    text = (
        f"parameters {{ {values} }}\nlattice {lattice}\nspins {{ {spins} }}\n"
        f"hamiltonian - {hamiltonian}\nblock {block}\n"
        f"flow mcrg(steps=1, sweeps=64, basis=operators(range=1, bodies={bodies}))"
    )
    spec = rgc.load(text).spec
    return make_basis(make_model(spec), [each.drawn for each in spec.blocks], 1)


def test_energies_of_equal_species_are_one_operator() -> None:
    found = basis(TWO)
    assert found.names["invariant"] == ("K", "K4")
    assert found.names["unequal"] == ("k2_10 - k2_t00_t10",)
    assert found.names["eo"] == ("k1_t00", "k3_t00_10")
    assert found.magnetic == (("eo",), ("oe",))
    assert found.flagged(square(16)) == frozenset()
    assert found.flagged(square(2)) == frozenset()
    assert "k2_10 - k2_t00_t10" in found.flagged(square(1))
    alone = basis(TWO, bodies=1)
    assert set(alone.names) == {"eo", "oe"}
    assert alone.flagged(square(16)) == frozenset()


def test_species_that_differ_are_not_exchanged() -> None:
    """By their couplings, by what they are, or by what the block map makes of them."""
    law = "sum(B in blocks) (p*s[B]*sum(i in B) s[i] + {}*t[B]*sum(i in B) t[i])"
    values = "K=0.3, K4=0.1, L=0.2, p=0.7, q=0.2"
    for found in (
        basis(EACH),
        basis(TWO, block=f"kernel(b=2, T={law.format('q')})", values=values),
    ):
        assert "unequal" not in found.names
        assert len(found.names["invariant"]) == 3
        assert found.alike == ()
    assert "unequal" in basis(TWO, block=f"kernel(b=2, T={law.format('p')})", values=values).names


def test_equal_values_of_different_terms_are_no_symmetry_but_told() -> None:
    found = basis(EACH, values="K=0.3, K4=0.1, L=0.3")
    assert "unequal" not in found.names
    assert found.alike == (("s", "t"),)


def test_an_exchange_together_with_a_rotation() -> None:
    crossed = "K*sum(i) (s[i]*s[i+x] + t[i]*t[i+y]) - L*sum(i) (s[i]*s[i+y] + t[i]*t[i+x])"
    found = basis(crossed, bodies=2)
    assert found.names["invariant"] == ("K", "L")
    assert found.names["unequal"] == ("k2_10 - k2_t00_t01", "k2_01 - k2_t00_t10")
    straight = "K*sum(i) (s[i]*s[i+x] + t[i]*t[i+x]) - L*sum(i) (s[i]*s[i+y] + 2*t[i]*t[i+y])"
    assert "unequal" not in basis(straight, bodies=2).names


def test_of_three_colours_the_first_is_compared_with_the_others() -> None:
    """One component of the directions in which they differ, that exchanges of the others keep."""
    pairs = " + ".join(f"{a}[i]*{a}[j]*{b}[i]*{b}[j]" for a, b in ("st", "su", "tu"))
    singles = " + ".join(f"{a}[i]*{a}[j]" for a in "stu")
    text = f"K*sum(<i,j>) ({singles}) - K4*sum(<i,j>) ({pairs})"
    found = basis(text, spins="s: ising, t: ising, u: ising")
    assert found.names["invariant"] == ("K", "K4")
    assert len(found.names["unequal"]) == 2
    for tally in found.tallies[0]["unequal"]:
        assert isinstance(tally.operator, Combined)
        weights = [weight * len(part.products) for weight, part in tally.operator.parts]
        assert sum(weights) == 0


def test_equal_spins_of_several_states() -> None:
    of_states = TWO
    for a in "st":
        of_states = of_states.replace(f"{a}[i]*{a}[j]", f"delta({a}[i],{a}[j])")
    found = basis(of_states, spins="s: potts(3), t: potts(3)")
    assert found.names["invariant"] == ("K", "K4")
    assert found.names["unequal"] == ("k2_10 - k2_t00_t10",)
    assert "unequal" not in basis(of_states, spins="s: potts(3), t: potts(4)").names


def test_the_map_of_each_sector_is_that_of_a_chain_in_closed_form() -> None:
    """Decimation of a chain of two species, whose couplings (K_s, K_t, K_4) follow from the squares
    of the eigenvalues of its transfer matrix. The map of each sector is the part of its derivative
    in the sum and in the difference of K_s and K_t.
    """
    K, K4, size = 0.4, -0.25, 8
    found = basis(TWO, block="decimate(2)", lattice=f"chain({size})", values=f"K={K}, K4={K4}")
    states = np.array(list(product((1, -1), repeat=2 * size)), float).reshape(-1, 2, size)
    bonds = states * np.roll(states, -1, axis=2)
    energy = (K * bonds.sum(1) + K4 * bonds.prod(1)).sum(1)
    weight = np.exp(energy - energy.max())
    weight /= weight.sum()
    derivative = _derivative(K, K4)
    whole = np.array([derivative[0, 0] + derivative[0, 1], 2 * derivative[2, 0]])
    wanted = {
        "unequal": [[derivative[0, 0] - derivative[0, 1]]],
        "invariant": np.stack([whole, [derivative[0, 2], derivative[2, 2]]], axis=1),
    }
    for sector, exact in wanted.items():
        fine, coarse = (
            np.stack([_sum(each, spins) for each in level[sector]])
            for level, spins in zip(found.tallies, (states, states[..., ::2]), strict=True)
        )
        within = np.cov(coarse, aweights=weight).reshape(len(fine), -1)
        both = np.cov(coarse, fine, aweights=weight)[: len(fine), len(fine) :]
        matrix = np.linalg.solve(within, both)
        assert matrix == pytest.approx(np.array(exact), abs=1e-9)


def _derivative(K: float, K4: float) -> np.ndarray:
    """d(K_s', K_t', K_4')/d(K_s, K_t, K_4)."""
    signs = np.array([[a, b, a * b] for a in (1, -1) for b in (1, -1)], float)

    def decimated(couplings: np.ndarray) -> np.ndarray:
        weights = np.exp(signs @ couplings)
        weights = weights.sum() ** 2 + signs @ (weights @ signs) ** 2
        return np.asarray(np.log(weights) @ signs / 4)

    at, step = np.array([K, K, K4]), 1e-5 * np.eye(3)
    slopes = [(decimated(at + each) - decimated(at - each)) / 2e-5 for each in step]
    return np.stack(slopes, axis=1)


def _sum(tally: Tally, spins: np.ndarray) -> np.ndarray:
    """S of every configuration [state, species, site], from the text of the products."""
    operator = tally.operator
    if isinstance(operator, Combined):
        return np.asarray(sum(w * _sum(Tally(part), spins) for w, part in operator.parts))
    return np.asarray(
        sum(
            np.prod(
                [np.roll(spins[:, s.species], -s.cell[0], axis=1) for s in spins_of_product], axis=0
            ).sum(1)
            for spins_of_product in operator.products
        )
    )
