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


@pytest.mark.parametrize(
    ("wrong", "hint", "right"),
    [
        ("square(4.000001)", "the nearest is 4", "square(4)"),
        ("square(6.2, 4)", "the nearest is 6", "square(6, 4)"),
    ],
)
def test_sizes_that_are_not_whole_have_a_nearest(wrong: str, hint: str, right: str) -> None:
    assert hint_of(lattice=wrong) == hint
    rgc.load(SPEC.format(lattice=right, bonds=BONDS, field=FIELD))


def test_settings_are_found_in_other_letters() -> None:
    text = SPEC.format(lattice="square(4)", bonds=BONDS, field=FIELD)
    with pytest.raises(SpecError) as refused:
        rgc.load(text, settings={"H": 0.2})
    assert refused.value.problems[0].hint == "did you mean 'h'?"
    assert rgc.load(text, settings={"h": 0.2}).spec.parameters["h"] == 0.2


def test_the_number_of_sites_in_a_measure_can_be_a_parameter() -> None:
    text = SPEC.format(lattice="square(4)", bonds=BONDS, field=FIELD)
    asked = f"{text}measure {{ M = avg(m)*N }}\n"
    with pytest.raises(SpecError) as refused:
        rgc.load(asked)
    assert "N = 64" in refused.value.problems[0].hint
    rgc.load(asked.replace("h = 0.1", "h = 0.1, N = 64"))


def test_a_bound_in_expect_is_written_in_words() -> None:
    text = SPEC.format(lattice="square(4)", bonds=BONDS, field=FIELD)
    with pytest.raises(SpecError) as refused:
        rgc.load(f"{text}expect {{ energy > -3 }}\n")
    assert "kl below 0.03" in refused.value.problems[0].hint
    rgc.load(f"{text}expect {{ energy above -3 }}\n")
