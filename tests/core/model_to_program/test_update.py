"""Every acceptance form of every kind of update, by its exact transition matrix on systems small
enough to write out.
"""

from __future__ import annotations

from fractions import Fraction
from math import exp, tanh
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

from rgc.errors import SpecError
from rgc.model.lattices import chain, honeycomb, square, triangular
from rgc.model.operators import Spin
from rgc.model.spins import Species
from rgc.model_to_program import thresholds
from rgc.model_to_program.hamiltonian_to_update import hamiltonian_to_update
from rgc.model_to_program.update import Update
from rgc.passes.colour_sites import colour_sites
from rgc.passes.merge_terms import merge_terms
from rgc.program.draws import step_keys, stream
from rgc.program.lattice.nodes import Accept, Bernoulli
from rgc_reference import ReferenceBackend
from tests.core.small_systems import System, boltzmann, pairs, site_updates, terms

ISING, BINARY = Species("s"), Species("v", "binary")
FIELD = [(Spin((0, 0)),)]
PLAQUETTE = [tuple(Spin(cell) for cell in ((0, 0), (0, 1), (1, 0), (1, 1)))]
NEAREST, DIAGONAL = pairs((0, 1), (1, 0)), pairs((1, 1), (1, -1))
UP = [tuple(Spin(cell) for cell in ((0, 0), (1, 0), (1, 1)))]
DOWN = [tuple(Spin(cell) for cell in ((0, 0), (0, 1), (1, 1)))]


def both(products: Any) -> Any:
    """The same products of the second species too."""
    return [*products, *(tuple(Spin(s.cell, s.letter, 1) for s in p) for p in products)]


SYSTEMS = {
    "torus": System(square(3), (ISING,), terms(("K", 0.3, NEAREST), ("h", -0.2, FIELD))),
    "open": System(
        square(2, 3, boundary="open"),
        (ISING,),
        terms(
            ("K", 0.3, NEAREST), ("K2", -0.25, DIAGONAL), ("K4", 0.4, PLAQUETTE), ("h", 0.1, FIELD)
        ),
    ),
    "half open": System(
        square(3, 3, boundary=["periodic", "open"]),
        (ISING,),
        terms(("K", 0.5, NEAREST), ("K2", 0.1, DIAGONAL)),
    ),
    "five couplings": System(
        square(3),
        (ISING,),
        terms(
            ("K", 0.12, NEAREST),
            ("K2", 0.06, DIAGONAL),
            ("K4", -0.15, PLAQUETTE),
            ("K3", 0.15, [tuple(Spin(cell) for cell in ((0, 0), (1, 0), (0, 1)))]),
            ("h", 0.15, FIELD),
        ),
    ),
    "three-body": System(
        triangular(3), (ISING,), terms(("K3", 0.35, UP + DOWN), ("h", 0.15, FIELD))
    ),
    "honeycomb": System(
        honeycomb(2),
        (ISING,),
        terms(
            ("Ka", 0.4, [(Spin((0, 0)), Spin((0, 0), 1))]),
            ("Kb", 0.2, [(Spin((0, 0)), Spin((-1, 0), 1)), (Spin((0, 0)), Spin((-1, -1), 1))]),
            ("hb", 0.3, [(Spin((0, 0), 1),)]),
        ),
    ),
    "two species": System(
        square(2, boundary="open"),
        (ISING, Species("t")),
        terms(
            ("K", 0.3, both(NEAREST)),
            ("K4", -0.4, [(*p, *(Spin(s.cell, 0, 1) for s in p)) for p in NEAREST]),
            ("h", 0.2, [(Spin((0, 0), 0, 1),)]),
        ),
    ),
    "binary": System(
        square(2, 3, boundary="open"), (BINARY,), terms(("K", 0.7, NEAREST), ("h", -0.4, FIELD))
    ),
}


def lowered(system: System, **options: Any) -> tuple[Update, tuple[Fraction, ...]]:
    merged = merge_terms(system.hamiltonian, system.lattice, system.species)
    steps = colour_sites(merged.groups, system.lattice, len(system.species))
    update = hamiltonian_to_update(system.lattice, system.species, merged.groups, steps, **options)
    return update, merged.coefficients(system.hamiltonian)


