"""Which kernel the numba backend chooses, and what it shows of it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from math import prod
from pathlib import Path
from random import Random

import numpy as np
import pytest

from rgc.backend import Arguments, load
from rgc.conformance.lattice.programs import blocks, measure, metropolis
from rgc.conformance.lattice.random_programs import random_program
from rgc.conformance.lattice.running import arguments, run
from rgc.conformance.running import assert_equal
from rgc.program.lattice import Program, TallyArray, Weigh
from rgc.program.lattice.arguments import lattice_arguments
from rgc.program.lattice.start import random_field
from rgc.program.lattice.thresholds import pack_thresholds
from rgc_numba import shares
from rgc_numba.gather import weigh

numba = pytest.importorskip("numba")


@pytest.fixture(autouse=True)
def uncompiled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(numba.config, "DISABLE_JIT", 1)
    monkeypatch.setenv("RGC_CACHE", str(tmp_path))


def chosen(program: Program, constant: Arguments | None = None) -> str:
    return type(load("numba", threads=1).compile(program, constant=constant)).__name__


def test_rows_where_they_vectorise() -> None:
    assert chosen(metropolis((4, 6))) == "RowKernel"
    assert chosen(blocks()) == "RowKernel"


def test_tallies_and_long_rules_are_bytecode(monkeypatch: pytest.MonkeyPatch) -> None:
    """Operators and classes are no part of the code: one compilation serves every basis on every
    lattice.
    """
    arrays = (TallyArray(3, replica=True),)
    assert chosen(measure((6, 8), arrays)) == "BytecodeKernel"
    assert chosen(measure((6, 8), arrays, (5, 1))) == "BytecodeKernel"
    backend = load("numba")
    programs = [
        measure((6, 8), arrays),
        measure((9, 6), arrays, (3, 1)),
        measure((5, 5), (TallyArray(8, replica=True),)),
    ]
    texts = {backend.compile(program).source.partition("import numpy")[2] for program in programs}
    assert len(texts) == 1
    monkeypatch.setattr("rgc_numba.kernel.MANY", 3)
    assert chosen(metropolis((4, 6))) == "BytecodeKernel"


def test_gather_elsewhere() -> None:
    assert chosen(random_program(3, "listed", tallies=())) == "GatherKernel"
    assert chosen(random_program(3, "lanes")) == "GatherKernel"


def test_masks_of_one_weight_are_added_up_before_they_are_lanes() -> None:
    """The loop over lanes has a line for each weight, not for each of hundreds of products, which
    LLVM would take minutes for.
    """
    node = Weigh(tuple(range(96)), (0, 1) * 48, 2)
    lanes = [line for line in weigh(96, node, str) if "weights[" in line]
    assert [re.findall(r"weights\[(\d+)", line) for line in lanes] == [["2"], ["0"], ["1"]]


def test_shape_is_no_part_of_the_code() -> None:
    """So that the levels of a flow share what was compiled."""
    backend = load("numba")
    texts = [
        backend.compile(metropolis(shape)).source.partition("import numpy")[2]
        for shape in ((4, 6), (8, 2))
    ]
    assert texts[0] == texts[1]


def test_source_is_python_with_names_of_ours_only() -> None:
    program = metropolis((4, 6))
    constant = arguments(program, 1, Random(0))  # noqa: S311
    source = load("numba").compile(program, constant=constant).source
    names = {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
    assert "v0" in names
    assert not any("metropolis" in name for name in names)
    assert max(map(len, re.findall(r"[^\n]+", source.partition("import numpy")[2]))) < 400


def test_arguments_other_than_the_baked_ones_are_served() -> None:
    """`constant` specialises only: a call with other thresholds gives the bits of the general
    kernel.
    """
    program = metropolis((4, 6))
    baked, other, mixed = (
        arguments(program, 2, Random(seed), uniform=seed < 3)  # noqa: S311
        for seed in (1, 2, 3)
    )
    kernel = load("numba", threads=1).compile(program, constant=baked)

    class Compiled:
        def __getattr__(self, name: str) -> object:
            return getattr(load("numba", threads=1), name)

        def compile(self, program: Program, constant: Arguments | None = None) -> object:
            return kernel

    for given in (baked, other, mixed, baked):
        assert_equal(run(load("reference"), program, given, 4), run(Compiled(), program, given, 4))


@pytest.mark.parametrize(("last", "planes"), [(31, 1), (30, 2), (21, 11), (20, 11)])
def test_thresholds_with_few_bits_need_few_planes(last: int, planes: int) -> None:
    """What is undecided where no threshold has bits left is not below it."""
    program = metropolis((4, 6))
    rows = [1 << 31 if k % 2 else 1 << last for k in range(program.slots)]
    given = lattice_arguments(pack_thresholds(rows, 32, 1), np.zeros((0, 64), np.int32))
    source = load("numba", threads=1).compile(program, constant=given).source
    assert {*re.findall(r"K(\d+)\)", source)} == {*map(str, range(planes))}
    assert ("row[u" in source) == (last < 21)  # the rest is a loop
    found = run(load("numba", threads=1), program, given, 4, constant=True)
    assert_equal(run(load("reference"), program, given, 4), found)


@pytest.mark.parametrize(
    "program",
    [metropolis((4, 6)), measure((8, 8), (TallyArray(3), TallyArray(3, replica=True)))],
    ids=["rows", "tables"],
)
def test_shares_change_no_bit(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many shares the limits of words and bytes ask for, more than threads or not."""
    given = arguments(program, 5, Random(1))  # noqa: S311
    expected = run(load("reference"), program, given, 4)
    size = max(
        8 * prod(random_field((4, n), field, 5).shape) for n, field in enumerate(program.fields)
    )
    for name, most in (("MOST_WORDS", 2), ("MOST_BYTES", size // 3)):
        with monkeypatch.context() as patched:
            patched.setattr(shares, name, most)
            backend = load("numba", threads=2)
            state = [
                backend.pack(random_field((4, n), field, 5))
                for n, field in enumerate(program.fields)
            ]
            assert len(shares.Shares(lambda: None, 2).cuts_for_rows(state)) == 1 + 4
            assert_equal(expected, run(backend, program, given, 4))


def test_numba_waits_until_something_is_compiled() -> None:
    check = "import sys, rgc_numba; rgc_numba.NumbaBackend(); assert 'numba' not in sys.modules"
    subprocess.run([sys.executable, "-c", check], check=True, timeout=600)
