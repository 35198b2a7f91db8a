"""What the machine and its control groups leave, read from files like those of Linux."""

from __future__ import annotations

from pathlib import Path

import pytest

from rgc import memory

GIB = 2.0**30


@pytest.fixture(autouse=True)
def linux(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """16 GiB free and no control group."""
    (tmp_path / "meminfo").write_text("MemTotal: 33554432 kB\nMemAvailable: 16777216 kB\n")
    monkeypatch.setattr(memory, "MACHINE", tmp_path / "meminfo")
    monkeypatch.setattr(memory, "GROUPS", tmp_path)
    return tmp_path


def test_a_margin_is_left() -> None:
    assert memory.available() == pytest.approx(0.9 * 16 * GIB)


def test_a_group_leaves_less_but_would_give_back_what_it_holds_of_files(linux: Path) -> None:
    (linux / "memory.max").write_text(f"{4 * 2**30}\n")
    (linux / "memory.current").write_text(f"{3 * 2**30}\n")
    (linux / "memory.stat").write_text(f"anon {2**31}\ninactive_file {2**30}\n")
    assert memory.available() == pytest.approx(0.9 * 2 * GIB)
    (linux / "memory.max").write_text("max\n")
    assert memory.available() == pytest.approx(0.9 * 16 * GIB)


def test_groups_of_the_first_version_too(linux: Path) -> None:
    (linux / "memory").mkdir()
    (linux / "memory" / "memory.limit_in_bytes").write_text(f"{2**31}\n")
    (linux / "memory" / "memory.usage_in_bytes").write_text(f"{2**30}\n")
    assert memory.available() == pytest.approx(0.9 * GIB)


@pytest.mark.parametrize(("name", "counted"), [("RLIMIT_AS", "VmSize"), ("RLIMIT_DATA", "VmData")])
def test_limits_of_the_process(
    linux: Path, monkeypatch: pytest.MonkeyPatch, name: str, counted: str
) -> None:
    """Those of `ulimit -v` and `ulimit -d`, of which some is used already."""
    resource = pytest.importorskip("resource")
    limits = {getattr(resource, name): 6 * 2**30}
    none = resource.RLIM_INFINITY
    monkeypatch.setattr(resource, "getrlimit", lambda limit: (limits.get(limit, none), none))
    monkeypatch.setattr(memory, "OWN", linux / "status")
    (linux / "status").write_text(f"Name:\tpython\nVmPeak:\t1 kB\n{counted}:\t {2 * 2**20} kB\n")
    assert memory.available() == pytest.approx(0.9 * 4 * GIB)


def test_nothing_is_known_elsewhere(linux: Path) -> None:
    (linux / "meminfo").unlink()
    assert memory.available() is None


@pytest.mark.parametrize(
    ("size", "shown"), [(512, "512 bytes"), (1.25 * 2**30, "1.2 GiB"), (38 * 2.0**20, "38 MiB")]
)
def test_amounts_in_words(size: float, shown: str) -> None:
    assert memory.text(size) == shown
