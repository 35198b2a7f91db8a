"""Hamiltonians from specs have the energies that the syntax tree says, configuration by
configuration.
"""

from __future__ import annotations

import math
from itertools import product
from random import Random

import pytest

from rgc.ast_to_model import build
from rgc.model.lattice import Lattice
from rgc.model.spec import Spec
from rgc.syntax.parse import parse
from rgc.text import Source
from rgc.verification.evaluator import Evaluator

LATTICES = [
    "square(5, 4)",
    "triangular(4, 5)",
    "honeycomb(3, 4)",
    "kagome(3)",
    "cubic(3, 3, 4)",
    "chain(7)",
]
PLANE = "- K * sum(<i,j>) s[i]*s[j] + h * sum(i) s[i]"

SPECS = [
    *((lattice, "s: ising", PLANE) for lattice in LATTICES),
    (
        "square(5)",
        "s: ising",
        "- K*sum(<<i,j>>) s[i]*s[j] - h*sum(<<<i,j>>>) s[i]*s[j] + sum(shell(4,i,j)) s[i]*s[j]",
    ),
    ("square(5)", "s: ising", "- K*sum(<i,j> along x) s[i]*s[j] + h*sum(<i,j> along y) s[i]*s[j]"),
    ("triangular(5)", "s: ising", "- K*sum(<i,j> along (1,1)) s[i]*s[j]"),
    (
        "square(4)",
        "s: ising",
        "- K*sum(plaquette(i,j,k,l)) s[i]*s[j]*s[k]*s[l] - 0.3*sum(plaquette(i,j,k,l)) s[i]*s[k]",
    ),
    ("triangular(4)", "s: ising", "- K*sum(triangle(i,j,k)) s[i]*s[j]*s[k]"),
    ("honeycomb(4)", "s: ising", "- K*sum(f in hexagons) prod(i in f) s[i]"),
    (
        "kagome(3)",
        "s: ising",
        "- K*sum(f in triangles) prod(i in f) s[i] + h*sum(f in hexagons) (sum(i in f) s[i])^2",
    ),
    (
        "square(5)",
        "s: ising",
        "- K*sum(<i,j> along -x) s[i]*s[j] - h*sum(f in plaquettes) (mean(i in f) s[i])^2",
    ),
    (
        "cubic(4,3,4)",
        "s: ising",
        "- K*sum(f in cubes) prod(i in f) s[i] - h*sum(plaquette(i,j,k,l)) s[i]*s[j]*s[k]*s[l]",
    ),
    (
        "square(5,4)",
        "s: ising",
        "- K*sum(i) s[i]*s[i+x]*s[i+2*y] - h*sum(i) s[i]*s[i+(1,-1)]*s[i-x+y]*s[i+(0,2)]",
    ),
    (
        "honeycomb(3,4)",
        "s: ising",
        "- K*sum(c in cells) s[c.a]*s[c.b-x] + sum(c in cells) (h*s[c.a] - 2*h*s[c.b])",
    ),
    (
        "square(4)",
        "{ s: ising, t: ising }",
        "- K*sum(<i,j>) (s[i]*s[j] + h*t[i]*t[j]) - h*sum(<i,j>) s[i]*s[j]*t[i]*t[j]",
    ),
    ("square(4)", "s: ising", "sum(i) (K + 0.5*s[i])*(h - s[i+x])*s[i+y] - (K - h)*sum(i) 3"),
    ("square(4)", "s: ising", "- (sum(<i,j>) s[i]*s[j] + h*sum(i) s[i])*K/2 - 0.1*sum(i) 1"),
    (
        "square(4)",
        "s: ising",
        "sum(i) log(2*cosh(K*(s[i] + s[i+x] + s[i+y]) + h)) - sum(i) s[i]^3*exp(h*s[i])",
    ),
    ("square(4)", "s: ising", "- K*sum(<i,j>) delta(s[i], s[j])"),
    ("square(4)", "s: ising", "- sum(<<i,j>>) exp(-K*distance(i,j))*s[i]*s[j]"),
    (
        "square(4)",
        "v: binary",
        "- K*sum(<i,j>) v[i]*v[j] + h*sum(i) v[i]^2 - sum(i) (v[i] + v[i+x])^2",
    ),
    ("square(4)", "v: binary", "sum(<i,j>) cos(v[i] + v[j])"),
    (
        "square(4)",
        "{ s: ising, v: binary }",
        "- K*sum(<i,j>) s[i]*s[j]*v[i]*v[j] - h*sum(i) (s[i] + v[i])^3",
    ),
    ("square(4)", "s: potts(3)", "- K*sum(<i,j>) delta(s[i], s[j]) - h*sum(i) delta(s[i], 0)"),
    (
        "triangular(4)",
        "s: potts(3)",
        "- K*sum(<i,j>) log(W[s[i],s[j]]) + sum(i) (h + K*delta(s[i], s[i+x]))^2",
    ),
    ("square(4)", "s: clock(4)", "- K*sum(<i,j>) cos(2*pi*(s[i]-s[j])/4) + 0.2*sum(i) 1"),
    (
        "kagome(3)",
        "s: spin(1)",
        "- K*sum(<i,j>) s[i]*s[j] + h*sum(i) s[i]^2 - sum(f in triangles) prod(i in f) s[i]",
    ),
    (
        "square(4)",
        "{ s: ising, p: potts(3) }",
        "- K*sum(<i,j>) s[i]*s[j]*delta(p[i], p[j]) - h*sum(i) s[i]",
    ),
    (
        "square(4, boundary=open)",
        "s: ising",
        PLANE + " - K*sum(plaquette(i,j,k,l)) s[i]*s[j]*s[k]*s[l]",
    ),
    (
        "square(5, 4, boundary=[periodic, open])",
        "s: ising",
        "- K*sum(i) s[i]*s[i+2*y] - h*sum(<<i,j>>) s[i]*s[j]",
    ),
    (
        "honeycomb(3, boundary=open)",
        "s: ising",
        PLANE + " - K*sum(f in hexagons) prod(i in f) s[i]",
    ),
    ("crystal(vectors=[(1,0), (0,1)], basis=[(0,0), (0.4,0.5)], size=4)", "s: ising", PLANE),
    ("chain(6)", "s: ising", "- K*sum(i) s[i]*s[i+x] - h*sum(i) s[i]"),
]

