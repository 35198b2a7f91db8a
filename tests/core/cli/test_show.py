"""`rgc show`: physics, programs, code, formulas, the spec as run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import rgc
from rgc.cli import main
from rgc.portrait.latex import expression, symbol
from rgc.schemes import SCHEMES
from rgc.syntax.parse import parse_expression
from rgc.syntax.read import make_source

ROOT = Path(__file__).parents[3]
SPECS, LANGUAGE = ROOT / "specs", ROOT / "tests" / "language"

SPEC = """\
title "Two couplings"
parameters { K = 0.3, K_2 = K/2, beta_c = 2e-3 }
lattice honeycomb(6)
spins s: ising
hamiltonian
  - K * sum(<i,j>) s[i]*s[j]
  + K_2 * sum(<<i,j>>) s[i]*s[j]
  - beta_c * sum(i) s[i]
flow sample(sweeps=100)
measure { energy, U = 1 - avg(m^4)/(3*avg(m^2)^2), m = mean(i) s[i] }
expect { U below 1 }
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "two.rgc"
    path.write_text(SPEC)
    return path


def shown(capsys: pytest.CaptureFixture[str], *words: str | Path) -> str:
    capsys.readouterr()
    assert main(["show", *map(str, words)]) == 0
    return capsys.readouterr().out


def test_data_and_stacks(capsys: pytest.CaptureFixture[str]) -> None:
    path = LANGUAGE / "rbm_mehta_schwab.rgc"
    text = shown(capsys, path)
    for line in (
        "  samples(20000, every=10, update=local)",
        "  20000 rows to train on",
        "  layer 1: 400 binary units on square(20, 20) above 1600 ising units on square(40, 40), "
        "dense, 1600 x 400 weights, with biases",
        "    trained by cd(epochs=200, batch=100, rate=0.1, l1=0.0002, k=1, centring=true, "
        "gradient=samples)",
        "    samples of its hidden units upward",
        "  layer 3: 25 binary units on square(5, 5) above 100 binary units on square(10, 10), "
        "dense, 100 x 25 weights, with biases",
    ):
        assert line in text
    assert main(["check", str(path)]) == 0
    said = capsys.readouterr().out
    assert "train, 20000 rows, units 1600-400-100-25; about " in said


def test_the_model(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, spec, "--set", "K=0.4")
    for line in (
        "  K_2 = 0.2",
        "  honeycomb, 6 x 6 cells, 72 sites, periodic, periodic",
        "  s: ising",
        "  - K = 0.4: s[0,0a]*s[0,0b] + ",
        "  + K_2 = 0.2: ",
        "flow sample",
        "  sweeps = 100",
        "  U = 1 - avg(m^4)/(3*avg(m^2)^2)",
        "  U below 1",
    ):
        assert f"\n{line}" in text


def test_the_answer_of_another_spec_is_not_taken_for_a_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = 'title "t"\nparameters { K = from "two.rgc" energy, M = K }\nlattice square(4)\nspins s'
    own += ": ising\nhamiltonian - M * sum(<i,j>) s[i]*s[j]\nflow sample(sweeps=100)\n"
    (tmp_path / "own.rgc").write_text(own)
    (tmp_path / "two.rgc").write_text(own.replace('from "two.rgc" energy', "0.4"))
    text = shown(capsys, tmp_path / "own.rgc")
    assert '  K = from "two.rgc" energy, which is not run: 0.5 here\n  M = 0.5\n' in text
    assert "  K = 0.4\n" in shown(capsys, tmp_path / "own.rgc", "--set", "K=0.4")


def test_the_formulas(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bonds = r"\sum_{\langle i j \rangle} s_{i} \, s_{j}"
    diagonals = r"\sum_{\langle\langle i j \rangle\rangle} s_{i} \, s_{j}"
    assert (
        shown(capsys, spec, "--as", "latex")
        == r"""\begin{align*}
  K &= 0.3 \\
  K_{2} &= \frac{K}{2} \\
  \beta_{c} &= 2 \times 10^{-3} \\
  H &= -K \, BONDS + K_{2} \, DIAGONALS - \beta_{c} \, \sum_{i} s_{i} \\
  U &= 1 - \frac{\left\langle m^{4}\right\rangle}{3 \, \left\langle m^{2}\right\rangle^{2}} \\
  m &= \frac{1}{N}\sum_{i} s_{i}
\end{align*}
""".replace("BONDS", bonds).replace("DIAGONALS", diagonals)
    )


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("-(a + b)", r"-\left(a + b\right)"),
        ("a - (b - c)", r"a - \left(b - c\right)"),
        ("(a + b)*c", r"\left(a + b\right) \, c"),
        ("(a*b)^2", r"\left(a \, b\right)^{2}"),
        ("a^-2", "a^{-2}"),
        ("a/b/c", r"\frac{\frac{a}{b}}{c}"),
        ("2*3", r"2 \cdot 3"),
        ("sqrt(abs(x))", r"\sqrt{\left|x\right|}"),
        ("sum(i) (a + s[i])", r"\sum_{i} \left(a + s_{i}\right)"),
        ("sum(c in cells) s[c.a]*s[c.b-x]", r"\sum_{c \in \text{cells}} s_{c.a} \, s_{c.b - x}"),
        ("sum(i < j) J[i,j]*s[i]*s[j]", r"\sum_{i < j} J_{i,j} \, s_{i} \, s_{j}"),
    ],
)
def test_expressions_keep_their_grouping(text: str, formula: str) -> None:
    assert expression(parse_expression(make_source("<test>", text))) == formula


