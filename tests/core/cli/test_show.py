"""`rgc show`: physics, programs, code, formulas, the spec as run."""

from __future__ import annotations

from pathlib import Path

import pytest

import rgc
from rgc.cli import main
from rgc.cli.latex import expression, symbol
from rgc.syntax.parse import parse_expression
from rgc.syntax.read import make_source

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
