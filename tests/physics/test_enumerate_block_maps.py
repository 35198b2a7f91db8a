"""Block maps under `enumerate` against sums written out state by state: how exact and how
informative they are, in chunks and interrupted.
"""

from __future__ import annotations

from functools import lru_cache
from math import log
from typing import Any

import numpy as np
import pytest

import rgc
from rgc.flows.enumeration import enumerate_model
from rgc.loaded import Loaded
from tests.core import brute_force as brute
from tests.physics.enumerated import FIELD, loaded, result, value

STAR = [
    [((0, 0), 1), ((0, 0), 0), ((1, 0), 0), ((1, 1), 0)],
    [((2, 1), 0), ((2, 1), 1), ((1, 1), 1), ((1, 0), 1)],
]
SQUARE, CHAIN = brute.square_cell(2, 2), brute.square_cell(2, 1)
MAPS: dict[str, tuple[Loaded, Any, list[int], brute.Rule]] = {
    "majority with ties": (
        loaded("square(2, 4)", FIELD, block="majority(2)"),
        SQUARE,
        [2, 2],
        brute.plurality,
    ),
    "majority without": (
        loaded("chain(9)", FIELD, block="majority(3)"),
        brute.square_cell(3, 1),
        [3],
        brute.plurality,
    ),
    "decimation": (
        loaded("square(2, 4)", FIELD, block="decimate(2)"),
        [[((0, 0), 0)]],
        [2, 2],
        brute.first,
    ),
    "Kadanoff": (
        loaded("chain(8)", FIELD, block="kadanoff(2, p=0.7)"),
        CHAIN,
        [2],
        brute.kadanoff(0.7),
    ),
    "binary, Kadanoff": (
        loaded("chain(6)", FIELD, spins="s: binary", block="kadanoff(2, p=0.7)"),
        CHAIN,
        [2],
        brute.kadanoff(0.7),
    ),
    "explicit cell": (
        loaded("chain(8)", FIELD, block="majority(b=2, cell=[(1), (4)])"),
        [[((1,), 0), ((4,), 0)]],
        [2],
        brute.plurality,
    ),
    "star": (
        loaded("honeycomb(2)", FIELD, block="majority(cell=star)"),
        STAR,
        [2, 2],
        brute.plurality,
    ),
    "Potts plurality": (
        loaded(
            "chain(6)",
            "- K * sum(<i,j>) delta(s[i], s[j])",
            spins="s: potts(3)",
            block="majority(3)",
        ),
        brute.square_cell(3, 1),
        [3],
        brute.plurality,
    ),
    "clock": (
        loaded(
            "chain(4)",
            "- K * sum(<i,j>) cos(2*pi*(s[i]-s[j])/4)",
            spins="s: clock(4)",
            block="majority(2)",
        ),
        CHAIN,
        [2],
        brute.plurality,
    ),
    "spin 1": (
        loaded("chain(6)", FIELD, spins="s: spin(1)", block="majority(2)"),
        CHAIN,
        [2],
        brute.plurality,
    ),
    "two species": (
        loaded(
            "chain(4)",
            "- K * sum(<i,j>) s[i]*s[j] - h * sum(i) s[i]*t[i]",
            spins="{ s: ising, t: ising }",
            block="majority(2)",
        ),
        CHAIN,
        [2],
        brute.plurality,
    ),
    "a kernel of one's own": (
        loaded(
            "chain(6)",
            FIELD,
            block=(
                "kernel(b=2, T=sum(B in blocks) (0.3*s[B]*sum(i in B) s[i] + 0.2*prod(i in B) "
                "s[i]))"
            ),
        ),
        CHAIN,
        [2],
        brute.written(lambda v, t: 0.3 * t * sum(v) + 0.2 * v[0] * v[1]),
    ),
}


@lru_cache
def brute_map(name: str) -> tuple[list[float], list[float], list[tuple[Any, float]]]:
    spec, cells, factor, rule = MAPS[name]
    fine = brute.weights(spec)
    shape = spec.spec.lattice.cells  # type: ignore[union-attr]
    coarse = brute.blocked(spec, fine, cells, factor, shape, rule)
    return [w for _, w in fine], [w for _, w in coarse], coarse


@pytest.mark.parametrize("name", MAPS)
@pytest.mark.parametrize("backend", ["reference", "numba"])
def test_a_block_map_sums_over_the_spins_given_the_block_spins(name: str, backend: str) -> None:
    spec, *_ = MAPS[name]
    fine, coarse, _ = brute_map(name)
    found = result(spec, backend)
    assert found.tables["log_weights_1"] == pytest.approx(np.log(coarse), abs=1e-12)
    assert value(found, "log_z", 1) == pytest.approx(log(sum(coarse)), abs=1e-12)
    assert value(found, "dF") == pytest.approx(log(sum(fine) / sum(coarse)), abs=1e-12)


