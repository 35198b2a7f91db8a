"""Training data: rows of states from every source, and what the controls keep and take."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtr

import rgc
from rgc import backend
from rgc.analysis.dichotomised import both_above, make_twin, positive, thresholds_of
from rgc.errors import SpecError
from rgc.flows.data.controls import CONTROLS, gaussian_twin, independent, shuffled_sites
from rgc.flows.data.rows import Rows, evened, split, states_in
from rgc.flows.data.source import TrainingData, make_source
from rgc.flows.request import Request
from rgc.kernel_cache import KernelCache
from rgc.language import data as language
from rgc.model.lattice import Lattice
from rgc.model.spec import Spec
from rgc.model.spins import Species

ISING = Species("s")
KEY = (7, 11)


def spec_of(data: str, *, spins: str = "ising", lattice: str = "square(3)", folder: Path) -> Spec:
    path = folder / "spec.rgc"
    path.write_text(
        f"parameters {{ K = 0.3 }}\nlattice {lattice}\nspins s: {spins}\n"
        f"hamiltonian - K * sum(<i,j>) s[i]*s[j]\ndata {data}\n"
        "stack { rbm(hidden=4, train=cd(batch=2)) }\nflow train()\n",
        "utf-8",
    )
    return rgc.load(path).spec


def made(spec: Spec, seed: int = 0, *, validated: bool = False) -> TrainingData:
    machine = KernelCache(backend.load("reference"), general=False)
    request = Request(spec=spec, backend=machine, seed=seed, point={}, zero=())
    assert spec.data is not None
    sites = spec.lattice.sites if isinstance(spec.lattice, Lattice) else 9
    source, arrays, done = make_source(spec.data, request, sites, validated=validated), {}, 0
    while done < source.steps:
        done += source.step(arrays, done, 7)
    return source.made(arrays)


def random_rows(rows: int, sites: int, species: Species = ISING) -> Rows:
    generator = np.random.default_rng(rows * sites)
    states = generator.integers(0, len(species.values), (rows, sites)).astype(np.uint8)
    return Rows(species=species, states=states)


@pytest.mark.parametrize("rows", [1, 63, 64, 65, 200])
@pytest.mark.parametrize("species", [ISING, Species("v", "binary"), Species("v", "potts", 21)])
def test_canonical_fields(rows: int, species: Species) -> None:
    data = random_rows(rows, 5, species)
    field = data.field
    assert field.shape == (species.bits, 5, -(-rows // 64))
    assert (states_in(field, species, rows) == data.states).all()
    row, site = rows - 1, 3
    bits = field[:, site, row // 64] >> np.uint64(row % 64) & np.uint64(1)
    state = int(data.states[row, site])
    if species.two_states:  # bit 1 is the lower value
        assert bits.tolist() == [1 - state]
    else:
        assert sum(int(bit) << k for k, bit in enumerate(bits)) == state
    assert (data.values[row] == np.array(species.values)[data.states[row]]).all()


def test_lanes_beyond_the_rows_are_zero() -> None:
    field = random_rows(70, 3).field
    assert not (field[..., 1] >> np.uint64(6)).any()


def test_samples_are_those_of_the_hamiltonian(tmp_path: Path) -> None:
    """The mean of the product of neighbours on 3x3 sites, against the sum over 512 states."""
    data = made(spec_of("samples(4096, thermalise=50, every=5)", folder=tmp_path))
    assert data.train.states.shape == (4096, 9)
    spins = data.train.values.reshape(-1, 3, 3)
    bonds = (spins * (np.roll(spins, 1, 1) + np.roll(spins, 1, 2))).mean(axis=(1, 2))
    states = np.array(list(product([-1, 1], repeat=9))).reshape(-1, 3, 3)
    total = (states * (np.roll(states, 1, 1) + np.roll(states, 1, 2))).sum(axis=(1, 2))
    weights = np.exp(0.3 * total)
    exact = (weights * total).sum() / weights.sum() / 9
    assert abs(bonds.mean() - exact) < 5 * bonds.std() / 64 * 1.5
    again = made(spec_of("samples(4096, thermalise=50, every=5)", folder=tmp_path))
    assert (again.train.states == data.train.states).all()
    other = made(spec_of("samples(4096, thermalise=50, every=5)", folder=tmp_path), seed=1)
    assert (other.train.states != data.train.states).any()


def test_sets_of_samples_stand_one_after_the_other(tmp_path: Path) -> None:
    spec = spec_of("samples(100, K=[0, 1], thermalise=30, every=3)", folder=tmp_path)
    rows = made(spec).train
    assert rows.count == 200
    order = np.abs(rows.values.mean(axis=1))
    assert order[:100].mean() < 0.4 < 0.9 < order[100:].mean()


def test_a_set_does_not_depend_on_the_others(tmp_path: Path) -> None:
    one = spec_of("samples(64, K=[0.5], thermalise=20)", folder=tmp_path)
    two = spec_of("samples(64, K=[0.5, 0.2], thermalise=20)", folder=tmp_path)
    assert (made(one).train.states == made(two).train.states[:64]).all()


def test_thresholds_and_states_of_files(tmp_path: Path) -> None:
    values = np.arange(18).reshape(2, 9)
    np.save(tmp_path / "x.npy", values)
    rows = made(spec_of('file("x.npy", threshold=8)', folder=tmp_path)).train
    assert rows.values.tolist() == [[-1.0] * 9, [1.0] * 9]
    with pytest.raises(SpecError) as caught:
        made(spec_of('file("x.npy")', folder=tmp_path))
    (problem,) = caught.value.problems
    assert problem.code == "not-a-state"
    assert "holds 0 in row 0, column 0 (counted from 0): ising spins are -1 and 1" in str(
        problem.message
    )
    assert problem.hint == "threshold=8.5 makes the values above it the upper state"
    np.save(tmp_path / "x.npy", np.arange(18).reshape(2, 9) % 4)
    rows = made(spec_of('file("x.npy")', spins="potts(4)", folder=tmp_path)).train
    assert rows.states[1].tolist() == [1, 2, 3, 0, 1, 2, 3, 0, 1]
    with pytest.raises(SpecError, match="holds 3 in row 0, column 3"):
        made(spec_of('file("x.npy")', spins="potts(3)", folder=tmp_path))


def test_validation_keeps_drawn_rows_apart(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.arange(90).reshape(10, 9) % 2 * 2 - 1)
    data = made(spec_of('file("x.npy", validation=0.3)', folder=tmp_path))
    assert data.validation is not None
    assert (data.train.count, data.validation.count) == (7, 3)
    rows = Rows(species=ISING, states=np.arange(50, dtype=np.uint8)[:, None])
    train, apart = split(rows, 0.2, KEY)
    assert apart is not None
    assert sorted([*train.states[:, 0], *apart.states[:, 0]]) == list(range(50))
    assert apart.states[:, 0].tolist() != list(range(40, 50))


def test_fresh_samples_to_validate_with_leave_the_others_as_they_are(tmp_path: Path) -> None:
    spec = spec_of("samples(100, K=[0.2, 0.6], thermalise=30, every=3)", folder=tmp_path)
    data, more = made(spec), made(spec, validated=True)
    assert data.validation is None
    assert more.validation is not None
    assert (more.train.states == data.train.states).all()
    assert more.validation.count == 20
    assert not (more.validation.states[:10] == data.train.states[:10]).all()


def test_columns_that_never_change_are_said(tmp_path: Path) -> None:
    values = np.random.default_rng(1).integers(0, 2, (20, 9))
    values[:, [2, 5]] = 0
    np.save(tmp_path / "x.npy", values)
    data = made(spec_of('file("x.npy")', spins="binary", folder=tmp_path))
    (note,) = data.notes
    assert note.startswith("2 of 9 columns never change in the data (2 and 5, counted from 0)")


def test_patterns_are_fair_and_keyed_by_the_seed(tmp_path: Path) -> None:
    rows = made(spec_of("patterns(4000)", folder=tmp_path)).train
    assert rows.states.shape == (4000, 9)
    assert abs(rows.states.mean() - 0.5) < 4 * 0.5 / np.sqrt(36000)
    assert (made(spec_of("patterns(4000)", folder=tmp_path), 1).train.states != rows.states).any()


def test_odd_data_break_a_declared_symmetry(tmp_path: Path) -> None:
    even = np.random.default_rng(5).choice([-1, 1], (400, 9))
    np.save(tmp_path / "x.npy", even)
    assert made(spec_of('file("x.npy")', spins="ising(symmetric)", folder=tmp_path))
    np.save(tmp_path / "x.npy", np.concatenate([even, -even, np.ones((800, 9), dtype=int)]))
    with pytest.raises(SpecError, match=r"declared symmetric, and in 'x\.npy' their mean is 0\.5 "):
        made(spec_of('file("x.npy")', spins="ising(symmetric)", folder=tmp_path))
    made(spec_of('file("x.npy")', folder=tmp_path))


# -- controls --------------------------------------------------------------------------------------


def test_shuffled_sites_are_the_same_sites_in_another_order() -> None:
    rows = random_rows(30, 40)
    shuffled = shuffled_sites(rows, KEY)
    columns = {tuple(column) for column in rows.states.T}
    assert {tuple(column) for column in shuffled.states.T} == columns
    assert (shuffled.states != rows.states).any()


def test_independent_sites_keep_their_averages_and_nothing_else() -> None:
    line = np.random.default_rng(2).integers(0, 2, 4000).astype(np.uint8)
    rows = Rows(species=ISING, states=np.stack([line, line, 1 - line], axis=1))
    made_so = independent(rows, KEY)
    assert made_so.states.sum(axis=0).tolist() == rows.states.sum(axis=0).tolist()
    correlations = np.corrcoef(made_so.values.T) - np.eye(3)
    assert np.abs(correlations).max() < 4 / np.sqrt(4000)


def test_rows_with_weights_are_made_to_count_alike() -> None:
    states = np.arange(5, dtype=np.uint8)[:, None]
    rows = Rows(species=ISING, states=states, weights=np.array([3.0, 0.0, 1.0, 0.0, 1.0]))
    assert evened(rows).states[:, 0].tolist() == [0, 0, 0, 2, 4]


def test_probabilities_of_two_thresholds() -> None:
    """Against sums on a grid, and Sheppard's 1/4 + arcsin(rho)/(2 pi) at thresholds of 0."""
    zero = np.zeros(3)
    angle = np.array([-1.2, 0.3, np.pi / 2])
    assert both_above(zero, zero, angle) == pytest.approx(0.25 + angle / (2 * np.pi), abs=1e-15)
    x = np.linspace(-9, 9, 3601)
    for s, t, rho in [(0.5, -0.3, 0.6), (1.1, 0.9, -0.7), (-0.2, 1.4, 0.95)]:
        density = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi) * (x[1] - x[0])
        density[np.isclose(x, s)] /= 2  # the boundary counts half
        above = ndtr((rho * x - t) / np.sqrt(1 - rho**2))
        exact = float((density * above)[x > s - 1e-9].sum())
        found = both_above(np.array([s]), np.array([t]), np.array([np.arcsin(rho)]))
        assert found[0] == pytest.approx(exact, abs=1e-5)


