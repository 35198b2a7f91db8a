"""How the JAX backend works: layouts, planes, patches, shares of devices, compilations.

None of this changes a bit.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest

from rgc.backend import load
from rgc.compiler import compile
from rgc.compiler import load as load_spec
from rgc.conformance.lattice.programs import blocks, measure, metropolis
from rgc.conformance.lattice.random_programs import random_program
from rgc.conformance.lattice.running import arguments, run
from rgc.conformance.running import assert_equal
from rgc.program.draws import step_keys
from rgc.program.lattice import Program, TallyArray
from rgc.program.lattice.arguments import lattice_arguments
from rgc.program.lattice.start import random_field

pytest.importorskip("jax")

import jax.numpy as jnp

from rgc_jax import JaxBackend
from rgc_jax.devices import Platform, find_platform
from rgc_jax.gather import Gather
from rgc_jax.kernel import JaxKernel, compile_program
from rgc_jax.rule import LANES, MANY_WORDS, counted
from rgc_jax.session import session


class Changed(JaxBackend):
    """The backend on a machine with other properties."""

    def __init__(self, **changes: Any) -> None:
        super().__init__()
        self._found: Platform | None = replace(find_platform(), **changes)


def check(program: Program, words: int = 2, uniform: bool = True, **changes: Any) -> None:
    given = arguments(program, words, Random(3), uniform)  # noqa: S311
    expected = run(load("reference"), program, given, 4, word0=5)
    assert_equal(expected, run(Changed(**changes), program, given, 4, word0=5))


def chosen(program: Program) -> str:
    kernel = compile_program(program, find_platform(), None)
    return "gather" if kernel._rows_for((None,) * len(program.fields)) is None else "rows"


@pytest.mark.parametrize("number", [1, 2, 5, MANY_WORDS, MANY_WORDS + 1, 60, 171])
def test_planes_of_a_sum_one_by_one_and_in_layers(number: int) -> None:
    words = np.random.default_rng(number).integers(2**64, size=(number, 3), dtype=np.uint64)
    lanes = (words[..., None] >> LANES) & np.uint64(1)
    with session():
        planes = counted([jnp.asarray(word) for word in words])
    assert len(planes) == number.bit_length()
    found = sum((np.asarray(plane)[..., None] >> LANES & 1) << k for k, plane in enumerate(planes))
    np.testing.assert_array_equal(found, lanes.sum(axis=0))


def test_rows_where_they_vectorise() -> None:
    assert chosen(metropolis((4, 6))) == "rows"
    assert chosen(blocks()) == "rows"
    assert chosen(measure((6, 8), (TallyArray(3, replica=True),))) == "rows"
    assert chosen(random_program(3, "open")) == "rows"
    assert chosen(random_program(3, "listed")) == "gather"
    assert chosen(random_program(3, "lanes")) == "gather"
    assert chosen(measure((36, 20), (TallyArray(3),), (7, 2))) == "gather"


@pytest.mark.parametrize("first", [1, 5, 32])
def test_planes_decided_first_change_nothing(first: int) -> None:
    """After one plane every word is undecided and every block is visited many times; after 32 none
    is.
    """
    check(metropolis((4, 6)), first=first)


def test_planes_decided_first_change_nothing_when_gathering() -> None:
    program = metropolis((4, 6))
    check(replace(program, schedule=tuple(listed(program))), first=3, uniform=False)


def listed(program: Program) -> Any:
    """The stages of a program with their cells as lists."""
    from rgc.program.lattice import Listed, Stage
    from rgc.program.lattice.cells import cell_table

    for stage in program.schedule:
        cells = np.ravel_multi_index(tuple(cell_table(stage.cells, program.shape).T), program.shape)
        yield Stage(stage.rule, Listed(tuple(int(cell) for cell in cells)))


@pytest.mark.parametrize("shape", [(12,), (8, 6), (4, 4, 6)])
def test_patches_change_nothing(shape: tuple[int, ...]) -> None:
    """Patches of a line or two, whose halos come from several of them, on one to three axes."""
    check(metropolis(shape), patch=24)


def test_pieces_of_stages_change_nothing() -> None:
    """Stages of nine cells cut into pieces of four and five, the last ones filled up."""
    check(random_program(9, "listed"), patch=10)


@pytest.mark.parametrize("slab", [1, 40])
def test_slabs_change_nothing(slab: int) -> None:
    """More lines than a byte counts, and a last batch that is shorter."""
    arrays = (
        TallyArray(3, replica=True),
        TallyArray(3),
        TallyArray(3, replica=True, axes=(0,)),
        TallyArray(3, replica=False, axes=(1,)),
    )
    check(measure((270, 4), arrays), slab=slab)


@pytest.mark.parametrize("kind", ["regular", "lanes"])
def test_values_that_are_not_held(kind: str) -> None:
    """As on a GPU: all planes at once, whole stages at once, fused as XLA likes."""
    program = random_program(11, kind)
    check(program, first=64, patch=1 << 62, slab=1 << 24, held=False)


def test_layouts_follow_the_programs_that_take_turns() -> None:
    """A field keeps the layout of a sweep while it is measured, and both programs settle on one:
    nothing is traced after two turns.
    """
    sweep, record = metropolis((12, 8)), measure((12, 8), (TallyArray(3, replica=True),))
    backend = Changed(slab=64)  # no other test has these kernels
    given, nothing = (arguments(program, 2, Random(3)) for program in (sweep, record))  # noqa: S311
    kernels = [compile_program(program, backend._platform, None) for program in (sweep, record)]
    state, traced = [backend.pack(random_field((1, 1), sweep.fields[0], 2))], []
    for start in range(5):
        state, _ = kernels[0](state, given, step_keys((1, 2), start, 1, 1))
        state, _ = kernels[1](state, nothing, np.zeros((1, 0, 2), np.uint64))
        traced.append(tuple(kernel.traces for kernel in kernels))
    assert traced[1:] == traced[1:2] * 4


def test_a_kernel_is_traced_once() -> None:
    """However many steps a call makes, whatever the couplings, the keys and the first word."""
    program, backend = metropolis((2, 10)), JaxBackend()
    kernel = compile_program(program, backend._platform, None)
    state, step = [backend.pack(random_field((1, 1), program.fields[0], 2))], 0
    for number, steps in enumerate((1, 2, 3, 7, 300, 1, 513)):
        given = arguments(program, 2, Random(number))  # noqa: S311
        state, _ = kernel(state, given, step_keys((1, 2), step, steps, 1), word0=number)
        step += steps
    assert kernel.traces == 1


SCAN = """title "scan"
parameters { K = 0.4, h = 0.1 }
lattice square(8)
spins s: ising
hamiltonian
  - K * sum(<i,j>) s[i]*s[j]
  - h * sum(i) s[i]
