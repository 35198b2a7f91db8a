"""An output folder has one owner, who removes what earlier runs left and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rgc.errors import SpecError
from rgc.results import files, folder
from rgc.results.folder import Written, files_of_the_run, held
from rgc.results.pages import report


def names(path: Path) -> set[str]:
    return {file.name for file in path.iterdir()}


def test_a_folder_is_held_by_one_run(tmp_path: Path) -> None:
    with (
        held(tmp_path),
        pytest.raises(SpecError, match=f"process {os.getpid()} on .* since") as refused,
        held(tmp_path),
    ):
        pass
    assert refused.value.problems[0].code == "folder-in-use"
    assert str(tmp_path / ".lock") in refused.value.problems[0].hint
    with held(tmp_path):
        pass
    assert names(tmp_path) == set()


def test_a_run_that_was_killed_holds_nothing(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from rgc.results.folder import held\n"
        "with held(Path(sys.argv[1])): os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code, tmp_path], check=False)
    assert names(tmp_path) == {".lock"}
    with held(tmp_path):
        pass


def test_a_file_that_is_the_one_before_too_leaves_nothing_behind(tmp_path: Path) -> None:
    """A run that is killed between the two names leaves one file under both, and to rename one name
    of a file to another of the same does nothing.
    """
    path, before = tmp_path / "point.npz", tmp_path / "point.npz.prev"
    files.write(path, lambda out: out.write(b"first"), keep=before)
    os.link(path, before)
    files.write(path, lambda out: out.write(b"second"), keep=before)
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == {
        "point.npz": b"second",
        "point.npz.prev": b"first",
    }


def test_without_locks_the_file_says_whose_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    with held(tmp_path), pytest.raises(SpecError, match="process"), held(tmp_path):
        pass
    assert names(tmp_path) == set()
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    owner = json.loads(folder.me()) | {"process": gone.pid}
    (tmp_path / ".lock").write_text(json.dumps(owner))
    with held(tmp_path):
        pass
    elsewhere = owner | {"machine": "node17"}
    (tmp_path / ".lock").write_text(json.dumps(elsewhere))
    with pytest.raises(SpecError, match="node17"), held(tmp_path):
        pass


def test_what_earlier_runs_wrote_is_removed_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "thesis.svg").write_text("mine")
    first = Written(tmp_path, "first")
    for name in ("summary.json", "exponents.svg", "exponents.png"):
        first.text(name, "first")
    first.finish()
    second = Written(tmp_path, "second")
    for name in ("summary.json", "scan.svg"):
        second.text(name, "second")
    assert "exponents.svg" in names(tmp_path)  # until all that is new is there
    assert files_of_the_run(tmp_path) == {"summary.json", "scan.svg"}
    second.finish()
    assert names(tmp_path) == {"summary.json", "scan.svg", "files.json", "notes.txt", "thesis.svg"}


def test_the_folders_of_an_earlier_study_are_removed(tmp_path: Path) -> None:
    """But for what is somebody else's, and for those that the new study has too."""
    study = Written(tmp_path, "study")
    for name in ("hot", "cold", "kept"):
        (tmp_path / name).mkdir()
        part = Written(tmp_path / name, name)
        part.text("summary.json", name)
        part.finish()
    study.finish(["hot", "cold", "kept"])
    (tmp_path / "cold" / "notes.txt").write_text("mine")
    other = Written(tmp_path, "other")
    other.text("summary.json", "other")
    other.finish(["kept"])
    assert names(tmp_path) == {"summary.json", "files.json", "cold", "kept"}
    assert names(tmp_path / "cold") == {"notes.txt"}
    assert names(tmp_path / "kept") == {"summary.json", "files.json"}
    Written(tmp_path, "last").finish()
    assert names(tmp_path) == {"files.json", "cold"}


def test_folders_of_a_list_do_not_lead_out(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "other").mkdir()
    part = Written(tmp_path / "other", "other")
    part.text("summary.json", "other")
    part.finish()
    (tmp_path / "out" / "link").symlink_to(tmp_path / "other")
    listed = {"files": {}, "folders": {"../other": "x", "link": "x"}}
    (tmp_path / "out" / "files.json").write_text(json.dumps(listed))
    Written(tmp_path / "out", "second").finish()
    assert names(tmp_path / "other") == {"summary.json", "files.json"}


def test_a_list_does_not_lead_out_of_its_folder(tmp_path: Path) -> None:
    out, other = tmp_path / "out", tmp_path / "other.txt"
    out.mkdir()
    other.write_text("mine")
    (out / "files.json").write_text(json.dumps({"files": {"../other.txt": "first", "..": "first"}}))
    Written(out, "second").finish()
    assert other.exists()


def test_the_page_shows_the_plots_of_its_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: dict[str, str] = {}
    monkeypatch.setattr(
        report, "report", lambda summary, spec, drawings, **_: shown.update(drawings) or ""
    )
    Written(tmp_path, "first").text("exponents.svg", "<svg>first</svg>")
    second = Written(tmp_path, "second")
    second.text("summary.json", "{}")
    second.text("spec.rgc", "")
    second.text("scan.svg", "<svg>second</svg>")
    report.rebuild(tmp_path)
    assert shown == {"scan": "<svg>second</svg>"}
