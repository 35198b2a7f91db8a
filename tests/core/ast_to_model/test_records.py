"""Data, stack and map as records: every option evaluated, and their form on one line."""

from __future__ import annotations

from pathlib import Path

import pytest

import rgc
from rgc.errors import SpecError
from rgc.model.data import Control, Patterns, Samples
from rgc.model.expressions import Constant, apply
from rgc.model.map import Ode, Quantity, RecursionMap
from rgc.model.spec import Spec

LANGUAGE = Path(__file__).parents[2] / "language"


def language(name: str) -> Spec:
    return rgc.load(LANGUAGE / f"{name}.rgc").spec


def with_sections(text: str) -> Spec:
    head = (
        "parameters { K = 0.4, N = 3 }\nlattice square(4)\nspins s: ising\n"
        "hamiltonian - K*sum(<i,j>) s[i]*s[j]\n"
    )
    return rgc.load(head + text + "\n").spec


@pytest.mark.parametrize(
    ("text", "record"),
    [
        ("samples(100*N, every=2)", Samples(count=300, every=2)),
        (
            "samples(5, K=[0.3, K], thermalise=7, update=metropolis)",
            Samples(
                count=5, every=10, thermalise=7, update="metropolis", sets=(("K", (0.3, 0.4)),)
            ),
        ),
        ("shuffle_sites(patterns(N))", Control(name="shuffle_sites", source=Patterns(count=3))),
        (
            "gaussian_twin(samples(N))",
            Control(name="gaussian_twin", source=Samples(count=3, every=10)),
        ),
    ],
)
def test_data(text: str, record: object) -> None:
    rest = "stack { rbm(hidden=2, train=cd()) }\nflow train()"
    assert with_sections(f"data {text}\n{rest}").data == record


def test_maps_hold_expressions_of_their_quantities() -> None:
    (recursion,) = language("percolation").map
    assert isinstance(recursion, RecursionMap)
    assert recursion.scale == pytest.approx(3**0.5)
    assert recursion.quantities == ("p",)
    assert str(recursion) == "recursion(p = p^3 + 3*p^2*(1 - p), scale=1.73205080757)"
    (ode,) = language("ode").map
    assert isinstance(ode, Ode)
    assert ode.quantities == ("r", "u")
    (scale,) = language("rge").map
    assert isinstance(scale, RecursionMap)
    x = Quantity("x")
    doubled = apply("cosh", apply("*", Constant(2.0), x))
    assert scale.updates == (("x", apply("/", apply("log", doubled), Constant(2.0))),)
    assert (scale.scale, scale.sites) == (None, 2.0)
    assert str(scale).startswith("recursion(x = log(cosh(2*x))/2, sites=2, constant=log(2*")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("map linear([[1, 2], [3, 4], [5, 6]])", "wrong-kind"),
        ("map linear([1, 2])", "wrong-kind"),
        ("map recursion(p = [p, 1])", "wrong-kind"),
        ("map autoencoder(hidden=square(4, sise=2))\ndata patterns(3)", "unknown-option"),
    ],
)
def test_what_a_record_cannot_hold_is_an_error_with_a_place(text: str, code: str) -> None:
    with pytest.raises(SpecError) as caught:
        rgc.load(text + "\nflow iterate()\n")
    assert [(each.code, each.span is not None) for each in caught.value.problems] == [(code, True)]
