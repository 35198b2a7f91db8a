"""`rgc run`: exit status, both spellings, scans, interruption and resumption, the output folder."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import rgc
from rgc.cli import main
from rgc.flows.flow import Flow, State
from rgc.results.result import Result

SPEC = """\
title "A small Ising model"
parameters { K = 0.3, h = 0.1 }
lattice square(4)
spins s: ising
hamiltonian
  - K * sum(<i,j>) s[i]*s[j]
  - h * sum(i) s[i]
flow sample(sweeps=60, thermalise=20, every=1, replicas=64, seed=3)
measure { energy, m }
expect {
  m above 0.1
  energy = -0.4 within 0.2
}
"""

WORK = 16 * 64 * 10  # spin updates: at most 10 of 80 sweeps at once, after 1, 2, 4, 8
COMPILE = sys.modules["rgc.compiler"]


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RGC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("rgc.flows.sampling.plan.WORK", WORK)
    monkeypatch.setattr("rgc.runner.STEP", 1e9)
    path = tmp_path / "small.rgc"
    path.write_text(SPEC)
    return path


@dataclass(frozen=True)
class Hooked:
    """A flow that calls `hook` before each step."""

    inner: Flow
    hook: Callable[[State], object]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def step(self, state: State) -> State:
        self.hook(state)
        return self.inner.step(state)

    def finish(self, state: State) -> Result:
        return self.inner.finish(state)


def hooked(monkeypatch: pytest.MonkeyPatch, hook: Callable[[State], object]) -> None:
    original = COMPILE.flow
    monkeypatch.setattr(COMPILE, "flow", lambda *a, **k: Hooked(original(*a, **k), hook))


def run(*words: str | Path) -> int:
    return main(["run", *map(str, words), "--backend", "reference"])


def answer(capsys: pytest.CaptureFixture[str], *words: str | Path) -> dict[str, Any]:
    capsys.readouterr()
    assert run(*words, "--json") == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def test_the_table_for_people(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(spec, "--quiet") == 0
    out, err = capsys.readouterr()
    assert out.startswith("A small Ising model\nsample, backend reference, seed 3\n")
    assert "  energy  -0." in out
    assert "✓  m" in out
    assert err == ""


def test_both_spellings_give_the_same_digits(
    spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    twin = spec.with_suffix(".yaml")
    assert main(["convert", str(spec), str(twin)]) == 0
    assert answer(capsys, spec) == answer(capsys, twin)


def test_the_seed_of_the_command_wins(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine, other = answer(capsys, spec), answer(capsys, spec, "--seed", "4")
    assert (mine["seed"], other["seed"]) == (3, 4)
    assert mine["observables"] != other["observables"]
    assert answer(capsys, spec, "--seed", "3") == mine


def test_strict_turns_a_failed_expectation_into_status_1(
    spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = ["--set", "h=-0.2"]  # m is then below zero
    assert run(spec, "--strict") == 0
    assert run(spec, *wrong) == 0
    assert run(spec, *wrong, "--strict") == 1
    assert "✗  m" in capsys.readouterr().out


def test_strict_knows_warnings_of_a_run_that_expects_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Records every ten sweeps do not tell an autocorrelation time."""
    warns, silent = tmp_path / "warns.rgc", tmp_path / "silent.rgc"
    system = "lattice chain(8)\nspins s: ising\nhamiltonian - 0.2 * sum(<i,j>) s[i]*s[j]\n"
    warns.write_text(f"{system}flow sample(sweeps=40, thermalise=10)\n")
    silent.write_text(f"{system}flow enumerate\n")
    assert run(warns) == 0
    assert run(warns, "--strict") == 1
    assert "under --strict a warning is then exit status 1" in capsys.readouterr().err
    assert run(silent, "--strict") == 0
    warns.write_text(f"{warns.read_text()}measure {{ energy }}\nexpect {{ energy = 0 within 9 }}\n")
    assert run(warns, "--strict") == 0


