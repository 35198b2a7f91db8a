"""Free energy as a service: methods against enumeration and one another, sizes, order of bounds,
what is refused.
"""

from __future__ import annotations

import re
from dataclasses import replace
from math import log, tanh

import numpy as np
import pytest
from scipy.optimize import brentq

import rgc
from rgc import backend as backends
from rgc.ast_to_model import build
from rgc.flows.free_energies import service as free_energies
from rgc.flows.free_energies.integrate import make_integrate
from rgc.flows.free_energies.mean_field import MeanField, make_mean_field
from rgc.flows.free_energies.service import (
    FreeEnergies,
    check_order,
    disagreements,
    make_free_energies,
)
from rgc.flows.free_energies.transfer import make_transfer
from rgc.flows.request import Request
from rgc.kernel_cache import KernelCache
from rgc.model import lattices
from rgc.model.lattice import Lattice
from rgc.model.spec import FlowOfSpec, Measure, Method, Spec
from rgc.passes.instances import resized, seam, two_copies
from rgc.results.result import FreeEnergy
from rgc.runner import run
from rgc.schemes.free_energies import FREE_ENERGIES
from rgc.syntax.read import read_text
from tests.physics.enumeration import enumerate_exactly
from tests.physics.models import CRITICAL, baxter_wu, faces, field, ising, shell, spec, term
from tests.physics.running import request

REFERENCE = backends.load("reference")


def bound(given: Spec) -> float:
    return run(make_mean_field(request(given, REFERENCE))).free_energy[0].value


def exact(given: Spec) -> float:
    assert isinstance(given.lattice, Lattice)
    return -enumerate_exactly(given).log_z / given.lattice.sites


# -- mean field ------------------------------------------------------------------------------------


@pytest.mark.parametrize("coupling", [0.1, 0.3, 0.6, 1.5])
@pytest.mark.parametrize(
    ("lattice", "neighbours"),
    [(lattices.square(), 4), (lattices.cubic(), 6), (lattices.honeycomb(), 3)],
    ids=lambda each: getattr(each, "name", ""),
)
def test_the_textbook_mean_field(lattice: Lattice, neighbours: int, coupling: float) -> None:
    """m = tanh(z K m), f = z K m^2/2 - ln 2 cosh(z K m)."""
    a = neighbours * coupling
    m = brentq(lambda m: m - tanh(a * m), 0.01, 1, xtol=1e-14) if a > 1.01 else 0.0
    assert bound(ising(lattice, coupling)) == pytest.approx(
        a * m * m / 2 - log(2 * np.cosh(a * m)), abs=1e-10
    )


def test_an_antiferromagnet_has_two_sublattices() -> None:
    assert bound(ising(lattices.square(), -0.7)) == pytest.approx(
        bound(ising(lattices.square(), 0.7)), abs=1e-10
    )


def test_baxter_wu_has_three() -> None:
    """With three sublattices of the triangular lattice the states with two of them down are as good
    as all up.
    """
    assert bound(baxter_wu((6, 6), 0.9)) == pytest.approx(bound(baxter_wu((4, 4), 0.9)), abs=1e-9)
    assert bound(baxter_wu((6, 6), -0.9)) == pytest.approx(bound(baxter_wu((6, 6), 0.9)), abs=1e-9)


@pytest.mark.parametrize(
    "given",
    [
        ising(lattices.square(4), 0.4),
        ising(lattices.square(4), -0.6),
        ising(lattices.square(4, boundary="open"), 0.5),
        ising(lattices.square(3, 4, boundary=("antiperiodic", "periodic")), 0.5),
        ising(lattices.triangular(4), -0.8),
        baxter_wu(3, 0.5, 0.1),
        spec(
            lattices.square(4),
            [
                term("K", 0.3, shell(lattices.square(4), 1)),
                term("p", -0.4, faces(lattices.square(4), "plaquette")),
                term("h", 0.2, field(lattices.square(4))),
            ],
        ),
    ],
    ids=[
        "torus",
        "antiferromagnet",
        "open",
        "antiperiodic",
        "frustrated",
        "three-spin",
        "plaquettes",
    ],
)
def test_it_is_an_upper_bound(given: Spec) -> None:
    value = bound(given)
    truth = run(make_transfer(request(given, REFERENCE))).free_energy[0].value
    if "antiperiodic" not in given.lattice.boundary:  # type: ignore[union-attr]
        assert truth == pytest.approx(exact(given), abs=1e-12)
    assert truth < value < truth + 0.5


