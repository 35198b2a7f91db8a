"""Recursions of bond weights against finite differences, sums over states, exact free energies; the
driver of all maps of couplings.
"""

from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log
from pathlib import Path

import numpy as np
import pytest

import rgc
from rgc import runner
from rgc.analysis.exponents import DERIVED
from rgc.analysis.recursion import trajectory
from rgc.compiler import flow as flow_at
from rgc.flows.couplings.bond_flow import BondFlow
from rgc.flows.couplings.bond_recursion import BondRecursion
from rgc.flows.flow import State
from rgc.flows.study.coupling_flow import CouplingFlow
from rgc.results.result import Result
from tests.physics.running import machine
from tests.square_ising import onsager

WEIGHT = "W = [[1, 0.3, 0.2], [0.3, 0.8, 0.4], [0.2, 0.4, 1.1]]"
ISING = "- K * sum(<i,j>) s[i]*s[j]"
FIELD = "- h * sum(i) s[i]"
GENERAL = "- sum(<i,j>) log(W[s[i], s[j]])"
POTTS = "- K * sum(<i,j>) delta(s[i], s[j])"


def text_of(
    lattice: str, spins: str, terms: Sequence[str], flow: str, parameters: str = "", block: str = ""
) -> str:
    """`parameters` are those of the terms; K = 0.4 and h = 0.1 unless told otherwise."""
    given = parameters or ", ".join(
        each for each in ("K = 0.4", "h = 0.1") if any(f"- {each[0]} *" in t for t in terms)
    )
    body = "\n  ".join(terms)
    blocks = f"block {block}\n" if block else ""
    return (
        f"parameters {{ {given} }}\nlattice {lattice}\nspins s: {spins}\nhamiltonian\n  "
        f"{body}\n{blocks}flow {flow}\n"
    )


def made(text: str) -> CouplingFlow:
    loaded = rgc.load(text)
    flow = flow_at(loaded.spec, machine("reference"), seed=0, point={}, zero=loaded.zero)
    assert isinstance(flow, CouplingFlow)
    return flow


def ran(text: str) -> Result:
    return runner.run(made(text))


def chain(spins: str, terms: Sequence[str], b: int = 2, parameters: str = "") -> str:
    return text_of("chain", spins, terms, "exact(steps=4)", parameters, f"decimate({b})")


# -- Jacobians -------------------------------------------------------------------------------------

MAPS = {
    "ising, move": text_of("square", "ising", [ISING, FIELD], "migdal_kadanoff(b=2)"),
    "ising, decimate": text_of(
        "square", "ising", [ISING, FIELD], "migdal_kadanoff(b=2, order=decimate)"
    ),
    "ising, d = 3, b = 3": text_of("cubic", "ising", [ISING, FIELD], "migdal_kadanoff(b=3)"),
    "ising, b = 1.5": text_of("square", "ising", [ISING, FIELD], "migdal_kadanoff(b=1.5)"),
    "binary": text_of("square", "binary", [ISING, FIELD], "migdal_kadanoff(b=2)"),
    "spin 1": text_of("square", "spin(1)", [ISING, FIELD], "migdal_kadanoff(b=2)"),
    "general weight": text_of("square", "potts(3)", [GENERAL], "migdal_kadanoff(b=2)", WEIGHT),
    "general weight, b = 1.5": text_of(
        "square", "potts(3)", [GENERAL], "migdal_kadanoff(b=1.5)", WEIGHT
    ),
    "chain, b = 5": chain("ising", [ISING, FIELD], 5),
    "diamond": text_of(
        "diamond(b=3, branches=2)", "potts(3)", [GENERAL], "exact(steps=2)", WEIGHT, "decimate(3)"
    ),
}


@pytest.mark.parametrize("name", MAPS)
def test_derivatives_are_those_of_the_map(name: str) -> None:
    study = made(MAPS[name]).study
    recursion, step = study.recursion, 1e-5
    assert isinstance(recursion, BondRecursion)
    couplings = study.start + np.random.default_rng(1).uniform(-0.05, 0.05, len(study.start))
    jacobian = recursion.jacobian(couplings)
    for k, unit in enumerate(np.eye(len(couplings))):
        up, down = (recursion(couplings + sign * step * unit).couplings for sign in (1, -1))
        assert jacobian[:, k] == pytest.approx((up - down) / (2 * step), rel=1e-7, abs=1e-8)
    value, slope = recursion.defect(couplings)
    assert value == pytest.approx(recursion(couplings).couplings - couplings, abs=1e-15)
    assert slope == pytest.approx(jacobian - np.eye(len(couplings)), abs=1e-15)