def test_correlations_of_signs_are_found_again() -> None:
    generator = np.random.default_rng(3)
    root = generator.normal(size=(6, 6))
    root /= np.sqrt((root**2).sum(axis=1, keepdims=True))
    wanted = root @ root.T
    up = [0.5, 0.3, 0.9, 0.1, 0.6, 0.5]
    thresholds = thresholds_of(np.array(up))
    first, second = (index.ravel() for index in np.indices((6, 6)))
    off = first != second
    both = np.zeros((6, 6))
    rows = (thresholds[first[off]], thresholds[second[off]])
    both[first[off], second[off]] = both_above(*rows, np.arcsin(wanted[first[off], second[off]]))
    found = make_twin(np.array(up), both)
    assert found.root @ found.root.T == pytest.approx(wanted, abs=1e-8)
    assert found.apart < 1e-9


def test_a_twin_has_the_two_point_function_and_no_other_correlations() -> None:
    """Four spins with a product that is always 1: their twin has pairs and averages of its own."""
    generator = np.random.default_rng(4)
    spins = generator.choice([-1, 1], (40000, 3), p=[0.4, 0.6])
    spins = np.concatenate([spins, spins.prod(axis=1, keepdims=True)], axis=1)
    spins = np.concatenate([spins, spins[:, :1], np.ones((40000, 1), dtype=int)], axis=1)
    rows = Rows(species=ISING, states=((spins + 1) // 2).astype(np.uint8))
    twin = gaussian_twin(rows, KEY).values
    assert np.abs(twin.T @ twin - spins.T @ spins).max() / 40000 < 5 / np.sqrt(40000)
    assert np.abs(twin.mean(axis=0) - spins.mean(axis=0)).max() < 5 / np.sqrt(40000)
    assert (twin[:, 0] == twin[:, 4]).all()
    assert (twin[:, 5] == 1).all()
    assert abs(twin[:, :4].prod(axis=1).mean()) < 0.2


def test_correlations_without_a_field_are_replaced_by_near_ones() -> None:
    """Three spins of which no two are equal more often than 1 in 6: more than Gaussians can."""
    assert positive(np.array([2.0, 1.5, -0.5])).tolist() == [1.75, 1.25, 0.0]
    states = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 0]] * 50)
    rows = Rows(species=ISING, states=states.astype(np.uint8))
    twin = gaussian_twin(rows, KEY)
    assert twin.notes == ()  # -1/3 is sin(-pi/6) = -1/2 of each pair, on the edge
    states = np.array([[1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 1, 1], [0, 1, 1, 0]] * 50)
    rows = Rows(species=ISING, states=states.astype(np.uint8))
    (note,) = gaussian_twin(rows, KEY).notes
    assert note.startswith("no Gaussian field has signs with the two-point function")