def test_a_field_alone_is_exact() -> None:
    lattice = lattices.square(3)
    given = spec(lattice, [term("K", 0.0, shell(lattice, 1)), term("h", 0.3, field(lattice))])
    assert bound(given) == pytest.approx(-log(2 * np.cosh(0.3)), abs=1e-12)


# -- thermodynamic integration ---------------------------------------------------------------------

ISING = """parameters {{ K = {K}, h = 0.1 }}
lattice square({size})
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j] - h * sum(i) s[i] + sum(i) 0.2
measure {{ free_energy({method}) }}
"""


def written(method: str, coupling: str = "0.4", size: str = "4") -> Spec:
    return build(read_text(ISING.format(method=method, K=coupling, size=size)))[0]


def test_a_path_that_ends_where_it_begins_needs_no_samples() -> None:
    """At K = 0 the spins are free in their field, and transfer beside it says the same."""
    text = ISING.format(method="[transfer, integrate(K=0:K:5)]", K="0", size="4")
    exact, found = rgc.compile(text, backend="reference").run().result.free_energy
    assert found.value == pytest.approx(0.2 - log(2 * np.cosh(0.1)), abs=1e-15)
    assert (found.error, found.kind) == (0.0, "exact")
    assert found.value == pytest.approx(exact.value, abs=1e-14)


def test_a_path_may_fall() -> None:
    def samples(method: str) -> FreeEnergy:
        text = ISING.format(method=method, K="-0.2", size="4")
        return rgc.compile(text, backend="reference").run().result.free_energy[0]

    found = samples("integrate(K=0:K:5, sweeps=100, replicas=64)")
    assert found.error is not None
    assert abs(found.value - exact(written("transfer", "-0.2"))) < 4 * found.error < 0.02


@pytest.mark.slow
def test_integration_agrees_with_enumeration_over_seeds() -> None:
    """Each value within its error; over ten seeds the statistical part scatters as it says."""
    given = written("integrate(K=0:K:9, sweeps=500, replicas=64)")
    (method,) = given.measures[0].methods
    machine = KernelCache(backends.load("numba"), general=True)
    asked = replace(given, flow=FlowOfSpec(method.name, method.options))
    found = [
        run(make_integrate(request(asked, machine, seed=seed))).free_energy[0] for seed in range(10)
    ]
    truth = exact(given)
    values = np.array([each.value for each in found])
    statistical = np.array(
        [float(each.note.split("statistical error ")[1].split(",")[0]) for each in found]
    )
    assert all(
        each.error is not None and abs(each.value - truth) < 3 * each.error for each in found
    )
    assert (
        0.4 < values.std(ddof=1) / statistical.mean() < 1.8
    )  # chi of 9 degrees of freedom, p below 1e-3 each side


@pytest.mark.parametrize(
    ("method", "options", "code"),
    [
        ("integrate(K=0:0.3:5)", {}, "bad-path"),
        ("integrate(K=0.1:K:5)", {}, "bad-path"),
        ("integrate(K=[0, 0.2, 0.1, 0.4])", {}, "bad-path"),
        ("integrate(K=0:K:5)", {"size": "2"}, "lattice-too-small"),
        ("integrate(K=0:K:5)", {"size": ""}, "needs-finite-lattice"),
    ],
    ids=["ends elsewhere", "not free", "not monotonic", "small", "infinite"],
)
def test_paths_that_are_refused(method: str, options: dict[str, str], code: str) -> None:
    size = options.get("size", "4")
    text = ISING.format(method=method, K="0.4", size=size).replace("square()", "square")
    with pytest.raises(rgc.SpecError) as caught:
        rgc.load(text)
    assert [problem.code for problem in caught.value.problems] == [code]
    assert all(problem.span is not None for problem in caught.value.problems)


