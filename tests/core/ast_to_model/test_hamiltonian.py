"""Terms: names, signs, weights, kinds; and every refusal with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from rgc.ast_to_model import build
from rgc.errors import SpecError
from rgc.model.hamiltonian import Term
from rgc.model.operators import Spin
from rgc.syntax.parse import parse
from rgc.text import Source

SPECS = sorted((Path(__file__).parents[2] / "language").glob("*.rgc"))
PARAMETERS = (
    "K = 0.4, K2 = 0.1, h = 0.2, n = 2, J ~ normal(0, 1), M = [[1, 2], [2, 1]], f(r) = 1/r^2"
)


def terms(
    hamiltonian: str, lattice: str = "square(8)", spins: str = "s: ising", flow: str = ""
) -> tuple[Term, ...]:
    text = (
        f"parameters {{ {PARAMETERS} }}\nlattice {lattice}\nspins {spins}\nhamiltonian\n  "
        f"{hamiltonian}\n{flow}\n"
    )
    spec, _ = build(parse(Source("<test>", text)))
    assert spec.hamiltonian is not None
    return spec.hamiltonian.terms


def named(*arguments: str) -> dict[str, tuple[int, float]]:
    return {term.name: (term.sign, term.coupling) for term in terms(*arguments)}


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_spec_of_the_language_builds(path: Path) -> None:
    spec, _ = build(parse(Source(path.name, path.read_text())), folder=path.parent)
    assert (spec.hamiltonian is not None) == (spec.document.section("hamiltonian") is not None)
    assert bool(spec.blocks) == (spec.document.section("block") is not None)


@pytest.mark.parametrize(
    ("hamiltonian", "expected"),
    [
        ("- K * sum(<i,j>) s[i]*s[j]", {"K": (-1, 0.4)}),
        ("K * sum(<i,j>) s[i]*s[j]", {"K": (1, 0.4)}),
        ("- (-K) * sum(<i,j>) s[i]*s[j]", {"K": (1, 0.4)}),
        ("- K * sum(<i,j>) -s[i]*s[j]", {"K": (1, 0.4)}),
        ("- sum(<i,j>) K*s[i]*s[j]", {"K": (-1, 0.4)}),
        ("- 2*K * sum(<i,j>) s[i]*s[j]", {"k2_10": (-1, 0.8)}),
        ("- K/2 * sum(<i,j>) s[i]*s[j]", {"k2_10": (-1, 0.2)}),
        ("- sum(<i,j>) s[i]*s[j]", {"k2_10": (-1, 1.0)}),
        ("- 0.3 * sum(<<i,j>>) s[i]*s[j]", {"k2_11": (-1, 0.3)}),
        ("- K*K2 * sum(plaquette(i,j,k,l)) s[i]*s[j]*s[k]*s[l]", {"k4_10_01_11": (-1, 0.04)}),
        ("- K * sum(<i,j>) s[i]*s[j] - K * sum(i) s[i]", {"k2_10": (-1, 0.4), "k1": (-1, 0.4)}),
        ("- K * sum(<i,j>) s[i]*s[j] - K/K2 * sum(i) s[i]", {"k2_10": (-1, 0.4), "k1": (-1, 4.0)}),
        ("- sum(i) (K*s[i]*s[i+x] - h*s[i])", {"K": (-1, 0.4), "h": (1, 0.2)}),
        ("- 0.5 * (K*sum(i) s[i]*s[i+x] + sum(i) s[i])", {"k2_10": (-1, 0.2), "k1": (-1, 0.5)}),
        ("- sum(i) (0.5*s[i]*s[i+x] + 0.25*s[i])", {"k2_10": (-1, 0.5), "k1": (-1, 0.25)}),
        ("- 0.1*sum(<i,j>) s[i]*s[j] - 0.2*sum(<i,j>) s[i]*s[j]", {"k2_10": (-1, 0.1 + 0.2)}),
        (
            "- 0.1*sum(<i,j>) s[i]*s[j] - 0.2*sum(<i,j> along x) s[i]*s[j]",
            {"k2_10": (-1, 0.1), "k2_10_2": (-1, 0.2)},
        ),
        ("- K * sum(<i,j>) J[i,j]*s[i]*s[j]", {"K": (-1, 0.4)}),
        ("- sum(<i,j>) J[i,j]*s[i]*s[j]", {"J": (-1, 1.0)}),
        ("- K * sum(<i,j>) s[i]*s[j] + sum(i) h", {"K": (-1, 0.4), "h": (1, 0.2)}),
        ("- K * sum(<i,j>) s[i]*s[j] + h*sum(i) 2", {"K": (-1, 0.4), "h": (1, 0.2)}),
        ("- K * sum(<i,j>) s[i]*s[j] + 0.25*sum(i) 2", {"K": (-1, 0.4), "k0": (-1, -0.5)}),
        ("- f(2) * sum(<i,j>) s[i]*s[j]", {"k2_10": (-1, 0.25)}),
        ("- sum(shell(2,i,j)) f(distance(i,j))*s[i]*s[j]", {"k2_11": (-1, 0.5)}),
        ("- sum(shell(n,i,j)) s[i]*s[j]", {"k2_11": (-1, 1.0)}),
        ("- K * sum(i) s[i]*s[i+n*x]", {"K": (-1, 0.4)}),
        ("- K * sum(x) s[x]*s[x+y]", {"K": (-1, 0.4)}),
        ("- K * sum(e) s[e]*s[e+x]", {"K": (-1, 0.4)}),
        ("+ K * sum(<i,j>) s[i]*s[j] / n", {"k2_10": (-1, -0.2)}),
        ("+ 0.1 * sum(<i,j>) s[i]*s[j]", {"k2_10": (-1, -0.1)}),
        ("- 0.3 * sum(<i,j>) s[i]*s[j] + 0.1 * sum(<i,j>) s[i]*s[j]", {"k2_10": (-1, 0.3 - 0.1)}),
        ("- 0.1 * sum(<i,j>) s[i]*s[j] + 0.3 * sum(<i,j>) s[i]*s[j]", {"k2_10": (-1, 0.1 - 0.3)}),
    ],
)
def test_names_signs_and_couplings(
    hamiltonian: str, expected: dict[str, tuple[int, float]]
) -> None:
    found = named(hamiltonian)
    assert list(found) == list(expected)
    for name, (sign, coupling) in expected.items():
        assert found[name] == (sign, pytest.approx(coupling, rel=1e-14))


def test_products_are_canonical_and_counted() -> None:
    origin, right, up = Spin((0, 0)), Spin((1, 0)), Spin((0, 1))
    (term,) = terms("- K * sum(i) (s[i]*s[i+x] + s[i]*s[i-x] + 0.5*s[i]*s[i+y])")
    assert term.products == ((0.5, (origin, up)), (2.0, (origin, right)))
    (term,) = terms("- K * sum(i) s[i]^3*s[i+x]*s[i+y]^2")
    assert term.products == ((1.0, (origin, right)),)
    (term,) = terms("+ h * sum(i) 1", "kagome(4)")
    assert term.products == ((3.0, ()),)
    (term,) = terms("- K * sum(i) v[i]*v[i]*v[i+x]", "square(4)", "v: binary")
    assert term.products == ((1.0, (origin, right)),)


def test_a_term_that_cancels_is_no_term() -> None:
    assert [term.name for term in terms("- K*sum(<i,j>) s[i]*s[j] + h*sum(i) (s[i+x] - s[i])")] == [
        "K"
    ]


def test_tables_of_potts_spins() -> None:
    (term,) = terms("- K * sum(<i,j>) delta(s[i], s[j])", "square(4)", "s: potts(3)")
    assert (term.name, term.coupling, term.products) == ("K", 0.4, ())
    assert [table.spins for table in term.tables] == [
        (Spin((0, 0)), Spin((0, 1))),
        (Spin((0, 0)), Spin((1, 0))),
    ]
    assert term.tables[0].energies == (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


def test_couplings_that_differ_from_place_to_place() -> None:
    (term,) = terms("- K * sum(i < j) J[i,j]*s[i]*s[j]", "complete(9)")
    assert (term.name, term.inhomogeneous) == ("K", "J")
    assert term.products == ((1.0, (Spin((), 0), Spin((), 1))),)
    (term,) = terms("- sum(i < j < k) s[i]*s[j]*s[k]", "complete(9)")
    assert [spin.letter for spin in term.products[0][1]] == [0, 1, 2]
    (term,) = terms("- sum(i < j) M[i,j]*s[i]*s[j]", "complete(2)")
    assert term.inhomogeneous == "M"


def test_symmetric_spins_allow_an_odd_term_of_coupling_zero() -> None:
    assert (
        len(terms("- 0*sum(i) s[i] - K*sum(<i,j>) s[i]*s[j]", "square(4)", "s: ising(symmetric)"))
        == 2
    )


REFUSALS = [
    ("- K * sum(<i,j>) s[i]*t[j]", "unknown-name", "t"),
    ("- KK * sum(<i,j>) s[i]*s[j]", "unknown-name", "KK"),
    ("- sum(<i,j>) KK*s[i]*s[j]", "unknown-name", "KK"),
    ("- lg(K) * sum(i) s[i]", "unknown-function", "lg(K)"),
    ("- K * sum(<i,j>) s[i]*s[k]", "unbound-index", "k"),
    ("- K * s[i]*s[j]", "unbound-index", "i"),
    ("- K * sum(<i,i>) s[i]*s[i]", "repeated-index", "<i,i>"),
    ("- K * sum(plaquette(i,j,k,i)) s[i]", "repeated-index", "plaquette(i,j,k,i)"),
    ("- K * sum(i) sum(i in f) s[i]", "repeated-index", "i in f"),
    ("- K * sum(s) s[s]", "duplicate-name", "s"),
    ("- K * sum(plaquette(i,j,k)) s[i]*s[j]*s[k]", "wrong-corners", "plaquette(i,j,k)"),
    ("- K * sum(triangle(i,j,k)) s[i]*s[j]*s[k]", "unknown-face", "triangle(i,j,k)"),
    ("- K * sum(f in hexagons) prod(i in f) s[i]", "unknown-face", "f in hexagons"),
    ("- K * sum(f in plaquettes) s[f]", "bad-site", "f"),
    ("- K * sum(c in cells) s[c]", "bad-site", "c"),
    ("- K * sum(c in cells) s[c.b]", "unknown-letter", "c.b"),
    ("- K * sum(i) s[i.a]", "bad-site", "i.a"),
    ("- K * sum(i) s[i]*s[i+z]", "bad-offset", "z"),
    ("- K * sum(i) s[i]*s[i+(1,0,0)]", "bad-offset", "(1,0,0)"),
    ("- K * sum(i) s[i]*s[i+0.5*x]", "not-an-integer", "0.5"),
    ("- K * sum(i) s[i]*s[i+1]", "bad-offset", "1"),
    ("- K * sum(<i,j>) s[i+j]", "bad-site", "i+j"),
    ("- K * sum(i) s[i]*s[-i]", "bad-site", "-i"),
    ("- K * sum(i) s[x]", "bad-site", "x"),
    ("- K * sum(i) s(i)", "spin-call", "s(i)"),
    ("- K * sum(i) s", "spin-without-site", "s"),
    ("- K * sum(i) s[i,i]", "bad-site", "s[i,i]"),
    ("- K * sum(i) i*s[i]", "wrong-kind", "i"),
    ("- K", "no-sum", "K"),
    ("- K * sum(i) s[i] + 3", "no-sum", "3"),
    ("- K * prod(i) s[i]", "not-a-sum", "prod(i) s[i]"),
    ("- K * mean(i) s[i]", "not-a-sum", "mean(i) s[i]"),
    ("- K * (sum(i) s[i])^2", "product-of-sums", "(sum(i) s[i])^2"),
    ("- K * (sum(i) s[i])*(sum(j) s[j])", "product-of-sums", "- K * (sum(i) s[i])*(sum(j) s[j])"),
    ("- K * sum(i) s[i]*sum(j) s[j]", "nested-sum", "j"),
    ("- K * sum(i) s[i]*sum(j in g) s[j]", "unknown-collection", "j in g"),
    ("- K * sum(i) 1/s[i]", "spin-in-denominator", "s[i]"),
    ("- K * sum(i) s[i]/0", "division-by-zero", None),
    ("- K/(n - 2) * sum(i) s[i]", "division-by-zero", None),
    ("- exp(1000) * sum(i) s[i]", "not-finite", "exp(1000)"),
    ("- sum(i) log(s[i])", "not-finite", "log(s[i])"),
    ("- sum(i) sqrt(s[i], 2)", "wrong-arity", "sqrt(s[i], 2)"),
    ("- sum(<i,j>) M[s[i],s[j]]", "out-of-range", "s[i]"),
    ("- K * sum(<i,j> along z) s[i]*s[j]", "bad-offset", "z"),
    ("- K * sum(<i,j> along (1,1)) s[i]*s[j]", "bad-direction", "(1,1)"),
    ("- K * sum(plaquette(i,j,k,l) along x) s[i]*s[k]", "bad-direction", "x"),
    ("- K * sum(i < j < k) s[i]*s[j]*s[k]", "not-yet", "i < j < k"),
    ("- K * sum(e in edges) s[e.a]*s[e.b]", "wrong-collection", "e in edges"),
    ("- K * sum(B in blocks) s[B]", "wrong-collection", "B in blocks"),
    ("- K * sum(shell(0,i,j)) s[i]*s[j]", "out-of-range", "0"),
    ("- K * sum(<i,j>) s[i]", "not-symmetric", "s[i]"),
    ("- K * sum(<i,j>) s[i]*s[j+x]", "not-symmetric", "s[i]*s[j+x]"),
    ("- sum(i) coordinate(i,x)*s[i]", "not-uniform", "coordinate(i,x)"),
    ("- sum(<i,j>) exp(J[i,j]*s[i]*s[j])", "not-uniform", "J[i,j]"),
    ("- sum(<i,j>) J[i,j]*J[i,j]*s[i]*s[j]", "two-fields", None),
    ("- J * sum(i) s[i]", "wrong-kind", "J"),
    ("- f * sum(i) s[i]", "wrong-kind", "f"),
    ("- M * sum(i) s[i]", "wrong-kind", "M"),
    ("- K * sum(i) s[i]^h", "not-finite", None),
    ("- K * distance(1,2) * sum(i) s[i]", "bad-site", "1"),
]


@pytest.mark.parametrize(("hamiltonian", "code", "at"), REFUSALS)
def test_refusals(hamiltonian: str, code: str, at: str | None) -> None:
    with pytest.raises(SpecError) as caught:
        terms(hamiltonian)
    first = caught.value.problems[0]
    assert {each.code for each in caught.value.problems} == {code}
    assert first.span is not None
    assert at is None or first.span.text == at


@pytest.mark.parametrize(
    ("hamiltonian", "lattice", "spins", "flow", "code"),
    [
        ("- h*sum(i) s[i]", "square(8)", "s: ising(symmetric)", "", "broken-symmetry"),
        (
            "- K*sum(<i,j>) s[i]*s[j]",
            "square(1, 3)",
            "s: ising",
            "flow sample(sweeps=100)",
            "lattice-too-small",
        ),
        ("- K*sum(<i,j> along x) s[i]*s[j]", "honeycomb(8)", "s: ising", "", "along-basis"),
        ("- K*sum(<i,j>) (s[i] + s[j])", "square(8, boundary=open)", "s: ising", "", "open-edge"),
        ("- K*sum(<<i,j>>) s[i]*s[j]", "complete(8)", "s: ising", "", "wrong-lattice"),
        ("- K*sum(i) s[i]*s[i+x]", "complete(8)", "s: ising", "", "bad-offset"),
        ("- sum(i) s[i]^2", "square(8)", "s: gaussian", "", "not-yet"),
        (
            "- sum(f in cubes) cos(sum(i in f) s[i])",
            "cubic(4)",
            "s: potts(5)",
            "",
            "too-many-states",
        ),
    ],
)
def test_refusals_that_depend_on_the_rest(
    hamiltonian: str, lattice: str, spins: str, flow: str, code: str
) -> None:
    with pytest.raises(SpecError) as caught:
        terms(hamiltonian, lattice, spins, flow)
    assert {each.code for each in caught.value.problems} == {code}


@pytest.mark.parametrize(
    ("sections", "code", "at"),
    [
        ("lattice squre(8)\nspins s: ising", "unknown-lattice", "squre"),
        ("lattice square(8, 8, 8)\nspins s: ising", "wrong-arity", "8"),
        ("lattice square(8.5)\nspins s: ising", "not-an-integer", "8.5"),
        ("lattice square(0)\nspins s: ising", "out-of-range", "0"),
        ("lattice square(1e9)\nspins s: ising", "out-of-range", "square(1e9)"),
        ("lattice square(8, edges=open)\nspins s: ising", "unknown-option", "edges=open"),
        ("lattice square(8, boundary=opn)\nspins s: ising", "unknown-word", "opn"),
        ("lattice square(8, boundary=[open])\nspins s: ising", "wrong-arity", "[open]"),
        ("lattice square(boundary=open)\nspins s: ising", "infinite-boundary", "open"),
        ("lattice cubic(4, 4)\nspins s: ising", "wrong-arity", "4"),
        ("lattice hypercubic(4)\nspins s: ising", "missing-option", "hypercubic"),
        (
            "lattice crystal(vectors=[(1,0), (2,0)], basis=[(0,0)])\nspins s: ising",
            "bad-crystal",
            None,
        ),
        ('lattice graph("../edges.csv")\nspins s: ising', "path-outside", '"../edges.csv"'),
        ('lattice graph("edges.csv")\nspins s: ising', "file-without-folder", '"edges.csv"'),
        ("lattice square(8)\nspins s: isng", "unknown-alphabet", "isng"),
        ("lattice square(8)\nspins s: potts", "missing-option", "potts"),
        ("lattice square(8)\nspins s: potts(1)", "out-of-range", "1"),
        ("lattice square(8)\nspins s: spin(2)", "out-of-range", "2"),
        ("lattice square(8)\nspins s: potts(3, symmetric)", "bad-symmetry", "potts(3, symmetric)"),
        ("lattice square(8)\nspins exp: ising", "reserved-name", "exp"),
        ("lattice square(8)\nhamiltonian - sum(i) s[i]", "missing-section", "hamiltonian"),
        ("spins s: ising\nhamiltonian - sum(i) s[i]", "missing-section", "hamiltonian"),
    ],
)
def test_lattices_and_spins_that_are_refused(sections: str, code: str, at: str | None) -> None:
    with pytest.raises(SpecError) as caught:
        build(parse(Source("<test>", sections + "\n")))
    first = caught.value.problems[0]
    assert {each.code for each in caught.value.problems} == {code}
    assert first.span is not None
    assert at is None or first.span.text == at


def test_all_mistakes_are_found_in_one_pass() -> None:
    text = (
        "parameters { K = log(0) }\nlattice squre(8)\nspins s: ising\n"
        "hamiltonian\n  - K * sum(<i,j>) s[i]*t[j]\n  - q * sum(i) s[k]\n"
    )
    with pytest.raises(SpecError) as caught:
        build(parse(Source("<test>", text)))
    codes = [each.code for each in caught.value.problems]
    assert codes == [
        "not-finite",
        "unknown-lattice",
        "unknown-name",
        "unknown-name",
        "unbound-index",
    ]


def test_the_error_of_the_language_page() -> None:
    text = (
        "parameters { K = 1 }\nlattice square(8)\nspins s: ising\nhamiltonian\n  - K * "
        "sum(<i,j>) s[i]*t[j]\n"
    )
    with pytest.raises(SpecError) as caught:
        build(parse(Source("ising.rgc", text)))
    assert str(caught.value) == (
        "ising.rgc:5:25: error[unknown-name]: unknown spin 't'\n"
        " 5 |   - K * sum(<i,j>) s[i]*t[j]\n"
        "   |                         ^ not declared\n"
        "hint: did you mean 's'?"
    )
