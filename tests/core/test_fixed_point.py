"""`benchmarks/fixed_point.py`: Newton's step to the fixed point of a block map, as a spec."""

from __future__ import annotations

import numpy as np

import rgc
from benchmarks.fixed_point import change, newton_step, written

RING = """title "A ring"
parameters { K = 0.3 }
lattice chain(16)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
block decimate(2)
flow variational_mcrg(
  steps=1, target=0, sweeps=80, every=2, replicas=512, basis=operators(range=2, bodies=2)
)
"""


def test_the_step_ends_at_the_fixed_point_of_a_linear_map() -> None:
    slope = np.array([[2.0, 0.3], [0.1, 0.4]])
    fixed, start = np.array([0.3, -0.1]), np.array([0.5, 0.2])
    image = fixed + slope @ (start - fixed)
    assert np.allclose(start + change(slope, image - start), fixed)


def test_along_a_line_of_fixed_points_nothing_but_the_map_moves() -> None:
    slope, apart = np.diag([2.0, 1.01]), np.array([0.1, 0.02])
    assert np.allclose(change(slope, apart), [-0.1, 0.02])


def test_the_step_is_written_as_a_spec_of_the_same_lattice() -> None:
    """Decimation of a ring: tanh K' = tanh^2 K, so that the step goes from 0.3 to
    K + (K' - K) / (1 - dK'/dK), below 0."""
    loaded = rgc.load(RING)
    result = rgc.compile(loaded, backend="reference").run(warn=lambda said: None).points[0].result
    better = newton_step(result)
    image, slope = np.arctanh(np.tanh(0.3) ** 2), 2 * np.tanh(0.3) / (1 + np.tanh(0.3) ** 2)
    assert list(better) == ["K", "k2_2"]
    assert abs(better["K"] - (0.3 + (image - 0.3) / (1 - slope))) < 0.05
    spec = rgc.load(written(RING, loaded, result, better)).spec
    assert dict(spec.parameters) == better
    assert spec.lattice.cells == loaded.spec.lattice.cells
    assert {term.name for term in spec.hamiltonian.terms} == set(better)
