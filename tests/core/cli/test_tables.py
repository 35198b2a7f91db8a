"""The tables that `rgc run` prints: what stands under which heading, and the columns of a scan."""

from __future__ import annotations

import pytest

from rgc.cli.table import render_answer
from rgc.model.spec import Axis
from rgc.results.answer import Answer
from rgc.results.answer_data import Point
from rgc.results.figures.labels import method_names
from rgc.results.numbers import with_kind
from rgc.results.result import Estimate, FreeEnergy, Level, Result


def estimates(**values: float) -> dict[str, Estimate]:
    return {name: Estimate(value, 0.0, "exact") for name, value in values.items()}


def outcome(*results: Result, axes: tuple[Axis, ...] = ()) -> Answer:
    values = axes[0].values if axes else ()
    points = tuple(
        Point({axes[0].name: values[k]} if axes else {}, each) for k, each in enumerate(results)
    )
    return Answer(
        title="t", sha256="0", text="", backend="reference", seed=0, points=points, axes=axes
    )


def table_below(text: str, head: str) -> list[str]:
    """The lines of a block of the printed answer, its headline left out."""
    (block,) = (each for each in text.split("\n\n") if each.splitlines()[0] == head)
    return [line.strip() for line in block.splitlines()[1:]]


def test_critical_couplings_and_constants_are_no_averages() -> None:
    levels = tuple(
        Level(k, (), estimates(K=0.4 + k), values=estimates(constant=-float(k))) for k in range(3)
    )
    result = Result("exact", levels=levels, critical=estimates(K=0.5), values=estimates(log_z=3.0))
    text = render_answer(outcome(result))
    assert table_below(text, "critical couplings") == ["K  0.5 exact"]
    assert table_below(text, "values") == ["log_z  3 exact"]
    assert table_below(text, "constants by level")[0] == "level  cells  constant"
    assert "averages" not in text
    document = outcome(result).document()
    assert {*document["observables"]} == {"critical.K", "log_z"}
    assert document["levels"][2]["observables"]["constant"]["value"] == -2.0


def test_averages_and_values_of_levels_stand_apart() -> None:
    levels = tuple(
        Level(k, (2,), {}, estimates(K=0.1 * k), estimates(constant=1.0, kl=0.2)) for k in range(2)
    )
    text = render_answer(outcome(Result("enumerate", levels=levels)))
    assert table_below(text, "averages of operators by level")[0] == "level  cells  K"
    assert table_below(text, "values by level")[0] == "level  cells  constant  kl"


def test_a_scan_has_one_column_for_each_quantity() -> None:
    axes = (Axis("chi", (2.0, 4.0)),)
    results = [
        Result(
            "trg",
            averages=estimates(m=0.1),
            exponents=estimates(y_t=1.0) if chi == 4 else {},
            free_energy=(
                FreeEnergy(f"trg({chi})", -1.0, 0.0, "truncated"),
                FreeEnergy("transfer", -1.0, 0.0, "exact"),
            ),
        )
        for chi in (2, 4)
    ]
    head, first, second = table_below(render_answer(outcome(*results, axes=axes)), "points")
    assert head.split() == ["chi", "y_t", "m", "free_energy[trg]", "free_energy[transfer]"]
    assert first.split() == ["2", "-", "0.1", "-1", "-1"]
    assert second.split() == ["4", "1", "0.1", "-1", "-1"]


def test_methods_that_only_their_options_tell_apart_keep_them() -> None:
    """Two runs of one method at each point: a name alone would be ambiguous."""
    axes = (Axis("chi", (2.0, 4.0)),)
    results = [
        Result(
            "measure",
            free_energy=tuple(
                FreeEnergy(f"trg({chi})", -1.0, 0.0, "truncated") for chi in (k, 2 * k)
            ),
        )
        for k in (2, 8)
    ]
    head, *_ = table_below(render_answer(outcome(*results, axes=axes)), "points")
    assert head.split()[1:] == [f"free_energy[trg({chi})]" for chi in (2, 4, 8, 16)]


@pytest.mark.parametrize(
    ("methods", "names"),
    [
        ([["trg(4)"], ["trg(8)"]], ["trg", "trg"]),
        ([["trg(4)", "hotrg(2)"], ["trg(8)", "hotrg(2)"]], ["trg", "hotrg(2)", "trg", "hotrg(2)"]),
        ([["trg(4)", "trg(8)"], ["trg(4)", "trg(16)"]], ["trg(4)", "trg(8)", "trg(4)", "trg(16)"]),
        ([["trg(4)"]], ["trg(4)"]),
        ([], []),
    ],
)
def test_a_method_of_changing_options_is_one_column(
    methods: list[list[str]], names: list[str]
) -> None:
    column = method_names(methods)
    assert [column(method) for point in methods for method in point] == names


def test_bounds_are_marked_where_kinds_have_no_column() -> None:
    assert with_kind(5.5, 0, "upper bound") == "< 5.5"
    assert with_kind(-1.25, 0.01, "lower bound") == "> -1.250(10)"
    assert with_kind(1.0, 0, "exact") == "1"
    assert with_kind(None, None, "upper bound") == "-"
