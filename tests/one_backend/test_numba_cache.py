"""The folder of compiled kernels when several processes fill it at once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rgc.backend import load
from rgc.errors import SpecError

WORK = """
import sys, time
from pathlib import Path
from rgc_numba.cache import load

made = load("def run(x):\\n    return x\\n")
index = Path(sys.argv[1])


class Index:
    load = flush = lambda self: None

    def save(self, key, data):
        numbers = index.read_text().split()
        time.sleep(0.05)
        index.write_text(" ".join([*numbers, key]))


class Cache:
    _cache_file = Index()


made.run._cache = Cache()
from rgc_numba import cache
cache._guard(made, Path(made.__file__).with_suffix(".lock"))
for k in range(4):
    Cache._cache_file.save(f"{sys.argv[2]}{k}", b"")
"""


def test_no_entry_is_lost_when_processes_save_at_once(tmp_path: Path) -> None:
    index = tmp_path / "index"
    index.write_text("")
    environment = os.environ | {"RGC_CACHE": str(tmp_path / "cache")}
    started = [
        subprocess.Popen([sys.executable, "-c", WORK, str(index), name], env=environment)
        for name in "abc"
    ]
    assert [process.wait(timeout=600) for process in started] == [0, 0, 0]
    assert sorted(index.read_text().split()) == [f"{name}{k}" for name in "abc" for k in range(4)]


def test_the_index_of_a_compiled_function_is_guarded(tmp_path: Path) -> None:
    """numba still has the index where the guard looks for it."""
    text = "from numba import njit\n\n\n@njit(cache=True)\ndef run(x):\n    return x + 1\n"
    check = (
        "import sys\nfrom rgc_numba.cache import load\n"
        f"run = load({text!r}).run\n"
        "assert run(1) == 2 and run(1.5) == 2.5\n"
        "assert run._cache._cache_file.save.__name__ == 'locked'\n"
        "assert sum(run.stats.cache_misses.values()) == 2\n"
    )
    environment = os.environ | {"RGC_CACHE": str(tmp_path)}
    environment.pop("NUMBA_DISABLE_JIT", None)
    subprocess.run([sys.executable, "-c", check], env=environment, check=True, timeout=600)
    assert list(tmp_path.glob("*.lock"))


ADDING = "from numba import njit\n\n\n@njit(cache=True)\ndef run(x):\n    return x + 1\n"


def compiled(folder: Path) -> int:
    """How often a new process compiles a function anew."""
    check = (
        "from rgc_numba.cache import load\n"
        f"run = load({ADDING!r}).run\n"
        "assert run(1) == 2\n"
        "print(sum(run.stats.cache_misses.values()))\n"
    )
    environment = os.environ | {"RGC_CACHE": str(folder)}
    environment.pop("NUMBA_DISABLE_JIT", None)
    done = subprocess.run(
        [sys.executable, "-c", check],
        env=environment,
        check=True,
        timeout=600,
        capture_output=True,
        text=True,
    )
    return int(done.stdout)


def test_what_is_damaged_is_made_again(tmp_path: Path) -> None:
    assert compiled(tmp_path) == 1
    damage = [("nbi", b"", 1), ("nbc", b"garbage" * 9, 1), ("py", b"\xff\xfe", 0)]
    for kind, content, anew in damage:
        (path,) = tmp_path.rglob(f"*.{kind}")
        path.write_bytes(content)
        assert compiled(tmp_path) == anew
        assert path.read_bytes() != content
    assert compiled(tmp_path) == 0


def test_numbers_of_threads_that_numba_refuses_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for given in ("0", "-1", "many"):
        monkeypatch.setenv("NUMBA_NUM_THREADS", given)
        with pytest.raises(SpecError, match=f"NUMBA_NUM_THREADS is '{given}'"):
            load("numba")
