"""`mcrg` against the exact linearised map of a small lattice, against another program, and against
exact exponents.
"""

from __future__ import annotations

from itertools import product as cartesian
from typing import Any

import numpy as np
import pytest

import rgc
from rgc.analysis.eigenvalues import linearised, scaling_fields
from rgc.analysis.statistics import GROUPS, jackknife
from rgc.errors import SpecError
from rgc.flows.flow import State
from rgc.flows.sampling.mcrg import Mcrg, make_mcrg
from rgc.flows.sampling.mcrg_spectra import Measured, correlations
from rgc.model import lattices
from rgc.model.block_maps import CERTAIN, TRIED
from rgc.model.spec import Spec
from rgc.results.result import Eigenvalue, Estimate, Result
from tests.physics.exact_levels import FIXED_POINT, exact_exponent
from tests.physics.golden import ISING_3D, MCRG_SQUARE_64
from tests.physics.models import CRITICAL, field, majority, shell, sites, spec, term
from tests.physics.running import agrees, answer, machine, request, seeds, table


def small(**options: Any) -> Spec:
    lattice = lattices.square(4, 4)
    terms = [
        term("K", FIXED_POINT["K"], shell(lattice, 1)),
        term("K2", FIXED_POINT["K2"], shell(lattice, 2)),
        term("K4", FIXED_POINT["K4"], [sites([(0, 0), (1, 0), (1, 1), (0, 1)], lattice)]),
        term("h", 0.0, field(lattice)),
    ]
    return spec(lattice, terms, "mcrg", [majority(2)], steps=1, basis=(1.5, 4), **options)


def ising(size: int, dimension: int = 2, coupling: float = CRITICAL, **options: Any) -> Spec:
    lattice = lattices.hypercubic(*(size,) * dimension, d=dimension)
    terms = [term("K", coupling, shell(lattice, 1)), term("h", 0.0, field(lattice))]
    return spec(lattice, terms, "mcrg", [majority(2, dimension)], **options)


def leading(found: Result, sector: str, level: int, operators: int) -> Estimate:
    """The leading exponent of one matrix."""
    (one,) = [e for e in found.eigenvalues if _key(e) == (sector, level, operators, 1)]
    return Estimate(one.exponent, one.exponent_error)


def _key(each: Eigenvalue) -> tuple[str, int, int, int]:
    return each.sector, each.level, each.operators, each.index


def test_the_exact_map_has_the_known_exponents() -> None:
    assert exact_exponent(FIXED_POINT, False, 3) == pytest.approx(0.92921, abs=2e-5)
    assert exact_exponent(FIXED_POINT, True, 2) == pytest.approx(1.82187, abs=2e-5)


def test_every_eigenvalue_agrees_with_the_exact_map() -> None:
    found = seeds(small(sweeps=96, thermalise=32, every=4, replicas=1024), "reference", range(3))
    for sector, odd, size in (("even", False, 3), ("odd", True, 2)):
        for n in range(1, size + 1):
            exact = exact_exponent(FIXED_POINT, odd, n)
            estimates = [leading(each, sector, 1, n) for each in found]
            assert agrees(estimates, exact), f"{sector}, {n} operators\n{table(estimates, exact)}"


def run_to(flow: Mcrg, state: State, steps: int) -> State:
    while state.done < steps:
        state = flow.step(state)
    return state


