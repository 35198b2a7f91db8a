"""The cumulant expansion against brute force on tori of cells and whole rings, against series, and
the published counts.
"""

from __future__ import annotations

import re
from itertools import permutations
from itertools import product as cartesian
from math import log, pi, sqrt

import numpy as np
import pytest

import rgc
from rgc import backend as backends
from rgc.analysis.recursion import free_energy
from rgc.emit import emit
from rgc.flows.couplings.cumulant import make_cumulant
from rgc.flows.couplings.cumulant_recursion import CumulantRecursion
from rgc.flows.study.coupling_flow import CouplingFlow
from rgc.model.cumulants import Expansion
from rgc.model.lattice import Lattice
from rgc.model.spec import Spec
from rgc.model.tiling import tiling, whole_cells
from rgc.passes.expand_cumulants import expand_cumulants
from tests.physics.cells import Coupled, Place, Torus, kernel
from tests.physics.running import machine, request
from tests.square_ising import onsager

VALUES = {"K": 0.31, "h": 0.07, "J": -0.13, "P": 0.11, "Q": 0.09, "p": 0.6, "q": 0.3}
NN = "- K * sum(<i,j>) s[i]*s[j]"
FIELD = "- h * sum(i) s[i]"


def text_of(lattice: str, block: str, order: int, *terms: str, spins: str = "s: ising") -> str:
    words = set(re.findall(r"\w+", " ".join((*terms, block))))
    used = ", ".join(f"{name} = {value}" for name, value in VALUES.items() if name in words)
    body = "\n  ".join(terms)
    return (
        f"parameters {{ {used} }}\nlattice {lattice}\nspins {{ {spins} }}\nhamiltonian\n  {body}\n"
        f"block {block}\nflow cumulant(order={order}, steps=3)\n"
    )


def flow_of(spec: Spec, backend: str = "reference") -> CouplingFlow:
    return make_cumulant(request(spec, machine(backend)))


def expansion_of(spec: Spec) -> Expansion:
    assert isinstance(spec.lattice, Lattice)
    assert spec.hamiltonian is not None
    assert spec.flow is not None
    block = whole_cells(spec.blocks[0], spec.lattice)
    return expand_cumulants(
        spec.lattice, spec.species, spec.hamiltonian, block, int(spec.flow.options["order"])
    )  # type: ignore[arg-type]


def recursion_of(flow: CouplingFlow) -> CumulantRecursion:
    assert isinstance(flow.study.recursion, CumulantRecursion)
    return flow.study.recursion


# -- against every product of a torus --------------------------------------------------------------

TRIANGLES = "- P * sum(triangle(i,j,k)) s[i]*s[j]*s[k]"
PLAQUETTES = "- Q * sum(plaquette(i,j,k,l)) s[i]*s[j]*s[k]*s[l]"
TURNING = "kernel(2, T=sum(B in blocks) (p*s[B]*sum(i in B) s[i] + q*s[B]), normalised=true)"

TORI = {
    "square": (text_of("square", "majority(2)", 2, NN, FIELD), 4),
    "square, multi-spin": (text_of("square", "majority(2)", 2, NN, PLAQUETTES), 4),
    "square, further neighbours first": (
        text_of("square", "majority(2)", 2, "- J * sum(<<i,j>>) s[i]*s[j]", NN, FIELD),
        4,
    ),
    "square, one direction": (
        text_of(
            "square",
            "kadanoff(2, p=p)",
            2,
            "- K * sum(<i,j> along x) s[i]*s[j]",
            "- J * sum(<i,j> along y) s[i]*s[j]",
        ),
        4,
    ),
    "square, any": (text_of("square", "any(2)", 2, NN, FIELD), 4),
    "square, decimated": (text_of("square", "decimate(2)", 2, NN, FIELD), 4),
    "square, a kernel with a field": (text_of("square", TURNING, 2, NN), 4),
    "square, two species": (
        text_of(
            "square",
            "majority(2)",
            2,
            "- K * sum(<i,j>) (s[i]*s[j] + t[i]*t[j])",
            "- Q * sum(<i,j>) s[i]*s[j]*t[i]*t[j]",
            "- h * sum(i) s[i]*t[i]",
            spins="s: ising, t: ising",
        ),
        4,
    ),
    "triangular": (
        text_of(
            "triangular",
            "majority(cell=triangle)",
            2,
            NN,
            "- J * sum(<<i,j>>) s[i]*s[j]",
            TRIANGLES,
        ),
        4,
    ),
    "triangular, rhombi": (text_of("triangular", "majority(3)", 1, NN, TRIANGLES), 3),
    "honeycomb": (text_of("honeycomb", "majority(cell=star)", 2, NN, FIELD), 3),
    "kagome": (
        text_of(
            "kagome",
            "majority(2, cell=[[(0,0,a), (0,0,b), (0,0,c)], [(1,0,a), (1,0,b), (1,0,c), (1,1,a), "
            "(1,1,b), (1,1,c)], [(0,1,a), (0,1,b), (0,1,c)]])",
            1,
            NN,
            FIELD,
        ),
        3,
    ),
    "cubic": (text_of("cubic", "majority(2)", 2, NN, FIELD), 3),
}


