"""Runs that something happens to at a chosen moment: nothing is lost, and they come to the same
digits as a run that was left alone.
"""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from tests.core.killed import LONGER, SPECS, Blow, Ended, full, locked, run, signalled


def prepared(tmp_path: Path, kind: str) -> tuple[Path, Path]:
    for name, text in {**SPECS, **LONGER}.items():
        (tmp_path / f"{name}.rgc").write_text(text)
    return tmp_path / f"{kind}.rgc", tmp_path / "out"


def numbers(out: Path) -> dict[str, Any]:
    """What a folder answers, but warnings about how it came about and the threads it took."""
    document: dict[str, Any] = json.loads((out / "summary.json").read_text())
    document.get("provenance", {}).pop("threads", None)
    return {name: part for name, part in document.items() if name != "warnings"}


def to_its_end(spec: Path, out: Path, *words: str) -> Ended:
    ended = run(spec, out, *words)
    assert ended.status == 0, ended.said
    return ended


def names(folder: Path) -> set[str]:
    """The paths of all files in a folder."""
    return {str(path.relative_to(folder)) for path in folder.glob("**/*")}


@pytest.mark.parametrize("kind", SPECS)
def test_killed_and_killed_again(tmp_path: Path, kind: str) -> None:
    spec, out = prepared(tmp_path, kind)
    whole = to_its_end(spec, tmp_path / "whole")
    dice = random.Random(kind)  # noqa: S311
    first = dice.randint(whole.moments // 4, whole.moments // 2)
    assert run(spec, out, at=first).status == -signal.SIGKILL
    refused = run(spec, out)
    assert (refused.status, "go on with --resume" in refused.said) == (2, True)
    assert run(spec, out, "--resume", at=dice.randint(9, 60)).status == -signal.SIGKILL
    to_its_end(spec, out, "--resume")
    assert numbers(out) == numbers(tmp_path / "whole")
    assert names(out) == names(tmp_path / "whole")  # what was half written is swept


@pytest.mark.parametrize(
    ("blow", "status", "said"),
    [
        (partial(signalled, signal.SIGINT), 130, "interrupted"),
        (partial(signalled, signal.SIGTERM), 130, "terminated"),
        (partial(signalled, signal.SIGHUP), 130, "hung up"),
        (full, 3, "File too large"),
        (locked, 3, "Permission denied"),
    ],
    ids=["SIGINT", "SIGTERM", "SIGHUP", "full", "locked"],
)
def test_what_is_heard_is_told(tmp_path: Path, blow: Blow, status: int, said: str) -> None:
    spec, out = prepared(tmp_path, "sample")
    tmp_path.chmod(0o755)
    whole = to_its_end(spec, tmp_path / "whole")
    ended = run(spec, out, at=whole.moments // 2, blow=blow)
    assert ended.status == status, ended.said
    assert said in ended.said
    assert f"go on with: rgc run {spec} --out {out}" in ended.said
    for folder in (out, out / "checkpoints"):
        folder.chmod(0o755)
    to_its_end(spec, out, "--resume")
    assert numbers(out) == numbers(tmp_path / "whole")


@pytest.fixture
def stopped(tmp_path: Path) -> tuple[Path, Path]:
    """A scan that was killed at its second point."""
    spec, out = prepared(tmp_path, "scan")
    whole = to_its_end(spec, tmp_path / "whole")
    assert run(spec, out, at=whole.moments // 2).status == -signal.SIGKILL
    assert {"point-0000.npz", "point-0001.npz"} <= names(out / "checkpoints")
    return spec, out


def swapped(first: Path, second: Path) -> None:
    shutil.copy(second, first)


def cut(first: Path, second: Path) -> None:
    first.write_bytes(first.read_bytes()[:-30])


@pytest.mark.parametrize("damage", [swapped, cut])
def test_a_checkpoint_of_another_point(stopped: tuple[Path, Path], damage: Any) -> None:
    """The one before takes its place, with a warning; where that is spoilt too nothing changes."""
    spec, out = stopped
    first, second = (out / "checkpoints" / f"point-000{k}.npz" for k in (0, 1))
    damage(first, second)
    before, kept = first.with_name(first.name + ".prev"), first.read_bytes()
    content = before.read_bytes()
    damage(before, second)
    refused = run(spec, out, "--resume")
    assert refused.status == 3
    assert f"the checkpoint {first}" in refused.said
    assert first.read_bytes() == kept
    before.write_bytes(content)
    ended = to_its_end(spec, out, "--resume")
    assert f"the checkpoint {first}" in ended.said
    assert "goes on from the one before" in ended.said
    assert numbers(out) == numbers(spec.parent / "whole")


COMMAND = """
import sys
from rgc import runner, tasks
from rgc.cli import main
if __name__ == "__main__":
    runner.EVERY, tasks.TASK = 0.2, 1e-9
    sys.exit(main(sys.argv[1:]))
"""
LOCAL = ("--cluster", "local:2")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "where"),
    [
        *((kind, ()) for kind in (*SPECS, *LONGER)),
        ("sample", LOCAL),
        ("scan", LOCAL),
        ("mcrg", LOCAL),
    ],
)
def test_killed_at_eight_random_times(
    tmp_path: Path, kind: str, where: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On numba, with figures: four times where it compiles and four where kernels are there. On a
    cluster replicas are cut into shares too.
    """
    spec, out = prepared(tmp_path, kind)
    for path in tmp_path.glob("*.rgc"):
        longer = path.read_text().replace("sweeps=", "sweeps=20*")
        path.write_text(longer.replace("replicas=64", "replicas=192") if where else longer)
    dice = random.Random(kind)  # noqa: S311

    def timed(folder: Path, cache: str, most: float | None = None) -> float:
        monkeypatch.setenv("RGC_CACHE", str(tmp_path / cache))
        how = () if folder.name == "whole" else where
        command = [
            sys.executable,
            tmp_path / "run.py",
            "run",
            spec,
            "--out",
            folder,
            "--resume",
            *how,
        ]
        began = monotonic()
        with subprocess.Popen(
            command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        ) as child:
            try:
                assert child.wait(most) == 0
            except subprocess.TimeoutExpired:
                child.kill()
        return monotonic() - began

    (tmp_path / "run.py").write_text(COMMAND)
    cold, warm = (timed(tmp_path / name, "cache") for name in ("whole", "again"))
    for number in range(8):
        if number % 2:
            timed(out, "cache", dice.uniform(0, warm))
        else:
            timed(out, f"empty-{number}", dice.uniform(0, cold))
    timed(out, "cache")
    assert numbers(out) == numbers(tmp_path / "whole") == numbers(tmp_path / "again")
    assert names(out) == names(tmp_path / "whole")
