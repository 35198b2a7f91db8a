"""Couplings too large for sampling are refused by a check, with a hint that works."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

import rgc
from rgc.analysis.quantiles import quantile
from rgc.cli import main
from rgc.errors import SpecError
from rgc.large_couplings import MOST_DRAWS, doubtful_places, draws
from rgc.model.draw import Distribution

SPEC = """parameters {{ {parameters} }}
lattice {lattice}
spins s: {spins}
hamiltonian {terms}
flow sample(sweeps=10, replicas={replicas}{options})
{rest}
"""


def spec(
    parameters: str,
    lattice: str,
    terms: str,
    *,
    spins: str = "ising",
    replicas: int = 64,
    options: str = "",
    rest: str = "",
) -> str:
    return SPEC.format(**locals())


PAIRS = "- K * sum(i < j) s[i]*s[j]"
DRAWN = "- sum(<i,j>) J[i,j]*s[i]*s[j]"
TOO_LARGE = {
    "constant": spec("K = 300", "complete(70)", PAIRS),
    "at one point": spec("K = 0.1", "complete(70)", PAIRS, rest="scan { K = [0.1, 300] }"),
    "gaussian": spec("J ~ normal(0, 900)", "square(4)", DRAWN),
    "bounded": spec("J ~ uniform(0, 900)", "square(4)", DRAWN),
    "potts": spec(
        "J ~ normal(0, 1000)",
        "square(3)",
        "- sum(<i,j>) J[i,j]*delta(s[i], s[j])",
        spins="potts(3)",
    ),
    "listed": spec("h = [0.1, 4000, 0.2]", "chain(3)", "- sum(i) h[i]*s[i]"),
}


@pytest.mark.parametrize("text", TOO_LARGE.values(), ids=TOO_LARGE)
def test_check_refuses_what_a_run_refuses_and_its_hint_works(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "large.rgc"
    file.write_text(text)
    assert main(["check", "--json", str(file)]) == 2
    (problem,) = json.loads(capsys.readouterr().out)[0]["problems"]
    assert (problem["code"], problem["line"], problem["column"]) == ("coupling-too-large", 5, 6)
    with pytest.raises(SpecError) as refused:
        rgc.compile(file, backend="reference")
    assert refused.value.problems[0].message == problem["message"]
    number = re.search(r"divided by (\d+)", problem["hint"])
    assert number is not None
    smaller = re.sub(r"\b(\d+00+)\b", lambda found: f"{found[1]}/{number[1]}", text)
    file.write_text(smaller)
    assert main(["check", str(file)]) == 0
    rgc.compile(file, backend="reference")


def test_what_thresholds_hold_is_not_refused() -> None:
    loaded = rgc.load(spec("K = 3000", "square(8)", "- K * sum(<i,j>) s[i]*s[j]"))
    assert list(doubtful_places(loaded))
    rgc.compile(loaded, backend="reference")


def test_ordinary_couplings_are_in_no_doubt() -> None:
    for parameters, lattice, terms in (
        ("K = 3", "complete(70)", PAIRS),
        ("J ~ normal(0, 10)", "square(4)", DRAWN),
    ):
        assert not list(doubtful_places(rgc.load(spec(parameters, lattice, terms))))


def test_draws_beyond_a_second_are_left_to_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    many = ", disorder=64, update=heat_bath"
    text = spec(
        "J ~ normal(0, 1)",
        "complete(1000)",
        "- sum(i < j) J[i,j]*s[i]*s[j]",
        replicas=128,
        options=many,
    )
    assert draws(rgc.load(text).spec) == 64 * 1000 * 999 // 2 > MOST_DRAWS
    file = tmp_path / "many.rgc"
    file.write_text(text)
    assert main(["check", "--max-memory", "8G", str(file)]) == 0
    assert "random couplings are looked at when it runs" in capsys.readouterr().out


def test_configurations_of_a_complete_graph_are_counted() -> None:
    text = spec("K = 0.01", "complete(100)", PAIRS, options=", save=100000000")
    with pytest.raises(SpecError) as refused:
        rgc.load(
            text.replace("sweeps=10", "sweeps=10000000").replace("save=100000000", "save=100000")
        )
    (problem,) = refused.value.problems
    assert problem.code == "too-much-saved"
    assert problem.hint == f"save={2**28 // 6400} fits"


def test_numbers_of_each_place_are_shown(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "shown.rgc"
    file.write_text(TOO_LARGE["potts"])
    assert main(["show", str(file)]) == 0
    assert "9 energies, each times a J of its own" in capsys.readouterr().out


def test_a_gaussian_has_a_largest_value() -> None:
    ends = quantile(Distribution("normal", (0.0, 1.0)), np.array([0.0, 1 - 2.0**-53]))
    assert ends == pytest.approx([-8.2923, 8.2095], abs=1e-3)
