"""Tasks of a run on several workers: the digits of one process, whatever becomes of a worker."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import rgc
from rgc import cluster, cost, memory, runner, tasks
from rgc.cli import main
from rgc.errors import SpecError
from rgc.results.figures import plots
from rgc.runner import Interrupted, Stop
from rgc.slurm import Slurm, read_slurm
from tests.core.cluster_tasks import on_two_devices, point_dies, share_dies

SPEC = """parameters { K = 0.3 }
lattice square(4)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
flow sample(sweeps=40, thermalise=10, every=1, replicas=64)
scan { K = 0.2:0.5:16 }
measure { energy, m }
"""
LONG = SPEC.replace("scan { K = 0.2:0.5:16 }\n", "").replace("replicas=64", "replicas=256")
BONDS = """parameters { J ~ normal(0, 1) }
lattice square(3)
spins s: ising
hamiltonian - sum(<i,j>) J[i,j] * s[i]*s[j]
flow enumerate(disorder=6)
measure { log_z, energy }
"""
SLURM = "queue: normal\ncores: 4\nmemory: 8 GiB\nwalltime: 12:00:00\njobs: 16\n"


@pytest.fixture
def no_plots(monkeypatch: pytest.MonkeyPatch) -> None:
    """They take longer than all the rest."""
    monkeypatch.setattr(plots, "figures", lambda answer: {})


@pytest.mark.parametrize("where", ["local", "local:0", "local:-2", "host:8786", "http://host", ""])
def test_what_is_no_cluster(tmp_path: Path, where: str, capsys: pytest.CaptureFixture[str]) -> None:
    spec = tmp_path / "spec.rgc"
    spec.write_text(SPEC)
    assert main(["run", str(spec), "--out", str(tmp_path / "out"), "--cluster", where]) == 2
    assert "error[no-cluster]" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_what_a_cluster_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "slurm.yaml").write_text(SLURM)
    with pytest.raises(SpecError, match="give --out"):
        cluster.find("local:2", None)
    monkeypatch.setitem(sys.modules, "dask_jobqueue", None)
    with pytest.raises(SpecError, match=r"dask-jobqueue.*\n.*rgc-compiler\[cluster\]"):
        cluster.find(str(tmp_path / "slurm.yaml"), tmp_path)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(SpecError, match=r"rgc-compiler\[cluster\]"):
        cluster.find("tcp://host:8786", tmp_path)


def test_cores_are_shared_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "cores", lambda: 8)
    assert [cluster.Local(n).threads(None) for n in (1, 3, 8, 16)] == [8, 2, 1, 1]
    assert [cluster.Address("tcp://host:8786").threads(n) for n in (None, 4)] == [None, 4]
    jobs = cluster.Jobs(Slurm("normal", 4, "8 GiB", "1:00:00", 2), Path())
    assert [jobs.threads(n) for n in (None, 2, 8)] == [4, 2, 4]


# -- SLURM -----------------------------------------------------------------------------------------


def test_a_file_for_slurm(tmp_path: Path) -> None:
    path = tmp_path / "slurm.yaml"
    path.write_text(SLURM)
    assert read_slurm(path) == Slurm("normal", 4, "8 GiB", "12:00:00", 16)
    path.write_text(SLURM + "account: physics\nprologue: [module load python, export A=1]\n")
    more = read_slurm(path)
    assert (more.account, more.prologue) == ("physics", ("module load python", "export A=1"))
    path.write_text(SLURM + "prologue: module load python\n")
    assert read_slurm(path).prologue == ("module load python",)


def test_the_file_of_the_page(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "cluster.md").read_text("utf-8")
    _, text, *_ = page.split("A file says what a job is:")[1].split("```")
    path = tmp_path / "slurm.yaml"
    path.write_text(text)
    prologue = ("module load python", "export RGC_CACHE=$HOME/.cache/rgc")
    assert read_slurm(path) == Slurm("normal", 4, "8 GiB", "12:00:00", 16, "physics", prologue)


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("", ":1:1:", "is a mapping"),
        ("- a\n", ":1:1:", "is a mapping"),
        (SLURM.replace("queue", "qeue"), ":1:1:", "did you mean 'queue'"),
        (SLURM.replace("jobs: 16\n", ""), ":1:1:", "nothing of jobs\n"),
        (SLURM + "jobs: 2\n", ":6:1:", "given twice"),
        (SLURM.replace("cores: 4", "cores: 0"), ":2:8:", "'0' is no cores"),
        (SLURM.replace("jobs: 16", "jobs: many"), ":5:7:", "write jobs: 16"),
        (SLURM.replace("8 GiB", "8"), ":3:9:", "write memory: 8 GiB"),
        (SLURM.replace("12:00:00", "12 h"), ":4:11:", "write walltime: 12:00:00"),
        (SLURM.replace("normal", "[a, b]"), ":1:8:", "this is no queue"),
        (SLURM.replace("normal", "'a\\n#SBATCH --x'"), ":1:8:", "is no queue"),
        (SLURM + "prologue: [{a: b}]\n", ":6:11:", "this is no prologue"),
        (SLURM + "prologue: !!python/object:os.system x\n", ":6:", "yaml"),
    ],
)
def test_a_wrong_file_for_slurm(tmp_path: Path, text: str, place: str, said: str) -> None:
    path = tmp_path / "slurm.yaml"
    path.write_text(text)
    with pytest.raises(SpecError) as raised:
        read_slurm(path)
    assert place in str(raised.value)
    assert said in str(raised.value)


def test_the_script_of_a_job(tmp_path: Path) -> None:
    """What SLURM is handed: one worker a job, one task at a time on all of its cores."""
    queue = pytest.importorskip("dask_jobqueue")
    asked = Slurm("long", 8, "16 GiB", "1-02:00:00", 3, "physics", ("module load python",))
    asked_of_dask = cluster.job(asked, tmp_path / "50 %")
    asked_of_dask["scheduler_options"] = {"dashboard_address": None}
    with queue.SLURMCluster(**asked_of_dask) as made:
        lines = made.job_script().splitlines()
    for line in (
        "-p long",
        "-A physics",
        "-n 1",
        "--cpus-per-task=8",
        "--mem=16G",
        "-t 1-02:00:00",
        f'--output="{tmp_path}/50 %%/%j.txt"',
    ):
        assert f"#SBATCH {line}" in lines
    (command,) = (line for line in lines if "dask_worker" in line or "dask worker" in line)
    assert lines.index("module load python") < lines.index(command)
    assert "--nthreads 1 " in command


# -- runs ------------------------------------------------------------------------------------------


def test_long_points_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Into shares of half a minute or more, as the cost of the run says."""
    big = rgc.load(LONG.replace("square(4)", "square(512)").replace("sweeps=40", "sweeps=6000"))
    (part,) = cost.parts(big.spec)
    assert 60 < part.cost.seconds < 90
    assert tasks.shares(big.spec) == 2
    assert tasks.shares(rgc.load(LONG).spec) == 1
    monkeypatch.setattr(tasks, "TASK", 1e-9)
    assert tasks.shares(rgc.load(LONG).spec) == 4
    assert tasks.shares(rgc.load(BONDS).spec) == 6
    methods = LONG.replace("energy, m", "f = free_energy(methods=[transfer])")
    assert tasks.shares(rgc.load(methods).spec) == 1