def test_h_must_be_linear_in_the_parameter() -> None:
    text = ISING.format(method="integrate(K=0:K:5)", K="0.4", size="4").replace(
        "- K * sum(<i,j>)", "- K^2 * sum(<i,j>)"
    )
    with pytest.raises(rgc.SpecError) as caught:
        rgc.load(text)
    assert [problem.code for problem in caught.value.problems] == ["bad-path"]


def test_an_exact_value_beside_an_estimate_is_compared() -> None:
    exact = FreeEnergy("transfer", -1.0, 0.0, "exact")
    good, bad = (
        FreeEnergy("integrate(K)", -1.0 + shift, 0.001, "estimate") for shift in (0.003, 0.005)
    )
    unknown = FreeEnergy("trg(16)", -1.1, None, "truncated")
    bound = FreeEnergy("mean_field", -0.5, 0.0, "upper bound")
    assert disagreements((good, exact, unknown, bound)) == []
    (said,) = disagreements((exact, bad))
    assert "integrate(K) gives F = -0.9950(10), and transfer, which is exact, -1" in said
    assert disagreements((good, bad)) == []


# -- the service -----------------------------------------------------------------------------------


def service(given: Spec, *methods: str) -> FreeEnergies:
    options = {"trg": {"chi": 8}, "hotrg": {"chi": 6}}
    asked = tuple(Method(name, options.get(name, {})) for name in methods)
    measured = replace(given, flow=None, measures=(Measure("free_energy", methods=asked),))
    return make_free_energies(request(measured, REFERENCE), None)


def test_every_method_in_one_table() -> None:
    found = run(service(ising(lattices.square(4), 0.4), "transfer", "trg", "hotrg", "mean_field"))
    kinds = {each.method: each.kind for each in found.free_energy}
    assert kinds == {
        "transfer": "exact",
        "trg(8)": "truncated",
        "hotrg(6)": "truncated",
        "mean_field": "upper bound",
    }
    truth = exact(ising(lattices.square(4), 0.4))
    by_name = {each.method: each.value for each in found.free_energy}
    assert by_name["transfer"] == pytest.approx(truth, abs=1e-13)
    assert by_name["trg(8)"] == pytest.approx(truth, abs=1e-3)
    assert found.observables["log_z"].value == pytest.approx(-16 * truth)
    assert not found.warnings
    assert all("of two copies" in each.note for each in found.free_energy)


def test_steps_of_the_parts_are_steps_of_the_whole() -> None:
    """A state that is taken up in the middle, as from a checkpoint, ends the same."""
    made = service(ising(lattices.square(4), 0.4), "trg", "transfer")
    state = made.start()
    for _ in range(3):
        state = made.step(state)
    again = service(ising(lattices.square(4), 0.4), "trg", "transfer")
    while state.done < again.steps:
        state = again.step(state)
    whole = run(service(ising(lattices.square(4), 0.4), "trg", "transfer"))
    assert [each.value for each in again.finish(state).free_energy] == [
        each.value for each in whole.free_energy
    ]


def entry(kind: str, value: float) -> FreeEnergy:
    return FreeEnergy(kind, value, 0.0, kind)  # type: ignore[arg-type]


def test_bounds_must_be_in_order() -> None:
    check_order(
        [
            entry("lower bound", -1.1),
            entry("exact", -1.0),
            entry("upper bound", -0.9),
            entry("truncated", -5),
        ]
    )
    for wrong in (
        [entry("upper bound", -1.1), entry("exact", -1.0)],
        [entry("lower bound", -0.9), entry("exact", -1.0)],
        [entry("lower bound", -0.9), entry("upper bound", -1.0)],
    ):
        with pytest.raises(RuntimeError, match="contradict"):
            check_order(wrong)


# -- sizes -----------------------------------------------------------------------------------------


def test_two_copies_have_twice_the_free_energy() -> None:
    lattice = lattices.triangular(3, 2)
    given = spec(lattice, [term("K", 0.4, shell(lattice, 1)), term("h", 0.1, field(lattice))])
    both = two_copies(given)
    transfer = run(make_transfer(request(both, REFERENCE, zero=()))).free_energy[0].value
    assert transfer == pytest.approx(2 * exact(given), abs=1e-12)