@pytest.mark.parametrize("name", TORI)
def test_a_step_is_the_expansion_on_a_torus_of_cells(name: str) -> None:
    """At random couplings, those that are generated among them, and random block spins; each
    product counts by its own order.
    """
    text, length = TORI[name]
    spec = rgc.load(text).spec
    recursion, expansion = recursion_of(flow_of(spec)), expansion_of(spec)
    rng = np.random.default_rng(len(name))
    couplings = rng.uniform(-0.3, 0.3, len(recursion.names))
    values = recursion.space.basis @ couplings
    block, species = whole_cells(spec.blocks[0], spec.lattice), len(spec.species)  # type: ignore[arg-type]
    coupled = [
        Coupled(*each) for each in zip(expansion.classes, values, expansion.orders, strict=True)
    ]
    field = VALUES["q"] if block.name == "kernel" else 0.0
    vectors = np.array(tiling(block).vectors).T
    torus = Torus(
        block,
        vectors,
        length,
        species,
        coupled,
        [kernel(block, k, species, field) for k in range(len(block.cells))],
    )
    moved = recursion(couplings)
    blocked = recursion.space.basis @ moved.couplings
    for _ in range(3):
        places = [(at, letter) for at in torus.coarse for letter in range(len(block.cells))]
        blocks = {place: tuple(rng.choice([-1, 1], species).tolist()) for place in places}
        sums = [block_sum(products, blocks, torus) for products in expansion.classes]
        found = blocked @ sums - moved.constant * recursion.sites * len(places)
        assert found == pytest.approx(
            torus.renormalised(blocks, expansion.order), rel=1e-12, abs=1e-12
        )


def block_sum(products: object, blocks: dict[Place, tuple[int, ...]], torus: Torus) -> float:
    """The products of a class, of block spins, at every cell of the torus."""
    total = 0.0
    for spins in products:  # type: ignore[attr-defined]
        for at in torus.coarse:
            total += np.prod(
                [
                    blocks[
                        tuple((x + y) % torus.length for x, y in zip(at, spin.cell, strict=True)),
                        spin.letter,
                    ][spin.species]
                    for spin in spins
                ]
            )
    return total


@pytest.mark.parametrize("name", TORI)
def test_derivatives_are_those_of_the_map(name: str) -> None:
    recursion = recursion_of(flow_of(rgc.load(TORI[name][0]).spec))
    rng = np.random.default_rng(7)
    couplings, step = rng.uniform(-0.3, 0.3, len(recursion.names)), 1e-5
    jacobian = recursion.jacobian(couplings)
    for k, unit in enumerate(np.eye(len(couplings))):
        near = [recursion(couplings + sign * step * unit).couplings for sign in (1, -1)]
        assert jacobian[:, k] == pytest.approx((near[0] - near[1]) / (2 * step), rel=1e-8, abs=2e-9)
    for sector, directions in recursion.sectors.items():
        others = np.concatenate(
            [each for other, each in recursion.sectors.items() if other != sector]
            or [np.zeros((len(couplings), 0))],
            axis=1,
        )
        symmetric = recursion.jacobian(recursion.space.projector @ couplings) @ directions
        assert (
            np.abs(
                np.linalg.pinv(np.concatenate([directions, others], axis=1))[directions.shape[1] :]
                @ symmetric
            ).max(initial=0)
            < 1e-12
        )