LIMITS = {
    "ising": text_of("square", "ising", [ISING, FIELD], "migdal_kadanoff(b=1)"),
    "ising, d = 3": text_of(
        "cubic", "ising", [ISING, FIELD], "migdal_kadanoff(b=1)", "K = 0.2, h = 0.05"
    ),
    "general weight": text_of("square", "potts(3)", [GENERAL], "migdal_kadanoff(b=1)", WEIGHT),
}


@pytest.mark.parametrize("name", LIMITS)
def test_derivatives_of_the_limit_b_1(name: str) -> None:
    study = made(LIMITS[name]).study
    recursion, step = study.recursion, 1e-5
    assert isinstance(recursion, BondFlow)
    slope, jacobian = recursion.rate(study.start)[1], recursion.jacobian(study.start)
    for k, unit in enumerate(np.eye(len(study.start))):
        near = [study.start + sign * step * unit for sign in (1, -1)]
        rates = [recursion.rate(each)[0][1:] for each in near]
        moved = [recursion(each).couplings for each in near]
        assert slope[:, k] == pytest.approx((rates[0] - rates[1]) / (2 * step), rel=1e-7, abs=1e-8)
        assert jacobian[:, k] == pytest.approx(
            (moved[0] - moved[1]) / (2 * step), rel=1e-6, abs=1e-6
        )


def test_the_limit_is_approached_by_ever_smaller_b() -> None:
    """K' of b = 1 + e after 1/ln b steps, against one step of the flow: the error falls with e."""
    text = LIMITS["ising"]
    limit = made(text).study
    wanted = limit.recursion(limit.start)
    errors = []
    for b in (1.02, 1.01):
        study = made(text.replace("b=1", f"b={b}")).study
        couplings, steps = study.start, round(1 / log(b))
        for _ in range(steps):
            couplings = study.recursion(couplings).couplings
        errors.append(np.abs(couplings - wanted.couplings).max())
    assert errors[0] < 0.05
    assert errors[1] < 0.6 * errors[0]


@pytest.mark.parametrize("coupling", [0.3, 0.6, 1.5])
def test_free_energies_approach_that_of_the_limit(coupling: float) -> None:
    """F of b = 1 + e, extrapolated in e, is that of b = 1 in both phases."""
    text = text_of("square", "ising", [ISING], "migdal_kadanoff(b=1, steps=1)", f"K = {coupling}")
    limit, half, whole = (
        ran(text.replace("b=1", f"b={b}")).free_energy[0].value for b in (1, 1.02, 1.04)
    )
    assert 2 * half - whole == pytest.approx(limit, abs=0.1 * abs(half - whole))
    assert abs(half - limit) < 0.6 * abs(whole - limit)


# -- sums over states ------------------------------------------------------------------------------


def bonds_of_diamond(b: int, branches: int, generations: int) -> tuple[list[tuple[int, int]], int]:
    bonds, sites = [(0, 1)], 2
    for _ in range(generations):
        new = []
        for first, last in bonds:
            for _ in range(branches):
                inner = list(range(sites, sites + b - 1))
                sites += b - 1
                new += list(zip([first, *inner], [*inner, last], strict=True))
        bonds = new
    return bonds, sites


def log_sum(
    bonds: Sequence[tuple[int, int]], sites: int, log_weight: np.ndarray, of_site: np.ndarray
) -> float:
    """ln of the sum over all states of prod W(s, s') prod exp f(s)."""
    states = np.indices((len(log_weight),) * sites).reshape(sites, -1)
    total = sum(log_weight[states[i], states[j]] for i, j in bonds) + of_site[states].sum(axis=0)
    return float(total.max() + np.log(np.exp(total - total.max()).sum()))


UP_DOWN = np.array([-1.0, 1.0])
MATRIX = np.log(np.array([[1, 0.3, 0.2], [0.3, 0.8, 0.4], [0.2, 0.4, 1.1]]))


