"""Operators of spins with several states: which there are, in which sectors, and that none is a
combination of others.
"""

from __future__ import annotations

import numpy as np
import pytest

import rgc
from rgc.flows.sampling.basis import Basis, make_basis
from rgc.flows.sampling.model import make_model
from rgc.model.lattices import square
from rgc.model.spins import Species
from rgc.passes.find_permutations import exchanges, find_permutations, orbits, turns
from rgc.passes.fold_operators import fold_operators
from rgc.verification.counting import counted
from rgc.verification.states import random_states

EQUAL = "- K*sum(<i,j>) delta(s[i], s[j])"
SHORT, PAIRS = "operators(range=1.5, bodies=4)", "operators(range=1, bodies=2)"


def basis(spins: str, hamiltonian: str, operators: str, block: str = "majority(2)") -> Basis:
    text = (
        f"parameters {{ K = 0.9 }}\nlattice square(8)\nspins {spins}\nhamiltonian {hamiltonian}\n"
        f"block {block}\nflow mcrg(steps=1, sweeps=10, basis={operators})\n"
    )
    spec = rgc.load(text).spec
    return make_basis(make_model(spec), [each.drawn for each in spec.blocks], 1)


BASES = [
    (
        "s: potts(3)",
        EQUAL,
        SHORT,
        {
            "invariant": {
                "K", "k2_11", "k3_10_01", "k4_10_01_11_aabb", "k4_10_01_11_abba",
            },
            "vector": {
                "k1", "k2_10", "k2_11", "k3_10_01_Aaa", "k3_10_01_aAa", "k4_10_01_11_AAaa",
                "k4_10_01_11_Aaaa",
            },
        },
    ),
    (
        "s: potts(4)",
        EQUAL,
        SHORT,
        {
            "invariant": {
                "K", "k2_11", "k3_10_01", "k4_10_01_11", "k4_10_01_11_aabb", "k4_10_01_11_abba",
            },
            "vector": {
                "k1", "k2_10", "k2_11", "k3_10_01", "k3_10_01_Aaa", "k3_10_01_aAa",
                "k4_10_01_11_AAaa", "k4_10_01_11_AaaA", "k4_10_01_11_Aaaa",
            },
        },
    ),
    (
        "s: potts(3)",
        f"{EQUAL} - 0.1*sum(i) delta(s[i], 1)",
        PAIRS,
        {"invariant": {"k1", "K", "k2_10_s1s1"}},
    ),
    (
        "s: clock(4)",
        "- K*sum(<i,j>) cos(2*pi*(s[i] - s[j])/4)",
        PAIRS,
        {"invariant": {"k2_10"}, "vector": {"k1", "k2_10"}},
    ),
    (
        "s: spin(1)",
        "- K*sum(<i,j>) s[i]*s[j] + 0.3*sum(i) s[i]^2",
        PAIRS,
        {"even": {"k1", "K", "k2_10_22"}, "odd": {"k1", "k2_10_12"}},
    ),
    (
        "s: spin(1)",
        "- K*sum(<i,j>) s[i]*s[j] + 0.3*sum(i) s[i]",
        PAIRS,
        {"invariant": {"k1", "k1_2", "K", "k2_10_12", "k2_10_22"}},
    ),
    (
        "{ s: ising, p: potts(3) }",
        "- K*sum(<i,j>) s[i]*s[j]*delta(p[i], p[j])",
        PAIRS,
        {
            "even": {"k2_10", "k2_p00_p10"},
            "odd": {"k1"},
            "vector": {"k1_p00", "k2_p00_p10"},
        },
    ),
]  # fmt: skip


@pytest.mark.parametrize(("spins", "hamiltonian", "operators", "wanted"), BASES)
def test_operators_by_sector(
    spins: str, hamiltonian: str, operators: str, wanted: dict[str, set[str]]
) -> None:
    found = basis(spins, hamiltonian, operators)
    assert {sector: {*names} for sector, names in found.names.items()} == wanted
    assert all(len({*names}) == len(names) for names in found.names.values())
    magnetic = {sector for sectors in found.magnetic for sector in sectors}
    assert magnetic == wanted.keys() & {"odd", "vector"}
    assert found.single == (wanted.keys() == {"invariant"})


ONE, TWO = "- 0.1*sum(i) delta(s[i], 0)", "- 0.1*sum(i) (delta(s[i], 0) + 2*delta(s[i], 1))"
INDEPENDENT = [(spins, "") for spins in ("potts(2)", "potts(3)", "spin(1)", "clock(4)")]
INDEPENDENT += [(spins, ONE) for spins in ("potts(3)", "potts(4)", "spin(1)", "clock(4)")]
INDEPENDENT += [("potts(3)", TWO), ("potts(4)", TWO)]


@pytest.mark.parametrize(("spins", "field"), INDEPENDENT)
def test_no_operator_is_a_combination_of_others(spins: str, field: str) -> None:
    """That two spins are alike and in the state of a field is that each of them is."""
    energy = "- K*sum(<i,j>) cos(2*pi*(s[i] - s[j])/4)" if "clock" in spins else EQUAL
    energy += field
    species = (Species("s", spins[:-3], int(spins[-2]) if "spin" not in spins else 3),)
    found, lattice = basis(f"s: {spins}", energy, SHORT), square(8)
    fields = random_states(lattice, species, 4, (1, 2)).fields
    for tallies in found.tallies[0].values():
        sums = np.array([counted(tally, lattice, fields, species) for tally in tallies], float)
        sums = (sums - sums.mean(axis=1, keepdims=True)) / sums.std(axis=1, keepdims=True)
        assert np.linalg.svd(sums, compute_uv=False)[-1] > 1e-6


def test_operators_on_a_small_torus() -> None:
    """On 2 x 2 sites a nearest and a next-nearest pair are different, and three in a row are not
    there."""
    found = basis("s: potts(3)", EQUAL, "operators(range=2, bodies=3)")
    small = square(2)
    flags = {each.operator.name: each.flag for each in fold_operators(found.operators, small)}
    assert flags["K"] == flags["k2_11"] == flags["k3_10_01"] == ""
    assert flags["k2_20"] == "spins coincide"


def test_renamings_that_leave_the_hamiltonian_alone() -> None:
    species = (Species("s", "potts", 4),)

    def kept(hamiltonian: str) -> tuple[tuple[int, ...], ...]:
        text = (
            "lattice square(8)\nspins s: potts(4)\n"
            f"hamiltonian {hamiltonian}\nflow sample(sweeps=10)\n"
        )
        terms = rgc.load(text).spec.hamiltonian.terms  # type: ignore[union-attr]
        return find_permutations([t for term in terms for t in term.tables], species, 0, ())

    pair = "- sum(<i,j>) delta(s[i], s[j])"
    assert {*kept(pair)}.issuperset(exchanges(4) + turns(4))
    assert orbits(kept(f"{pair} - sum(i) delta(s[i], 2)"), 4) == [(0, 1, 3), (2,)]
    ring = kept("- sum(<i,j>) cos(2*pi*(s[i] - s[j])/4)")
    assert {*ring}.issuperset(turns(4))
    assert not {*ring}.issuperset(exchanges(4))
