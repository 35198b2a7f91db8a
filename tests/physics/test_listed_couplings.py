"""Couplings that a spec writes out as lists: sites row by row, as the spec has them."""

from __future__ import annotations

import numpy as np
import pytest

from tests.physics.test_disorder import made, run

FIELDS = (0.1, 0.5, -0.3, 0.7, 1.1, -0.2, 0.4, 0.9, -1.3, 0.8, 0.05, -0.6, 0.33, 0.21, -0.77, 0.62)
ENUMERATED, SAMPLED = "enumerate", "sample(sweeps=100, every=2, replicas=512)"


@pytest.mark.parametrize("asked", [ENUMERATED, SAMPLED])
def test_fields_beside_a_field_that_repeats_after_two_cells(asked: str) -> None:
    """Spins by themselves, each in its own field, on a lattice whose cells are joined to larger
    ones: H = -sum f tanh f.
    """
    model = made(
        f"h = {list(FIELDS)}",
        lattice="square(4)",
        hamiltonian="- 0.3 * sum(i) (-1)^(coordinate(i,x) + coordinate(i,y))*s[i]"
        " - sum(i) h[i]*s[i]",
        asked=asked,
        measures="energy",
        backend="reference",
        seed=2,
    )
    field = np.reshape(FIELDS, (4, 4)) + 0.3 * (-1.0) ** np.add.outer(np.arange(4), np.arange(4))
    found = model.finish(run(model)).averages["energy"]
    exact = -(field * np.tanh(field)).mean()
    assert abs(found.value - exact) <= 4 * found.error + 1e-12
    in_other_cells = np.reshape(FIELDS, (2, 2, 2, 2)).swapaxes(1, 2).reshape(4, 4)
    wrong = in_other_cells + field - np.reshape(FIELDS, (4, 4))
    assert abs(exact + (wrong * np.tanh(wrong)).mean()) > 0.01  # the order is seen


def test_a_matrix_joins_the_sites_that_it_says() -> None:
    """A ring of three states, with a bond of each strength, against a sum over all of them."""
    strengths = [[0.0, 0.5, -1.2], [0.5, 0.0, 0.8], [-1.2, 0.8, 0.0]]
    hamiltonian = "- sum(<i,j>) J[i,j]*delta(s[i], s[j]) - sum(i) h[i]*delta(s[i], 0)"
    states = np.indices((3, 3, 3)).reshape(3, -1)
    fields = (0.3, -0.4, 0.9)
    bonds = sum(strengths[i][j] * (states[i] == states[j]) for i, j in ((0, 1), (1, 2), (2, 0)))
    energies = -bonds - sum(h * (s == 0) for h, s in zip(fields, states, strict=True))
    weights = np.exp(-energies)
    exact = float((energies * weights).sum() / weights.sum()) / 3
    for asked in (ENUMERATED, SAMPLED):
        model = made(
            f"J = {strengths}, h = {list(fields)}",
            lattice="chain(3)",
            spins="potts(3)",
            hamiltonian=hamiltonian,
            asked=asked,
            measures="energy",
            backend="reference",
        )
        found = model.finish(run(model)).averages["energy"]
        assert abs(found.value - exact) <= 4 * found.error + 1e-12
