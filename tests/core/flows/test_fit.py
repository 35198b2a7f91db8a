"""Fits of curves: against solved cases, their intervals, other series, and cuts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rgc
from rgc.analysis.projected import lowest
from rgc.errors import SpecError
from rgc.flows.fits.series import next_row, nulls
from rgc.flows.values_of_files import check_values
from rgc.language.values import CallValue
from rgc.results.answer import Answer
from rgc.verification import verify

LINE = """
parameters { noise ~ normal(0, 0.1) }
data points(40, [row/10, 1 + 2*row/10 + noise])
map curve(x2 = A + B*x1, linear=[A, B])
flow fit
"""

POWER = """
parameters { noise ~ normal(0, 0.02) }
data points(60, [row/20, 1 + 0.5*(row/20)^1.5 + noise])
map curve(x2 = A + B*x1^y, linear=[A, B], nonlinear=[y], passes=[R2 - 0.8, B])
flow fit(starts=grid(y=0.5:3:6), null=random_walk(12))
"""


def run(text: str, seed: int = 0, folder: Path | None = None) -> Answer:
    if folder is not None:
        (folder / "fit.rgc").write_text(text, "utf-8")
        return rgc.compile(folder / "fit.rgc").run(seed, warn=lambda message: None)
    return rgc.compile(text).run(seed, warn=lambda message: None)


def number(answer: Answer, name: str) -> float:
    value = answer.result.values[name].value
    assert value is not None
    return value


def test_a_line_is_that_of_the_normal_equations() -> None:
    answer = run(LINE)
    x, y, _ = answer.result.tables["fit"].T
    matrix = np.stack([np.ones_like(x), x], axis=1)
    expected, (left,), *_ = np.linalg.lstsq(matrix, y, rcond=None)
    assert [number(answer, "A"), number(answer, "B")] == pytest.approx(expected, rel=1e-12)
    covariance = left / 38 * np.linalg.inv(matrix.T @ matrix)
    error = answer.result.values["B"].error
    assert error == pytest.approx(np.sqrt(covariance[1, 1]), rel=0.02)  # Student's t for 38 rows
    assert number(answer, "R2") == pytest.approx(1 - left / np.square(y - y.mean()).sum())


def test_errors_hold_two_of_three_times() -> None:
    answers = [run(POWER.replace(", null=random_walk(12)", ""), seed) for seed in range(30)]
    errors = np.array([answer.result.values["y"].error for answer in answers], dtype=float)
    apart = np.array([number(answer, "y") - 1.5 for answer in answers])
    assert 0.7 < np.sqrt(np.mean(np.square(apart / errors))) < 1.35
    assert 0.45 < np.mean(np.abs(apart) < errors) < 0.9


def test_an_interval_ends_where_the_profile_has_risen() -> None:
    answer = run(POWER)
    profile = answer.result.tables["profiles"][0]
    least = number(answer, "rms") ** 2 * 60
    low, high = number(answer, "low.y"), number(answer, "high.y")
    at = np.interp([low, high], *profile.T)
    assert at == pytest.approx(least * (1 + 1.0 / 57), rel=3e-3)
    assert answer.result.values["y"].error == (high - low) / 2
    assert low < number(answer, "y") < high


def test_descents_together_end_where_single_ones_do() -> None:
    flow = rgc.compile(POWER).flow({}, 0)
    starts = np.tile([[0.6], [1.4], [2.9]], (12, 1))
    own = np.repeat(np.arange(1, 13), 3)
    found, left = flow.projected.descended_together(starts, flow.series[:, own])
    for start, number, at, squares in zip(starts, own, found, left, strict=True):
        _, least = flow.projected.descended(start, flow.series[:, number])
        assert squares == pytest.approx(least, rel=1e-4)
        assert flow.projected.squares(at, flow.series[:, [number]])[0] == pytest.approx(squares)
    assert (found >= 0.5).all()
    assert (found <= 3).all()
    assert (found == 0.5).any() | (found == 3).any()  # walks that no power goes through


def test_descents_together_know_where_a_curve_has_no_value() -> None:
    flow = rgc.compile(POWER.replace("x1^y", "(x1 + 1)^y*sqrt(y - 1)")).flow({}, 0)
    with np.errstate(all="ignore"):
        found, left = flow.projected.descended_together(
            np.array([[0.7], [2.0]]), flow.series[:, [1, 1]]
        )
    assert left[0] == np.inf
    assert np.isfinite(left[1])
    assert found[0] == 0.7


def test_other_series_are_told_apart() -> None:
    answer = run(POWER)
    nulls_of_it = answer.result.tables["nulls"]
    assert len(nulls_of_it) == 12
    assert number(answer, "passed") == 1
    assert number(answer, "null_share") == nulls_of_it[:, -1].mean()
    assert number(answer, "null_R2") == np.median(nulls_of_it[:, -2])
    passing = (nulls_of_it[:, -2] > 0.8) & (nulls_of_it[:, 1] > 0)
    assert (nulls_of_it[:, -1] == passing).all()
    assert answer.result.labels["nulls"][1] == ("A", "B", "y", "R2", "passed")


def test_walks_and_autoregressions_are_like_the_data() -> None:
    drawn = np.random.default_rng(3)
    data = np.zeros(4000)
    for k in range(1, len(data)):
        data[k] = 0.8 * data[k - 1] + drawn.normal()
    data += 5
    walks = nulls(CallValue("random_walk", (), (("count", 8),)), data, 0)
    steps = np.sqrt(np.square(np.diff(walks, axis=0)).mean())
    assert steps == pytest.approx(np.sqrt(np.square(np.diff(data)).mean()), rel=0.03)
    assert (walks[0] == data[0]).all()
    series = nulls(CallValue("ar1", (), (("count", 8),)), data, 0)
    assert series.mean() == pytest.approx(5, abs=0.2)
    assert series.std() == pytest.approx(data.std(), rel=0.05)
    assert np.mean([next_row(each) for each in series.T]) == pytest.approx(next_row(data), abs=0.02)


def test_a_start_is_lower_than_its_neighbours() -> None:
    squares = np.array([[3.0, 1.0, 2.0], [4.0, 5.0, 0.5], [np.inf, 2.0, 3.0]])
    assert lowest(squares, 8) == [5, 1, 7]
    assert lowest(squares, 1) == [5]
    assert lowest(np.array(2.0), 8) == [0]
    assert lowest(np.array([np.inf, np.inf]), 8) == []


@pytest.mark.parametrize(
    ("text", "name", "why"),
    [
        (POWER.replace("+ noise", "+ sin(row/9)/5"), "y", "go together"),
        (POWER.replace("+ noise", ""), "y", "to rounding"),
        (LINE.replace("linear=", "error=0.02, linear="), "B", "larger than the errors"),
        (POWER.replace("0.5:3:6", "0.5:1.5:6"), "y", "no end in the grid"),
    ],
)
def test_an_error_that_does_not_follow_is_null(text: str, name: str, why: str) -> None:
    found = run(text).result.values[name]
    assert found.error is None
    assert why in found.note


def test_errors_that_are_given_count() -> None:
    known = run(LINE.replace("linear=", "error=0.1, linear="))
    once, twice = known.result.values["B"], run(LINE.replace("linear=", "error=0.2, linear="))
    assert once.error == pytest.approx(0.1 / np.sqrt(np.square(np.arange(40) / 10 - 1.95).sum()))
    assert twice.result.values["B"].error == pytest.approx(2 * once.error)
    assert number(twice, "rms") == pytest.approx(number(known, "rms") / 2)


def test_a_curve_without_a_value_is_an_error() -> None:
    with pytest.raises(SpecError, match="no real value"):
        run(POWER.replace("x1^y", "(x1 - 10)^(y/7)"))


def test_columns_have_the_names_of_a_table(tmp_path: Path) -> None:
    rows = "\n".join(f"{k},{2 * k + 1},{0.1 + 0.01 * (k % 3)}" for k in range(9))
    (tmp_path / "table.csv").write_text(f"time, price,sd\n{rows}\n", "utf-8")
    curve = "map curve(price = A + B*time, linear=[A, B], error=sd)"
    text = f'data file("table.csv")\n{curve}\nflow fit\n'
    answer = run(text, folder=tmp_path)
    assert number(answer, "B") == pytest.approx(2)


TABLE = 'data file("table.csv")\nmap curve(y = {}, linear=[{}]{})\nflow fit\n'


def table_of(folder: Path, rows: Sequence[Sequence[float]]) -> None:
    lines = "\n".join(",".join(map(str, row)) for row in rows)
    (folder / "table.csv").write_text(f"x,y\n{lines}\n", "utf-8")


def test_numbers_that_the_data_do_not_tell_apart_are_null(tmp_path: Path) -> None:
    table_of(tmp_path, [(k, 3 * k + (k % 3)) for k in range(9)])
    answer = run(TABLE.format("a + b + c*x", "a, b, c", ""), folder=tmp_path)
    values = answer.result.values
    assert [values[name].value for name in "ab"] == [None, None]
    assert values["c"].value == pytest.approx(3.0, abs=0.2)
    assert values["c"].error is None
    assert any("do not tell a and b apart" in text for text in answer.result.warnings)


def test_a_constant_column_has_no_slope_of_rounding(tmp_path: Path) -> None:
    table_of(tmp_path, [(k, 3) for k in range(6)])
    values = run(TABLE.format("a + b*x", "a, b", ""), folder=tmp_path).result.values
    assert values["a"].value == pytest.approx(3)
    assert (values["b"].value, values["a"].error, values["b"].error) == (0.0, None, None)
    assert "to rounding" in values["b"].note


@pytest.mark.parametrize(
    ("curve", "error", "message"),
    [
        ("a + b*log(x)", "", "no real value in row 0 .counted from 0., where x = 0 and y = 1"),
        ("a + b*x", ", error=x", "the error of row 0 .counted from 0. is 0"),
    ],
)
def test_a_check_finds_rows_without_a_value(
    curve: str, error: str, message: str, tmp_path: Path
) -> None:
    table_of(tmp_path, [(k, k + 1) for k in range(6)])
    (tmp_path / "fit.rgc").write_text(TABLE.format(curve, "a, b", error), "utf-8")
    with pytest.raises(SpecError, match=message):
        check_values(rgc.load(tmp_path / "fit.rgc").spec)


def test_cuts_and_backends_change_nothing(tmp_path: Path) -> None:
    text, made = POWER, rgc.compile(POWER).flow({}, 0)
    state = made.start()
    for _ in range(made.steps):
        other = rgc.compile(text).flow({}, 0)
        arrays = {name: array.copy() for name, array in state.arrays.items()}
        state = other.step(type(state)(state.done, arrays, dict(state.values)))
    whole = run(text)
    cut: Any = made.finish(state)
    assert cut.values == whole.result.values
    reference = rgc.compile(text, backend="reference").run(warn=lambda message: None)
    assert reference.result.values == whole.result.values


def test_a_fit_is_verified() -> None:
    certificate = verify(rgc.load(POWER))
    assert certificate.passed
    assert certificate.count("passed") == 2