block majority(2)
flow mcrg(steps=1, sweeps=30, every=3, replicas=64, basis=operators(range=1, bodies=2))
scan { K = 0.40:0.42:3 }
"""


def test_a_scan_compiles_at_its_first_point_only() -> None:
    compiled = compile(load_spec(SCAN), backend="jax")
    traced = []
    for point in compiled.loaded.points:
        flow = compiled.flow(point, 3)
        flow.step(flow.start())
        kernels = [kernel for _, kernel in compiled.machine.made]
        assert all(isinstance(kernel, JaxKernel) for kernel in kernels)
        traced.append([kernel.traces for kernel in kernels])  # type: ignore[attr-defined]
    assert len(traced[0]) >= 4
    assert all(1 <= traces <= 2 for traces in traced[0])
    assert traced[1:] == traced[:1] * 2


def test_equal_programs_share_a_kernel() -> None:
    """Across backends too, as long as Python runs."""
    program = metropolis((4, 6))
    given = arguments(program, 1, Random(1))  # noqa: S311
    assert JaxBackend().compile(program) is JaxBackend().compile(metropolis((4, 6)))
    assert JaxBackend().compile(program, constant=given) is not JaxBackend().compile(program)


def test_source_is_the_program_and_its_jaxpr() -> None:
    source = JaxBackend().compile(metropolis((4, 6))).source
    assert "T0" in source
    assert "let" in source
    assert "dynamic_update_slice" in source
    assert "xor" in source


def test_tables_of_a_stage_hold_all_its_sites() -> None:
    """Cut into pieces, each site stands in one of them."""
    program = random_program(9, "listed")
    gather = Gather(program, 4)
    for walk in gather.walks:
        sites = [
            int(n) for row, count in zip(walk.numbers, walk.sites, strict=True) for n in row[:count]
        ]
        assert len(sites) == len(set(sites))
    assert sum(int(walk.sites.sum()) for walk in gather.walks) == sum(
        len(step.cells) for step in program.schedule
    )


def test_arguments_that_change_in_place_are_noticed() -> None:
    """A caller may write new thresholds into the same arrays."""
    program, backend = metropolis((4, 6)), JaxBackend()
    kernel, fields = backend.compile(program), []
    first, second = (arguments(program, 2, Random(seed)) for seed in (1, 2))  # noqa: S311
    table = lattice_arguments(first["thresholds"].copy(), first["weights"].copy())
    for given in (first, second):
        table["thresholds"][...] = given["thresholds"]
        state = [backend.pack(random_field((1, 1), program.fields[0], 2))]
        fields.append(backend.unpack(kernel(state, table, step_keys((1, 2), 0, 3, 1))[0][0]))
        state = [load("reference").pack(random_field((1, 1), program.fields[0], 2))]
        right = load("reference").compile(program)(state, given, step_keys((1, 2), 0, 3, 1))[0][0]
        np.testing.assert_array_equal(fields[-1], right)
    assert (fields[0] != fields[1]).any()