@pytest.mark.usefixtures("no_plots")
def test_shares_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A point that was begun in shares goes on in shares without a cluster; one that was begun as a
    whole is not cut on one.
    """
    compiled = rgc.compile(LONG, backend="reference")
    whole = compiled.run(out=tmp_path / "whole")
    monkeypatch.setattr(memory, "available", lambda: 1.0)  # judged where the run began
    monkeypatch.setattr(tasks, "TASK", 1e-9)
    monkeypatch.setattr(cluster, "run", one_after_the_other(stopped_after=2))
    with pytest.raises(Interrupted):
        compiled.run(out=tmp_path / "out", cluster="local:1")
    names = {path.name for path in (tmp_path / "out" / "checkpoints").iterdir()}
    assert {f"point-0000-share-000{k}-of-0004.npz" for k in (0, 1)} <= names
    assert compiled.run(out=tmp_path / "out", resume=True).points == whole.points
    assert not (tmp_path / "out" / "checkpoints").exists()

    monkeypatch.setattr(runner, "EVERY", 0.0)
    with pytest.raises(Interrupted):
        compiled.run(out=tmp_path / "more", stop=Stop(deadline=0.0))
    monkeypatch.setattr(cluster, "run", one_after_the_other())
    again = compiled.run(out=tmp_path / "more", cluster="local:1", resume=True)
    assert again.points == whole.points


@pytest.mark.usefixtures("no_plots")
def test_a_share_goes_on_from_its_own_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = rgc.compile(LONG, backend="reference")
    monkeypatch.setattr(tasks, "TASK", 1e-9)
    monkeypatch.setattr(cluster, "run", one_after_the_other(stopped_after=2))
    with pytest.raises(Interrupted):
        compiled.run(out=tmp_path / "out", cluster="local:1")
    folder = tmp_path / "out" / "checkpoints"
    first, second = (folder / f"point-0000-share-000{k}-of-0004.npz" for k in (0, 1))
    for path in folder.glob("*.prev"):
        path.unlink()
    second.write_bytes(first.read_bytes())
    with pytest.raises(SpecError, match="its share is 1 of 4, not 2 of 4"):
        compiled.run(out=tmp_path / "out", resume=True)


def one_after_the_other(stopped_after: int | None = None) -> Callable[..., list[Any]]:
    """What `cluster.run` does, in this process, until it is stopped."""

    def run(where: object, common: object, all_of: list[cluster.Task], **how: Any) -> list[Any]:
        done = 0

        def result(task: cluster.Task) -> Any:
            nonlocal done
            before = [result(each) for each in task.after]
            if done == stopped_after:
                raise Interrupted("terminated", done, len(all_of), how["saved"], "tasks")
            done += 1
            return task.function(common, task.argument, before)

        return [result(task) for task in all_of]

    return run


@pytest.mark.usefixtures("no_plots")
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["points", "replicas", "realisations"])
def test_a_worker_that_dies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Two workers, one killed in the middle of a task."""
    pytest.importorskip("distributed")
    spec = {"points": SPEC, "replicas": LONG, "realisations": BONDS}[kind]
    compiled = rgc.compile(spec, backend="reference")
    serial = compiled.run(out=tmp_path / "serial")
    monkeypatch.setattr(tasks, "TASK", 1e-9)
    monkeypatch.setattr(tasks, "run_point", point_dies)
    monkeypatch.setattr(tasks, "run_share", share_dies)
    answer = compiled.run(out=tmp_path / "out", cluster="local:2")
    assert (tmp_path / "out" / "died").exists()
    assert answer.points == serial.points


