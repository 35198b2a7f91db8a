"""Points of a scan on several workers: the digits of one process, whatever becomes of a worker."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

import rgc
from rgc import cluster
from rgc.cli import main
from rgc.errors import SpecError
from rgc.runner import Interrupted, Stop
from tests.core.cluster_tasks import dies_once

SPEC = """parameters { K = 0.3 }
lattice square(4)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
flow sample(sweeps=40, thermalise=10, every=1, replicas=64)
scan { K = 0.2:0.5:16 }
measure { energy, m }
"""


@pytest.mark.parametrize("where", ["local", "local:0", "local:-2", "host:8786", "http://host", ""])
def test_what_is_no_cluster(tmp_path: Path, where: str, capsys: pytest.CaptureFixture[str]) -> None:
    spec = tmp_path / "spec.rgc"
    spec.write_text(SPEC)
    assert main(["run", str(spec), "--out", str(tmp_path / "out"), "--cluster", where]) == 2
    assert "error[no-cluster]" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_what_a_cluster_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SpecError, match="give --out"):
        cluster.check("local:2", None)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(SpecError, match=r"rgc-compiler\[cluster\]"):
        cluster.check("tcp://host:8786", tmp_path)


def test_cores_are_shared_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "cores", lambda: 8)
    assert [cluster.threads(f"local:{n}", None) for n in (1, 3, 8, 16)] == [8, 2, 1, 1]
    assert cluster.threads("tcp://host:8786", None) is None
    assert cluster.threads("tcp://host:8786", 4) == 4


@pytest.mark.slow
def test_sixteen_points_with_a_worker_that_dies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two workers, one killed in the middle of a point; then a run that is stopped at once."""
    pytest.importorskip("distributed")
    compiled = rgc.compile(SPEC, backend="reference")
    serial = compiled.run(out=tmp_path / "serial")
    monkeypatch.setattr(sys.modules["rgc.compiler"], "run_task", dies_once)
    answer = compiled.run(out=tmp_path / "out", cluster="local:2")
    assert (tmp_path / "out" / "died-7").exists()
    assert answer.points == serial.points
    with pytest.raises(Interrupted, match="terminated after 0 of 16 tasks"):
        compiled.run(out=tmp_path / "more", cluster="local:1", stop=Stop(signal=signal.SIGTERM))
    assert compiled.run(out=tmp_path / "more", resume=True).points == serial.points
