"""`rgc check` looks at the values of files: what it passes, runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rgc
from rgc.cli import check, main
from rgc.errors import SpecError

COUPLINGS = """parameters { J = file("x.npy") }
lattice chain(4)
spins s: ising
hamiltonian - sum(<i,j>) J[i,j]*s[i]*s[j]
flow sample(sweeps=100)
"""
MACHINE = """spins v: ising
data file("x.npy")
stack { rbm(2, train=cd()) }
flow train
"""
MASKED = """lattice square(2)
spins v: ising
data patterns(64)
stack { rbm(2, connect=mask("x.npy"), train=cd()) }
flow train
"""


def right() -> Any:
    return np.array([[0.0, 1, 0, 2], [1, 0, -1, 0], [0, -1, 0, 3], [2, 0, 3, 0]])


def spoilt(at: tuple[int, int], value: float) -> Callable[[Any], Any]:
    def change(array: Any) -> Any:
        array[at] = value
        return array

    return change


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    return tmp_path / "spec.rgc"


def checked(spec: Path, text: str, values: Any, capsys: pytest.CaptureFixture[str]) -> str:
    """What a check says, which fails where it says `error`."""
    spec.write_text(text)
    np.save(spec.parent / "x.npy", values)
    status = main(["check", str(spec)])
    out, err = capsys.readouterr()
    assert (status == 0) == ("error[" not in err)
    return out + err


@pytest.mark.parametrize(
    ("text", "good", "change", "code"),
    [
        (COUPLINGS, right(), spoilt((0, 1), 5), "not-symmetric"),
        (COUPLINGS, right(), spoilt((1, 1), np.nan), "not-finite"),
        (COUPLINGS, right(), spoilt((1, 1), np.inf), "not-finite"),
        (MACHINE, np.sign(right() + 0.5), spoilt((3, 0), 0), "not-a-state"),
        (MACHINE, np.sign(right() + 0.5), spoilt((3, 0), np.nan), "not-finite"),
        (MASKED, np.ones((4, 2)), spoilt((3, 0), 2), "out-of-range"),
    ],
)
def test_values_that_no_run_takes(
    spec: Path,
    text: str,
    good: Any,
    change: Callable[[Any], Any],
    code: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert ": ok" in checked(spec, text, good, capsys)
    said = checked(spec, text, change(good.copy()), capsys)
    assert f"error[{code}]" in said
    assert "x.npy" in said


def test_large_files_are_left_to_the_run(
    spec: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(check, "LARGE", 100)
    said = checked(spec, COUPLINGS, np.full((4, 4), np.nan), capsys)
    assert "1 large file is looked at when it runs" in said


def test_couplings_belong_to_the_run(spec: Path) -> None:
    """A run does not go on with other couplings, and its points have one file."""
    spec.write_text(COUPLINGS)
    np.save(spec.parent / "x.npy", right())
    loaded = rgc.load(spec)
    before = loaded.digests()
    assert set(before) == {"file 'x.npy'"}
    np.save(spec.parent / "x.npy", 2 * right())
    assert rgc.load(spec).digests() != before
    with pytest.raises(SpecError, match="has changed since the run began"):
        loaded.digests()
