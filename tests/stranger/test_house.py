"""The copy that the other tests here extend runs, and runs its own files."""

from __future__ import annotations

from pathlib import Path

from tests.stranger.house import House


def test_a_copy_of_the_house_runs_its_own_files(tmp_path: Path) -> None:
    house = House.build(tmp_path)
    house.write("where.py", "import rgc, rgc_numba\nprint(rgc.__file__, rgc_numba.__file__)\n")
    done = house.run("where.py")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(str(tmp_path)) == 2
    assert house.run("backends").returncode == 0
