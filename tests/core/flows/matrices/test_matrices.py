"""Maps that are matrices, from a spec to its answer."""

from __future__ import annotations

import numpy as np
import pytest

import rgc
from rgc.results.result import Result

CHAIN = "map linear([[0.9, 0.1], [0.2, 0.8]])\n"


def run(text: str, seed: int | None = None) -> Result:
    return rgc.compile(text, backend="reference").run(seed).points[0].result


def value(result: Result, name: str) -> float:
    found = result.values[name].value
    assert found is not None
    return found


def test_the_limit_of_a_chain() -> None:
    result = run(CHAIN + "flow iterate\n")
    assert result.tables["limit"] == pytest.approx(np.array([[2 / 3, 1 / 3]] * 2), abs=1e-14)
    assert [each.value for each in result.eigenvalues] == pytest.approx([1, 0.7], abs=1e-14)
    assert np.isnan(result.eigenvalues[0].exponent)
    assert not result.warnings


def test_paths_of_a_matrix() -> None:
    result = run(CHAIN + "flow iterate(steps=2, starts=[[1, 0], [0, 1]])\n")
    assert result.tables["paths"].shape == (2, 3, 2)
    assert result.tables["paths"][1, 1] == pytest.approx([0.1, 0.8])
    assert result.levels[2].couplings["x2"].value == pytest.approx(0.34)


def test_exponents_where_the_ratio_of_lattice_constants_is_known() -> None:
    result = run("map linear([[2, 1], [0, 0.5]], scale=2)\nflow iterate\n")
    assert [each.exponent for each in result.eigenvalues] == pytest.approx([1, -1])
    assert result.warnings == ("iterating this diverges: its spectral radius is 2",)
    assert "limit" not in result.tables


def test_a_matrix_that_ought_to_keep_data() -> None:
    data = "data points(2, [row + 1, 2*row + 2])\n"
    result = run(data + "map linear([[0, 0.5], [2, 0]])\nflow iterate\n")
    assert value(result, "residual") == pytest.approx(0, abs=1e-15)
    result = run(data + "map linear([[0, 1], [1, 0]])\nflow iterate\n")
    assert value(result, "residual") == pytest.approx(2)


def test_archetypes_of_many_data_sets() -> None:
    text = "data simplex(24, 3)\nmap convex_nmf(3, variant=lp)\nflow iterate\n"
    for seed in range(4):
        result = rgc.compile(f"{text[:-1]}(seed={seed})\n", backend="reference").run(seed)
        found = result.points[0].result
        assert (value(found, "archetypes"), value(found, "recovered")) == (3, 3)
        assert max(value(found, name) for name in ("idempotence", "spread", "residual")) < 1e-12


def test_data_that_no_few_rows_make() -> None:
    result = run("data simplex(12, 3)\nmap convex_nmf(2, variant=lp)\nflow iterate\n")
    assert result.values["archetypes"].value is None
    assert "no C of trace 2" in result.values["archetypes"].note
    assert len(result.warnings) == 1


def test_archetypes_that_the_data_do_not_determine() -> None:
    """Each corner of a square twice: either of two equal rows will do."""
    corners = "[max(0, min(1, row - 1)) - max(0, min(1, row - 5)), max(0, min(1, row - 3))]"
    data = f"data points(8, {corners})\n"
    result = run(data + "map convex_nmf(4, variant=lp)\nflow iterate\n")
    assert value(result, "archetypes") == 4
    assert value(result, "spread") == pytest.approx(1)
    assert "C is not determined" in result.warnings[0]


def test_updates_lower_the_objective_and_diverge_when_iterated() -> None:
    text = (
        "parameters { a ~ normal(0, 1), b ~ normal(0, 1), c ~ normal(0, 1) }\n"
        "data points(30, [a, b, c, a*b])\nmap convex_nmf(3, iterations=600)\nflow iterate\n"
    )
    result = run(text)
    assert value(result, "falls") == 600
    assert value(result, "spectral_radius") > 1
    assert "iterating this diverges" in result.warnings[0]
    assert len(result.tables["objective"]) == 601
    assert value(run(text, seed=1), "objective") != value(result, "objective")


def test_interrupted_updates_go_on() -> None:
    """The state is all that a step depends on: it continues from a copy."""
    text = "data simplex(9, 3)\nmap convex_nmf(3, iterations=20)\nflow iterate\n"
    flow = rgc.compile(text, backend="reference").flow({}, 0)
    state, other = flow.start(), flow.start()
    for _ in range(flow.steps):
        state = flow.step(state)
    for step in range(flow.steps):
        other = flow.step(other)
        if step == 7:
            other.arrays = {name: np.array(array) for name, array in other.arrays.items()}
    assert flow.finish(state).values == flow.finish(other).values


def test_a_scan_of_the_scale_looks_at_one_set_of_points() -> None:
    text = (
        "parameters { s = 0.2, u ~ uniform(0, 6.283), v ~ uniform(0, 1) }\n"
        "data points(40, [u, v])\nmap diffusion(scale=s)\nflow iterate\nscan { s = [1, 2] }\n"
    )
    points = rgc.compile(text, backend="reference").run().points
    first, second = (point.result.tables["points"] for point in points)
    assert (first == second).all()
    assert points[0].result.eigenvalues[1].value > points[1].result.eigenvalues[1].value


def test_warnings_of_scales() -> None:
    rings = (
        "parameters { s = 0.2, u ~ uniform(0, 2*pi), outer(n) = max(0, min(1, n - 99)) }\n"
        "data points(200, [(1 + 1.5*outer(row))*cos(u), (1 + 1.5*outer(row))*sin(u)],"
        " label=outer(row))\nmap diffusion(scale=s, clusters=2)\nflow iterate\n"
        "scan { s = [0.1, 0.3, 0.5] }\n"
    )
    answer = rgc.compile(rings, backend="reference").run()
    apart, split, lost = (point.result for point in answer.points)
    assert "falls apart: 2 eigenvalues are 1" in apart.warnings[0]
    assert split.warnings == ()
    assert (value(split, "agreement"), value(split, "clusters")) == (1, 2)
    assert "no 2 clusters are told apart" in lost.warnings[0]
    assert value(lost, "agreement") < 0.9
    assert {"scan", "spectrum"} <= set(answer.plot())


def test_clusters_at_a_scale_of_their_own_size() -> None:
    """The second eigenvalue is far from 1, and all others are farther."""
    text = (
        "parameters { u ~ uniform(0, 1), v ~ uniform(0, 1), other(n) = max(0, min(1, n - 29)) }\n"
        "data points(60, [u + 3*other(row), v], label=other(row))\n"
        "map diffusion(scale=1.6, clusters=2)\nflow iterate\n"
    )
    result = run(text)
    assert 0.3 < result.eigenvalues[1].value < 0.8
    assert value(result, "agreement") == 1
    assert result.warnings == ()
