"""A new built-in observable: the mean of |H|/N, in the three places that ARCHITECTURE.md names."""

from __future__ import annotations

import json
from itertools import pairwise, product
from math import exp
from pathlib import Path

import pytest

from tests.stranger.house import House

SPEC = """\
parameters {{ K = 0.4, h = 0.3 }}
lattice chain(4, boundary=open)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j] - h * sum(i) s[i]
flow {flow}
measure {{ abs_energy, twice = 2*avg(abs_energy^2) }}
"""
SAMPLE = "sample(sweeps=200, replicas=1024)"

ROW = (
    "rgc/language/measures.py",
    'BuiltIn("abs_energy", "|H|/N", of="configuration", of_spins=True),\n        ',
)
FUNCTION = (
    "rgc/passes/built_in.py",
    '''def absolute_energy(lattice: Lattice, species: Kinds) -> Expression:
    """|H/N|, in kT."""
    return apply("abs", Energy())


''',
)
LINE = ("rgc/passes/built_in.py", '"abs_energy": absolute_energy,\n    ')
FORMULA = (
    "rgc/verification/averages.py",
    '"abs_energy": lambda self: abs(self.energies / self.lattice.sites),\n    ',
)
BEFORE = {
    ROW: 'BuiltIn("log_z"',
    FUNCTION: "BUILT_IN: Mapping",
    LINE: '"m": magnetisation',
    FORMULA: '"m": lambda self',
}


def house(folder: Path, *forgotten: tuple[str, str]) -> House:
    """A copy of the sources with the observable, but for what is forgotten, and two specs that ask
    for it.
    """
    made = House.build(folder)
    for insertion in (ROW, FUNCTION, LINE, FORMULA):
        if insertion not in forgotten:
            made.insert(*insertion, before=BEFORE[insertion])
    made.write("sampled.rgc", SPEC.format(flow=SAMPLE))
    made.write("counted.rgc", SPEC.format(flow="enumerate()"))
    return made


def exact() -> tuple[float, float]:
    """<|H|/N> and 2 <(H/N)^2> of the open chain."""
    z = first = second = 0.0
    for s in product((-1, 1), repeat=4):
        h = -0.4 * sum(a * b for a, b in pairwise(s)) - 0.3 * sum(s)
        z, first, second = z + exp(-h), first + abs(h) / 4 * exp(-h), second + h * h / 16 * exp(-h)
    return first / z, 2 * second / z


def test_it_is_sampled_counted_verified_and_in_the_schema(tmp_path: Path) -> None:
    made = house(tmp_path)
    assert made.run("check", "sampled.rgc").returncode == 0
    counted = made.run("run", "counted.rgc", "--backend", "reference", "--json")
    observables = json.loads(counted.stdout)["observables"]
    assert [observables[name]["value"] for name in ("abs_energy", "twice")] == pytest.approx(
        exact(), rel=1e-14
    )
    sampled = made.run("run", "sampled.rgc", "--backend", "reference", "--json")
    for name, value in zip(("abs_energy", "twice"), exact(), strict=True):
        estimate = json.loads(sampled.stdout)["observables"][name]
        assert abs(estimate["value"] - value) < 5 * estimate["error"] < 0.05
    made.write("schema.py", "from rgc.schema import dump\nprint(dump())\n")
    assert '"abs_energy"' in made.run("schema.py").stdout
    verified = made.run("verify", "sampled.rgc", "--backends", "reference")
    assert verified.returncode == 0, verified.stdout
    assert "measures, averaged over every configuration" in verified.stdout


@pytest.mark.parametrize("forgotten", [(ROW,), (LINE,)])
def test_a_row_that_is_forgotten_is_named(
    tmp_path: Path, forgotten: tuple[tuple[str, str], ...]
) -> None:
    done = house(tmp_path, *forgotten).run("check", "sampled.rgc")
    assert done.returncode != 0
    assert "'abs_energy' needs a row in BUILT_IN of rgc/passes/built_in.py" in done.stderr


def test_without_a_formula_of_its_own_it_is_not_verified(tmp_path: Path) -> None:
    done = house(tmp_path, FORMULA).run("verify", "sampled.rgc", "--backends", "reference")
    assert "no formula for the measure 'abs_energy'" in done.stdout