def test_what_comes_later_checks_but_does_not_run(
    spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flow = SPEC[SPEC.index("flow") : SPEC.index("measure")]
    spec.write_text(
        SPEC[: SPEC.index("flow")] + "block kadanoff(2, p=free)\nflow variational_mcrg(steps=1)\n"
    )
    assert flow not in spec.read_text()
    assert main(["check", str(spec)]) == 0
    assert run(spec) == 2
    assert "error[not-yet]: p=free comes later for this scheme" in capsys.readouterr().err


def test_an_unknown_backend_is_the_users_mistake(
    spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(spec), "--backend", "referense"]) == 2
    assert "did you mean 'reference'?" in capsys.readouterr().err


def test_the_memory_of_a_constant_series_has_no_error(spec: Path) -> None:
    found = (
        rgc.compile(spec, backend="reference", settings={"K": 0, "h": 0}).run().result.observables
    )
    assert found["tau_energy"].error is None
    assert "constant" in found["tau_energy"].note
    assert found["tau_m^2"].error is not None


# -- scans -----------------------------------------------------------------------------------------


def test_every_point_of_a_scan_is_there_and_nothing_recompiles(
    spec: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = rgc.compile(spec, backend="reference", scan={"K": "0.2:0.3:3", "h": "[0.1, 0.2]"})
    kernels = len(compiled.machine.made)
    found = compiled.run()
    assert [dict(point.parameters) for point in found.points] == [
        {"K": k, "h": h} for k in (0.2, 0.25, 0.3) for h in (0.1, 0.2)
    ]
    assert len(compiled.machine.made) == kernels
    energies = [point.result.observables["energy"].value for point in found.points]
    assert len(set(energies)) == 6
    assert dict(found.to_xarray().sizes)["K"] == 3


def test_an_expected_value_is_worked_out_at_the_point_that_it_selects(spec: Path) -> None:
    spec.write_text(
        SPEC[: SPEC.index("expect")]
        + "scan { h = [0.1, 0.3] }\nexpect { m[h=0.3] = h within 10 }\n"
    )
    found = rgc.compile(spec, backend="reference").run()
    assert [check.expectation.value for check in found.checks] == [0.3]


def test_a_field_that_is_0_at_some_points_only_compiles_once_and_has_one_list_of_sectors(
    spec: Path,
) -> None:
    compiled = rgc.compile(spec, backend="reference", scan={"h": "[0, 0.1]"})
    kernels = len(compiled.machine.made)
    found = compiled.run()
    assert len(compiled.machine.made) == kernels
    assert [point.result.provenance["sectors"] for point in found.points] == [["invariant"]] * 2
    assert [point.result.provenance["dropped"] for point in found.points] == [[], []]
    assert rgc.load(spec, settings={"h": 0}, scan={"K": "[0.2, 0.3]"}).zero == ("h",)


def test_settings_of_a_spec_that_was_loaded_before_are_refused(spec: Path) -> None:
    loaded = rgc.load(spec)
    with pytest.raises(TypeError, match=r"rgc\.load"):
        rgc.compile(loaded, backend="reference", settings={"K": 0.2})
    with pytest.raises(TypeError, match=r"rgc\.load"):
        rgc.compile(loaded, backend="reference", scan={"K": "[0.2, 0.3]"})


def test_a_point_of_a_scan_equals_itself_in_another_scan(spec: Path) -> None:
    wide = rgc.compile(spec, backend="reference", scan={"K": "[0.2, 0.3]"}).run()
    narrow = rgc.compile(spec, backend="reference", scan={"K": "[0.3]"}).run()
    assert wide.points[1].result.observables == narrow.points[0].result.observables


# -- interruption ----------------------------------------------------------------------------------


@pytest.mark.parametrize("out", [True, False])
def test_interrupted_and_resumed_gives_the_same_digits(
    spec: Path,
    tmp_path: Path,
    out: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    where = ["--out", str(tmp_path / "out")] if out else []
    whole = answer(capsys, spec)
    with monkeypatch.context() as patch:
        hooked(patch, lambda state: signal.raise_signal(signal.SIGINT) if state.done == 3 else None)
        assert run(spec, *where) == 130
    stdout, stderr = capsys.readouterr()
    assert stdout == ""
    assert "interrupted after 7 of 80 steps; the checkpoint is in" in stderr
    assert "go on with: rgc run" in stderr
    if out:
        assert run(spec, *where) == 2  # would lose the checkpoint
        assert "go on with --resume" in capsys.readouterr().err
    begun: list[int] = []
    with monkeypatch.context() as patch:
        hooked(patch, lambda state: begun.append(state.done))
        assert answer(capsys, spec, *where, "--resume") == whole
    assert begun == [7, 8, 10, 14, 22, 32, 42, 52, 62, 72]
    assert not list(tmp_path.rglob("point-*"))  # nothing is left behind
    if out:
        assert json.loads((tmp_path / "out" / "summary.json").read_text()) == whole


def test_an_interrupted_scan_repeats_no_finished_point(
    spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    scan = ["--scan", "K=0.1:0.3:3"]
    whole = answer(capsys, spec, *scan)
    begun: list[int] = []

    def stop_in_the_second(state: State) -> None:
        begun.append(state.done)
        if begun.count(0) == 2 and state.done > 20:
            signal.raise_signal(signal.SIGTERM)

    with monkeypatch.context() as patch:
        hooked(patch, stop_in_the_second)
        assert run(spec, *scan) == 130
    with monkeypatch.context() as patch:
        hooked(patch, lambda state: begun.append(state.done))
        assert answer(capsys, spec, *scan, "--resume") == whole
    assert begun.count(0) == 3


def test_resume_of_another_spec_is_refused(
    spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = ["--out", str(tmp_path / "out")]
    with monkeypatch.context() as patch:
        hooked(patch, lambda state: signal.raise_signal(signal.SIGINT))
        assert run(spec, *out) == 130
    assert run(spec, *out, "--resume", "--set", "K=0.31") == 3
    assert "belongs to another run: its spec" in capsys.readouterr().err
    assert run(spec, *out, "--resume", "--seed", "4") == 3
    assert "belongs to another run: its seed is 3, not 4" in capsys.readouterr().err
    spec.write_text("# a comment changes nothing\n" + SPEC)
    assert run(spec, *out, "--resume") == 0


def test_resuming_nothing_says_so(
    spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert run(spec, "--resume", "--out", out, "--json") == 0
    stdout, stderr = capsys.readouterr()
    message = (
        f"there is no checkpoint to resume in {out / 'checkpoints'}: the run starts from the "
        "beginning"
    )
    # On a slow machine a line of progress follows.
    assert stderr.splitlines()[0] == f"warning: {message}"
    assert stderr.count("warning:") == 1
    assert message in json.loads(stdout)["warnings"]
    assert run(spec, "--resume") == 0
    stdout, stderr = capsys.readouterr()
    assert "there is no checkpoint to resume" in stderr
    assert "no checkpoint" not in stdout  # said once


def test_the_time_limit_stops_with_a_checkpoint(
    spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = answer(capsys, spec)
    assert run(spec, "--time-limit", "0.000001") == 124
    assert "time limit reached after 0 of 80 steps" in capsys.readouterr().err
    assert answer(capsys, spec, "--resume") == whole


# -- the Python interface --------------------------------------------------------------------------


def test_the_python_interface(spec: Path, tmp_path: Path) -> None:
    loaded = rgc.load(str(spec))
    found = rgc.compile(loaded, backend="reference").run(seed=7, out=tmp_path / "out")
    assert found.seed == 7
    assert found.couplings[0]["h"].value == 0.1
    assert found.levels[0].shape == (4, 4)
    assert (
        float(found.to_xarray()["observables_value"].sel(observables="m"))
        == found.result.observables["m"].value
    )
    assert "configurations" in found.plot()
    assert found.document()["seed"] == 7
    assert found.exponents == {}
    assert rgc.load(tmp_path / "out" / "spec.rgc").sha256 == loaded.sha256


def test_a_text_is_a_spec_too() -> None:
    assert rgc.load(SPEC).title == "A small Ising model"
    with pytest.raises(rgc.SpecError, match="cannot be read"):
        rgc.load("no such file.rgc")
