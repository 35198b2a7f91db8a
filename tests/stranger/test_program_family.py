"""A family of programs is added in three places: its package, its row of `FAMILIES`, and its
kernels in the reference backend.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.stranger.house import House

FAMILY = '''"""Shift registers: bits that move by one place a step, a random one coming in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from rgc.program.arguments import Arguments
from rgc.program.family import Argument, Example, Family, ProgramError


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """`length` bits of int32; the one that comes in is drawn, and flipped where `flip` is 1."""

    family: ClassVar[str] = "registers"

    name: str
    length: int
    draws: int = 1


def verify(program: Register) -> None:
    if program.length < 1:
        raise ProgramError(f"'{program.name}' is empty")


def show(program: Register) -> str:
    return f"program {program.name}: a register of {program.length} bits"


def examples() -> tuple[Example[Register], ...]:
    program = Register(name="register", length=5)
    flip = Arguments({"flip": np.array([1], np.int32)})
    return (Example(program=program, state=(np.zeros(5, np.int32),), arguments=flip),)


FAMILY = Family(
    name="registers",
    programs=Register,
    states=("int32",),
    arguments={"flip": Argument("int32", ("one",))},
    capabilities={},
    needs=lambda program: frozenset(),
    verify=verify,
    show=show,
    reference="reference",
    examples="rgc.program.registers:examples",
)
'''

KERNEL = '''"""The meaning of a register."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rgc.backend import Arguments
from rgc.program.draws import counters, word
from rgc.program.registers import Register, show


class RegisterKernel:
    def __init__(self, program: Register) -> None:
        self.source = show(program)

    def __call__(
        self, state: Sequence[Any], arguments: Arguments, keys: Any, word0: int = 0
    ) -> tuple[list[Any], list[Any]]:
        bits, out = state[0], []
        for key in keys:
            drawn = int(word(key[0], counters(0, word0))) & 1
            out.append([int(bits[-1])])
            bits = np.concatenate([[drawn ^ int(arguments["flip"][0])], bits[:-1]]).astype(np.int32)
        return [bits], [np.array(out, dtype=np.int64).reshape(-1, 1)]
'''

USE = """import sys
import rgc.backend as backends
from rgc.errors import SpecError
from rgc.kernel_cache import KernelCache
from rgc.program.draws import step_keys
from rgc.program.family import family_of
from rgc.program.registers import examples

(made,) = examples()
machine = KernelCache(backends.load("reference"), general=False)
kernel = machine.compile(made.program, constant=made.arguments)
state, (out,) = kernel([machine.pack(made.state[0])], made.arguments, step_keys((1, 2), 0, 7, 1))
print(family_of(made.program).show(made.program))
print(out[:5].ravel().tolist(), machine.unpack(state[0]).dtype)
try:
    KernelCache(backends.load("numba"), general=True).compile(made.program)
except SpecError as error:
    print(error)
"""

SUITE = """import sys
import pytest

tests = "test_protocol or test_families or test_examples"
plain = ["-q", "--pyargs", "rgc.conformance", "-p", "no:cacheprovider"]
sys.exit(pytest.main([*plain, "--rgc-backends", "reference", "-k", f"({tests}) and not lattice"]))
"""


def build(folder: Path, *, package: bool = True, row: bool = True, kernel: bool = True) -> House:
    """A house with the family in it, but for what is forgotten."""
    house = House.build(folder)
    house.write("use.py", USE)
    house.write("suite.py", SUITE)
    if package:
        house.write("rgc/program/registers.py", FAMILY)
    if row:
        place = '    "lattice": "rgc.program.lattice.family:LATTICE",\n'
        line = '    "registers": "rgc.program.registers:FAMILY",\n'
        house.insert("rgc/program/family.py", line, before=place)
    if kernel:
        backend = "backends/rgc_reference/__init__.py"
        house.write("backends/rgc_reference/registers.py", KERNEL)
        line = "from rgc_reference.registers import RegisterKernel\n"
        house.insert(backend, line, before="from rgc_reference.lattice import LatticeKernel\n")
        house.insert(
            backend, '    "registers": RegisterKernel,\n', before='    "lattice": LatticeKernel,\n'
        )
    return house


def said(done: subprocess.CompletedProcess[str]) -> str:
    return done.stdout + done.stderr


def test_three_places_are_enough(tmp_path: Path) -> None:
    """It is run and shown, refused by a backend that does not compile it, and put through the
    conformance suite.
    """
    house = build(tmp_path)
    used = house.run("use.py")
    assert used.returncode == 0, said(used)
    shown, out, *refused = used.stdout.splitlines()
    assert shown == "program register: a register of 5 bits"
    assert out == "[0, 0, 0, 0, 0] int32"
    assert (
        "the backend 'numba' cannot run this: it does not compile registers programs" in refused[0]
    )
    suite = house.run("suite.py")
    assert suite.returncode == 0, said(suite)
    assert " passed" in suite.stdout
    assert " skipped" not in suite.stdout


def test_a_forgotten_row_is_an_error(tmp_path: Path) -> None:
    used = build(tmp_path, row=False).run("use.py")
    assert used.returncode == 1
    assert (
        "LookupError: no family of programs is called 'registers' (known: lattice, dense)"
        in used.stderr
    )
    assert "a row of FAMILIES in rgc/program/family.py" in used.stderr


def test_forgotten_kernels_are_found_by_the_suite(tmp_path: Path) -> None:
    house = build(tmp_path, kernel=False)
    used = house.run("use.py")
    assert used.returncode == 1
    assert (
        "the backend 'reference' cannot run this: it does not compile registers programs"
        in used.stderr
    )
    suite = house.run("suite.py")
    assert suite.returncode == 1, said(suite)
    assert "test_a_backend_says_what_programs_mean[registers]" in suite.stdout


def test_a_forgotten_package_is_found_by_the_suite(tmp_path: Path) -> None:
    suite = build(tmp_path, package=False, kernel=False).run("suite.py")
    assert suite.returncode != 0
    assert "No module named 'rgc.program.registers'" in said(suite)