# -- against the exact sum with a parameter before V -----------------------------------------------

CELLS = 5


@pytest.mark.parametrize("block", ["majority(3)", "kadanoff(3, p=p)", "decimate(3)"])
def test_a_step_is_the_taylor_series_of_the_exact_sum(block: str) -> None:
    """-H' = c_0 + c_1 + c_2 of ln sum_s P(h|s) exp(-H_0 + e W_1 + e^2 W_2) = sum_n c_n e^n, W_n of
    the couplings of order n, on a ring of five cells of three spins, for all block spins h.
    """
    further = "- J * sum(i) s[i]*s[i+2*x]"
    spec = rgc.load(
        text_of("chain", block, 2, NN, further, FIELD, "- P * sum(i) s[i]*s[i+x]*s[i+2*x]")
    ).spec
    recursion, expansion = recursion_of(flow_of(spec)), expansion_of(spec)
    assert {1, 2} == set(expansion.orders)
    couplings = np.random.default_rng(1).uniform(-0.3, 0.3, len(recursion.names))
    values = recursion.space.basis @ couplings
    spins = np.array(list(cartesian((1, -1), repeat=3 * CELLS)), dtype=float)
    parts = np.zeros((3, len(spins)))
    for products, value, order in zip(expansion.classes, values, expansion.orders, strict=True):
        for product in products:
            for at in range(3 * CELLS):
                sites = [(at + spin.cell[0]) % (3 * CELLS) for spin in product]
                inside = len({site // 3 for site in sites}) == 1 and len(sites) % 2 == 0
                parts[0 if inside else order] += value * spins[:, sites].prod(axis=1)
    one = kernel(whole_cells(spec.blocks[0], spec.lattice), 0, 1)  # type: ignore[arg-type]
    coarse = np.array(list(cartesian((1, -1), repeat=CELLS)))
    number = ((1 - spins.reshape(-1, CELLS, 3)) // 2 @ [4, 2, 1]).astype(int)
    wanted = [
        _series(np.prod([one[(1 - h[k]) // 2, number[:, k]] for k in range(CELLS)], axis=0), parts)
        for h in coarse
    ]
    moved = recursion(couplings)
    blocked = recursion.space.basis @ moved.couplings
    sums = np.array([[_on_ring(products, h) for products in expansion.classes] for h in coarse])
    assert sums @ blocked - moved.constant * 3 * CELLS == pytest.approx(np.array(wanted), rel=1e-11)


def _series(weight: np.ndarray, parts: np.ndarray) -> float:
    """c_0 + c_1 + c_2 from values on a circle in the complex plane (Cauchy)."""
    points = 0.2 * np.exp(2j * pi * np.arange(16) / 16)
    values = np.array(
        [
            np.log((weight * np.exp(parts[0] + e * parts[1] + e * e * parts[2])).sum())
            for e in points
        ]
    )
    return float(sum((values / points**n).mean().real for n in range(3)))


def _on_ring(products: object, spins: np.ndarray) -> float:
    return float(
        sum(
            np.prod([spins[(at + s.cell[0]) % CELLS] for s in each])
            for each in products
            for at in range(CELLS)
        )
    )  # type: ignore[attr-defined]


# -- against what is known -------------------------------------------------------------------------


def test_the_triangle_has_the_published_numbers_of_bonds() -> None:
    """How many bonds, and pairs of bonds that meet in one site or in two sites of a cell, join
    cells at the squared distances 3, 9 and 12 (Niemeijer and van Leeuwen 1974).
    """
    text = text_of("triangular", "majority(cell=triangle)", 2, NN)
    expansion = expansion_of(rgc.load(text).spec)
    pairs = [k for k, products in enumerate(expansion.classes) if len(products[0]) == 2]
    first = np.zeros((3, 3), dtype=int)
    second = np.zeros((3, 2), dtype=int)
    for each in expansion.contributions:
        if each.target in pairs and len(each.couplings) == 1:
            first[pairs.index(each.target), pairs.index(each.couplings[0])] += each.weight
        elif each.target in pairs and each.weight > 0 and set(each.couplings) <= set(pairs):
            second[pairs.index(each.target), len(each.moments) - 2] += each.weight
    assert first.tolist() == [[2, 3, 2], [0, 0, 1], [0, 0, 0]]
    assert second.tolist() == [[4, 4], [1, 7], [0, 4]]
    assert [expansion.orders[k] for k in pairs] == [1, 2, 2]


def test_the_square_cell_is_its_closed_form() -> None:
    """phi = <s>_0 of four spins in a ring with ties shared: K' = 2 K phi^2 and h' = 4 phi h."""
    recursion = recursion_of(flow_of(rgc.load(text_of("square", "majority(2)", 1, NN)).spec))
    for coupling in (-0.4, 0.1, 0.5186, 2.0):
        x, y = np.exp(4 * coupling), np.exp(-4 * coupling)
        phi, z = (x + 2) / (x + 6 + y), x + 6 + y
        slope = 4 * (x - phi * (x - y)) / z
        moved = recursion(np.array([coupling, 0.0]))
        assert moved.couplings == pytest.approx([2 * coupling * phi**2, 0], rel=1e-14)
        assert moved.constant == pytest.approx(-log(z) / 4, rel=1e-14)
        assert recursion.jacobian(np.array([coupling, 0.0])) == pytest.approx(
            np.diag([2 * phi**2 + 4 * coupling * phi * slope, 4 * phi]), rel=1e-13
        )


@pytest.mark.parametrize("block", ["majority(2)", "kadanoff(2, p=p)", "decimate(2)"])
@pytest.mark.parametrize(("order", "power"), [(1, 2), (2, 4)])
def test_free_energies_have_the_series_of_the_square_lattice(
    block: str, order: int, power: int
) -> None:
    """To second order in K at first order in V nothing is right beyond what lies in a cell; at
    second order the error is of fourth order, there being no closed loop of three bonds.
    """
    errors = []
    for coupling in (0.08, 0.04):
        flow = rgc.compile(
            rgc.load(text_of("square", block, order, NN), settings={"K": coupling}),
            backend="reference",
        )
        errors.append(
            (flow.run().result.free_energy[0].value - onsager(coupling)) / coupling**power
        )
    assert errors[0] == pytest.approx(errors[1], rel=0.1)
    assert abs(errors[1]) > 1e-3


# -- orders, sectors, what is refused --------------------------------------------------------------

FURTHER = "- J * sum(<<i,j>>) s[i]*s[j]"


def orders_of(*terms: str, order: int = 2, j: float = VALUES["J"]) -> dict[str, int]:
    loaded = rgc.load(
        text_of("square", "majority(2)", order, *terms),
        settings={"J": j} if FURTHER in terms else {},
    )
    return flow_of(loaded.spec).study.provenance["expansion"]["orders"]  # type: ignore[no-any-return]


def test_orders_do_not_depend_on_how_terms_are_written() -> None:
    """Second neighbours are made from first ones at second order. A field makes pairs at second
    order, and counts after them all the same.
    """
    assert orders_of(NN, FURTHER) == {"K": 1, "J": 2, "k1": 1, "k2_20": 2}
    assert orders_of(FURTHER, NN) == orders_of(NN, FURTHER)
    assert orders_of(FIELD, FURTHER, NN) == orders_of(NN, FURTHER, FIELD)
    assert orders_of(NN, FURTHER, j=0) == orders_of(NN, FURTHER)
    assert orders_of(NN, FURTHER, order=1) == {"K": 1, "J": 1, "k1": 1}


def test_a_free_energy_does_not_depend_on_the_order_of_the_terms() -> None:
    terms = [NN, "- J * sum(<<i,j>>) s[i]*s[j]", FIELD]
    found = [
        rgc.compile(
            rgc.load(text_of("chain", "majority(3)", 2, *some), settings={"J": 0.1, "h": 0.05}),
            backend="reference",
        )
        .run()
        .result.free_energy[0]
        .value
        for some in permutations(terms)
    ]
    assert found == pytest.approx([found[0]] * 6, rel=1e-13)


ANTIFERROMAGNET = "majority(cell=triangle)"


@pytest.mark.parametrize("find", ["separatrix", "fixed_point"])
def test_no_critical_point_where_the_series_diverges(find: str) -> None:
    """At K = -2.09 the terms of second order are six times those of first order, and cold flows of
    the antiferromagnet come to the fixed point of the ferromagnet.
    """
    text = text_of("triangular", ANTIFERROMAGNET, 2, NN).replace("steps=3", f"find={find}")
    result = rgc.compile(rgc.load(text, settings={"K": -0.3}), backend="reference").run().result
    assert result.critical["K"].value is None
    assert "the expansion does not hold at K = -2.089" in result.critical["K"].note
    assert not any(each.value for each in result.exponents.values())
    assert any("no critical point was found: the expansion" in each for each in result.warnings)


def test_a_series_that_converges_holds() -> None:
    text = text_of("triangular", ANTIFERROMAGNET, 2, NN).replace("steps=3", "find=fixed_point")
    result = rgc.compile(rgc.load(text, settings={"K": 0.3}), backend="reference").run().result
    assert result.critical["K"].value == pytest.approx(0.25748, abs=1e-5)
    assert [each.kind for each in result.fixed_points] == ["critical"]


def test_a_field_that_is_not_there_is_a_direction_all_the_same() -> None:
    plain = text_of("triangular", "majority(cell=triangle)", 1, NN)
    symmetric = plain.replace("s: ising", "s: ising(symmetric)")
    zero = text_of("triangular", "majority(cell=triangle)", 1, NN, FIELD).replace(
        "h = 0.07", "h = 0"
    )
    for text in (plain, symmetric, zero):
        found = (
            rgc.compile(rgc.load(text.replace("steps=3", "find=fixed_point")), backend="reference")
            .run()
            .result
        )
        assert found.exponents["y_h"].value == pytest.approx(
            log(3 / sqrt(2)) / log(sqrt(3)), rel=1e-13
        )
        assert found.exponents["y_h"].kind == "truncated"


def test_a_kernel_that_is_not_normalised_has_no_free_energy() -> None:
    text = text_of("square", "kernel(2, T=sum(B in blocks) p*s[B]*sum(i in B) s[i])", 1, NN)
    result = rgc.compile(rgc.load(text), backend="reference").run().result
    assert result.free_energy == ()
    assert "constant" not in result.levels[1].observables


def test_a_kernel_written_out_is_the_built_in_map() -> None:
    written = (
        "kernel(2, T=sum(B in blocks) (p*s[B]*sum(i in B) s[i] - log(2*cosh(p*sum(i in B) s[i]))))"
    )
    flows = [
        flow_of(rgc.load(text_of("square", block, 2, NN)).spec)
        for block in (written, "kadanoff(2, p=p)")
    ]
    moved = [flow.study.recursion(flow.study.start) for flow in flows]
    assert flows[0].study.recursion.names == flows[1].study.recursion.names
    assert moved[0].couplings == pytest.approx(moved[1].couplings, rel=1e-14)
    assert moved[0].constant == pytest.approx(moved[1].constant, rel=1e-14)


def test_a_constant_of_the_spec_is_in_the_ledger() -> None:
    text = text_of("honeycomb", "majority(cell=star)", 1, NN)
    plain, shifted = (
        rgc.compile(rgc.load(each), backend="reference").run().result
        for each in (text, text.replace(NN, NN + "\n  + sum(i) 0.25"))
    )
    assert shifted.free_energy[0].value == pytest.approx(
        plain.free_energy[0].value + 0.25, rel=1e-14
    )
    assert shifted.levels[0].observables["constant"].value == 0.25


def test_an_expansion_beyond_the_limit_is_refused_at_the_flow() -> None:
    text = text_of("hypercubic(d=4)", "majority(2)", 2, NN, PLAQUETTES)
    with pytest.raises(rgc.SpecError) as caught:
        rgc.compile(rgc.load(text), backend="reference")
    (problem,) = caught.value.problems
    assert problem.code == "expansion-too-long"
    assert problem.span is not None
    assert problem.span.position == (8, 6)


@pytest.mark.parametrize("backend", sorted(backends.installed()))
def test_backends_agree(backend: str) -> None:
    """To rounding: sums of at most 2^n terms for n spins of a cell and of the contributions, each a
    product of a few averages below 1.
    """
    spec = rgc.load(TORI["triangular"][0]).spec
    ours, theirs = (recursion_of(flow_of(spec, name)) for name in ("reference", backend))
    couplings = np.random.default_rng(3).uniform(-0.3, 0.3, len(ours.names))
    bound = 64 * np.finfo(float).eps * np.abs(ours.polynomial.weights).sum()
    assert np.abs(ours(couplings).couplings - theirs(couplings).couplings).max() < bound
    assert np.abs(ours.jacobian(couplings) - theirs.jacobian(couplings)).max() < bound
    assert abs(ours(couplings).constant - theirs(couplings).constant) < bound


@pytest.mark.parametrize("field", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("order", [1, 2])
def test_the_ledger_is_that_of_the_map_in_any_field(order: int, field: float) -> None:
    """F(K)/N = g + F(K')/N, to the errors that both sums give; the terms of h^2 in V decay as
    (lambda_h^2/9)^n only.
    """
    text = text_of("triangular", "majority(cell=triangle)", order, NN, FIELD)
    study = flow_of(rgc.load(text, settings={"h": field, "K": 0.2}).spec).study
    moved = study.recursion(study.start)
    before, after = (free_energy(study.recursion, each) for each in (study.start, moved.couplings))
    bound = before.error + after.error / study.recursion.sites
    assert abs(before.value - moved.constant - after.value / study.recursion.sites) <= bound
    assert bound < 1e-12


@pytest.mark.parametrize(
    ("order", "field", "warned"), [(1, 0.1, False), (2, 0.1, False), (1, 1.0, True), (2, 1.0, True)]
)
def test_a_free_energy_that_cannot_be_is_called_so(order: int, field: float, warned: bool) -> None:
    """At order 1 a field that averages to 0 does nothing, at order 2 it gives -h^2/2 however strong
    it is.
    """
    text = text_of("triangular", "majority(cell=triangle)", order, NN, FIELD)
    loaded = rgc.load(text, settings={"h": field, "K": 0.2})
    warnings = rgc.compile(loaded, backend="reference").run().result.warnings
    assert any("the expansion does not hold here" in each for each in warnings) == warned


def test_couplings_of_first_order_may_be_named() -> None:
    """Named ones are of order 1 whatever others generate, and generate the rest."""
    text = text_of("square", "majority(2)", 2, NN, FURTHER)
    named = rgc.load(text.replace("order=2", "order=2, first_order=[J, K]"), settings={"J": 0.1})
    orders = flow_of(named.spec).study.provenance["expansion"]["orders"]
    assert (orders["K"], orders["J"]) == (1, 1)
    with pytest.raises(rgc.SpecError, match="unknown coupling 'Q'"):
        rgc.load(text.replace("order=2", "order=2, first_order=[Q]"), settings={"J": 0.1})


def test_an_emitted_hamiltonian_flows_on_as_the_original_does() -> None:
    terms = [NN, "- J * sum(<<i,j>>) s[i]*s[j]", FIELD]
    text = text_of("chain", "majority(3)", 2, *terms)
    settings = {"J": 0.1, "h": 0.05}
    compiled = rgc.compile(rgc.load(text, settings=settings), backend="reference")
    answer = compiled.run()
    emitted = emit(compiled.loaded.spec, answer.result, 1)
    assert "first_order=[K, h" in emitted
    again = rgc.compile(emitted, backend="reference").run()
    for name in ("K", "J", "h"):
        assert again.couplings[1][name].value == pytest.approx(
            answer.couplings[2][name].value, rel=1e-11
        )