@pytest.mark.parametrize("lattice", ["chain(12)", "square(4)", "kagome(2)"])
def test_translations_are_averaged_over(tmp_path: Path, lattice: str) -> None:
    """The twin of samples has their two-point function averaged over translations, and says how
    far it is from that."""
    path = tmp_path / "spec.rgc"
    path.write_text(
        f"parameters {{ K = 0.25 }}\nlattice {lattice}\nspins s: ising\n"
        "hamiltonian - K * sum(<i,j>) s[i]*s[j] - 0.2 * sum(i) s[i]\n"
        "data samples(8192, thermalise=30, every=4)\n"
        "stack { rbm(hidden=4, train=cd()) }\nflow train()\n"
    )
    data = made(rgc.load(path).spec)
    assert data.train.cells is not None
    twin = gaussian_twin(data.train, KEY)
    apart = [float(note.split()[-3]) for note in twin.notes]
    pairs = [rows.values.T @ rows.values / 8192 for rows in (data.train, twin)]
    difference = _over_translations(pairs[0] - pairs[1], data.train.cells)
    assert np.abs(difference).max() < sum(apart) + 5 / np.sqrt(8192)
    up = [rows.values.mean() for rows in (data.train, twin)]
    assert abs(up[0] - up[1]) < 5 / np.sqrt(8192)
    wrong = _over_translations(pairs[0], data.train.cells)
    assert np.abs(wrong).max() > 0.3


def _over_translations(pairs: Any, cells: tuple[int, ...]) -> Any:
    """Entries of a matrix averaged over translations of both sites, from the first cell."""
    letters = len(pairs) // int(np.prod(cells))
    grid = pairs.reshape(*cells, letters, *cells, letters)
    axes = tuple(range(len(cells)))
    total = np.zeros_like(grid[(0,) * len(cells)])
    for at in product(*map(range, cells)):
        moved = np.roll(grid[at], [-x for x in at], axis=[axis + 1 for axis in axes])
        total += moved
    total /= np.prod(cells)
    total[:, *(0,) * len(cells)] *= 1 - np.eye(letters)
    return total


def test_controls_are_those_of_the_language_and_depend_on_their_key() -> None:
    assert set(CONTROLS) == set(language.CONTROLS)
    rows = random_rows(100, 20)
    for control in CONTROLS.values():
        assert (control(rows, KEY).states == control(rows, KEY).states).all()
        assert (control(rows, KEY).states != control(rows, (1, 2)).states).any()
        assert control(rows, KEY).states.shape == rows.states.shape