@pytest.mark.parametrize(
    ("name", "formula"),
    [
        ("K", "K"),
        ("K2", "K_{2}"),
        ("beta", r"\beta"),
        ("chi_2", r"\chi_{2}"),
        ("abs_m", r"\mathrm{abs\_m}"),
        ("Kc", r"\mathrm{Kc}"),
    ],
)
def test_names(name: str, formula: str) -> None:
    assert symbol(name) == formula


def test_the_spec_as_run(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, spec, "--as", "spec", "--set", "K=0.4")
    assert rgc.load(text).sha256 == rgc.load(spec, settings={"K": 0.4}).sha256
    assert "K = 0.4" in text


def test_programs_and_code(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    programs = shown(capsys, spec, "--as", "program", "--backend", "reference")
    assert programs.startswith("program sweep on 6 x 6 cells, 2 letters")
    assert "\n\nprogram measure" in programs
    code = shown(capsys, spec, "--as", "code", "--backend", "numba")
    compile(code, "<shown>", "exec")
    assert "njit" in code


ARRAYS = {
    "exact": ("decimation_chain_b2", "decimates chains of 2 bonds"),
    "migdal_kadanoff": ("mk_ising2d", "moves 2 bonds onto one, then decimates chains of 2 bonds"),
    "cumulant": ("nvl_triangle_1", "averages products of spins in independent cells"),
    "lower_bound": ("kadanoff_square", "moves the potentials of 4 cells to one"),
    "enumerate": ("enumerate_majority", "65536 of 16 spins"),
    "trg": ("trg_ising", "routines   svd of rgc.routines.svd"),
    "hotrg": ("hotrg_torus", "from 64 x 64 tensors"),
    "iterate": ("percolation_triangle", "v0 = p"),
    "fit": ("log_periodic_fit", "3 unknown numbers, on 576 points"),
}
"""A spec of each scheme that computes with arrays, and some of what is said of it."""


def test_every_scheme_that_computes_with_arrays_is_here() -> None:
    ready = {name: scheme.ready for name, scheme in SCHEMES.items()}
    assert set(ARRAYS) == {name for name, each in ready.items() if each and each.kind == "arrays"}


@pytest.mark.parametrize("scheme", ARRAYS)
def test_what_is_computed_with_whole_arrays(
    scheme: str, capsys: pytest.CaptureFixture[str]
) -> None:
    name, said = ARRAYS[scheme]
    loaded = rgc.load(SPECS / f"{name}.rgc")
    text = shown(capsys, SPECS / f"{name}.rgc", "--as", "program", "--backend", "reference")
    assert text.startswith(f"{scheme}: ")
    assert said in text
    named = loaded.spec.hamiltonian.couplings() if loaded.spec.hamiltonian else ("p",)
    if "couplings" in text.split("called in a step")[0]:
        assert all(f" {each}" in text for each in named)
    functions = "none of the array namespace" if scheme == "fit" else "of numpy: "
    assert f"functions  {functions}" in text
    code = shown(capsys, SPECS / f"{name}.rgc", "--as", "code", "--backend", "reference")
    assert code.startswith("# no code is generated: this flow computes with whole arrays")
    assert f"functions  {functions}" in code
    assert ("asarray" in code) == (scheme != "fit")


def test_the_functions_that_are_shown_are_those_of_the_backend(
    capsys: pytest.CaptureFixture[str],
) -> None:
    spec = SPECS / "enumerate_majority.rgc"
    own = shown(capsys, spec, "--as", "program", "--backend", "numba")
    assert "routines   fwht of rgc_numba.walsh" in own
    default = shown(capsys, spec, "--as", "program", "--backend", "reference")
    assert "routines   fwht of rgc.routines.walsh" in default


def test_methods_of_a_free_energy_are_shown_behind_the_programs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = shown(capsys, SPECS / "free_energies_4x4.rgc", "--as", "program")
    heads = [line for line in text.splitlines() if line and not line.startswith(" ")]
    for method in ("transfer", "trg", "hotrg", "mean_field", "lower_bound", "integrate"):
        assert any(head.startswith(f"{method}: ") for head in heads), method
    assert text.index("program sweep") < text.index("transfer: ")


@pytest.mark.parametrize("path", sorted(LANGUAGE.glob("*.rgc")), ids=lambda path: path.stem)
def test_every_section_of_a_model_is_shown_as_it_may_be_written(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = shown(capsys, path)
    document = rgc.load(path).document
    heads = {line.split(" ")[0] for line in text.splitlines() if line and not line.startswith(" ")}
    assert {each.name for each in document.sections} - {"title", "about", "include"} <= heads
    assert not re.search(r"\b[A-Z]\w+\(\w+=|\bNone\b|\bTrue\b|\bFalse\b", text)


def test_spins_keep_their_number_of_states(capsys: pytest.CaptureFixture[str]) -> None:
    assert "\n  s: potts(9)\n" in shown(capsys, SPECS / "mk_potts.rgc", "--set", "q=9")