@pytest.mark.parametrize(
    ("b", "branches", "generations"),
    [(2, 2, 0), (2, 2, 1), (2, 2, 2), (3, 2, 1), (2, 3, 1), (4, 3, 1)],
)
def test_a_diamond_lattice_is_its_sum_over_states(b: int, branches: int, generations: int) -> None:
    lattice = f"diamond(b={b}, branches={branches}, generations={generations})"
    bonds, sites = bonds_of_diamond(b, branches, generations)
    ising = ran(
        text_of(lattice, "ising", [ISING, "+ sum(i) 0.25"], "exact()", block=f"decimate({b})")
    )
    wanted = log_sum(bonds, sites, 0.4 * np.outer(UP_DOWN, UP_DOWN), np.full(2, -0.25))
    assert ising.observables["log_z"].value == pytest.approx(wanted, rel=1e-13)
    assert ising.free_energy[0].value == pytest.approx(-wanted / len(bonds), rel=1e-13)
    general = ran(text_of(lattice, "potts(3)", [GENERAL], "exact()", WEIGHT, f"decimate({b})"))
    assert general.observables["log_z"].value == pytest.approx(
        log_sum(bonds, sites, MATRIX, np.zeros(3)), rel=1e-13
    )


CHAINS = {
    "ising": (chain("ising", [ISING, FIELD]), 0.4 * np.outer(UP_DOWN, UP_DOWN), 0.1 * UP_DOWN),
    "ising, b = 3": (
        chain("ising", [ISING, FIELD], 3),
        0.4 * np.outer(UP_DOWN, UP_DOWN),
        0.1 * UP_DOWN,
    ),
    "general weight": (chain("potts(3)", [GENERAL], 2, WEIGHT), MATRIX, np.zeros(3)),
    "with a constant": (
        chain("ising", [ISING, "+ sum(i) 0.5"]),
        0.4 * np.outer(UP_DOWN, UP_DOWN),
        np.full(2, -0.5),
    ),
}


@pytest.mark.parametrize("name", CHAINS)
def test_rings_are_their_sums_over_states(name: str) -> None:
    """A ring of b^n sites is, after n steps, one site with a bond to itself."""
    text, log_weight, of_site = CHAINS[name]
    study = made(text).study
    recursion, b = study.recursion, round(study.recursion.scale)
    assert isinstance(recursion, BondRecursion)
    steps = 3 if b == 2 else 2
    couplings, constant = study.start, study.constant
    for n in range(steps):
        moved = recursion(couplings)
        couplings, constant = moved.couplings, constant + moved.constant / b**n
    one = np.diag(np.tensordot(couplings, recursion.space.functions, 1))
    size = b**steps
    wanted = log_sum([(k, (k + 1) % size) for k in range(size)], size, log_weight, of_site)
    assert np.log(np.exp(one).sum()) - size * constant == pytest.approx(wanted, rel=1e-13)


@pytest.mark.parametrize("name", CHAINS)
def test_the_free_energy_of_a_chain_is_that_of_its_transfer_matrix(name: str) -> None:
    text, log_weight, of_site = CHAINS[name]
    matrix = np.exp(log_weight + (of_site[:, None] + of_site[None, :]) / 2)
    (found,) = ran(text).free_energy
    assert found.kind == "exact"
    assert abs(found.value + log(np.linalg.eigvalsh(matrix)[-1])) <= found.error + 4e-16


# -- the bound -------------------------------------------------------------------------------------


@pytest.mark.parametrize("b", [1, 1.5, 2, 3, 4])
def test_moving_bonds_bounds_the_free_energy_from_below(b: float) -> None:
    """With b = 1.5 the sites of a cell are no whole number: the constant interpolates, and still
    bounds.
    """
    text = text_of("square", "ising", [ISING], f"migdal_kadanoff(b={b}, steps=1)")
    for coupling in (0.05, 0.2, 0.35, 0.44, 0.6, 1.0):
        (found,) = ran(text.replace("K = 0.4", f"K = {coupling}")).free_energy
        assert found.kind == "lower bound"
        assert found.value < onsager(coupling) - 1e-6
        assert found.error < (1e-6 if b == 1 else 1e-12)


