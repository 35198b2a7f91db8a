"""Runs whose surroundings fail them: pipes that close, files that cannot be written, folders that
others can write to.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rgc import backend
from rgc.cli import main
from rgc.results import store

SPEC = """lattice chain
parameters { K = 0.4 }
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
block decimate(2)
flow exact(steps=2)
expect { critical.K = 1 within 1e-9 }
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "spec.rgc"
    path.write_text(SPEC)
    return path


def run(spec: Path, *words: str) -> int:
    return main(["run", str(spec), "--quiet", "--backend", "reference", *words])


def test_an_answer_is_told_before_it_is_written(
    spec: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "write", full)
    out = spec.parent / "out"
    assert run(spec, "--out", str(out)) == 3
    told, said = capsys.readouterr()
    assert "free_energy" in told or "K" in told
    assert f"'{out}' could not be written: No space left on device" in said
    assert "go on with: rgc run" in said


@pytest.mark.parametrize(("word", "code"), [("--emit", "emit-file"), ("--out", "out-folder")])
def test_what_cannot_be_written_is_refused_before_the_run(
    spec: Path, word: str, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(spec, word, f"{spec}/new") == 2
    told, said = capsys.readouterr()
    assert f"error[{code}]" in said
    assert not told


def test_a_reader_who_has_gone_does_not_change_the_status(spec: Path) -> None:
    command = [sys.executable, "-m", "rgc", "run", str(spec), "--backend", "reference"]
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([*command, "--json", "--strict"], stdout=writer, timeout=600)
    os.close(writer)
    assert done.returncode == 1  # the expectation failed


@pytest.mark.parametrize("stream", [1, 2])
def test_a_closed_stream_is_no_bug(spec: Path, stream: int) -> None:
    command = f"exec {sys.executable} -m rgc check {spec} {stream}>&-"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    assert not done.stderr


def test_numbers_of_the_command_line_have_limits(
    spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(spec, "--seed", str(2**64)) == 2
    assert f"{2**64} is above {2**64 - 1}" in capsys.readouterr().err
    assert run(spec, "--threads", "100000", "--json") == 0
    assert '"threads": 1,' in capsys.readouterr().out  # of the reference, whatever is asked
    assert run(spec, "--threads", "100000", "--json", "--backend", "numba") == 0
    assert f'"threads": {backend.cores()},' in capsys.readouterr().out


def test_names_and_titles_drive_no_terminal(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hostile = spec.with_name("a\x1b[2Jb.rgc")
    hostile.write_text('title "\\u001b[2J"\n' + SPEC)
    for words in (["check"], ["show"], ["run", "--quiet", "--backend", "reference"]):
        assert main([words[0], str(hostile), *words[1:]]) == 0
        assert "\x1b" not in "".join(capsys.readouterr())


def test_a_cache_that_others_can_write_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o777)
    shared.chmod(0o777)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    monkeypatch.setenv("RGC_CACHE", str(shared))
    with pytest.warns(UserWarning, match="may be written by everybody.*RGC_CACHE names another"):
        other = backend.cache_folder()
    assert other.parent == tmp_path / "tmp"
    assert other.stat().st_mode & 0o777 == 0o700
    monkeypatch.setenv("RGC_CACHE", str(tmp_path / "shared" / "file" / "x"))
    (shared / "file").write_text("")
    with pytest.warns(UserWarning, match="cannot be made"):
        assert backend.cache_folder() == other
    shared.chmod(0o700)
    monkeypatch.setenv("RGC_CACHE", str(shared))
    assert backend.cache_folder() == shared


def test_a_cache_of_somebody_else_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("RGC_CACHE", str(tmp_path / "mine"))
    assert backend.cache_folder() == tmp_path / "mine"
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    with pytest.warns(UserWarning, match="belongs to somebody else"):
        assert backend.cache_folder() != tmp_path / "mine"


@pytest.mark.parametrize("word", [["--emit", "spec.rgc"], ["--emit", "base.rgc"], ["--out", "."]])
def test_what_a_run_reads_is_not_replaced(
    spec: Path,
    word: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(spec.parent)
    Path("base.rgc").write_text(SPEC)
    spec.write_text('include "base.rgc"\nparameters { K = 0.3 }\n')
    before = {path: path.read_bytes() for path in Path().iterdir()}
    assert run(Path("spec.rgc"), *word) == 2
    assert "which" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in Path().iterdir()} == before


@pytest.mark.parametrize("option", ["--out", "--emit"])
def test_a_name_that_is_empty_is_refused(
    spec: Path, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(spec, option, "") == 2
    assert "a name is needed here" in capsys.readouterr().err
