"""Names of couplings, and the products that they stand for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rgc.model.names import coupling_name, product_named
from rgc.model.operators import Spin, product

SPINS = st.builds(
    Spin,
    st.tuples(st.integers(-12, 12), st.integers(-3, 3)),
    st.integers(0, 2),
    st.integers(0, 1),
)


@given(st.sets(SPINS, min_size=1, max_size=5))
def test_a_name_is_read_as_a_product_of_that_name(spins: set[Spin]) -> None:
    made, kinds = product(spins), ("s", "t1")
    name = coupling_name(made, species=kinds)
    read = product_named(name, 2, ("a", "b", "c"), kinds)
    assert read is not None
    assert coupling_name(read, species=kinds) == name
    assert {coupling_name(made, species=kinds)} == {name}


@pytest.mark.parametrize(
    "name",
    ["k0", "k2", "k2_01_10", "k3_10", "k2_1", "k2_100", "k2_00", "k2_10d", "k2_-10", "K", "k"],
)
def test_what_is_no_name_of_a_coupling(name: str) -> None:
    assert product_named(name, 2, ("a", "b"), ("s",)) is None