PARAMETERS = "K = 0.37, h = -0.21, W = [[1, 0.3, 0.2], [0.3, 1, 0.4], [0.2, 0.4, 1]]"
Spins = dict[str, dict[tuple[int, ...], float]]
"""The value of each spin by species, then cell and letter."""


def made(text: str) -> Spec:
    return build(parse(Source("<test>", text)))[0]


def spec_text(lattice: str, spins: str, hamiltonian: str) -> str:
    return (
        f"parameters {{ {PARAMETERS} }}\nlattice {lattice}\nspins {spins}\nhamiltonian "
        f"{hamiltonian}\n"
    )


def random_spins(spec: Spec, random: Random) -> Spins:
    assert isinstance(spec.lattice, Lattice)
    places = [
        (*cell, letter)
        for cell in product(*map(range, spec.lattice.cells))
        for letter in range(len(spec.lattice.basis))
    ]
    return {
        species.name: {place: float(random.choice(species.values)) for place in places}
        for species in spec.species
    }


def model_energy(spec: Spec, spins: Spins) -> float:
    """H of the model: every product and every table at every cell."""
    lattice = spec.lattice
    assert isinstance(lattice, Lattice)
    assert spec.hamiltonian is not None
    total = 0.0
    for term in spec.hamiltonian.terms:
        for cell in product(*map(range, lattice.cells)):
            parts = [
                (weight * term.coefficient, spin_product, None)
                for weight, spin_product in term.products
            ]
            tables = [(term.coefficient, t.spins, t.energies) for t in term.tables]
            for weight, local, table in parts + tables:
                places = [(*spin.shifted(cell).cell, spin.letter) for spin in local]
                if any(beyond(place, lattice) for place in places):
                    continue
                at = [
                    spins[spec.species[s.species].name][folded(p, lattice)]
                    for s, p in zip(local, places, strict=True)
                ]
                if table is None:
                    total += weight * math.prod(at)
                else:
                    states = list(product(*(spec.species[spin.species].values for spin in local)))
                    total += weight * table[states.index(tuple(int(value) for value in at))]
    return total


def beyond(place: tuple[int, ...], lattice: Lattice) -> bool:
    axes = zip(place, lattice.cells, lattice.boundary, strict=False)
    return any(edge == "open" and not 0 <= x < size for x, size, edge in axes)


def folded(place: tuple[int, ...], lattice: Lattice) -> tuple[int, ...]:
    return (*(x % size for x, size in zip(place, lattice.cells, strict=False)), place[-1])


@pytest.mark.parametrize(("lattice", "spins", "hamiltonian"), SPECS)
def test_the_model_has_the_energies_of_the_text(lattice: str, spins: str, hamiltonian: str) -> None:
    spec = made(spec_text(lattice, spins, hamiltonian))
    section = spec.document.section("hamiltonian")
    assert section is not None
    assert isinstance(spec.lattice, Lattice)
    random = Random(hamiltonian)  # noqa: S311
    energies = set()
    for _ in range(3):
        configuration = random_spins(spec, random)
        exact = float(Evaluator(spec.document, spec.lattice, configuration)(section.body))
        assert model_energy(spec, configuration) == pytest.approx(exact, abs=1e-10)
        energies.add(round(exact, 6))
    assert len(energies) > 1