@pytest.mark.parametrize("name", MAPS)
def test_what_a_block_map_keeps(name: str) -> None:
    """dF, kl, tau_defect and the information, from the joint distribution of spins and block spins
    as a matrix.
    """
    spec, cells, factor, rule = MAPS[name]
    lattice = spec.spec.lattice
    fine = brute.weights(spec)
    joint = np.array(
        [
            [w for _, w in brute.blocked(spec, [each], cells, factor, lattice.cells, rule)]
            for each in fine
        ]  # type: ignore[union-attr]
    )
    p = np.array([w for _, w in fine])
    tau = joint.sum(axis=1) / p
    p = p / p.sum()
    joint = joint / joint.sum()
    independent = joint.sum(axis=1)[:, None] * joint.sum(axis=0)[None, :]
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(joint > 0, joint * np.log(joint / independent), 0.0)
    found = result(spec)
    assert value(found, "dF") == pytest.approx(-log(p @ tau), abs=1e-12)
    assert value(found, "kl") == pytest.approx(log(p @ tau) - p @ np.log(tau), abs=1e-12)
    assert value(found, "tau_defect") == pytest.approx(
        abs(np.log(tau) - p @ np.log(tau)).max(), abs=1e-12
    )
    assert value(found, "information") == pytest.approx(terms.sum(), abs=1e-12)


@pytest.mark.parametrize("normalised", [False, True])
def test_two_steps_are_both_kernels_at_once(normalised: bool) -> None:
    """R_T2 o R_T1 = sum over the spins and the block spins of the first step together."""
    kernel = "kernel(b=2, T=sum(B in blocks) 0.4*s[B]*sum(i in B) s[i]"
    block = f"[{kernel}{', normalised=true' if normalised else ''}), majority(2)]"
    spec = loaded("chain(8)", FIELD, block=block, flow="enumerate(steps=2)")

    def rule(v: Any, t: int) -> float:
        return 0.4 * t * sum(v) - (log(2 * np.cosh(0.4 * sum(v))) if normalised else 0.0)

    first = brute.blocked(spec, brute.weights(spec), CHAIN, [2], [8], brute.written(rule))
    second = brute.blocked(spec, first, CHAIN, [2], [4], brute.plurality)
    found = result(spec)
    assert found.tables["log_weights_2"] == pytest.approx(brute.log_weights(second), abs=1e-12)
    assert [level.shape for level in found.levels] == [(8,), (4,), (2,)]
    ledger = [value(found, "constant", k) for k in range(3)]
    assert ledger[0] == 0
    for k in (1, 2):
        couplings = found.levels[k].couplings
        assert None not in {each.value for each in couplings.values()}
        assert value(found, "rest", k) < 1e-14
    total = sum(w for _, w in second)
    assert value(found, "log_z", 2) == pytest.approx(log(total), abs=1e-12)
    assert value(found, "dF") == pytest.approx(value(found, "log_z") - log(total), abs=1e-12)


def test_the_order_of_blocks_is_not_the_order_of_the_next_step() -> None:
    """Two steps on the square lattice: the spins of a block of blocks do not lie together."""
    spec = loaded(
        "square(4, 4)", FIELD, block="[majority(2), decimate(2)]", flow="enumerate(steps=2)"
    )
    found = result(spec)
    one = found.tables["log_weights_1"].reshape(
        2, 2, 2, 2
    )  # decimation keeps the first of the four
    assert found.tables["log_weights_2"] == pytest.approx(
        np.logaddexp.reduce(one.reshape(2, 8), axis=1), abs=1e-12
    )


def test_blocks_in_chunks_are_the_same_as_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = loaded(
        "square(4)", FIELD, block="kernel(b=2, T=sum(B in blocks) 0.4*s[B]*sum(i in B) s[i])"
    )
    whole = result(spec)
    for chunk in (16, 300, 1 << 12):
        monkeypatch.setattr(enumerate_model, "CHUNK", chunk)
        cut = result(spec)
        assert cut.tables["log_weights_1"] == pytest.approx(
            whole.tables["log_weights_1"], abs=1e-13
        )
        for name in ("energy", "binder", "dF", "kl", "information", "susceptibility"):
            assert value(cut, name) == pytest.approx(value(whole, name), abs=1e-12)


def test_a_run_goes_on_where_it_was_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The state is all that a step depends on: copied in the middle, it gives the same digits."""
    from rgc.flows.enumeration import enumerate as flow_module
    from rgc.flows.enumeration import enumerate_model
    from rgc.flows.flow import State

    monkeypatch.setattr(enumerate_model, "CHUNK", 64)
    monkeypatch.setattr(flow_module, "BATCH", 256)
    compiled = rgc.compile(loaded("chain(10)", FIELD, block="majority(2)"))
    flow = compiled.flow({}, 0)
    assert flow.steps == 5
    state = flow.start()
    for _ in range(2):
        state = flow.step(state)
    again = compiled.flow({}, 0)
    copy = State(state.done, {k: v.copy() for k, v in state.arrays.items()}, dict(state.values))
    for _ in range(3):
        state, copy = flow.step(state), again.step(copy)
    assert flow.finish(state).observables == again.finish(copy).observables
