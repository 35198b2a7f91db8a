"""Array flows give the same numbers on every backend as on the reference, within a bound of
rounding."""

from __future__ import annotations

import numpy as np
import pytest

import rgc
from rgc.loaded import Loaded
from rgc.results.result import Result
from rgc.verification import verify

UNIT = 2.0**-53

PAIRS = "- K * sum(<i,j>) s[i]*s[j] - h * sum(i) s[i]"
POTTS = "- K * sum(<i,j>) delta(s[i], s[j])"
T = "sum(B in blocks) (0.3*s[B]*sum(i in B) s[i] + 0.2*prod(i in B) s[i])"
FLOWS = {
    "Potts": ("square(2, 3)", "s: potts(3)", POTTS, "", "enumerate"),
    "two alphabets": (
        "chain(4)",
        "{ s: ising, t: potts(3) }",
        f"{PAIRS} - h * sum(i) s[i]*delta(t[i], t[i+x])",
        "",
        "enumerate",
    ),
    "binary": ("square(3)", "s: binary", PAIRS, "", "enumerate"),
    "star": ("honeycomb(2)", "s: ising", PAIRS, "majority(cell=star)", "enumerate"),
    "plurality": ("chain(6)", "s: potts(3)", POTTS, "majority(3)", "enumerate"),
    "kernel": ("chain(6)", "s: ising", PAIRS, f"kernel(b=2, T={T})", "enumerate"),
    "two steps": (
        "square(4)",
        "s: ising",
        PAIRS,
        "[majority(2), decimate(2)]",
        "enumerate(steps=2)",
    ),
    "random bonds": (
        "square(3)",
        "s: ising",
        "- K * sum(<i,j>) J[i,j]*s[i]*s[j]",
        "",
        "enumerate(disorder=3)",
    ),
}


def spec_of(
    lattice: str, spins: str, hamiltonian: str, block: str, flow: str, h: str = "0.15"
) -> Loaded:
    drawn = ", J ~ normal(0, 1)" if "J[" in hamiltonian else ""
    lines = [
        'title "array flow"',
        f"parameters {{ K = 0.4, h = {h}{drawn} }}",
        f"lattice {lattice}",
        f"spins {spins}",
        f"hamiltonian {hamiltonian}",
        f"block {block}" if block else "",
        f"flow {flow}",
    ]
    return rgc.load("\n".join(lines) + "\n")


def numbers(found: Result) -> dict[str, float]:
    """Everything with a value, by a name of its own."""
    out = {f"observables.{name}": each.value for name, each in found.observables.items()}
    for level in found.levels:
        out |= {
            f"{level.level}.couplings.{name}": each.value for name, each in level.couplings.items()
        }
        out |= {
            f"{level.level}.observables.{name}": each.value
            for name, each in level.observables.items()
        }
    return {name: value for name, value in out.items() if value is not None}


def bound(spec: Loaded, found: Result) -> float:
    """-H is a sum of w = sum |coefficients| in so many levels as there are spins n, wrong by (n +
    2) w u; weights and logarithms of sums add 8 (n + 1) u each time, and the largest number
    reported is a sum over N sites: times N, for variances and ratios."""
    lattice, hamiltonian = spec.spec.lattice, spec.spec.hamiltonian
    assert lattice is not None
    assert hamiltonian is not None
    sites = lattice.sites  # type: ignore[union-attr]
    spins = sites * len(spec.spec.species)
    size = sum(
        abs(term.coefficient) * (len(term.products) + len(term.tables)) * 4
        for term in hamiltonian.terms
    )
    largest = max(1.0, *(abs(value) for value in numbers(found).values()))
    return float(((spins + 2) * size * sites + 8 * (spins + 1)) * sites * UNIT * largest)


@pytest.mark.parametrize("flow", FLOWS)
def test_the_same_numbers_on_every_backend(name: str, flow: str) -> None:
    spec = spec_of(*FLOWS[flow])
    expected = rgc.compile(spec, backend="reference").run().result
    found = rgc.compile(spec, backend=name).run().result
    here, there = numbers(found), numbers(expected)
    assert here.keys() == there.keys()
    allowed = bound(spec, expected)
    assert allowed < 1e-9
    worst = max(abs(here[each] - there[each]) for each in here)
    assert worst <= allowed, (worst, allowed)
    assert found.provenance["reproducibility"] == "L3"
    for table, values in expected.tables.items():
        np.testing.assert_allclose(found.tables[table], values, rtol=0, atol=allowed, err_msg=table)


COUPLINGS = {
    "decimation": (
        "chain",
        "- K * sum(<i,j>) s[i]*s[j] - h * sum(i) s[i]",
        "decimate(3)",
        "exact(steps=4)",
    ),
    "diamond": (
        "diamond(b=2, branches=2)",
        "- K * sum(<i,j>) delta(s[i], s[j])",
        "decimate(2)",
        "exact(find=fixed_point)",
    ),
    "moved bonds": ("square", PAIRS, "", "migdal_kadanoff(b=2, find=fixed_point, steps=3)"),
    "moved clock": (
        "cubic",
        "- K * sum(<i,j>) cos(s[i] - s[j])",
        "",
        "migdal_kadanoff(b=2, find=fixed_point)",
    ),
    "infinitesimal": ("square", PAIRS, "", "migdal_kadanoff(b=1, steps=1)"),
    "cumulants": (
        "triangular",
        PAIRS,
        "majority(cell=triangle)",
        "cumulant(order=2, find=fixed_point)",
    ),
    "bound": ("square", PAIRS, "kadanoff(2, p=free)", "lower_bound(find=fixed_point)"),
    "bound of pairs": (
        "cubic",
        PAIRS,
        "kadanoff(2, p=0.4)",
        "lower_bound(subspace=symmetric, find=fixed_point)",
    ),
    "schedule": ("square", PAIRS, "kadanoff(2, p=free)", "lower_bound(steps=3)"),
    "cluster": ("square(4)", PAIRS, "majority(2)", "enumerate(find=fixed_point)"),
}


@pytest.mark.parametrize("flow", COUPLINGS)
def test_a_flow_of_couplings_is_certified(name: str, flow: str) -> None:
    """Trajectories, fixed points, spectra: `rgc verify` follows a rounding error through them and
    compares every number."""
    lattice, hamiltonian, block, scheme = COUPLINGS[flow]
    spins = (
        "s: potts(3)"
        if "delta" in hamiltonian
        else "s: clock(4)"
        if "cos" in hamiltonian
        else "s: ising"
    )
    field = "0" if "find" in scheme else "0.15"
    spec = spec_of(lattice, spins, hamiltonian, block, scheme, h=field)
    certificate = verify(spec, backends=[name])
    assert certificate.passed, [each for each in certificate.findings if each.verdict == "failed"]
    assert any(
        each.check == "agreement" and each.verdict == "passed" for each in certificate.findings
    )
