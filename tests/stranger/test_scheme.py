"""A stranger adds a scheme: a file in `rgc/schemes/`, its line in the table, and its flow."""

from __future__ import annotations

import json
from math import log
from pathlib import Path

import pytest

from tests.stranger.house import House

SCHEME = '''\
"""The entropy of spins that do not interact."""

from __future__ import annotations

from collections.abc import Iterator

from rgc.errors import Problem
from rgc.language.signatures import Field
from rgc.schemes import checks
from rgc.model.options import Options
from rgc.model.spec import Spec
from rgc.schemes.answers import DISCRETE, MODEL
from rgc.schemes.cost import Cost
from rgc.schemes.needs import lattice
from rgc.schemes.scheme import Asked, Ready, Scheme

MOST = 16


def few_states(asked: Asked) -> Iterator[Problem]:
    """Report spins of more states than are written out."""
    for species in asked.spec.species:
        if species.states is not None and species.states > MOST:
            name, states = asked.scheme.name, species.states
            message = f"'{name}' writes out {MOST} states at most, not {states}"
            yield Problem("wrong-spins", message, asked.spins.get(species.name))


def entropy(spec: Spec, options: Options) -> Cost:
    """One number for each copy."""
    return Cost(8 * options.number("copies"), 1e-6)


SCHEME = Scheme(
    name="free_spins",
    doc="the entropy of spins that do not interact",
    fields=(Field("copies", "integer", "independent copies of the system", 1, least=1),),
    lattice=lattice.FINITE,
    needs=MODEL,
    alphabets=DISCRETE,
    limits=(few_states,),
    answers=("entropy",),
    ready=Ready(
        maker="rgc.flows.free_spins:make_free_spins",
        cost=entropy,
        kind="arrays",
        checks=checks.ARRAYS,
        alphabets=DISCRETE,
    ),
    template="""\\
lattice square(4)
spins s: potts(3)
hamiltonian - sum(<i,j>) delta(s[i], s[j])
flow free_spins(copies=2)
expect { entropy = 2*log(3) within 1e-12 }
""",
)
'''

FLOW = '''\
"""The entropy of spins that do not interact, per site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rgc.flows.flow import Account, State
from rgc.flows.request import Request
from rgc.results.result import Estimate, Result


@dataclass(frozen=True, slots=True, eq=False)
class FreeSpins:
    """The logarithm of a sum over the states of each species. State arrays: `entropy` [1]."""

    request: Request

    @property
    def scheme(self) -> str:
        return self.request.flow.scheme

    @property
    def steps(self) -> int:
        return 1

    @property
    def provenance(self) -> Mapping[str, Any]:
        return {"reproducibility": "L3"}

    def start(self) -> State:
        return State(0, {"entropy": np.zeros(1)})

    def step(self, state: State) -> State:
        copies = self.request.options.integer("copies")
        with self.request.backend.arrays() as xp:
            sums = [xp.log(xp.sum(xp.ones(each.states))) for each in self.request.species]
            state.arrays["entropy"] = np.asarray([copies * float(sum(sums))])
        state.done += 1
        return state

    def accounts(self) -> Sequence[Account]:
        self.step(self.start())
        sizes = ", ".join(f"[{each.states}]" for each in self.request.species)
        return (Account(f"{self.scheme}: an entropy", {"S/N": "ln sum_s 1", "arrays": sizes}),)

    def finish(self, state: State) -> Result:
        entropy = Estimate(float(state.arrays["entropy"][0]), 0.0, "exact")
        return Result(self.scheme, values={"entropy": entropy}, provenance=self.provenance)


def make_free_spins(request: Request) -> FreeSpins:
    """The flow of a checked spec."""
    return FreeSpins(request)
'''

SPEC = """\
lattice square(4)
spins { s: ising, t: potts(3) }
hamiltonian - 0.3 * sum(<i,j>) s[i]*s[j]
flow free_spins(copies=2)
expect { entropy = 2*log(6) within 1e-12 }
"""


