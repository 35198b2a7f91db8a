"""Where a transition is excluded beforehand, and what a study then says."""

from __future__ import annotations

import pytest

import rgc
from rgc.errors import RunWarning
from rgc.model.lattice import Lattice
from rgc.model.spec import Spec
from rgc.passes.lee_yang import EXCLUDED, excluded_transition

PAIRS, FIELD = "- K * sum(<i,j>) s[i]*s[j]", "- h * sum(i) s[i]"
AGAINST = "+ 0.1 * sum(<<i,j>>) s[i]*s[j]"
FACE = "- 0.1 * sum(plaquette(i,j,k,l)) s[i]*s[j]*s[k]*s[l]"


@pytest.mark.parametrize(
    ("lattice", "terms", "couplings", "excluded"),
    [
        ("square", (PAIRS, FIELD), "K = 0.4, h = 0.1", True),
        ("square", (PAIRS, FIELD), "K = 0.4, h = -0.1", True),
        ("square", (PAIRS, FIELD), "K = 0.4, h = 0", False),
        ("square", (PAIRS, FIELD), "K = -0.4, h = 0.1", False),
        ("honeycomb", (PAIRS, FIELD), "K = 0.4, h = 0.1", True),
        (
            "triangular",
            (PAIRS, AGAINST, FIELD),
            "K = 0.4, h = 0.1",
            False,
        ),
        (
            "square",
            (PAIRS, FIELD, FACE),
            "K = 0.4, h = 0.1",
            False,
        ),
    ],
)
def test_unfrustrated_pairs_in_a_field_have_no_transition(
    lattice: str, terms: tuple[str, ...], couplings: str, excluded: bool
) -> None:
    spec = _spec(lattice, "ising", terms, couplings)
    assert isinstance(spec.lattice, Lattice)
    assert spec.hamiltonian is not None
    found = excluded_transition(spec.hamiltonian, spec.lattice, spec.species)
    assert found == (EXCLUDED if excluded else "")


def test_spins_that_are_no_signs_are_not_judged() -> None:
    """In binary spins the field of the signs is another one."""
    spec = _spec("square", "binary", (PAIRS, FIELD), "K = 0.4, h = 0.1")
    assert isinstance(spec.lattice, Lattice)
    assert spec.hamiltonian is not None
    assert not excluded_transition(spec.hamiltonian, spec.lattice, spec.species)


def test_a_critical_point_of_the_map_alone_has_no_exponents() -> None:
    """Kadanoff's map has a fixed point at h = 1.94 with one eigenvalue above 1, which couplings in
    a field run to.
    """
    block = "block kadanoff(2, p=0.76)\nflow lower_bound(find=fixed_point)"
    text = _text("square", "ising", (PAIRS, FIELD), "K = 0.44, h = 0.1") + block
    with pytest.warns(RunWarning, match="Lee and Yang"):
        result = rgc.compile(text).run(checkpoints=False).points[0].result
    assert result.fixed_points
    for each in (*result.exponents.values(), *result.critical.values()):
        assert (each.value, each.note) == (None, EXCLUDED)


def _spec(lattice: str, spins: str, terms: tuple[str, ...], couplings: str) -> Spec:
    return rgc.load(_text(lattice, spins, terms, couplings)).spec


def _text(lattice: str, spins: str, terms: tuple[str, ...], couplings: str) -> str:
    lines = (
        f"parameters {{ {couplings} }}",
        f"lattice {lattice}",
        f"spins s: {spins}",
        "hamiltonian",
        *(f"  {term}" for term in terms),
    )
    return "\n".join(lines) + "\n"
