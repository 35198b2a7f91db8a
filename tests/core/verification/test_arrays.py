"""The checks of flows that compute with arrays pass, and fail where something is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import rgc
from rgc.analysis.recursion import Moved
from rgc.backend import load
from rgc.flows.couplings.bond_recursion import BondRecursion
from rgc.flows.couplings.cell_recursion import CellRecursion
from rgc.verification import verify

MIGDAL = """
parameters { K = 0.4, h = 0.1 }
lattice square
spins s: ising
hamiltonian
  - K * sum(<i,j>) s[i]*s[j]
  - h * sum(i) s[i]
flow migdal_kadanoff(b=2, steps=3)
"""
BOUND = """
parameters { K = 0.4 }
lattice square
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
block kadanoff(2, p=0.2)
flow lower_bound(steps=3)
"""
ENUMERATE = """
parameters { K = 0.4 }
lattice square(3)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
flow enumerate()
measure { log_z, energy }
"""


def verdicts(text: str, backends: Any = ()) -> dict[str, str]:
    found = verify(rgc.load(text), backends=backends)
    out: dict[str, str] = {}
    for finding in found.findings:
        out[finding.check] = (
            "failed" if "failed" in (finding.verdict, out.get(finding.check)) else finding.verdict
        )
    return out


def test_a_run_that_takes_minutes_is_compared_on_a_smaller_lattice() -> None:
    """A trace over the 2^16 states of a layer."""
    model = MIGDAL.partition("flow")[0].replace("lattice square", "lattice square(16)")
    found = verify(
        rgc.load(f"{model}measure {{ free_energy(transfer) }}"), backends=["numba"]
    ).findings
    (agreed,) = (each for each in found if each.check == "agreement")
    assert agreed.verdict == "passed"
    assert agreed.where.startswith("8 x 8 torus: ")


def test_flows_of_couplings_pass() -> None:
    found = verdicts(MIGDAL, ["numba"])
    assert found == {"jacobian": "passed", "ledger": "passed", "agreement": "passed"}


def test_enumeration_passes() -> None:
    assert verdicts(ENUMERATE, ["numba"])["enumeration"] == "passed"


def test_a_wrong_jacobian_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = BondRecursion.jacobian
    monkeypatch.setattr(BondRecursion, "jacobian", lambda *given: 1.0001 * right(*given))
    assert verdicts(MIGDAL)["jacobian"] == "failed"


@pytest.mark.parametrize(
    "wrong_at", [lambda step: True, lambda step: step == 0], ids=["every step", "the first step"]
)
@pytest.mark.parametrize(
    ("text", "lost"), [(MIGDAL, -1), (MIGDAL, 1), (BOUND, 1)], ids=["+", "-", "bound"]
)
def test_a_constant_that_is_lost_is_found(
    text: str, lost: int, wrong_at: Callable[[int], bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A quarter of ln 2 a site: one of the four sites that lose their spins. A bound shows it where
    it is no bound any more.
    """
    for recursion in (BondRecursion, CellRecursion):
        right = recursion.__call__

        def wrong(self: Any, couplings: Any, step: int = 0, right: Any = right) -> Moved:
            moved = right(self, couplings, step)
            return Moved(moved.couplings, moved.constant + lost * np.log(2) / 4 * wrong_at(step))

        monkeypatch.setattr(recursion, "__call__", wrong)
    assert verdicts(text)["ledger"] == "failed"


def test_a_backend_that_computes_otherwise_is_found() -> None:
    class Sloppy(type(load("reference"))):  # type: ignore[misc]
        name = "sloppy"

        @contextmanager
        def arrays(self) -> Iterator[Any]:
            known = {name: getattr(np, name) for name in dir(np) if not name.startswith("__")}
            yield SimpleNamespace(**known | {"exp": lambda x: np.exp(x) * (1 + 1e-9)})

    assert verdicts(MIGDAL, [Sloppy()])["agreement"] == "failed"
