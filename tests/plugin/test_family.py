"""A family of programs from outside.

It is found by its entry point, compiled once, run, shown, refused where it must be, and put through
the suite. The tests also check what is said where it is not registered.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from rgc.program.draws import counters, step_keys, word
from tests.plugin.installed import install, outside, suite

HEAD = """
import numpy as np
from rgc import backend
from rgc.errors import SpecError
from rgc.kernel_cache import KernelCache
from rgc.program.draws import step_keys
from rgc.program.family import ProgramError, family_of
from rgc_toy_family import Counters, arguments

wide = Counters(name="wide", size=3)
narrow = Counters(name="narrow", size=3, dtype="int32")
machine = KernelCache(backend.load("toy_python"), general=False)
"""

RUN = """
state = [machine.pack(np.array([10, -1, 2**62]))]
kernel = machine.compile(wide)
state, tallies = kernel(state, arguments(1, 0, -5), step_keys((1, 2), 4, 2, wide.draws), 3)
print(machine.unpack(state[0]).tolist(), tallies[0].tolist())
print("\\n".join(family_of(program).show(program) for program, _ in machine.made))
"""

CACHE = """
numbers = (1, 2, 3), (1, 2, 3), (1, 2, 4)
baked = [machine.compile(wide, constant=arguments(*each)) for each in numbers]
again = machine.compile(Counters(name="wide", size=3), constant=arguments(1, 2, 4))
print(baked[0] is baked[1], baked[1] is baked[2], baked[2] is again, len(machine.made))
try:
    machine.compile(wide, constant=backend.Arguments({"increments": np.zeros(3, np.int32)}))
except ProgramError as error:
    print(error)
"""

REFUSED = """
for name, program in (("numba", wide), ("reference", wide), ("toy_python", narrow)):
    try:
        backend.refuse(backend.load(name), program)
    except SpecError as error:
        print(error)
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(tmp_path_factory.mktemp("site"))


def script(site: Path, text: str) -> str:
    done = outside(site, "-c", HEAD + text)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_runs_and_is_shown(site: Path) -> None:
    """Numbers against the definition, in Python's integers."""
    state, odd = [10, -1, 2**62], []
    for key in step_keys((1, 2), 4, 2, 1)[:, 0]:
        drawn = [int(word(key, counters(i, 3))) & 0xFFFF for i in range(3)]
        state = [x + a + b for x, a, b in zip(state, (1, 0, -5), drawn, strict=True)]
        odd.append([sum(x % 2 for x in state)])
    assert script(site, RUN) == f"{state} {odd}\nprogram wide: 3 counters of int64\n"


def test_kernels_are_kept_by_structure_and_by_what_is_baked_in(site: Path) -> None:
    first, second = script(site, CACHE).splitlines()
    assert first == "True False True 2"
    assert (
        second
        == "argument 'increments' of a counters program is int64[counter], not int32 of shape (3,)"
    )


def test_a_backend_without_it_refuses(site: Path) -> None:
    refused = script(site, REFUSED)
    for name in ("numba", "reference"):
        assert (
            f"the backend '{name}' cannot run this: it does not compile counters programs"
            in refused
        )
    assert "hint: what it compiles: dense programs, lattice programs" in refused
    assert "the backend 'toy_python' cannot run this: it lacks counters of 32 bits" in refused
    assert "hint: a Python integer is wide" in refused


GENERAL = ("-k", "test_protocol or test_families or test_examples or test_metropolis")


def test_the_suite_accepts_its_backends(site: Path) -> None:
    for name in ("toy_numpy", "toy_python"):
        done = suite(site, name, *GENERAL)
        assert done.returncode == 0, done.stdout
        assert f"{name} does not compile lattice programs" in done.stdout
    assert "toy_python lacks narrow: a Python integer is wide" in done.stdout


def test_the_suite_rejects_a_wrong_one(site: Path) -> None:
    done = suite(site, "toy_stale", "-rf", "-k", "test_examples")
    assert done.returncode == 1, done.stdout
    failed = {
        line.split("::")[1].split("[")[0]
        for line in done.stdout.splitlines()
        if line.startswith("FAILED")
    }
    assert failed == {"test_the_bits_of_the_reference", "test_chunks_of_steps"}


def test_one_that_is_not_registered_is_an_error(tmp_path: Path) -> None:
    site = install(tmp_path, without=["rgc.families"])
    done = outside(site, "-c", HEAD + "machine.compile(wide)")
    assert done.returncode == 1
    assert (
        "LookupError: no family of programs is called 'counters' (known: lattice, dense)"
        in done.stderr
    )
    assert "an entry point of the group rgc.families" in done.stderr
    rejected = suite(site, "toy_python", "-k", "test_it_says_what_it_compiles")
    assert rejected.returncode == 1, rejected.stdout
    assert "AssertionError: assert {'counters'} <= {" in rejected.stdout
