"""A renormalised Hamiltonian is a spec that runs, with the free energy of the original."""

from __future__ import annotations

from pathlib import Path

import pytest

import rgc
from rgc.cli import main
from rgc.emit import emit

ISING = """
title "square"
parameters { K = 0.3, h = 0.02, unused = K }
lattice square
spins s: ising
hamiltonian
  - K * sum(<i,j>) s[i]*s[j]
  - h * sum(i) s[i]
flow migdal_kadanoff(b=2, steps=4)
"""
NO_FIELD = """
parameters { K = 0.3, h = 0 }
lattice square
spins s: potts(3)
hamiltonian
  - K * sum(<i,j>) delta(s[i], s[j])
  - 0.1 * sum(i) delta(s[i], 0)
flow migdal_kadanoff(b=2, steps=4)
"""
WEIGHT = """
parameters { W = [[1, 0.3, 0.2], [0.3, 1, 0.3], [0.2, 0.3, 1]] }
lattice hypercubic(d=3)
spins s: potts(3)
hamiltonian - sum(<i,j>) log(W[s[i], s[j]])
flow migdal_kadanoff(b=2, steps=3)
"""
CHAIN = """
parameters { K = 1 }
lattice chain
spins s: binary
hamiltonian - K * sum(i) s[i]*s[i+x]
block decimate(3)
flow exact(steps=3)
"""
CUMULANT = """
parameters { K = 0.2, P = 0.01 }
lattice triangular
spins s: ising
hamiltonian
  - K * sum(<i,j>) s[i]*s[j]
  - P * sum(i) s[i]*s[i+x]*s[i+y]*s[i+x+y]
block majority(cell=triangle)
flow cumulant(order=2, steps=3)
"""


@pytest.mark.parametrize(
    ("text", "level", "sites"),
    [
        (ISING, 1, 4),
        (ISING, 3, 64),
        (NO_FIELD, 2, 16),
        (WEIGHT, 1, 8),
        (CHAIN, 2, 9),
        (CUMULANT, 2, 9),
    ],
)
def test_an_emitted_spec_has_the_free_energy_of_the_original(
    text: str, level: int, sites: int
) -> None:
    loaded = rgc.load(text)
    answer = rgc.compile(loaded, backend="reference").run()
    again = rgc.compile(
        rgc.load(emit(loaded.spec, answer.result, level)), backend="reference"
    ).run()
    before, after = answer.result.free_energy[0].value, again.result.free_energy[0].value
    assert after == pytest.approx(sites * before, rel=1e-13)
    wanted = {name: each.value for name, each in answer.levels[level + 1].couplings.items()}
    found = {name: each.value for name, each in again.levels[1].couplings.items()}
    for name, value in wanted.items():
        assert found.get(name, 0.0) == pytest.approx(value, rel=1e-9, abs=1e-12), name


def test_the_last_level_is_written_unless_told_otherwise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = tmp_path / "mk.rgc"
    spec.write_text(ISING)
    out = tmp_path / "level.rgc"
    assert main(["run", str(spec), "--backend", "reference", "--emit", str(out), "--quiet"]) == 0
    assert "square: level 4" in out.read_text()
    assert "unused" not in out.read_text()
    assert main(["check", str(out)]) == 0
    capsys.readouterr()


def test_what_has_no_couplings_is_not_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = tmp_path / "mk.rgc"
    spec.write_text(ISING)
    words = [
        "run",
        str(spec),
        "--backend",
        "reference",
        "--emit",
        str(tmp_path / "x.rgc"),
        "--quiet",
    ]
    assert main([*words, "--level", "9"]) == 2
    assert "no level 9" in capsys.readouterr().err
    assert main([*words, "--scan", "K=0.2:0.3:2"]) == 2
    assert "a scan has a Hamiltonian at every point" in capsys.readouterr().err
    assert not (tmp_path / "x.rgc").exists()