@pytest.mark.parametrize("backend", ["reference", pytest.param("numba", marks=pytest.mark.slow)])
def test_a_resumed_run_gives_the_same_bits_on_either_backend(backend: str) -> None:
    model = ising(8, sweeps=24, thermalise=8, every=2, replicas=64, basis=(1, 2))
    options: dict[str, Any] = {"seed": 5, "point": {}}
    whole = make_mcrg(request(model, machine("reference"), **options))
    other = make_mcrg(request(model, machine(backend), **options))
    object.__setattr__(whole.sampler.plan, "stride", 7)
    object.__setattr__(other.sampler.plan, "stride", 7)
    straight = run_to(whole, whole.start(), whole.steps)
    half = run_to(whole, whole.start(), 2)
    copied = State(
        half.done, {name: array.copy() for name, array in half.arrays.items()}, dict(half.values)
    )
    resumed = run_to(other, copied, other.steps)
    assert straight.arrays.keys() == resumed.arrays.keys()
    for name, array in straight.arrays.items():
        assert np.array_equal(array, resumed.arrays[name]), name


def test_points_of_a_scan_share_no_draws_and_measuring_changes_nothing() -> None:
    model = ising(8, sweeps=4, thermalise=0, every=4, replicas=64, basis=(1, 2))
    more = ising(8, sweeps=4, thermalise=0, every=4, replicas=64, basis=(2, 4))
    spins = []
    for each, point in ((model, {}), (more, {}), (model, {"K": CRITICAL})):
        flow = make_mcrg(request(each, machine("reference"), point=point))
        spins.append(run_to(flow, flow.start(), flow.steps).arrays["spins_0"])
    assert np.array_equal(spins[0], spins[1])
    differing = np.unpackbits((spins[0] ^ spins[2]).view(np.uint8)).mean()
    assert differing > 0.2


def test_levels_and_blocks() -> None:
    lattice = lattices.square(24, 24)
    terms = [term("K", 0.3, shell(lattice, 1))]
    blocks = [majority(2), majority(3)]
    options: dict[str, Any] = {"sweeps": 4, "every": 4, "replicas": 64, "basis": (1, 2)}
    found = answer(spec(lattice, terms, "mcrg", blocks, **options), backend="reference")
    assert [level.shape for level in found.levels] == [(24, 24), (12, 12), (4, 4)]
    assert [each.shape for each in found.configurations] == [(24, 24, 1), (12, 12, 1), (4, 4, 1)]
    assert all(set(np.unique(each)) <= {-1, 1} for each in found.configurations)
    assert found.levels[0].couplings["K"] == Estimate(0.3, 0.0, "exact")
    assert not found.levels[1].couplings
    assert found.levels[2].observables["K"].error is not None
    with pytest.raises(SpecError, match="divide"):
        answer(spec(lattice, terms, "mcrg", blocks, steps=4, **options), backend="reference")


def test_one_unwrapped_level_has_no_error() -> None:
    found = answer(
        ising(8, sweeps=40, thermalise=8, every=4, replicas=128, basis=(1.5, 2)),
        backend="reference",
    )
    assert found.exponents["y_t"].error is None
    assert "larger lattice" in found.exponents["y_t"].note
    assert any("y_t has no error" in text for text in found.warnings)


# -- slow ------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_square_ising_against_another_program() -> None:
    """Every level and number of operators that has the same operators in the same order there; and
    Onsager's and Yang's exponents.
    """
    found = answer(ising(64, sweeps=20_000, every=10, replicas=256, steps=4))
    compared = {1: "e1", 2: "e2", 3: "e3", 4: "e4"}
    squares = []
    for level, (operators, name) in cartesian((1, 2, 3, 4), compared.items()):
        ours = leading(found, "even", level, operators)
        value, error = MCRG_SQUARE_64[f"step{level}_{name}"]
        squares.append((ours.value - value) ** 2 / ((ours.error or 0) ** 2 + error**2))
    for level in (1, 2, 3, 4):
        ours = leading(found, "odd", level, 1)
        value, error = MCRG_SQUARE_64[f"step{level}_o1"]
        squares.append((ours.value - value) ** 2 / ((ours.error or 0) ** 2 + error**2))
    assert max(squares) < 4**2, squares
    for name, exact in (("y_t", 1.0), ("y_h", 15 / 8)):
        estimate = found.exponents[name]
        assert estimate.value == pytest.approx(exact, abs=0.01)
        assert estimate.error is not None
        assert estimate.error <= 0.008
        assert (estimate.statistical or 0) <= 0.003