@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize(
    ("form", "kind"),
    [
        ("joint", "metropolis"),
        ("joint", "lazy"),
        ("joint", "heat_bath"),
        ("factorised", "metropolis"),
        ("factorised", "lazy"),
        ("weigh", "metropolis"),
        ("weigh", "lazy"),
    ],
)
def test_every_site_update_is_balanced_and_a_sweep_forgets_its_start(
    name: str, form: Any, kind: Any
) -> None:
    system = SYSTEMS[name]
    update, coefficients = lowered(system, form=form, kind=kind)
    arguments = update.arguments([coefficients], words=1)
    weights = boltzmann(system)
    resolution = (
        4e-6 if form == "weigh" else 1e-9
    )  # weights are rounded to 2^-20 kT, thresholds to 2^-32
    sweep = np.eye(len(weights))
    visits = 0
    for matrix in site_updates(update.program, arguments):
        flow = weights[:, None] * matrix
        assert np.abs(flow - flow.T).max() < resolution * weights.max(), (
            "a step breaks detailed balance"
        )
        assert np.allclose(matrix.sum(axis=1), 1)
        sweep = sweep @ csr_array(matrix)
        visits += 1
    assert visits == system.spins
    assert np.abs(weights @ sweep - weights).max() < resolution
    many = np.linalg.matrix_power(sweep, 4096)
    assert np.abs(many - weights).max() < 1e-5, "the sweep does not reach every configuration"


def test_five_couplings_have_many_local_fields() -> None:
    """More than Metropolis would take as joint classes."""
    program = lowered(SYSTEMS["five couplings"], kind="heat_bath")[0].program
    (draw,) = [node for node in program.rules[0].nodes if isinstance(node, Bernoulli)]
    assert len(draw.classes) == 87


def test_the_forms_are_what_they_claim() -> None:
    system = SYSTEMS["open"]
    draws = {
        form: lowered(system, form=form)[0].program for form in ("joint", "factorised", "weigh")
    }
    count = {
        form: sum(isinstance(n, Bernoulli) for n in program.rules[-1].nodes)
        for form, program in draws.items()
    }
    assert count == {"joint": 1, "factorised": 4, "weigh": 0}
    assert any(isinstance(n, Accept) for n in draws["weigh"].rules[-1].nodes)
    assert draws["factorised"].draws == 4


def test_metropolis_is_as_fast_as_it_may_be() -> None:
    """min(1, e^-dE) of every flip, not only something balanced."""
    system = SYSTEMS["open"]
    update, coefficients = lowered(system, form="joint")
    weights = boltzmann(system)
    for matrix in site_updates(update.program, update.arguments([coefficients], words=1)):
        start, end = np.nonzero(matrix - np.diag(np.diag(matrix)))
        assert np.allclose(
            matrix[start, end], np.minimum(1, weights[end] / weights[start]), atol=1e-8
        )


@pytest.mark.parametrize("size", range(3, 9))
def test_the_walls_of_a_ring_turn(size: int) -> None:
    """Without a field flips at a wall are free. Taken for certain, walls keep moving, left or right
    for ever: the ring of 8 would fall into five classes of states that never reach each other, the
    largest with 60 % of the weight.
    """
    system = System(chain(size), (ISING,), terms(("K", 0.4, pairs((1,)))))
    update, coefficients = lowered(system)
    sweep = np.eye(2**size)
    for matrix in site_updates(update.program, update.arguments([coefficients], words=1)):
        sweep = sweep @ matrix
    assert (np.linalg.matrix_power(sweep, 4 * size) > 0).all()


def test_programs_do_not_depend_on_the_values_of_couplings() -> None:
    first, second = (
        SYSTEMS["torus"],
        System(square(3), (ISING,), terms(("K", -1.7, NEAREST), ("h", 3.0, FIELD))),
    )
    assert lowered(first)[0].program == lowered(second)[0].program


@pytest.mark.parametrize("kind", ["heat_bath", "metropolis"])
def test_free_spins_in_a_field_point_along_it(kind: Any) -> None:
    """An odd coupling has the right sign: <s> = tanh h."""
    system = System(square(4), (ISING,), terms(("K", 0.0, NEAREST), ("h", 0.5, FIELD)))
    update, coefficients = lowered(system, kind=kind)
    backend = ReferenceBackend()
    field = np.zeros((1, 4, 4, 1, 4), dtype=np.uint64)
    keys = step_keys(stream(3, {}, "update"), 0, 40, update.program.draws)
    state, _ = backend.compile(update.program)(
        [backend.pack(field)], update.arguments([coefficients], 4), keys
    )
    bits = np.unpackbits(backend.unpack(state[0]).view(np.uint8))
    mean = 1 - 2 * bits.mean()
    assert abs(mean - tanh(0.5)) < 5 / np.sqrt(bits.size)


