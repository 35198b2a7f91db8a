"""Whole runs: the same document as on the reference backend, and the same again when a run moves
between backends half way."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rgc import runner
from rgc.backend import load as load_backend
from rgc.compiler import Compiled, compile, load
from rgc.conformance.running import require

SAMPLE = """title "a sample"
parameters { K = 0.4, h = 0.03 }
lattice square(4)
spins s: ising
hamiltonian
  - K * sum(<i,j>) s[i]*s[j]
  - h * sum(i) s[i]
flow sample(sweeps=300, every=1, replicas=64)
measure { energy, m = avg(abs(mean(i) s[i])) }
"""

MCRG = """title "a flow"
parameters { K = 0.44 }
lattice square(8)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
block majority(2)
flow mcrg(steps=1, sweeps=120, every=4, replicas=64, basis=operators(range=1, bodies=2))
"""

REFERENCE = "reference"


@dataclass(slots=True)
class Once(runner.Stop):
    """Stops a run after so many steps."""

    steps: int = 1

    def reason(self) -> str | None:
        self.steps -= 1
        return "interrupted" if self.steps < 0 else None


def require_flows(name: str, text: str) -> None:
    require(load_backend(name), "lattice", *(["strides"] if "block" in text else []))


def digits(document: dict[str, Any]) -> dict[str, Any]:
    """A document without the names of the backend and of what it used."""
    kept = {key: value for key, value in document.items() if key not in ("backend", "provenance")}
    assert kept["observables"] or kept["exponents"]
    return kept


@pytest.mark.parametrize("text", [SAMPLE, MCRG], ids=["sample", "mcrg"])
def test_the_document_is_that_of_the_reference(name: str, text: str) -> None:
    """Every integer that is counted, and every number that follows from them, digit for digit."""
    require_flows(name, text)
    here, there = (compile(text, backend=each).run(seed=5).document() for each in (name, REFERENCE))
    assert digits(here) == digits(there)


@pytest.mark.parametrize("turn", [0, 1])
def test_a_run_goes_on_elsewhere(name: str, turn: int, tmp_path: Path) -> None:
    """Begun here, interrupted, resumed on the reference, and the other way round."""
    require_flows(name, SAMPLE)
    first, second = ((name, REFERENCE), (REFERENCE, name))[turn]
    loaded = load(SAMPLE)
    whole = runner.run(_flow(compile(loaded, backend=REFERENCE)))
    saving = runner.Saving(tmp_path / "checkpoint.npz", every=1e9)
    with pytest.raises(runner.Interrupted) as caught:
        runner.run(_flow(compile(loaded, backend=first)), saving=saving, stop=Once())
    assert 0 < caught.value.done < caught.value.steps
    resumed = runner.Saving(tmp_path / "checkpoint.npz", every=1e9, resume=True)
    again = runner.run(_flow(compile(loaded, backend=second)), saving=resumed)
    assert again.observables == whole.observables
    assert again.levels == whole.levels


def _flow(compiled: Compiled) -> Any:
    return compiled.flow({}, 5)