def build(folder: Path, *, scheme: bool = True, line: bool = True, flow: bool = True) -> House:
    """The house with the scheme, as far as its places are not forgotten, and a spec of it."""
    house = House.build(folder)
    if scheme:
        house.write("rgc/schemes/free_spins.py", SCHEME)
    if line:
        table = "rgc/schemes/__init__.py"
        house.insert(table, '    "free_spins",\n', before='    "train",\n')
    if flow:
        house.write("rgc/flows/free_spins.py", FLOW)
    house.write("spec.rgc", SPEC)
    return house


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return build(tmp_path_factory.mktemp("scheme"))


def test_it_is_checked(house: House) -> None:
    assert "free_spins" in house.run("check", "spec.rgc").stdout
    house.write("wrong.rgc", SPEC.replace("potts(3)", "potts(17)").replace("copies=2", "copies=0"))
    said = house.run("check", "wrong.rgc").stderr
    assert "error[wrong-spins]: 'free_spins' writes out 16 states at most, not 17" in said
    assert "error[out-of-range]: 'copies' must be at least 1, not 0" in said


def test_it_runs(house: House) -> None:
    for backend in ("reference", "numba"):
        done = house.run("run", "spec.rgc", "--backend", backend, "--json", "--strict")
        assert done.returncode == 0, done.stderr
        answer = json.loads(done.stdout)
        assert answer["scheme"] == "free_spins"
        assert answer["observables"]["entropy"]["value"] == pytest.approx(2 * log(6))


def test_it_is_shown(house: House) -> None:
    shown = house.run("show", "spec.rgc", "--as", "program").stdout
    assert shown.startswith("free_spins: an entropy\n")
    assert "  arrays  [2], [3]\n" in shown
    assert "  functions  of numpy: log, ones, sum\n" in shown
    assert "copies = 2" in house.run("show", "spec.rgc").stdout


def test_it_is_verified(house: House) -> None:
    done = house.run("verify", "spec.rgc")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "closest to its bound observables.entropy" in done.stdout


def test_the_schema_knows_it(house: House) -> None:
    house.write("schema.py", "from rgc.schema import dump\nprint(dump())\n")
    flows = json.loads(house.run("schema.py").stdout)["properties"]["flow"]
    assert "free_spins" in json.dumps(flows)
    assert "independent copies of the system" in json.dumps(flows)


def test_it_has_a_first_spec(house: House) -> None:
    done = house.run("new", "first", "--flow", "free_spins")
    assert done.returncode == 0, done.stderr
    assert house.run("run", "first.rgc", "--strict").returncode == 0


def test_a_forgotten_cost_is_found_when_the_scheme_is_loaded(tmp_path: Path) -> None:
    house = build(tmp_path, scheme=False)
    house.write("rgc/schemes/free_spins.py", SCHEME.replace("        cost=entropy,\n", ""))
    assert (
        "missing 1 required keyword-only argument: 'cost'" in house.run("check", "spec.rgc").stderr
    )


def test_a_forgotten_line_leaves_the_name_unknown(tmp_path: Path) -> None:
    said = build(tmp_path, line=False).run("check", "spec.rgc").stderr
    assert "error[unknown-scheme]: unknown scheme 'free_spins'" in said


def test_a_forgotten_file_is_named(tmp_path: Path) -> None:
    done = build(tmp_path, scheme=False).run("check", "spec.rgc")
    assert done.returncode != 0
    assert "No module named 'rgc.schemes.free_spins'" in done.stderr


def test_a_forgotten_flow_is_named(tmp_path: Path) -> None:
    house = build(tmp_path, flow=False)
    assert house.run("check", "spec.rgc").returncode == 0
    done = house.run("run", "spec.rgc")
    assert done.returncode != 0
    assert "No module named 'rgc.flows.free_spins'" in done.stderr