@pytest.mark.parametrize(("lattice", "dimension"), [("square", 2), ("cubic", 3)])
@pytest.mark.parametrize("b", [1.5, 2, 3])
def test_moved_bonds_have_the_free_energy_of_their_lattice_at_high_temperature(
    lattice: str, dimension: int, b: float
) -> None:
    """-F/N = ln 2 + d b^(d - 1) K^2/2 + ...: of b^d sites d b bonds of strength b^(d - 1) K are
    left. K' is of order K^b.
    """
    coupling = 1e-5
    text = text_of(lattice, "ising", [ISING], f"migdal_kadanoff(b={b}, steps=1)", f"K = {coupling}")
    (found,) = ran(text).free_energy
    assert (-found.value - log(2)) / coupling**2 == pytest.approx(
        dimension * b ** (dimension - 1) / 2, rel=1e-4
    )


@pytest.mark.parametrize(
    "text", [*MAPS.values(), *LIMITS.values()], ids=[*MAPS, *(f"limit, {name}" for name in LIMITS)]
)
def test_what_is_left_of_a_free_energy_lies_between_its_bounds(text: str) -> None:
    """At every level: F = g + F'/(sites of a block spin)."""
    study = made(text).study
    couplings, share, total = study.start, 1.0, study.constant
    found = ran(text).free_energy
    for _ in range(4):
        low, high = study.recursion.bounds(couplings)
        assert low <= high + 1e-15
        for each in found:
            assert each.error is not None
            assert (
                total + share * low - each.error <= each.value <= total + share * high + each.error
            )
        moved = study.recursion(couplings)
        if not np.isfinite(moved.couplings).all():
            break
        total, couplings, share = (
            total + share * moved.constant,
            moved.couplings,
            share / study.recursion.sites,
        )


def test_a_flow_that_freezes_ends_there() -> None:
    """Of b = 1 no step is taken with weights that rounding has swallowed; levels go as far as
    couplings are numbers.
    """
    study = made(
        text_of("square", "ising", [ISING, FIELD], "migdal_kadanoff(b=1, steps=8)", "K = 1, h = 0")
    ).study
    couplings, constants = trajectory(study.recursion, study.start, 8)
    finite = np.isfinite(couplings).all(axis=1)
    assert 2 <= finite.sum() < 8
    assert (finite[:-1] | ~finite[1:]).all()
    assert (couplings[finite][1:, 0] > 1.5 * couplings[finite][:-1, 0]).all()
    assert np.isnan(constants[-1])
    assert np.isnan(study.recursion(couplings[-1]).couplings).all()
    result = ran(text_of("square", "ising", [ISING], "migdal_kadanoff(b=1, steps=8)", "K = 1"))
    assert len(result.levels) == finite.sum()


# -- symmetry --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        MAPS["ising, move"].replace("h = 0.1", "h = 0"),
        text_of("square", "potts(3)", [POTTS], "migdal_kadanoff(b=2)", "K = 0.69"),
        text_of("square", "potts(4)", [POTTS], "migdal_kadanoff(b=2)", "K = 0.75"),
        text_of(
            "square",
            "clock(4)",
            ["- K * sum(<i,j>) cos(2*pi*(s[i]-s[j])/4)"],
            "migdal_kadanoff(b=2)",
            "K = 0.5",
        ),
    ],
)
def test_rounding_breaks_no_symmetry(text: str) -> None:
    """Near the critical point broken directions are relevant: noise of 1e-16 would have grown to 1
    in 60 steps.
    """
    study = made(text).study
    recursion = study.recursion
    assert isinstance(recursion, BondRecursion)
    charged = np.eye(len(study.start)) - recursion.space.projector
    noise = charged @ np.random.default_rng(0).uniform(-1e-15, 1e-15, len(study.start))
    couplings = study.start + noise
    for _ in range(60):
        couplings = recursion(couplings).couplings
        assert np.abs(charged @ couplings).max() <= 4e-16 * (1 + np.abs(couplings).max())


# -- the driver ------------------------------------------------------------------------------------


