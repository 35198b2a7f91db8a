"""What comes with copied text and careless numbers: refused at its place, with what helps."""

from __future__ import annotations

import pytest

import rgc
from rgc.cli import main

SPEC = """title "t"
parameters { K = 0.4 }
lattice square(4)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
flow enumerate(memory=1)
"""


@pytest.mark.parametrize(
    ("old", "new", "code", "hint"),
    [
        ("- K", "-\u00a0K", "unknown-character", "plain space"),
        ("- K", "- \u200bK", "unknown-character", "plain space"),
        ("0.4", "4e-400", "number-range", "write 0"),
        ("0.4", "ln(1.5)", "unknown-function", "'log'"),
        ("memory=1", "memory=1e-9", "too-many-states", "raise it: memory=1"),
    ],
)
def test_the_hint_helps(old: str, new: str, code: str, hint: str) -> None:
    with pytest.raises(rgc.SpecError) as caught:
        rgc.load(SPEC.replace(old, new))
    (problem,) = caught.value.problems
    assert (problem.code, hint in problem.hint) == (code, True)
    assert "-" not in problem.hint.replace("5e-324", "")


@pytest.mark.parametrize("zero", ["0", "0.0", "0e5", "0_0"])
def test_a_zero_is_a_number(zero: str) -> None:
    assert rgc.load(SPEC.replace("0.4", zero + " + 0.4")).points


def test_help_of_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help", "run"]) == 0
    assert "--time-limit" in capsys.readouterr().out
