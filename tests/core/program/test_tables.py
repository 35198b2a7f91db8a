"""Tables made once on the host."""

from __future__ import annotations

from math import exp
from random import Random

import numpy as np
import pytest

from rgc.model.sites import Cells, Listed, enumerate_cells
from rgc.program.exponentials import COARSE, FINE, exponentials
from rgc.program.lattice import Count, Equals, Load, Rule
from rgc.program.lattice.cells import cell_table
from rgc.program.lattice.thresholds import pack_thresholds
from rgc.program.lattice.truth_tables import truth_tables


def test_exponentials() -> None:
    coarse, fine = exponentials()
    assert (len(coarse), len(fine)) == (COARSE, FINE)
    assert int(coarse[0]) == int(fine[0]) == 2**32
    assert int(coarse[-1]) == 1
    assert 2**32 * exp(-COARSE / 2**10) < 1
    for i in (1, 1024, 5000, 22000):
        assert int(coarse[i]) == int(2**32 * exp(-i / 2**10))
    for j in (1, 512, 1023):
        assert int(fine[j]) == int(2**32 * exp(-j / 2**20))


@pytest.mark.parametrize("planes", [32, 64])
def test_packed_thresholds_read_back(planes: int) -> None:
    random = Random(1)  # noqa: S311
    special = [0, 1, 1 << planes - 1, (1 << planes) - 1, 1 << planes]
    mixed = [random.choice([random.getrandbits(planes), *special]) for _ in range(128)]
    table = pack_thresholds([*special, mixed], planes, 2)
    assert table.shape == (6, 1 + planes, 2)
    for slot, entry in enumerate([*special, mixed]):
        for replica in range(128):
            wanted = entry[replica] if isinstance(entry, list) else entry
            column = table[slot, :, replica // 64] >> np.uint64(replica % 64) & np.uint64(1)
            if column[0]:
                assert wanted == 1 << planes
                assert not column[1:].any()
            else:
                assert wanted == int("".join(str(bit) for bit in column[1:]), 2)


def test_thresholds_out_of_range() -> None:
    for wrong in (-1, (1 << 32) + 1):
        with pytest.raises(ValueError, match="between"):
            pack_thresholds([wrong], 32, 1)
    with pytest.raises(ValueError, match="64 replicas"):
        pack_thresholds([[1, 2, 3]], 32, 1)


@pytest.mark.parametrize(
    "cells",
    [
        Cells((2, 2), ((0, 0), (1, 1)), (0, 0), (6, 8)),
        Cells((3, 2), ((1, 0), (2, 1)), (1, 2), (5, 7)),
        Cells((1, 1), ((0, 0),), (2, 0), (3, 8)),
        Cells((4, 4), ((3, 3),), (0, 0), (2, 2)),
        Listed((0, 9, 10, 47)),
    ],
)
def test_cell_tables_follow_the_sets(cells: Cells | Listed) -> None:
    assert list(map(tuple, cell_table(cells, (6, 8)).tolist())) == list(
        enumerate_cells(cells, (6, 8))
    )


def test_truth_tables() -> None:
    rule = Rule(
        0,
        (Load(0, (0,)), Load(0, (1,)), Load(0, (2,)), Count((0, 1, 2)), Equals(3, 2), Equals(3, 4)),
    )
    known = truth_tables(rule)
    assert known is not None
    words, everything = known
    assert everything == 255
    assert words[4] == sum(1 << p for p in range(8) if p.bit_count() == 2)
    assert words[5] == 0
    assert truth_tables(rule, most=2) is None
