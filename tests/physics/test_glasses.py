"""A glass that has not come to rest says so of the overlaps that it reports."""

from __future__ import annotations

import numpy as np
import pytest

import rgc
from rgc.analysis.statistics import Autocorrelation
from rgc.flows.sampling.estimator import integrated_time

GLASS = """parameters {{ J ~ bimodal(1, p=0.5), K = {K} }}
lattice square(8)
spins s: ising
hamiltonian - K * sum(<i,j>) J[i,j]*s[i]*s[j]
flow sample(sweeps=600, thermalise={before}, every=2, disorder=64, replicas=128)
measure {{ {measures} }}
"""


@pytest.mark.filterwarnings("ignore::rgc.errors.RunWarning")
def test_overlaps_that_do_not_forget_are_named() -> None:
    text = GLASS.format(K=2.5, before=20, measures="energy, abs_q")
    answer = rgc.compile(text).run(checkpoints=False)
    assert answer.points[0].result.values["tau_q^2"].value is not None
    (warning,) = [each for each in answer.warnings if "of q^2" in each]
    assert "is less than 20" in warning or "the run is too short to tell" in warning
    none = rgc.compile(GLASS.format(K=0.2, before=200, measures="energy")).run(checkpoints=False)
    assert set(none.points[0].result.values) == {"tau_energy", "tau_m^2"}


def test_why_a_time_is_not_resolved() -> None:
    """Records far apart and short runs are two reasons, and what helps is not the same."""
    apart = integrated_time(Autocorrelation(0.6, 0.1, 2, np.ones(1)), 10)
    long = integrated_time(Autocorrelation(700.0, 600.0, 1500, np.ones(1)), 1)
    known = integrated_time(Autocorrelation(700.0, 60.0, 1500, np.ones(1)), 1)
    assert (apart.kind, apart.note) == (
        "upper bound",
        "records every 10 sweeps are too far apart to resolve it",
    )
    assert (long.kind, long.note) == ("upper bound", "the run is too short to resolve it")
    assert (known.value, known.error) == (700.0, 60.0)
