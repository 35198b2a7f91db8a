"""Points as data: expressions of the row and of draws, isometries, simplices and moved files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import rgc
from rgc.errors import SpecError
from rgc.flows.data.clouds import PointCloud, make_cloud
from rgc.flows.data.files import read_rows
from rgc.model.data import File
from rgc.model.point_clouds import Points, Simplex

PARAMETERS = "parameters { a = 2, u ~ uniform(1, 3), v ~ normal(0, 2), w ~ bimodal(5, p=0.25) }\n"


def cloud(data: str, seed: int = 0) -> PointCloud:
    text = f"{PARAMETERS}data {data}\nmap diffusion(scale=1)\nflow iterate\n"
    source = rgc.load(text).spec.data
    assert isinstance(source, Points | Simplex)
    return make_cloud(source, seed)


def test_rows_and_parameters() -> None:
    found = cloud("points(5, [row, a*row^2, 7], label=max(0, min(1, row - 2)))")
    row = np.arange(5.0)
    assert (found.values == np.stack([row, 2 * row**2, 0 * row + 7], axis=1)).all()
    assert found.labels is not None
    assert found.labels.tolist() == [0, 0, 0, 1, 1]


def test_draws_are_new_in_each_row_and_the_same_in_its_coordinates() -> None:
    values = cloud("points(4000, [u, u + v, w])").values
    u, v, w = values[:, 0], values[:, 1] - values[:, 0], values[:, 2]
    assert (u.min(), u.max()) == pytest.approx((1, 3), abs=0.01)
    assert u.mean() == pytest.approx(2, abs=5 * 2 / np.sqrt(12 * 4000))
    assert v.std() == pytest.approx(2, abs=5 * 2 / np.sqrt(2 * 4000))
    assert abs(np.corrcoef(u, v)[0, 1]) < 5 / np.sqrt(4000)
    assert set(w) == {5.0, -5.0}
    assert (w > 0).mean() == pytest.approx(0.25, abs=5 * np.sqrt(0.19 / 4000))


def test_draws_depend_on_the_seed_and_on_nothing_else_that_is_drawn() -> None:
    one, two = (cloud("points(9, [u])", seed).values for seed in (1, 2))
    assert (one != two).all()
    assert (cloud("points(9, [u])", 1).values == one).all()
    assert (cloud("points(12, [u])", 1).values[:9] == one).all()


def test_an_isometry_keeps_distances() -> None:
    flat, bent = (cloud(f"points(30, [u, v]{more})").values for more in ("", ", embed=9"))
    assert bent.shape == (30, 9)
    apart = [np.linalg.norm(x[:, None] - x[None], axis=-1) for x in (flat, bent)]
    assert apart[0] == pytest.approx(apart[1], abs=1e-12)
    assert np.linalg.matrix_rank(bent) == 2


def test_a_simplex_has_its_corners_and_even_points() -> None:
    found = cloud("simplex(3000, 3)")
    assert (found.values[list(found.planted)] == np.eye(3)).all()
    assert found.planted == tuple(sorted(set(found.planted)))
    assert found.values.min() >= 0
    assert found.values.sum(axis=1) == pytest.approx(np.ones(3000))
    # a coordinate of an even point of a triangle is below t with probability 1 - (1 - t)^2
    share = (found.values < 0.25).mean()
    assert share == pytest.approx(1 - 0.75**2, abs=5 * np.sqrt(0.25 / 9000))


def test_noise_is_added_to_a_simplex() -> None:
    clean, noisy = (cloud(f"simplex(1000, 3{more})").values for more in ("", ", noise=0.2"))
    assert (noisy - clean).std() == pytest.approx(0.2, abs=5 * 0.2 / np.sqrt(6000))
    assert abs((noisy - clean).mean()) < 5 * 0.2 / np.sqrt(3000)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("points(9, [log(row)])", "not-finite"),
        ("points(9, [row], label=row/2)", "wrong-label"),
        ("points(9, [row], label=-row)", "wrong-label"),
    ],
)
def test_what_is_no_point_or_class(data: str, code: str) -> None:
    with pytest.raises(SpecError) as caught:
        cloud(data)
    assert [problem.code for problem in caught.value.problems] == [code]


def test_values_of_a_file_are_scaled_and_centred(tmp_path: Path) -> None:
    values = np.array([[1, 10], [3, 20], [5, 60]])
    np.save(tmp_path / "x.npy", values)
    file = File(path="x.npy", folder=tmp_path, scale=0.5, centre=True)
    assert read_rows(file).values.tolist() == [[-1, -10], [0, -5], [1, 15]]
    assert make_cloud(file, 0).values.tolist() == [[-1, -10], [0, -5], [1, 15]]
    plain = read_rows(File(path="x.npy", folder=tmp_path)).values
    assert plain.dtype == values.dtype
    np.save(tmp_path / "w.npy", np.array([1.0, 0.0, 3.0]))
    weighted = File(path="x.npy", folder=tmp_path, centre=True, weights="w.npy")
    assert read_rows(weighted).values[:, 0].tolist() == [-3, -1, 1]


def test_records_are_written_as_calls() -> None:
    text = f"{PARAMETERS}data points(5, [a*row, u], label=row, embed=3)\nmap diffusion(0.2)\n"
    spec = rgc.load(text + "flow iterate\n").spec
    assert str(spec.data) == "points(5, [2*row, u], label=row, embed=3)"
    assert str(spec.map[0]) == "diffusion(scale=0.2)"
