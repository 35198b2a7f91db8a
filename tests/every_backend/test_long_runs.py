"""A thousand sweeps and records of the golden models on all installed backends, bit for bit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from rgc.backend import installed, load
from rgc.compiler import compile
from rgc.compiler import load as load_spec
from rgc.flows.sampling.model import make_model
from rgc.flows.sampling.recorder import make_recorder
from rgc.flows.sampling.sampler import Sampler, make_sampler
from rgc.model.observables import Tally
from rgc.passes.generate_operators import generate_operators

SWEEPS = 1000
OTHERS = sorted(set(installed()) - {"reference"})

MODELS = {
    "square": ("square(8)", "- 0.44 * sum(<i,j>) s[i]*s[j]", "majority(2)"),
    "three couplings": (
        "square(8)",
        (
            "- 0.3 * sum(<i,j>) s[i]*s[j] - 0.1 * sum(<<i,j>>) s[i]*s[j] - 0.05 * "
            "sum(plaquette(i,j,k,l)) s[i]*s[j]*s[k]*s[l]"
        ),
        "majority(2)",
    ),
    "baxter-wu": ("triangular(6)", "- 0.44 * sum(triangle(i,j,k)) s[i]*s[j]*s[k]", "majority(3)"),
    "honeycomb": ("honeycomb(4)", "- 0.65 * sum(<i,j>) s[i]*s[j] - 0.02 * sum(i) s[i]", ""),
    "cubic": ("cubic(4)", "- 0.22 * sum(<i,j>) s[i]*s[j]", "majority(2)"),
    "odd": ("square(5)", "- 0.4 * sum(<i,j>) s[i]*s[j]", ""),
    "open": ("square(6, boundary=open)", "- 0.4 * sum(<i,j>) s[i]*s[j]", ""),
}


def sampler(model: str, backend: str) -> Sampler:
    lattice, terms, _ = MODELS[model]
    text = (
        f'title "golden"\nlattice {lattice}\nspins s: ising\nhamiltonian {terms}\nflow '
        "sample(replicas=128)\n"
    )
    return make_sampler(make_model(load_spec(text).spec), load(backend), seed=11, point={})


def stations(made: Sampler, calls: tuple[int, ...]) -> Iterator[tuple[Any, ...]]:
    """The fields and the sums of a record after each call of so many sweeps."""
    model, backend = made.model, made.backend
    operators = generate_operators(
        model.lattice, model.species, model.hamiltonian, reach=1, bodies=2
    )
    tallies = [Tally(operator) for operator in operators] + [Tally(operators[0], 0)]
    recorder = make_recorder(model.lattice, model.species, tallies, backend, made.plan.words)
    packed, first = [backend.pack(field) for field in made.start()], 0
    for count in calls:
        packed = made.sweep(packed, first, count)
        packed, sums = recorder(packed)
        first += count
        yield first, [backend.unpack(field) for field in packed], sums


def assert_same(model: str, first: str, second: str) -> None:
    runs = [stations(sampler(model, name), (1, 299, 200, 500)) for name in (first, second)]
    for one, other in zip(*runs, strict=True):
        for a, b in zip([*one[1], *one[2]], [*other[1], *other[2]], strict=True):
            np.testing.assert_array_equal(
                a, b, err_msg=f"{model} after {one[0]} sweeps: {first} and {second}"
            )
    assert one[0] == SWEEPS


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("model", MODELS)
def test_a_thousand_sweeps(model: str, name: str) -> None:
    assert_same(model, "reference", name)


@pytest.mark.slow
@pytest.mark.skipif({"numba", "jax"} - set(OTHERS) != set(), reason="needs numba and jax")
def test_numba_and_jax_over_a_thousand_sweeps() -> None:
    assert_same("square", "numba", "jax")


FLOW = """title "flow"
parameters {{ K = 0.44 }}
lattice {lattice}
spins s: ising
hamiltonian {terms}
block {block}
flow mcrg(steps=1, sweeps=300, replicas=128, basis=operators(range=1, bodies=3))
measure {{
  energy, m = avg(abs(mean(i) s[i])), C = correlation(2)
  U = 1 - avg((mean(i) s[i])^4) / (3*avg((mean(i) s[i])^2)^2)
}}
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("model", [model for model, (_, _, block) in MODELS.items() if block])
def test_a_flow_gives_the_same_document(model: str, name: str) -> None:
    """Integers that are counted, and all that is computed from them, digit for digit."""
    lattice, terms, block = MODELS[model]
    size = {"square(8)": "square(16)", "triangular(6)": "triangular(12)", "cubic(4)": "cubic(8)"}[
        lattice
    ]
    text = FLOW.format(lattice=size, terms=terms, block=block)
    documents = [
        compile(text, backend=backend).run(seed=7).document() for backend in ("reference", name)
    ]
    for document in documents:
        assert document["eigenvalues"]
        del document["backend"], document["provenance"]
    assert documents[0] == documents[1]
