"""A fit of curves of several sizes to one scaling function, on data whose parameters are known."""

from __future__ import annotations

from pathlib import Path
from shutil import copy

import pytest

import rgc

FILE = Path(__file__).parent / "collapse.csv"
"""value = L^-b f((K - Kc) L^y) of another program, with independent Gaussian errors of 0.002."""

TERMS = " + ".join(f"{name}*(K - Kc)^{k}*L^({k}*y - b)" for k, name in enumerate("ABCDEF"))
SPEC = f"""title "curves of several sizes"
data file("collapse.csv")
map curve(m={TERMS}, linear=[A, B, C, D, E, F], nonlinear=[Kc, y, b], error=error)
flow fit(starts=grid(Kc=0.7:0.85:7, y=0.5:1.5:6, b=-0.1:0.3:5))
"""
KNOWN = {"Kc": (0.7741, 0.003), "y": (1 / 1.31, 0.03 / 1.31**2), "b": (0.0, 0.01)}
"""Each parameter, and the largest error that it may have."""


def test_the_parameters_of_a_collapse_are_found(tmp_path: Path) -> None:
    copy(FILE, tmp_path)
    (tmp_path / "spec.rgc").write_text(SPEC, encoding="utf-8")
    found = rgc.compile(rgc.load(tmp_path / "spec.rgc"), threads=1).run(warn=lambda _: None).result
    for name, (exact, largest) in KNOWN.items():
        each = found.values[name]
        assert each.value is not None
        assert each.error is not None
        assert 0 < each.error < largest
        assert each.value == pytest.approx(exact, abs=3 * each.error)
    rms = found.values["rms"].value
    assert rms is not None
    assert 0.8 < rms < 1.2
