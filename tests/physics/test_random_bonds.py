"""Random couplings, and block maps whose parameters are found for each realisation."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from math import cosh, exp, log, prod, sqrt

import numpy as np
import pytest
from scipy.special import stdtrit

import rgc
from rgc import backend as backends
from rgc.flows.disorder import Realisation
from rgc.flows.enumeration import contraction
from rgc.flows.enumeration.enumerate_model import make_exact
from rgc.flows.enumeration.reconstruction import Reconstruction, learn
from rgc.loaded import Loaded
from rgc.model.draw import Distribution
from rgc.model.lattices import square
from rgc.routines import routine
from tests.physics.enumerated import loaded, result

BONDS = "- K * sum(<i,j>) J[i,j]*s[i]*s[j]"
DRAWN = "K = 0.5, J ~ bimodal(1, p=0.7)"


def realisation(draw: Distribution, number: int = 0, seed: int = 0) -> Realisation:
    return Realisation({"J": draw}, square(40), seed, {}, number)


@pytest.mark.parametrize(
    ("draw", "mean", "sd"),
    [
        (Distribution("normal", (0.3, 2.0)), 0.3, 2.0),
        (Distribution("bimodal", (1.5, 0.7)), 0.6, 3 * sqrt(0.21)),
        (Distribution("uniform", (-1.0, 3.0)), 1.0, 4 / sqrt(12)),
    ],
)
def test_couplings_have_their_distribution(draw: Distribution, mean: float, sd: float) -> None:
    drawn = np.array(
        [realisation(draw, n).value("J", (i, i + 1)) for n in range(20) for i in range(200)]
    )
    assert drawn.mean() == pytest.approx(mean, abs=4 * sd / sqrt(len(drawn)))
    assert drawn.std() == pytest.approx(sd, rel=0.05)


def test_a_coupling_belongs_to_its_sites_whatever_else_is_drawn() -> None:
    draw = Distribution("normal", (0.0, 1.0))
    one = realisation(draw)
    assert one.value("J", (3, 17)) == one.value("J", (17, 3))
    others = {
        one.value("J", (3, 17)),
        one.value("J", (3, 18)),
        one.value("J", (3,)),
        one.value("J", (0, 3, 17)),
        realisation(draw, number=1).value("J", (3, 17)),
        realisation(draw, seed=1).value("J", (3, 17)),
        Realisation({"I": draw, "J": draw}, square(40), 0, {}, 0).value("J", (3, 17)),
        Realisation({"J": draw}, square(40), 0, {"K": 0.5}, 0).value("J", (3, 17)),
    }
    assert len(others) == 8


def couplings_of(spec: Loaded, number: int) -> dict[tuple[int, int], float]:
    """K J of every bond of a chain, from its share of -H."""
    exact = make_exact(spec.spec, 0, {})
    tables = exact.log_weights[number].tables
    return {(a, b): float(table[0, 0]) for (a, b), table in tables.items()}


def test_an_open_chain_of_random_bonds() -> None:
    """Z = 2 prod 2 cosh(K J) of every realisation; the average and its error are those over
    realisations.
    """
    spec = loaded(
        "chain(6, boundary=open)",
        BONDS,
        parameters="K = 0.5, J ~ normal(0.2, 1)",
        flow="enumerate(disorder=8)",
    )
    log_z = []
    for k in range(8):
        bonds = couplings_of(spec, k)
        assert sorted(bonds) == [(i, i + 1) for i in range(5)]
        log_z.append(log(2) + sum(log(2 * cosh(x)) for x in bonds.values()))
    found = result(spec).observables["log_z"]
    assert found.value == pytest.approx(np.mean(log_z), rel=1e-13)
    student = stdtrit(7, 0.841344746068543)
    assert found.error == pytest.approx(student * np.std(log_z, ddof=1) / sqrt(8), rel=1e-10)
    assert (
        found.note
        == f"8 realisations: the error is the standard error times {student:.2f}, by Student's t"
    )
    assert found.kind == "estimate"


def test_gauge_transformed_bonds_have_the_free_energy_of_the_ferromagnet() -> None:
    """bimodal(1, p=1) is the ferromagnet; on an open chain every choice of signs has the same Z."""
    same = loaded("square(3)", BONDS, parameters="K = 0.4, J ~ bimodal(1, p=1)")
    assert result(same).observables["log_z"].value == pytest.approx(8.4564563736388754, abs=1e-13)
    ring = loaded(
        "chain(6, boundary=open)",
        BONDS,
        parameters="K = 0.4, J ~ bimodal(1, p=0.5)",
        flow="enumerate(disorder=4)",
    )
    log_z = result(ring).observables["log_z"]
    assert log_z.value == pytest.approx(log(2) + 5 * log(2 * cosh(0.4)), abs=1e-13)
    assert log_z.error == pytest.approx(0, abs=1e-14)


def test_a_bond_met_twice_has_one_coupling() -> None:
    """On a ring of two sites both bonds join the same pair: Z = 2 (e^(2KJ) + e^(-2KJ)) * ... with
    one J.
    """
    spec = loaded("chain(2)", BONDS, parameters="K = 0.5, J ~ normal(0, 1)")
    ((pair, bond),) = couplings_of(spec, 0).items()
    assert pair == (0, 1)
    found = result(spec).observables["log_z"].value
    assert found == pytest.approx(log(4 * cosh(bond)), rel=1e-13)


# -- learned block maps ----------------------------------------------------------------------------


def problem(spec: Loaded, number: int = 0) -> Reconstruction:
    exact = make_exact(spec.spec, 0, {})
    machine = backends.load("numba")
    whole = replace(exact.chunks, fixed=0)
    weights = whole.function(exact.log_weights[number], routine(machine, "fwht"), np)(0)
    return Reconstruction(exact.steps[0], weights - contraction.log_sum(weights, 0, np), np)


def random_bonds(
    draws: int, block: str = "kadanoff(2, p=free(each=block))", parameters: str = DRAWN
) -> Loaded:
    return loaded(
        "square(4)",
        BONDS,
        parameters=parameters,
        block=block,
        flow=f"enumerate(minimise=kl, disorder={draws})",
    )


def test_the_functional_by_its_definition() -> None:
    """KL(P||q), q(v) = sum_h P'(h) prod exp(p h m)/(2 cosh p)^n, with P' the distribution of the
    block spins, all written out.
    """
    block, flow = "kadanoff(2, p=free(each=block))", "enumerate(minimise=kl)"
    spec = loaded(
        "chain(6)", BONDS, parameters="K = 0.7, J ~ normal(0.5, 1)", block=block, flow=flow
    )
    bonds, p = couplings_of(spec, 0), (0.4, 0.9, 1.3)
    states, blocks = list(product((1, -1), repeat=6)), list(product((1, -1), repeat=3))
    w = [exp(sum(x * v[a] * v[b] for (a, b), x in bonds.items())) for v in states]
    share = np.array(w) / sum(w)
    m = [(v[0] + v[1], v[2] + v[3], v[4] + v[5]) for v in states]
    to = [
        [
            prod(exp(x * t * y) / (2 * cosh(x * y)) for x, t, y in zip(p, h, row, strict=True))
            for h in blocks
        ]
        for row in m
    ]
    back = [
        [
            prod(exp(x * t * y) / (2 * cosh(x)) ** 2 for x, t, y in zip(p, h, row, strict=True))
            for h in blocks
        ]
        for row in m
    ]
    assert np.sum(back, axis=0) == pytest.approx(np.ones(8))
    q = np.array(back) @ (share @ np.array(to))
    made = problem(spec)
    assert made.value(np.array(p)) == pytest.approx(share @ np.log(share / q), rel=1e-12)
    assert made(np.array(p))[0] == pytest.approx(made.value(np.array(p)), rel=1e-13)


def test_its_gradient() -> None:
    made = problem(random_bonds(1))
    p, step = np.array([0.4, 0.9, 1.3, 0.6]), 1e-5
    found = [(made.value(p + step * e) - made.value(p - step * e)) / (2 * step) for e in np.eye(4)]
    assert made(p)[1] == pytest.approx(found, abs=1e-8)


@pytest.mark.parametrize("block", ["kadanoff(2, p=free(each=block))", "kadanoff(2, p=free)"])
def test_equal_bonds_have_equal_parameters(block: str) -> None:
    """The uniform limit: every block finds the p that is best for all."""
    uniform = "K = 0.4, J ~ bimodal(1, p=1)"
    found = result(random_bonds(1, block, uniform))
    p = found.tables["block_p"][0]
    assert np.ptp(p) < 1e-6
    whole = learn(problem(random_bonds(1, "kadanoff(2, p=free)", uniform)), each_block=False)
    assert p == pytest.approx(whole.p, abs=1e-6)
    assert found.fixed_point["block.p"].value == pytest.approx(whole.p[0], abs=1e-6)
    grid = [
        problem(random_bonds(1, parameters=uniform)).value(np.full(4, x))
        for x in (0.9 * p[0], 1.1 * p[0])
    ]
    assert min(grid) > whole.kl


def improved(draws: int) -> int:
    """Realisations in which parameters of their own bring KL below that of the best common one by
    more than rounding.
    """
    learned = result(random_bonds(draws)).tables["kl_reconstruction"]
    assert (learned[:, 0] <= learned[:, 1] + 1e-12).all()
    return int((learned[:, 0] < learned[:, 1] - 1e-9).sum())


def test_learned_parameters_are_better_than_a_common_one() -> None:
    found = result(random_bonds(1))
    own, common = found.tables["kl_reconstruction"][0]
    assert own < common - 1e-3
    for name in ("dF", "kl", "tau_defect"):
        assert abs(found.observables[name].value or 0.0) < 1e-13, name


@pytest.mark.slow
def test_learned_parameters_are_better_in_nearly_all_of_100_realisations() -> None:
    assert improved(100) >= 95


def test_what_is_not_found() -> None:
    with pytest.raises(rgc.SpecError, match="for one step"):
        rgc.compile(
            loaded(
                "square(4)",
                BONDS,
                parameters=DRAWN,
                block="kadanoff(2, p=free)",
                flow="enumerate(minimise=kl, steps=2)",
            )
        )
    with pytest.raises(rgc.SpecError, match=r"2\^22 states"):
        rgc.compile(
            loaded(
                "chain(24)",
                BONDS,
                parameters=DRAWN,
                block="kadanoff(2, p=free)",
                flow="enumerate(minimise=kl)",
            )
        )
    with pytest.raises(rgc.SpecError, match="random couplings have no recursion"):
        rgc.compile(
            loaded(
                "square(4)",
                BONDS,
                parameters=DRAWN,
                block="majority(2)",
                flow="enumerate(find=fixed_point)",
            )
        )
    with pytest.raises(
        rgc.SpecError, match="changes the sign of spins, and binary spins have none"
    ):
        rgc.compile(loaded("chain(4, boundary=antiperiodic)", spins="s: binary"))