@pytest.mark.parametrize("coupling", [0.2, CRITICAL, 1.2])
@pytest.mark.parametrize("axis", [0, 1])
def test_the_seam_limits_what_doubling_can_change(coupling: float, axis: int) -> None:
    small = ising(lattices.square(3, 4), coupling)
    shape = (6, 4) if axis == 0 else (3, 8)
    one, two = (
        run(make_transfer(request(each, REFERENCE))).observables["log_z"].value or 0.0
        for each in (small, resized(small, shape))
    )
    limit = seam(small, axis)
    assert limit == pytest.approx(2 * coupling * 2 * (4 if axis == 0 else 3))
    assert 0 < abs(two - 2 * one) <= limit


def make_wrong(asked: Request) -> MeanField:
    """A method whose F depends on the number of species, and jumps with size."""
    made, lattice = make_mean_field(asked), asked.crystal
    jump = 5.0 if lattice.finite and lattice.sites > 20 else 0.0
    extra = 0.1 * len(asked.species) ** 2 + jump
    shifted = tuple(
        replace(each, constant=each.constant + extra * each.sites) for each in made.patterns
    )
    return replace(made, patterns=shifted)


def test_methods_that_are_no_free_energies_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    row = replace(FREE_ENERGIES["mean_field"], maker=f"{__name__}:make_wrong", sizes=(6,))
    monkeypatch.setattr(free_energies, "FREE_ENERGIES", {"mean_field": row})
    found = run(service(ising(lattices.square(4), 0.1), "mean_field"))
    assert any("not size-consistent" in text for text in found.warnings)
    assert any("not size-extensive" in text for text in found.warnings)


# -- specs that only measure -----------------------------------------------------------------------

STRIP = """parameters { K = log(1 + sqrt(2)) / 2, L = 4 }
lattice square(L, infinite)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
scan { L = [4, 6, 8, 10, 12] }
measure { f = free_energy(transfer), c = central_charge(f, L) }
"""


def test_central_charge_of_strips() -> None:
    answer = rgc.compile(STRIP, backend="reference").run()
    found = answer.observables["c"]
    assert found.value == pytest.approx(0.5, abs=1e-3)
    assert found.error is not None
    assert abs(found.value - 0.5) < found.error
    of_width_12 = float(found.note.split(", ")[-1].split(" at ")[0])
    assert of_width_12 == pytest.approx(0.502, abs=3e-4)


def test_settings_reach_the_path_of_an_integration() -> None:
    text = ISING.format(method="integrate(K=0:K:5, sweeps=20, replicas=64)", K="0.4", size="4")
    loaded = rgc.load(text, settings={"K": 0.2})
    answer = rgc.compile(loaded, backend="reference").run()
    table = answer.result.tables["integrate_K"]
    assert table[0].tolist() == pytest.approx([0, 0.05, 0.1, 0.15, 0.2])


@pytest.mark.parametrize("method", ["ais(chains=10)"])
def test_methods_that_come_later(method: str) -> None:
    with pytest.raises(rgc.SpecError) as caught:
        rgc.compile(ISING.format(method=method, K="0.4", size="4"), backend="reference")
    assert [problem.code for problem in caught.value.problems] == ["not-yet"]
    assert all(problem.span is not None for problem in caught.value.problems)


def test_a_flow_and_a_method_together() -> None:
    text = """parameters { K = 0.4 }
lattice square(8)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
flow sample(sweeps=50, replicas=64)
measure { energy, f = free_energy(transfer), free_energy(methods=[hotrg(8), mean_field]) }
expect {
  f = -0.8843654493816465 within 1e-9
  free_energy[hotrg(8)] = -0.8843654493816465 within 1e-3
}
"""
    answer = rgc.compile(text, backend="reference").run()
    assert answer.passed
    assert [each.method for each in answer.result.free_energy] == [
        "transfer",
        "hotrg(8)",
        "mean_field",
    ]
    assert {"energy", "f", "log_z"} <= set(answer.result.observables)
    alone = rgc.compile(
        re.sub(", f = .*", " }", text).split("expect")[0], backend="reference"
    ).run()
    assert answer.result.observables["energy"] == alone.result.observables["energy"]
