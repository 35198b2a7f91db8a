"""Tensors and transfer matrices give the same numbers on every backend as on the reference, within
a bound of rounding."""

from __future__ import annotations

import pytest

import rgc
from rgc.results.result import Result

UNIT = 2.0**-53

TENSORS = """title "tensors"
parameters {{ K = {K} }}
lattice square
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
flow {flow}
"""

LAYERS = """title "layers"
parameters {{ K = 0.3, h = 0.05 }}
lattice {lattice}
spins s: {spins}
hamiltonian {hamiltonian}
measure {{ free_energy(methods=[transfer, mean_field]) }}
"""
ISING = "- K * sum(<i,j>) s[i]*s[j] - 0.1 * sum(<<i,j>>) s[i]*s[j] - h * sum(i) s[i]"
KC = "log(1 + sqrt(2)) / 2"
POTTS = "- K * sum(<i,j>) delta(s[i], s[j])"


def answers(text: str, name: str) -> tuple[Result, Result]:
    here, there = (rgc.compile(text, backend=each).run().result for each in (name, "reference"))
    return here, there


@pytest.mark.parametrize(
    ("scheme", "chi", "steps", "coupling"),
    [
        ("trg", 4, 10, "0.3"),
        ("trg", 4, 10, KC),
        ("hotrg", 4, 10, KC),
        pytest.param("trg", 20, 7, KC, marks=pytest.mark.slow),
    ],
)
def test_tensor_renormalisation(
    name: str, scheme: str, chi: int, steps: int, coupling: str
) -> None:
    """The entries of a step are sums over at most chi^2 states of four of them, wrong by some chi^2
    u of the largest, and count 2^-n: in all less than 16 chi^2 u. Dimensions are logarithms of
    ratios of eigenvalues of matrices of chi^2 rows, which the plateau keeps apart."""
    text = TENSORS.format(K=coupling, flow=f"{scheme}(chi={chi}, steps={steps})")
    found, expected = answers(text, name)
    assert found.free_energy[0].value == pytest.approx(
        expected.free_energy[0].value, abs=16 * chi**2 * UNIT
    )
    assert found.exponents.keys() == expected.exponents.keys()
    for exponent, estimate in expected.exponents.items():
        if estimate.value is not None:
            assert found.exponents[exponent].value == pytest.approx(estimate.value, abs=1e-9)
    assert found.provenance["reproducibility"] == "L3"


@pytest.mark.parametrize(
    ("lattice", "spins", "hamiltonian"),
    [
        ("square(6, infinite)", "ising", ISING),
        ("triangular(4, 5)", "ising", f"{ISING} - 0.2 * sum(triangle(i,j,k)) s[i]*s[j]*s[k]"),
        ("square(4, 5, boundary=open)", "ising", ISING),
        ("square(4, 3)", "potts(3)", POTTS),
    ],
    ids=["strip", "triangles", "open", "potts"],
)
def test_transfer_matrices(name: str, lattice: str, spins: str, hamiltonian: str) -> None:
    """Sums of positive products: each of at most 30 spins adds less than 8 u."""
    found, expected = answers(
        LAYERS.format(lattice=lattice, spins=spins, hamiltonian=hamiltonian), name
    )
    for here, there in zip(found.free_energy, expected.free_energy, strict=True):
        assert here.kind == there.kind
        assert here.value == pytest.approx(there.value, abs=8 * 30 * UNIT)
