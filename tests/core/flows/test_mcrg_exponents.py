"""Headlines of a Monte Carlo RG from made-up spectra: null, with errors, warned of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rgc.analysis.free_map import FreeMap
from rgc.analysis.level_spectra import MARGINAL, LevelSpectrum
from rgc.flows.sampling.mcrg_exponents import (
    HIDDEN,
    NO_HEADLINE,
    SECOND,
    UNSETTLED,
    Exponents,
    Spectra,
    find_exponents,
)
from tests.core.analysis.test_headline import level

TOLD = "the average of K goes 0.7, 0.6 from level to level"
ALL = {"y_t", "y_h", "nu", "eta", "alpha", "beta", "gamma", "delta"}


def found(
    thermal: list[float], magnetic: list[float] | None = None, *, single: bool = False
) -> Exponents:
    """Of leading exponents level by level, with two shells that agree."""

    def steps(values: list[float]) -> tuple[LevelSpectrum, ...]:
        return tuple(level(n, y, y, noise=1e-4) for n, y in enumerate(values, 1))

    spectra = Spectra(
        thermal=FreeMap(steps=steps(thermal)),
        magnetic=None if magnetic is None else FreeMap(steps=steps(magnetic)),
        dimension=2,
        single=single,
    )
    return find_exponents(spectra, TOLD)


def test_a_critical_point() -> None:
    exponents = found([0.98, 0.995, 1.0], [1.88, 1.877, 1.876])
    assert set(exponents.table) == ALL
    assert all(each.value is not None and each.error for each in exponents.table.values())
    assert set(exponents.extrapolated) == {"y_t_extrapolated", "y_h_extrapolated"}
    assert not exponents.warnings


def test_trivial_fixed_points_are_null_with_the_reason() -> None:
    for thermal, magnetic in (([0.5, -0.3, -1.4], [1.7, 1.2, 0.8]), ([1.1, 1.05], [1.99, 1.999])):
        exponents = found(thermal, magnetic)
        assert set(exponents.table) == ALL
        for each in (*exponents.table.values(), *exponents.extrapolated.values()):
            assert each.value is None
            assert each.note.startswith("the levels run to a trivial fixed point: ")
        (warning,) = exponents.warnings
        assert warning.startswith(NO_HEADLINE)
        assert TOLD in warning


def test_a_flow_that_leaves_is_said_to_and_all_errors_know_it() -> None:
    steady = found([0.98, 0.995, 1.0], [1.88, 1.877, 1.876])
    leaves = found([0.98, 0.995, 1.0], [1.88, 1.877, 1.885])
    (warning,) = leaves.warnings
    assert warning.startswith(f"{UNSETTLED}: y_h changes by -0.003, +0.008 from level to level")
    for name in ALL - {"nu", "alpha"}:
        assert (leaves.table[name].error or 0) >= (steady.table[name].error or 0), name
    assert (leaves.table["y_h"].error or 0) > 0.01


def test_levels_that_are_made_to_agree_have_no_error_where_the_flow_leaves() -> None:
    steps = tuple(level(n, y, y, noise=1e-4) for n, y in enumerate([1.7, 1.66, 1.66], 1))
    odd = tuple(level(n, y, y, noise=1e-4) for n, y in enumerate([2.6, 2.55, 2.57], 1))
    even, odd = (FreeMap(steps=each, p=0.5) for each in (steps, odd))
    spectra = Spectra(thermal=even, magnetic=odd, dimension=3, single=False)
    exponents = find_exponents(spectra, TOLD)
    for name in ("y_t", "nu", "alpha", "beta", "gamma"):
        each = exponents.table[name]
        assert each.value is not None
        assert each.error is None, name
    assert HIDDEN in exponents.table["y_t"].note
    assert any(UNSETTLED in warning for warning in exponents.warnings)
    found = exponents.table["y_h"].error  # its levels do not agree: how far it moves is seen
    assert found is not None
    assert found > 0.02


def test_a_field_that_orders_nothing_has_no_scaling_relations() -> None:
    exponents = found([0.98, 0.995, 1.0], [0.62, 0.61, 0.605])
    assert exponents.table["nu"].value is not None
    for name in ("y_h", "eta", "beta", "gamma", "delta"):
        assert exponents.table[name].value is None
        assert "order parameter" in exponents.table[name].note


def test_nothing_follows_from_an_exponent_of_unknown_kind() -> None:
    exponents = found([1.88, 1.877, 1.876], single=True)
    assert exponents.table["y_t"].value is not None
    assert exponents.table["nu"].value is None
    assert "single spins" in exponents.table["nu"].note
    assert NO_HEADLINE in found([0.62, 0.61, 0.605], single=True).warnings[0]


def test_a_second_relevant_exponent_is_said_to_be_there() -> None:
    """Where it is seen above a marginal one at the last two levels, not at one of them alone."""

    def warned(*seconds: float) -> tuple[str, ...]:
        steps = [level(n, y, y, noise=1e-4) for n, y in enumerate((1.09, 1.1, 1.1), 1)]
        both = tuple(
            replace(
                step,
                spectra={n: np.hstack([w, np.exp(y) * w / w[0]]) for n, w in step.spectra.items()},
            )
            for step, y in zip(steps, seconds, strict=True)
        )
        spectra = Spectra(thermal=FreeMap(steps=both), magnetic=None, dimension=2, single=False)
        return find_exponents(spectra, TOLD).warnings

    (warning,) = warned(-0.5, 0.87, 0.88)
    assert warning.startswith(f"{SECOND}, 0.88 beside 1.1 at level 3")
    for seconds in ((0.9, -0.1, 0.88), (0.9, 0.88, -0.1), (-0.5, MARGINAL - 0.05, MARGINAL)):
        assert not [each for each in warned(*seconds) if each.startswith(SECOND)]
