"""Configurations and series that a run keeps are those that its averages are made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import rgc
from rgc.flows.sampling.saved import spins
from rgc.results.answer import Answer
from rgc.runner import Interrupted

SPEC = """title "small"
parameters {{ K = 0.3, h = 0.1 }}
lattice square(4, 3)
spins s: {spins}
hamiltonian - K * sum(<i,j>) s[i]*s[j] - h * sum(i) s[i]
flow sample(sweeps=60, every=5, thermalise=20, replicas=64, {options})
measure {{ energy, m = mean(i) s[i], U = 1 - avg(m^4)/(3*avg(m^2)^2) }}
"""


def run(options: str, kind: str = "ising", **how: object) -> Answer:
    made = rgc.compile(SPEC.format(options=options, spins=kind), backend="reference")
    return made.run(warn=lambda message: None, **how)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> Answer:
    return run("save=12, series=true", out=tmp_path_factory.mktemp("saved"))


def test_averages_are_those_of_what_was_kept(answer: Answer) -> None:
    saved = answer.result.saved
    (kept,) = saved.configurations.values()
    assert kept.shape == (64, 12, 4, 3, 1)
    assert kept.dtype == np.int8
    s = kept[..., 0].astype(float)
    bonds = s * np.roll(s, 1, 2) + s * np.roll(s, 1, 3)
    series = saved.series
    assert set(series) == {"energy", "m^2", "m"}
    np.testing.assert_allclose(series["m"], s.mean(axis=(2, 3)), atol=1e-12)
    np.testing.assert_allclose(series["m^2"], series["m"] ** 2, atol=1e-12)
    energy = -(0.3 * bonds + 0.1 * s).mean(axis=(2, 3))
    np.testing.assert_allclose(series["energy"], energy, atol=1e-12)
    for name in ("energy", "m"):
        assert answer.observables[name].value == pytest.approx(series[name].mean(), abs=1e-12)


def test_files_hold_the_same(answer: Answer) -> None:
    import xarray as xr

    folder = answer.folder
    assert folder is not None
    saved = answer.result.saved
    with xr.open_dataset(folder / "result.nc", engine="h5netcdf") as stored:
        for name, array in saved.configurations.items():
            np.testing.assert_array_equal(np.load(folder / f"configurations_{name}.npy"), array)
            np.testing.assert_array_equal(stored[f"configurations_{name}"], array)
        for name, array in saved.series.items():
            np.testing.assert_array_equal(np.load(folder / f"replicas_{name}.npy"), array)
            np.testing.assert_array_equal(stored[f"replicas_{name}"], array)


def test_fewer_are_evenly_spaced_with_the_last(answer: Answer) -> None:
    whole = answer.result.saved.configurations["s"]
    few = run("save=5").result.saved.configurations["s"]
    np.testing.assert_array_equal(few, whole[:, [1, 3, 6, 8, 11]])
    assert not run("save=5").result.saved.series


def test_a_resumed_run_keeps_the_same(
    tmp_path: Path, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RGC_CACHE", str(tmp_path))
    with pytest.raises(Interrupted):
        run("save=12, series=true", time_limit=1e-9)
    again = run("save=12, series=true", resume=True)
    assert again.result.saved == answer.result.saved


def test_spins_of_several_planes_are_values() -> None:
    fields = np.zeros((1, 2, 1, 1, 1), np.uint64)  # one record, two planes, one site, one word
    fields[0, 0, 0, 0, 0], fields[0, 1, 0, 0, 0] = 0b0101, 0b0110
    kept = spins(fields, (7, 8, 9, 5))
    assert kept.shape == (64, 1, 1, 1)
    assert kept[:4, 0, 0, 0].tolist() == [8, 9, 5, 7]


def test_a_potts_model_keeps_its_states() -> None:
    text = SPEC.format(options="save=2", spins="potts(3)")
    text = text.replace("s[i]*s[j] - h * sum(i) s[i]", "delta(s[i], s[j])").replace(", h = 0.1", "")
    text = text[: text.index("measure")]
    answer = rgc.compile(text, backend="reference").run(checkpoints=False, warn=lambda _: None)
    kept = answer.result.saved.configurations["s"]
    assert set(np.unique(kept)) == {0, 1, 2}


MCRG = """title "levels"
parameters {{ K = 0.3 }}
lattice square(8)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
block {block}
flow mcrg(steps=2, sweeps=60, every=5, thermalise=20, replicas=64, {options},
  basis=operators(range=1, bodies=2))
measure {{ energy, m = mean(i) s[i] }}
"""


def run_mcrg(options: str, block: str = "decimate(2)") -> Answer:
    made = rgc.compile(MCRG.format(options=options, block=block), backend="reference")
    return made.run(warn=lambda message: None, checkpoints=False)


def test_block_spins_are_kept_with_their_configurations() -> None:
    answer = run_mcrg("save=12, series=true")
    saved = answer.result.saved
    fine, once, twice = (saved.configurations[name] for name in ("s", "1_s", "2_s"))
    assert fine.shape == (64, 12, 8, 8, 1)
    np.testing.assert_array_equal(once, fine[:, :, ::2, ::2])
    np.testing.assert_array_equal(twice, fine[:, :, ::4, ::4])
    np.testing.assert_allclose(saved.series["m"], fine.mean(axis=(2, 3, 4)), atol=1e-12)
    average = answer.result.levels[1].averages["K"]
    s = once[..., 0].astype(float)
    bonds = (s * np.roll(s, 1, 2) + s * np.roll(s, 1, 3)).mean() / 2
    assert average.value == pytest.approx(bonds, abs=1e-12)
    last = answer.result.configurations
    for kept, shown in zip((fine, once, twice), last, strict=True):
        np.testing.assert_array_equal(kept[0, -1], shown)
    quiet = run_mcrg("save=1").result
    assert quiet.averages == answer.result.averages
    assert not quiet.saved.series


def test_with_a_free_map_only_the_spins_are_kept() -> None:
    saved = run_mcrg("save=2", "kadanoff(2, p=free)").result.saved
    assert set(saved.configurations) == {"s"}


def test_the_size_of_what_is_kept_counts_block_spins() -> None:
    from rgc.schemes.needs.samples import saved_bytes

    for block, spins_of_one in (("decimate(2)", 64 + 16 + 4), ("kadanoff(2, p=free)", 64)):
        spec = rgc.load(MCRG.format(options="save=3", block=block)).spec
        assert spec.flow is not None
        assert saved_bytes(spec, spec.flow.options) == 3 * 64 * spins_of_one
