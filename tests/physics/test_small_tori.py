"""Tori so small that bonds meet: `sample` counts each as often as `enumerate` does."""

from __future__ import annotations

import pytest

from tests.physics.test_disorder import made, run

BONDS = "- 0.35 * sum(<i,j>) s[i]*s[j] - 0.1 * sum(i) s[i]"
STATES = "- 0.4 * sum(<i,j>) delta(s[i], s[j]) - 0.1 * sum(i) delta(s[i], 0)"

MODELS: dict[str, dict[str, str]] = {
    "square": {"lattice": "square(2)", "hamiltonian": BONDS},
    "heat bath": {"lattice": "triangular(2)", "hamiltonian": BONDS, "update": "heat_bath"},
    "clusters": {"lattice": "square(2)", "hamiltonian": BONDS, "update": "wolff"},
    "one cell": {"lattice": "honeycomb(1)", "hamiltonian": STATES, "spins": "potts(3)"},
    "labels": {"lattice": "kagome(1)", "hamiltonian": BONDS, "update": "swendsen_wang"},
    "ring of two": {"lattice": "chain(2)", "hamiltonian": BONDS},
    "cubic": {"lattice": "cubic(2)", "hamiltonian": BONDS},
    "around a seam": {
        "lattice": "square(2,3, boundary=[antiperiodic, periodic])",
        "hamiltonian": BONDS,
    },
    "plaquettes": {
        "lattice": "square(2)",
        "hamiltonian": "- 0.3 * sum(f in plaquettes) prod(i in f) s[i] - 0.2 * sum(i) s[i]",
    },
    "glass": {
        "lattice": "square(2)",
        "hamiltonian": "- 0.5 * sum(<i,j>) J[i,j]*delta(s[i], s[j])",
        "spins": "potts(3)",
        "parameters": "J ~ normal(0, 1)",
    },
    "signs": {
        "lattice": "square(2)",
        "hamiltonian": "- 0.5 * sum(<i,j>) J[i,j]*s[i]*s[j]",
        "parameters": "J ~ bimodal(1, p=0.4)",
    },
}


@pytest.mark.parametrize(
    "name",
    [name if name == "glass" else pytest.param(name, marks=pytest.mark.slow) for name in MODELS],
)
def test_small_tori_have_the_averages_of_enumeration(name: str) -> None:
    model = {"parameters": "K = 1", **MODELS[name], "measures": "energy, specific_heat"}
    update = model.pop("update", "local")
    sampled, exact = (
        made(asked=asked, backend="reference", seed=2, **model)
        for asked in (f"sample(sweeps=160, every=2, replicas=512, update={update})", "enumerate")
    )
    ours, theirs = (each.finish(run(each)).averages for each in (sampled, exact))
    for measure, number in theirs.items():
        assert abs(ours[measure].value - number.value) < 4 * ours[measure].error, measure