SBATCH = """#!/bin/sh
cp "$1" JOBS/job-$$.sh
setsid sh JOBS/job-$$.sh > JOBS/job-$$.txt 2>&1 &
echo $! >> JOBS/handed-in
echo "Submitted batch job $!"
"""


@pytest.mark.usefixtures("no_plots")
@pytest.mark.slow
def test_a_job_that_ends_is_handed_in_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With programs in the place of SLURM's that run a job here. The first job is cancelled when
    there are checkpoints.
    """
    pytest.importorskip("dask_jobqueue")
    from dask import config

    programs = {
        "sbatch": SBATCH.replace("JOBS", str(tmp_path)),
        "scancel": '#!/bin/sh\nkill -- "-$1"\n',
    }
    for name, text in programs.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(cluster, "AGAIN", 0.5)
    (tmp_path / "slurm.yaml").write_text(SLURM.replace("jobs: 16", "jobs: 1"))
    compiled = rgc.compile(SPEC, backend="reference")
    serial = compiled.run(out=tmp_path / "serial")
    cancelled = []

    def heard(function: Any) -> Any:
        jobs = (tmp_path / "handed-in").read_text().split()
        if not cancelled and any((tmp_path / "out" / "checkpoints").glob("*.npz")):
            cancelled.append(jobs[0])
            os.killpg(int(jobs[0]), signal.SIGTERM)
        return function

    reason = Stop.reason
    monkeypatch.setattr(Stop, "reason", lambda stop: heard(reason(stop)))
    with config.set({"distributed.deploy.lost-worker-timeout": "1s"}):
        answer = compiled.run(out=tmp_path / "out", cluster=str(tmp_path / "slurm.yaml"))
    assert answer.points == serial.points
    assert cancelled == (tmp_path / "handed-in").read_text().split()[:1]
    assert len((tmp_path / "handed-in").read_text().split()) == 2


@pytest.mark.usefixtures("no_plots")
@pytest.mark.slow
def test_stopped_on_a_cluster(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A run that is stopped at once goes on without a cluster. The address of the dashboard and
    one line for all tasks are shown.
    """
    pytest.importorskip("distributed")
    compiled = rgc.compile(SPEC, backend="reference")
    serial = compiled.run(out=tmp_path / "serial")
    stop = Stop(signal=signal.SIGTERM)
    with pytest.raises(Interrupted, match="terminated after 0 of 16 tasks"):
        compiled.run(out=tmp_path / "out", cluster="local:1", stop=stop, progress=True)
    assert "dashboard: http://127.0.0.1:" in capsys.readouterr().err
    assert compiled.run(out=tmp_path / "out", resume=True).points == serial.points


@pytest.mark.slow
@pytest.mark.usefixtures("no_plots")
def test_two_workers_with_two_devices_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of two words on the workers, and a word of each on a device."""
    pytest.importorskip("distributed")
    pytest.importorskip("jax")
    serial = rgc.compile(LONG, backend="reference").run(out=tmp_path / "serial")
    compiled = rgc.compile(LONG, backend="jax")
    (part,) = cost.parts(compiled.loaded.spec)
    monkeypatch.setattr(tasks, "TASK", part.cost.seconds / 2.5)
    monkeypatch.setattr(tasks, "run_share", on_two_devices)
    monkeypatch.setenv("XLA_FLAGS", "--xla_force_host_platform_device_count=2")
    answer = compiled.run(out=tmp_path / "out", cluster="local:2")
    assert answer.points == serial.points
