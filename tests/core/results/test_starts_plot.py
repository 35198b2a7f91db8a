"""The flows from several starts in one plane of couplings, and when there are none to draw."""

from __future__ import annotations

from dataclasses import replace
from math import hypot
from pathlib import Path

import pytest

import rgc
from rgc.model import lattices
from rgc.model.lattice import Lattice
from rgc.results.answer_data import AnswerData, Point
from rgc.results.figures.plots import figures
from rgc.results.figures.starts import starts
from rgc.results.result import Estimate, Level, Result

SQUARE = """\
title "square"
parameters { K = 0.4, M = 0 }
lattice square
spins s: ising

hamiltonian
  - K * sum(<i,j>) s[i]*s[j]
  - M * sum(<<i,j>>) s[i]*s[j]

block kadanoff(2, p=0.766)
flow lower_bound(steps=3)
"""

STUDY = """\
title "two starts"
runs {
  first = "square.rgc" { K = 0.35 }
  other = "square.rgc" { K = 0.25, M = 0.1 }
}
measure { apart = other.K[level=1] - first.K[level=1] }
"""


def study(folder: Path, text: str = STUDY) -> AnswerData:
    (folder / "square.rgc").write_text(SQUARE)
    (folder / "renamed.rgc").write_text(
        SQUARE.replace("- K", "- X").replace("- M", "- K").replace("- X", "- M")
    )
    (folder / "study.rgc").write_text(text)
    return rgc.compile(rgc.load(folder / "study.rgc")).run()


def test_the_runs_of_a_study_are_drawn_in_one_plane_with_their_distances(tmp_path: Path) -> None:
    answer = study(tmp_path)
    figure = figures(answer)["starts"]
    plane, below = figure.axes
    assert (plane.get_xlabel(), plane.get_ylabel()) == ("$K$", "$M$")
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["first", "other"]
    assert len(plane.texts) == 2 * 3  # an arrow from each level to the next
    (line,) = (
        each for each in below.lines if len(each.get_xdata()) == 4 and each.get_marker() != "_"
    )
    first, other = (answer.runs[name].result.levels for name in ("first", "other"))
    expected = [
        hypot(*((b.couplings[c].value or 0.0) - (a.couplings[c].value or 0.0) for c in "KM"))
        for a, b in zip(first, other, strict=True)
    ]
    assert list(line.get_ydata()) == pytest.approx(expected)
    assert "first" in below.get_ylabel()


def test_the_points_of_a_scan_are_starts_too(tmp_path: Path) -> None:
    (tmp_path / "square.rgc").write_text(SQUARE + "scan { K = [0.3, 0.4, 0.5] }\n")
    drawn = figures(rgc.compile(rgc.load(tmp_path / "square.rgc")).run())["starts"]
    named = [text.get_text() for text in drawn.legends[0].get_texts()]
    assert named == ["$K$ = 0.3", "$K$ = 0.4", "$K$ = 0.5"]


def test_couplings_of_one_name_that_multiply_different_spins_share_no_plane(
    tmp_path: Path,
) -> None:
    assert "starts" in figures(study(tmp_path))
    swapped = STUDY.replace('other = "square.rgc"', 'other = "renamed.rgc"')
    assert "starts" not in figures(study(tmp_path, swapped))


def test_one_start_is_not_several(tmp_path: Path) -> None:
    same = STUDY.replace("{ K = 0.25, M = 0.1 }", "{ K = 0.35 }")
    assert "starts" not in figures(study(tmp_path, same))


def couplings(*levels: dict[str, tuple[float | None, float]]) -> Result:
    return Result(
        "mcrg",
        levels=tuple(
            Level(n, (8, 8), {name: Estimate(*each) for name, each in level.items()})
            for n, level in enumerate(levels)
        ),
    )


def answer(*results: Result, on: tuple[Lattice | None, ...] = ()) -> AnswerData:
    points = [
        Point({"x": float(k)}, result, lattice)
        for k, (result, lattice) in enumerate(
            zip(results, on or [None] * len(results), strict=True)
        )
    ]
    return AnswerData(title="", sha256="", text="", backend="numba", seed=0, points=tuple(points))


def test_errors_of_a_distance_are_those_along_it() -> None:
    first = couplings({"K": (0.4, 0.0)}, {"K": (0.3, 0.03), "k2_11": (0.1, 0.5)})
    other = couplings({"K": (0.2, 0.0)}, {"K": (0.2, 0.04), "k2_11": (0.1, 0.5)})
    drawn = starts(answer(first, other))
    assert drawn is not None
    ((_, _, (bars,)),) = drawn.axes[1].containers
    assert bars.get_segments()[1][:, 1] == pytest.approx([0.1 - 0.05, 0.1 + 0.05])


def test_what_has_no_value_is_left_out_and_other_lattices_share_no_plane() -> None:
    first = couplings({"K": (0.4, 0.0)}, {"K": (0.3, 0.1), "q": (0.1, 0.1)}, {"K": (None, 0.0)})
    other = replace(first, levels=couplings({"K": (0.2, 0.0)}).levels + first.levels[1:])
    drawn = starts(answer(first, other))
    assert drawn is not None
    assert [len(axes.containers) for axes in drawn.axes] == [2, 1]
    square, triangular = lattices.square(8), lattices.triangular(8)
    assert starts(answer(first, other, on=(square, square))) is not None
    assert starts(answer(first, other, on=(square, triangular))) is None
