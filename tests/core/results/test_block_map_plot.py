"""The figure of exponents against the parameter of the block map."""

from __future__ import annotations

import numpy as np

from rgc.results.figures.block_map import exponents_by_map
from rgc.results.result import Estimate, Result


def test_a_panel_for_each_sector_a_curve_for_each_level_and_the_choice() -> None:
    labels = {0: ["p = 0.3", "p = 1", "p = 1000"], 1: ["level 1", "level 2"]}
    tables = {
        f"by_map_{kind}{sector}": np.arange(6.0).reshape(3, 2)
        for kind in ("", "error_")
        for sector in ("even", "odd")
    }
    result = Result(
        "mcrg",
        fixed_point={
            "block.p[even]": Estimate(0.5, 0.1, "estimate"),
            "block.p[odd]": Estimate(None, None, "estimate"),
        },
        tables=tables,
        labels=dict.fromkeys(tables, labels),
    )
    figure = exponents_by_map(result)
    assert figure is not None
    left, right = figure.axes
    assert (left.get_ylabel(), right.get_ylabel()) == ("$y_t$ (even)", "$y_h$ (odd)")
    _, names = left.get_legend_handles_labels()
    assert names == ["chosen", "level 1", "level 2"]
    assert "chosen" not in right.get_legend_handles_labels()[1]
    places = left.containers[0].lines[0].get_xdata()
    assert np.array_equal(places, np.tanh([0.3, 1.0, 1000.0]))
    assert exponents_by_map(Result("mcrg")) is None