def test_replicas_of_one_word_may_have_different_couplings() -> None:
    update, _ = lowered(SYSTEMS["torus"])
    points = [(Fraction(k, 100), Fraction(1, 10)) for k in range(128)]
    together = update.arguments(points, words=2)
    for replica in (0, 63, 64, 101):
        alone = update.arguments([points[replica]], words=1)
        for slot in range(update.program.slots):
            bits = together["thresholds"][slot, :, replica // 64] >> np.uint64(
                replica % 64
            ) & np.uint64(1)
            assert np.array_equal(bits, alone["thresholds"][slot, :, 0] & np.uint64(1))
    with pytest.raises(ValueError, match="128"):
        update.arguments(points[:3], words=2)


def test_thresholds_are_exact_floors() -> None:
    energy = 4 * Fraction(0.44068679350977147)
    value = thresholds.metropolis(energy, 32)
    assert value == int(exp(-float(energy)) * 2**32)
    wide = thresholds.metropolis(energy, 64)
    assert wide >> 32 == value
    assert thresholds.plain(Fraction(0), 32) == thresholds.metropolis(Fraction(-1), 32) == 1 << 32
    assert (
        thresholds.metropolis(Fraction(0), 32)
        == thresholds.metropolis(Fraction(-1, 200), 32)
        == 7 << 29
    )
    assert thresholds.lazy(Fraction(-3), 32) == 7 << 29
    assert thresholds.heat_bath(Fraction(0), 64) == 1 << 63
    assert thresholds.heat_bath(Fraction(1), 32) == int(2**32 / (1 + exp(1)))
    assert (
        thresholds.metropolis(Fraction(10**9), 64) == thresholds.heat_bath(Fraction(10**9), 64) == 0
    )
    assert thresholds.heat_bath(Fraction(-(10**9)), 32) == 1 << 32
    # floor(2^64 e^-1), from the decimals of e^-1 =
    # 0.36787944117144232159552377016146086744581113...
    assert (
        thresholds.metropolis(Fraction(1), 64)
        == 36787944117144232159552377016146086744581113 * 2**64 // 10**44
    )


def test_energies_are_summed_exactly() -> None:
    """0.1 + 0.2 - 0.3 is not zero in float64 arithmetic; the exact sum of the three floats is 2^-55
    + ..., and dE > 0 or not matters.
    """
    exact = Fraction(0.1) + Fraction(0.2) - Fraction(0.3)
    assert exact != Fraction(0.1 + 0.2 - 0.3)
    assert thresholds.plain(exact, 64) < 1 << 64
    assert thresholds.plain(-exact, 64) == 1 << 64
    assert thresholds.metropolis(exact, 64) < thresholds.metropolis(-exact, 64) == 7 << 61


def test_rare_acceptances_ask_for_64_planes() -> None:
    update, _ = lowered(SYSTEMS["torus"])
    assert not update.wants_64_planes((Fraction(-3, 10), Fraction(0)))
    assert update.wants_64_planes((Fraction(-2), Fraction(0)))


def test_weights_beyond_int32_are_refused() -> None:
    update, _ = lowered(SYSTEMS["torus"], form="weigh")
    update.arguments([(Fraction(-100), Fraction(0))], 1)
    with pytest.raises(SpecError, match="2047"):
        update.arguments([(Fraction(-200), Fraction(0))], 1)


def test_heat_bath_is_not_offered_without_classes() -> None:
    chains = pairs(*((0, k) for k in range(1, 40)))
    system = System(
        square(1, 96, boundary="open"),
        (ISING,),
        terms(*((f"J{k}", 0.1, [p]) for k, p in enumerate(chains))),
    )
    with pytest.raises(ValueError, match="heat bath"):
        lowered(system, kind="heat_bath")


@pytest.mark.parametrize("kind", ["heat_bath", "lazy"])
def test_a_hamiltonian_without_terms_is_sampled_too(kind: Any) -> None:
    """At K = 0 and h = 0 every term is dropped: heat bath draws fair coins, lazy Metropolis flips
    with probability 7/8.
    """
    lattice = square(2, boundary="open")
    update = hamiltonian_to_update(lattice, (ISING,), (), colour_sites((), lattice), kind=kind)
    chances = {"heat_bath": [0.5], "lazy": [0.125, 0.875]}[kind]
    for matrix in site_updates(update.program, update.arguments([()], 1)):
        assert sorted(set(matrix[matrix > 0])) == chances
