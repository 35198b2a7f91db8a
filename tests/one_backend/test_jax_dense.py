"""The ways in which JAX multiplies dense matrices, to the bit."""

from __future__ import annotations

import re

import pytest

from rgc.backend import load
from rgc.conformance.dense.examples import example
from rgc.conformance.dense.programs import ISING, cd
from rgc.conformance.running import assert_equal, run
from rgc.program.dense import Dense, Units

pytest.importorskip("jax")


class Other:
    """The JAX backend with a product of matrices of its own."""

    def __init__(self, way: str) -> None:
        self.backend, self.way = load("jax"), way

    def __getattr__(self, name: str) -> object:
        return getattr(self.backend, name)

    def compile(self, program: Dense, *, constant: object = None) -> object:
        from rgc_jax.dense import products
        from rgc_jax.dense.kernel import DenseKernel
        from rgc_jax.devices import find_platform

        kernel = DenseKernel(program, find_platform())
        kernel.ways = (getattr(products, self.way),)
        return kernel


@pytest.mark.parametrize("way", ["BFLOAT16", "FLOAT32", "FLOAT64", "FLOAT64_TWICE"])
def test_products_of_every_kind_are_exact(way: str) -> None:
    """With weights up to 32 kT of either sign."""
    made = example(cd(Units(1500, "ising"), ISING, 64), 3)
    made.state[1][:] <<= 4
    expected = run(load("reference"), made)
    assert_equal(expected, run(Other(way), made))  # type: ignore[arg-type]


def test_units_are_drawn_without_interleaving() -> None:
    """XLA goes through arrays that are put together entry by entry on CPUs, without vectors, and
    with them through the draws of all units."""
    kernel = load("jax").compile(cd(Units(1500, "binary"), ISING, 64))
    assert not {"concatenate", "stack"} & set(re.findall(r"= (\w+)\[", kernel.source))