def test_starts_are_numbers_lists_or_a_grid() -> None:
    plain = "migdal_kadanoff(b=2, steps=2, starts={})"
    points = {
        "[0.2, 0.3]": [[0.2, 0.1], [0.3, 0.1]],
        "[[0.2, 0], [0.3, -0.1]]": [[0.2, 0], [0.3, -0.1]],
        "grid(K=0:0.6:3)": [[0, 0.1], [0.3, 0.1], [0.6, 0.1]],
        "grid(h=[0, 0.2], K=[0.1, 0.5])": [[0.1, 0], [0.5, 0], [0.1, 0.2], [0.5, 0.2]],
    }
    for written, wanted in points.items():
        flow = made(text_of("square", "ising", [ISING, FIELD], plain.format(written)))
        assert flow.study.starts is not None
        assert flow.study.starts.tolist() == wanted
        paths = runner.run(flow).tables["paths"]
        assert paths.shape == (len(wanted), 3, 2)
        assert paths[:, 1].tolist() == [
            flow.study.recursion(start).couplings.tolist() for start in flow.study.starts
        ]


def test_a_fixed_point_from_each_start_is_reported_once() -> None:
    """K = 0, the critical point and, in one of them from below and above, the same."""
    text = text_of(
        "square",
        "ising",
        [ISING],
        "migdal_kadanoff(b=2, find=fixed_point, starts=[0.28, 0.3, 0.01, 0.33])",
    )
    found = ran(text).tables["fixed_points"]
    assert sorted(found[:, 0]) == pytest.approx([0, 0.304688931718], abs=1e-12)


@pytest.mark.parametrize("q", [3, 9, 12, 13, 30])
def test_potts_spins_of_many_states(q: int) -> None:
    """K' = 2 ln((x^2 + q - 1)/(2x + q - 2)) with x = exp(K) on the diamond lattice."""

    def moved(coupling: float) -> float:
        x = np.exp(coupling)
        return float(2 * np.log((x * x + q - 1) / (2 * x + q - 2)))

    text = (
        f"parameters {{ K = 2 }}\nlattice diamond(b=2, branches=2)\nspins s: potts({q})\n"
        "hamiltonian - K * sum(<i,j>) delta(s[i], s[j])\nblock decimate(2)\n"
        "flow exact(find=fixed_point)"
    )
    result = ran(text)
    point = result.fixed_point["K"].value
    assert point is not None
    assert moved(point) == pytest.approx(point, rel=1e-12)
    x = np.exp(point)
    slope = 2 * (2 * x * x / (x * x + q - 1) - 2 * x / (2 * x + q - 2))
    assert result.exponents["y_t"].value == pytest.approx(np.log2(slope), rel=1e-10)
    assert [point.kind for point in result.fixed_points] == ["critical"]


def test_fields_of_many_states_are_those_of_few() -> None:
    """Beyond 12 states the basis holds only what the symmetry relates. y_h rises and falls smoothly
    with q across that number.
    """
    found = []
    for q in range(10, 16):
        text = (
            f"parameters {{ K = 2 }}\nlattice diamond(b=2, branches=2)\nspins s: potts({q})\n"
            "hamiltonian - K * sum(<i,j>) delta(s[i], s[j])\nblock decimate(2)\n"
            "flow exact(find=fixed_point)"
        )
        found.append(ran(text).exponents["y_h"].value)
    assert np.abs(np.diff(np.array(found, dtype=float), 4)).max() < 1e-5


POINTS = "K=0.1:0.6:6", "K=0.6:0.1:6", "K=0.1:0.6:6, h=-0.2:0.2:5", "K=0.6:0.1:6, h=0.2:-0.2:5"


@pytest.mark.parametrize("starts", POINTS)
def test_the_headline_is_that_of_the_critical_point(starts: str) -> None:
    """Whatever the order of the starts, and off the symmetry of the spec too."""
    result = ran(
        text_of(
            "square",
            "ising",
            [ISING, FIELD],
            f"migdal_kadanoff(b=2, find=fixed_point, starts=grid({starts}))",
            "K = 0.3, h = 0",
        )
    )
    assert result.exponents["y_t"].value == pytest.approx(0.747235718929, abs=1e-11)
    assert result.fixed_point["K"].value == pytest.approx(0.304688931718, abs=1e-11)
    assert result.eigenvalues[0].exponent == result.exponents["y_t"].value
    assert [point.kind for point in result.fixed_points] == ["critical", "sink"]
    assert result.tables["fixed_points_relevant"].tolist() == [1, 0]
    sink = result.fixed_points[1].eigenvalues
    assert [each.sector for each in sink] == ["even", "odd"]
    assert not np.isfinite(sink[0].exponent)
    assert "rounding" in sink[0].note
    assert sink[1].exponent == pytest.approx(1)