@pytest.mark.slow
def test_cubic_ising() -> None:
    """At L = 32 two levels hold the range; the corrections to scaling are still large in y_t."""
    found = answer(ising(32, 3, ISING_3D["K_c"], sweeps=2000, every=20, replicas=256))
    assert found.exponents["y_t"].value == pytest.approx(ISING_3D["y_t"], rel=0.06)
    assert found.exponents["y_h"].value == pytest.approx(ISING_3D["y_h"], rel=0.015)
    assert len(found.levels) == 4


def test_free_maps_block_as_maps_of_given_parameters_do() -> None:
    """With p=free the sums of every map are those of a run with its p, and of the last those of the
    majority: the configurations and the random ties are the same.
    """
    text = """
parameters {{ K = 0.44 }}
lattice square(8)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
block {block}
flow mcrg(steps=2, sweeps=20, thermalise=10, replicas=64, basis=operators(range=1, bodies=2))
"""

    def sums(block: str) -> dict[str, Any]:
        flow = make_mcrg(request(rgc.load(text.format(block=block)).spec, machine("reference")))
        state = flow.start()
        while state.done < flow.steps:
            state = flow.step(state)
        return {name: each for name, each in state.arrays.items() if "_even" in name}

    found = sums("kadanoff(2, p=free)")
    for k, p in enumerate(TRIED):
        expected = sums(f"kadanoff(2, p={p})" if p < CERTAIN else "majority(2)")
        assert found.keys() == expected.keys()
        for name, each in expected.items():
            assert np.array_equal(found[name][k], each[0]), (p, name)


def test_level_1_moves_with_level_0_as_with_the_level_before() -> None:
    """dK(1)/dK(0) is the linearised map of the first step T, and its leading left eigenvector phi,
    for which phi T is a multiple of phi, the tangent there.
    """
    asked = ising(16, steps=2, sweeps=40, thermalise=20, replicas=64, basis=(1.5, 2))
    flow = make_mcrg(request(asked, machine("reference")))
    state = flow.start()
    while state.done < flow.steps:
        state = flow.step(state)
    assert np.array_equal(state.arrays["origin_1_even"], state.arrays["cross_1_even"])
    assert not np.array_equal(state.arrays["origin_2_even"], state.arrays["cross_2_even"])
    found = flow.finish(state)
    levels, samples = flow.levels, flow.sampler.plan.records * 64 // GROUPS
    arrays = Measured(levels, state.arrays, samples).by_map(0)
    names = found.labels["linearised_1_even"][1]
    moved = linearised(correlations(arrays, 1, ("even",), samples), range(len(names)))
    _, moved = scaling_fields(moved)
    for name, each in zip(names[1:], moved.T[1:], strict=True):
        value, error = jackknife(each / moved[:, 0])
        shown = found.levels[1].averages[f"critical_tangent.{name}"]
        assert (shown.value, shown.error) == pytest.approx((float(value), float(error)), rel=1e-12)


def test_in_a_field_no_tangent_is_that_of_a_critical_surface() -> None:
    """The leading direction of the only sector is magnetic there."""
    lattice = lattices.square(8, 8)
    terms = [term("K", 0.3, shell(lattice, 1)), term("h", 0.1, field(lattice))]
    options = {"sweeps": 40, "thermalise": 20, "replicas": 64, "basis": (1, 2)}
    made = spec(lattice, terms, "mcrg", [majority(2)], steps=1, **options)
    found = answer(made, backend="reference").values
    tangents = {name: value for name, value in found.items() if name.startswith("critical_")}
    assert set(tangents) == {"critical_tangent.K"}
    assert tangents["critical_tangent.K"].value is None
    assert "not told from the exponent of single spins" in tangents["critical_tangent.K"].note
