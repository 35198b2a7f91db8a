"""Draws that float32 decides within a margin: the bits of the integers, also at the very edge."""

from __future__ import annotations

import numpy as np
import pytest

from rgc.program import units as law

pytest.importorskip("numba")


@pytest.mark.parametrize("doubled", [False, True])
def test_draws_next_to_their_threshold(doubled: bool) -> None:
    """For fields from 0 to beyond 32 kT and uniforms within 2000 of where the bit flips: float32
    alone would be wrong, and either says so or is right; far from it, it decides by itself."""
    from rgc_numba.dense import units

    random = np.random.default_rng(1)
    x = random.integers(-34 * 2**20, 34 * 2**20, 4096).astype(np.int32) >> int(doubled)
    e = law.exp2neg(np.abs(x.astype(np.int64)) << int(doubled)).astype(np.float64)
    edge = e / (1 + e / 2**32)
    one, decided = np.uint32(1), 0
    anywhere = random.integers(0, 2**32, x.size)
    for spread in (3, 2000, None):
        near = edge + random.integers(-(spread or 1), spread or 1, x.size)
        u = np.clip(near if spread else anywhere, 0, 2**32 - 1).astype(np.uint32)
        right = law.binary(x.astype(np.int64) << int(doubled), u.astype(np.uint64))
        for first in range(0, x.size, 32):
            part, found = slice(first, first + 32), np.zeros(32, np.uint32)
            given = x[part], u[part], np.int64(doubled), one, found
            if units.decide_row(*given):
                units.decide_again(*given)
            else:
                decided += 1
            np.testing.assert_array_equal(found, right[part])
    assert 100 < decided < 140
