"""Random couplings of any size between spins with several states: the chances of moves against
energies of their own, averages against enumeration of the same realisations, and the same bits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rgc.flows.disorder import Realisation
from rgc.flows.enumeration.enumerate_result import answered
from rgc.verification.differences import move_chances, places
from rgc.verification.states import every_state
from tests.physics.test_disorder import made, run

GLASS = "- K * sum(<i,j>) J[i,j]*delta(s[i], s[j])"
LONG = "sample(sweeps=160, thermalise=40, every=4, replicas=512, disorder=64)"
SHORT = "sample(sweeps=24, thermalise=8, every=4, replicas=128, disorder=64)"

MODELS: dict[str, dict[str, str]] = {
    "glass in random fields": {
        "parameters": "K = 0.5, J ~ normal(0.2, 1), h ~ uniform(-1, 1)",
        "spins": "potts(3)",
        "hamiltonian": f"{GLASS} - sum(i) h[i]*delta(s[i], 0)",
        "lattice": "square(2,3, boundary=[open, periodic])",
    },
    "glass": {
        "parameters": "K = 0.8, J ~ normal(0.2, 1)",
        "spins": "potts(3)",
        "hamiltonian": GLASS,
        "lattice": "square(3)",
    },
    "random fields alone": {
        "parameters": "K = 0.5, h ~ normal(0, 1)",
        "spins": "potts(4)",
        "hamiltonian": "- K * sum(<i,j>) delta(s[i], s[j]) - sum(i) h[i]*delta(s[i], 1)",
        "lattice": "square(2,3, boundary=[open, periodic])",
    },
    "diluted clock": {
        "parameters": "K = 0.8, J ~ diluted(1, p=0.7)",
        "spins": "clock(5)",
        "hamiltonian": "- K * sum(<i,j>) J[i,j]*cos(s[i] - s[j])",
        "lattice": "chain(6)",
    },
    "spin-1": {
        "parameters": "K = 0.6, J ~ normal(0, 1), D ~ uniform(0, 1)",
        "spins": "spin(1)",
        "hamiltonian": "- K * sum(<i,j>) J[i,j]*s[i]*s[j] + sum(i) D[i]*s[i]^2 - 0.3*sum(i) s[i]",
        "lattice": "square(3)",
    },
    "two species": {
        "parameters": "K = 0.5, J ~ normal(0.2, 1), h ~ uniform(-1, 1)",
        "spins": "ising, u: potts(3)",
        "hamiltonian": "- K * sum(<i,j>) J[i,j]*s[i]*s[j] - 0.5*sum(<i,j>) J[i,j]*delta(u[i], u[j])"
        " - sum(i) h[i]*s[i]*delta(u[i], 1)",
        "lattice": "square(2,3, boundary=[open, periodic])",
    },
    "complete": {
        "parameters": "K = 0.5, J ~ normal(0.2, 1)",
        "spins": "potts(3)",
        "hamiltonian": "- K * sum(i < j) J[i,j]*delta(s[i], s[j])",
        "lattice": "complete(7)",
    },
    "long range": {
        "parameters": "K = 0.3, J ~ normal(1, 1), h ~ normal(0, 1)",
        "spins": "potts(3)",
        "hamiltonian": "- K * sum(i < j) distance(i,j)^(-1.75)*J[i,j]*delta(s[i], s[j])"
        " - sum(i) h[i]*delta(s[i], 0)",
        "lattice": "chain(7)",
    },
    "plaquettes": {
        "parameters": "K = 0.8, J ~ normal(0.2, 1)",
        "spins": "spin(1)",
        "hamiltonian": "- K * sum(f in plaquettes) J[f]*prod(i in f) s[i] - 0.2*sum(i) s[i]",
        "lattice": "square(3)",
    },
}


# -- one move --------------------------------------------------------------------------------------


def ring(number: Callable[..., float], s: Any) -> Any:
    """H of a ring of four spins with three states, summed by hand."""
    bonds = sum(number("J", (i, (i + 1) % 4)) * (s[i] == s[(i + 1) % 4]) for i in range(4))
    return -0.7 * bonds - sum(number("h", (i,)) * (s[i] == 0) for i in range(4))


def test_a_move_has_the_chance_of_its_energy() -> None:
    """7/8 min(1, exp(-dE)) for each of the two states that may be proposed; a coupling that is
    wrong by 1 % is seen.
    """
    sample = made(
        "K = 0.7, J ~ normal(0, 1), h ~ uniform(-1, 1)",
        lattice="chain(4)",
        spins="potts(3)",
        hamiltonian=f"{GLASS} - sum(i) h[i]*delta(s[i], 0)",
        asked=SHORT,
        measures="energy",
        backend="reference",
    )
    sampler, model = sample.sampler, sample.sampler.model
    states, drawn = every_state(model.lattice, model.species), Realisation(
        model.draws, model.lattice, sampler.seed, {}, 0
    )  # fmt: skip
    worst = dict.fromkeys((1.0, 1.01), 0.0)
    for off in worst:

        def number(name: str, sites: tuple[int, ...], off: float = off) -> float:
            return drawn.value(name, sites) * (off if name == "J" else 1)

        energies = ring(number, states.codes[0, :, 0])
        for site in places(sampler.update.program):
            for step, chance in move_chances(sampler, site, states).items():
                change = energies[states.moved(site[2], step)] - energies
                exact = 7 / 8 * np.minimum(1, np.exp(-change)) / 2
                worst[off] = max(worst[off], float(abs(chance - exact).max()))
    assert worst[1.0] < 1e-5
    assert worst[1.01] > 1e-4


def test_each_lane_has_the_weights_of_its_realisation() -> None:
    sample = made(
        "K = 0.7, J ~ normal(0, 1)", lattice="chain(4)", spins="potts(3)", hamiltonian=GLASS,
        asked=SHORT, measures="energy", backend="reference",
    )  # fmt: skip
    sampler = sample.sampler
    model = sampler.model
    weights = sampler.arguments["weights"]
    for lane in (0, 7, 63, 64 + 7):
        drawn = Realisation(model.draws, model.lattice, sampler.seed, {}, lane % 64)
        bonds = sorted(drawn.value("J", (i, (i + 1) % 4)) for i in range(4))
        # delta is 1/2 - (a sign)/2, so that a sign costs twice 0.7 J / 2 where it changes
        ours = sorted({-w for row, w in zip(sampler.update.weights, weights[:, lane], strict=True)
                       if len(row) == 1})  # fmt: skip
        assert ours == pytest.approx([round(0.7 * j * 2**20) for j in bonds], abs=1)


# -- the same realisations as enumeration ----------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        name if name == "glass in random fields" else pytest.param(name, marks=pytest.mark.slow)
        for name in MODELS
    ],
)
def test_each_realisation_has_the_averages_of_enumeration(name: str) -> None:
    """Of 64 realisations all are compared, each with the error that its copies show, and all
    together with their error, far below that over realisations.
    """
    model = {**MODELS[name], "measures": "energy, specific_heat", "backend": "reference"}
    sampled, exact = made(asked=LONG, **model), made(asked="enumerate(disorder=64)", **model)
    state, all_states = run(sampled), run(exact)
    means = state.arrays["averages"] / sampled.sampler.plan.records
    energy = means[sampled.estimator.averages.index(sampled.estimator.watched["energy"])]
    known = [answered(exact.counted, all_states.arrays, k).measured["energy"] for k in range(64)]
    error = energy.std(axis=1, ddof=1) / np.sqrt(energy.shape[1])
    off = energy.mean(axis=1) - known
    assert 0.7 < np.sqrt(np.mean((off / error) ** 2) * 5 / 7) < 1.35  # 7 degrees of freedom
    together = np.sqrt((error**2).sum()) / 64
    assert abs(off.mean()) < 4 * together
    assert np.std(known) > 20 * together
    ours, theirs = (made.finish(s).averages["specific_heat"] for made, s in
                    ((sampled, state), (exact, all_states)))  # fmt: skip
    assert ours.value == pytest.approx(theirs.value, abs=ours.error)


# -- the same bits ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["glass in random fields", pytest.param("two species", marks=pytest.mark.slow)]
)
def test_backends_have_the_same_bits(name: str) -> None:
    case = {**MODELS[name], "asked": SHORT, "measures": "energy"}
    first, *others = (
        run(made(**case, backend=backend)).arrays for backend in ("reference", "numba", "jax")
    )
    for other in others:
        assert first.keys() == other.keys()
        assert all(np.array_equal(first[key], other[key]) for key in first)
