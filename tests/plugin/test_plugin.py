"""A backend from outside.

It is installed, found by its entry point, listed, run, refused where it must be, and put through
the suite.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.plugin.installed import install, outside, suite

SPEC = """title "toy"
parameters { K = 0.4 }
lattice square(4)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
flow sample(sweeps=20, replicas=64GENERATOR)
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(tmp_path_factory.mktemp("site"))


def test_it_is_listed_with_what_it_lacks(site: Path) -> None:
    listed = [line.split() for line in outside(site, "-m", "rgc", "backends").stdout.splitlines()]
    assert ["toy", "ready", "rgc_toy:ToyBackend"] in listed
    assert ["lacks", "lanes:", "integers", "have", "no", "lanes"] in listed


def test_it_runs_a_spec_and_refuses_what_it_lacks(site: Path) -> None:
    for name, generator in (("plain", ""), ("philox", ", generator=philox")):
        (site / f"{name}.rgc").write_text(SPEC.replace("GENERATOR", generator), "utf-8")
    ran = [
        outside(site, "-m", "rgc", "run", "plain.rgc", "--backend", name, "--json")
        for name in ("toy", "reference")
    ]
    assert [process.returncode for process in ran] == [0, 0]
    assert ran[0].stdout == ran[1].stdout.replace('"backend": "reference"', '"backend": "toy"')
    refused = outside(site, "-m", "rgc", "run", "philox.rgc", "--backend", "toy")
    assert refused.returncode == 2
    assert (
        "error[backend-lacks]: the backend 'toy' cannot run this: it lacks the generator "
        "philox4x32-10" in refused.stderr
    )
    assert "hint: a toy has one generator" in refused.stderr


@pytest.mark.slow
def test_the_suite_accepts_it(site: Path) -> None:
    done = suite(site, "toy")
    assert done.returncode == 0, done.stdout
    assert "passed" in done.stdout
    assert "toy lacks philox: a toy has one generator" in done.stdout
    assert "toy lacks lanes: integers have no lanes" in done.stdout


@pytest.mark.parametrize(
    ("name", "test"),
    [
        ("toy_deaf", "test_metropolis"),
        ("toy_hasty", "test_every_plane"),
        ("toy_proud", "test_random_rules"),
    ],
)
def test_the_suite_rejects_what_is_wrong(site: Path, name: str, test: str) -> None:
    assert suite(site, "toy", "-k", test).returncode == 0
    done = suite(site, name, "-x", "-k", test)
    assert done.returncode == 1, done.stdout
    assert "1 failed" in done.stdout