def test_without_a_critical_point_there_is_no_headline() -> None:
    options = "migdal_kadanoff(b=2, find=fixed_point, starts=[0.01])"
    result = ran(text_of("square", "ising", [ISING], options))
    assert [point.kind for point in result.fixed_points] == ["sink"]
    assert set(result.exponents) == {"y_t", "y_h", *DERIVED}
    for exponent in result.exponents.values():
        assert exponent.value is None
        assert "none of the fixed points found is critical (sink)" in exponent.note
    assert any("no headline exponent" in each for each in result.warnings)


@pytest.mark.parametrize("dimension", [2, 3, 4])
@pytest.mark.parametrize("sign", [1, -1])
def test_scaling_relations_need_the_field_of_the_order(dimension: int, sign: int) -> None:
    """With b = 3 an antiferromagnet stays one, and the uniform field is not that of its order; y_h
    is above d/2 all the same in four dimensions.
    """
    result = ran(
        text_of(
            f"hypercubic(d={dimension})",
            "ising",
            [ISING],
            "migdal_kadanoff(b=3, find=fixed_point)",
            f"K = {0.3 * sign}",
        )
    )
    assert result.exponents["nu"].value is not None
    for name in ("y_h", "eta", "beta", "gamma", "delta"):
        assert (result.exponents[name].value is None) == (sign < 0)
        assert ("not conjugate" in result.exponents[name].note) == (sign < 0)


def test_without_a_critical_point_there_is_no_fixed_point() -> None:
    result = ran(
        text_of("hypercubic(d=1)", "ising", [ISING], "migdal_kadanoff(b=2, find=fixed_point)")
    )
    assert result.fixed_point == {}
    assert result.exponents == {}
    assert any("flow to one phase" in each for each in result.warnings)


@pytest.mark.parametrize(("b", "field"), [(2, 0.1), (2, 1e-2), (2, 1e-4), (2, 1e-9), (1, 0.1)])
def test_in_a_field_nothing_is_critical(b: int, field: float) -> None:
    """Cold flows turn to the field later than warm ones, but neighbouring flows turn alike."""
    text = text_of(
        "square",
        "ising",
        [ISING, FIELD],
        f"migdal_kadanoff(b={b}, find=fixed_point)",
        f"K = 0.4, h = {field}",
    )
    result = ran(text)
    assert "critical.K" not in result.observables
    assert result.fixed_point == {}
    assert any("flow to one phase" in each for each in result.warnings)


DRIVER = "migdal_kadanoff(b=2, find=fixed_point, steps=3, starts=[0.2, 0.35], plane=[K, h])"


@dataclass
class Interrupting:
    """A flow during whose n-th step ctrl-C is pressed."""

    flow: CouplingFlow
    after: int
    stop: runner.Stop

    scheme = property(lambda self: self.flow.scheme)
    steps = property(lambda self: self.flow.steps)
    provenance = property(lambda self: self.flow.provenance)

    def start(self) -> State:
        return self.flow.start()

    def step(self, state: State) -> State:
        state = self.flow.step(state)
        if state.done == self.after:
            self.stop.signal = signal.SIGINT
        return state

    def finish(self, state: State) -> Result:
        return self.flow.finish(state)


@pytest.mark.parametrize("after", [1, 3, 6, 9])
def test_a_study_that_is_resumed_gives_the_same_digits(tmp_path: Path, after: int) -> None:
    text = text_of("square", "ising", [ISING, FIELD], DRIVER, "K = 0.4, h = 0")
    whole, stop = ran(text), runner.Stop()
    assert made(text).steps > after
    with pytest.raises(runner.Interrupted):
        runner.run(
            Interrupting(made(text), after, stop),
            saving=runner.Saving(tmp_path / "c.npz"),
            stop=stop,
        )
    again = runner.run(made(text), saving=runner.Saving(tmp_path / "c.npz", resume=True))
    assert {name: each.tolist() for name, each in again.tables.items()} == {
        name: each.tolist() for name, each in whole.tables.items()
    }
    assert replace(again, tables={}) == replace(whole, tables={})
