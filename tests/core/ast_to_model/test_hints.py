"""Hints work when followed: what they say is written into the spec, which then checks."""

from __future__ import annotations

import re

import pytest

import rgc
from rgc.errors import SpecError
from rgc.model.lattice import Lattice
from rgc.model.shells import coordination

SPEC = """parameters {{ K = 0.3, h = 0.1 }}
lattice {lattice}
spins s: ising
hamiltonian
  - K * {bonds}
  - h * {field}
flow sample(sweeps=100)
"""
BONDS, FIELD = "sum(<i,j>) s[i]*s[j]", "sum(i) s[i]"


def hint_of(**parts: str) -> str:
    with pytest.raises(SpecError) as refused:
        rgc.load(SPEC.format(**({"bonds": BONDS, "field": FIELD} | parts)))
    return refused.value.problems[0].hint


@pytest.mark.parametrize("word", ["helical", "screw", "twisted"])
def test_helical_edges_are_a_chain(word: str) -> None:
    hint = hint_of(lattice=f"square(6, boundary={word})")
    lattice = re.search(r"chain\(\d+\)", hint)
    terms = re.findall(r"sum\(i\) s\[i\]\*s\[i\+\S+\]", hint)
    assert lattice is not None
    assert len(terms) == 2
    bonds = " - K * ".join(terms)
    spec = rgc.load(SPEC.format(lattice=lattice[0], bonds=bonds, field=FIELD)).spec
    assert isinstance(spec.lattice, Lattice)
    assert spec.lattice.sites == 36
    assert spec.hamiltonian is not None
    cells = {spin.cell for term in spec.hamiltonian.terms for _, (*_, spin) in term.products}
    assert cells == {(0,), (1,), (6,)}


@pytest.mark.parametrize("name", ["chain", "square", "cubic", "hypercubic"])
def test_sublattices_are_letters_of_a_crystal(name: str) -> None:
    dimension = {"chain": 1, "square": 2, "cubic": 3, "hypercubic": 4}[name]
    size = "8, d=4" if name == "hypercubic" else "8"
    hint = hint_of(lattice=f"{name}({size})", field="sum(c in cells) s[c.b]")
    lattice = re.search(r"crystal\(.*size=8\)", hint)
    assert lattice is not None
    followed = SPEC.format(lattice=lattice[0], bonds=BONDS, field="sum(c in cells) s[c.b]")
    crystal = rgc.load(followed).spec.lattice
    assert isinstance(crystal, Lattice)
    assert coordination(crystal) == (2 * dimension,) * 2


def test_a_vector_of_one_component_is_a_number() -> None:
    spec = rgc.load(
        SPEC.format(
            lattice="crystal(vectors=[(2)], basis=[(0), (1)], size=8)", bonds=BONDS, field=FIELD
        )
    ).spec
    assert isinstance(spec.lattice, Lattice)
    assert spec.lattice.vectors == ((2.0,),)
    assert coordination(spec.lattice) == (2, 2)
