"""Hostile files end in errors with a place, quickly: nesting, aliases, size, control characters,
bytes that are no text.

The files are made here, since some are large.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import rgc
from rgc import errors
from rgc.ast_to_model import build
from rgc.ast_to_model.expressions import evaluate
from rgc.errors import LIMIT, SpecError, render
from rgc.syntax.read import SIZE_LIMIT, read

GOOD = """parameters { K = 0.4 }
lattice square(8)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
flow sample(sweeps=100)
"""
GOOD_YAML = """parameters: {K: 0.4}
lattice: square(8)
spins: {s: ising}
hamiltonian: "- K * sum(<i,j>) s[i]*s[j]"
flow: {sample: {sweeps: 100}}
"""


def check(path: Path) -> None:
    build(read(path), folder=path.parent)


def codes_of(path: Path) -> list[str]:
    with pytest.raises(SpecError) as caught:
        check(path)
    for problem in caught.value.problems:
        shown = render(problem)
        assert all(c.isprintable() or c == "\n" for c in shown)
        assert len(shown) < 2000
    return [problem.code for problem in caught.value.problems]


@pytest.mark.parametrize("text", [GOOD, GOOD_YAML])
def test_the_specs_that_are_spoilt_below_are_good(tmp_path: Path, text: str) -> None:
    path = tmp_path / ("spec.rgc" if text is GOOD else "spec.yaml")
    path.write_text(text)
    check(path)


def in_a_row(form: str, number: int, first: str, value: str) -> str:
    """A spec with functions of which each calls the one before it."""
    functions = [first, *(form.format(k + 1, k, k) for k in range(number)), f"K = {value}*0 + 0.4"]
    return GOOD.replace(" K = 0.4 ", "\n " + "\n ".join(functions) + "\n")


def measured(form: str, number: int) -> str:
    """A spec with measures of which each refers to the one before it."""
    measures = ["a0 = m", *(form.format(k + 1, k, k) for k in range(number))]
    return GOOD + "measure {\n " + "\n ".join(measures) + "\n}\n"


HOSTILE: dict[str, tuple[Callable[[], str | bytes], str]] = {
    "brackets.rgc": (lambda: "lattice " + "[" * 5_000, "too-deep"),
    "parentheses.rgc": (lambda: f"parameters {{ K = {'(' * 1000}1{')' * 1000} }}\n", "too-deep"),
    "sum.rgc": (lambda: "parameters { K = " + "+".join("1" * 5000) + " }\n", "too-deep"),
    "minus.rgc": (lambda: "parameters { K = " + "-" * 5000 + "1 }\n", "too-deep"),
    "power.rgc": (lambda: "parameters { K = " + "^".join("2" * 5000) + " }\n", "too-deep"),
    "brackets.yaml": (lambda: "lattice: " + "[" * 60_000, "too-deep"),
    "mappings.yaml": (lambda: "".join(" " * k + "a:\n" for k in range(500)), "too-deep"),
    "expression.yaml": (lambda: f"parameters: {{K: '{'(' * 1000}1{')' * 1000}'}}\n", "too-deep"),
    "laughs.yaml": (
        lambda: (
            "a: &a [x, x]\n"
            + "".join(
                f"{n}: &{n} [*{m}, *{m}]\n" for m, n in zip("abcdefg", "bcdefgh", strict=True)
            )
        ),
        "yaml-alias",
    ),
    "merge.yaml": (lambda: "base: &b {K: 1}\nparameters: {<<: *b}\n", "yaml-alias"),
    "tag.yaml": (lambda: "title: !!python/object/apply:os.system ['true']\n", "yaml-tag"),
    "large.rgc": (lambda: 'title "' + "x" * SIZE_LIMIT + '"\n', "too-large"),
    "large.yaml": (lambda: "title: '" + "x" * SIZE_LIMIT + "'\n", "too-large"),
    "words.rgc": (lambda: "parameters { W = [" + "1," * 300_000 + "1] }\n", "too-long"),
    "nul.rgc": (lambda: 'title "a\0b"\n', "control-character"),
    "escape.rgc": (lambda: 'title "\x1b[2J"\n', "control-character"),
    "bidi.rgc": (lambda: 'title "\u202eabc"\n', "control-character"),
    "escape.yaml": (lambda: 'title: "\x1b[2J"\n', "control-character"),
    "latin.rgc": (lambda: 'title "Schr\xf6dinger"\n'.encode("latin-1"), "bad-encoding"),
    "sixteen.yaml": (lambda: "title: x\n".encode("utf-16"), "bad-encoding"),
    "surrogate.rgc": (lambda: b'title "\xed\xa0\x80"\n', "bad-encoding"),
    "infinite.rgc": (lambda: GOOD.replace("0.4", "1e999"), "number-range"),
    "tower.rgc": (lambda: GOOD.replace("0.4", "9^9^9^9"), "not-finite"),
    "shape.rgc": (lambda: GOOD.replace("square(8)", "square(1e12)"), "out-of-range"),
    "points.rgc": (lambda: GOOD + "scan { K = 0:1:1e9 }\n", "out-of-range"),
    "states.rgc": (lambda: GOOD.replace("sample(sweeps=100)", "enumerate()"), "too-many-states"),
    "basis.rgc": (
        lambda: (
            GOOD.replace("sample(sweeps=100)", "mcrg(basis=operators(range=8, bodies=8))")
            + "block majority(2)\n"
        ),
        "too-many-operators",
    ),
    "wide.rgc": (
        lambda: (
            GOOD.replace("square(8)", "hypercubic(4, d=8)").replace(
                "sample(sweeps=100)", "mcrg(basis=operators(range=6, bodies=2))"
            )
            + "block majority(2)\n"
        ),
        "too-many-operators",
    ),
    "shell.rgc": (lambda: GOOD.replace("<i,j>", "shell(1000000,i,j)"), "out-of-range"),
    "flat.rgc": (
        lambda: GOOD.replace(
            "square(8)", "crystal(vectors=[(1,0), (0,1e-7)], basis=[(0,0)], size=8)"
        ),
        "bad-crystal",
    ),
    "functions.rgc": (
        lambda: in_a_row("f{}(x) = f{}(x)", 400, "f0(x) = x/2", "f400(1)"),
        "too-deep",
    ),
    "laughs.rgc": (
        lambda: in_a_row("f{}(x) = f{}(x) + f{}(x)", 22, "f0(x) = x + 1", "f22(1)"),
        "too-long",
    ),
    "measures.rgc": (lambda: measured("a{} = a{} + 1", 250), "too-deep"),
    "squares.rgc": (lambda: measured("a{} = a{} * a{}", 18), "too-long"),
    "sums.rgc": (
        lambda: GOOD.replace(
            "s[i]*s[j]", "*".join(f"(1 + s[i+({k},0)])" for k in range(24))
        ).replace("<i,j>", "i"),
        "too-many-products",
    ),
    "cube.rgc": (
        lambda: GOOD.replace("square", "cubic").replace(
            "sum(<i,j>) s[i]*s[j]", "sum(f in cubes) prod(i in f) (1 + s[i] + s[i+x] + s[i+y])"
        ),
        "too-many-products",
    ),
    "coefficients.rgc": (
        lambda: GOOD.replace("K = 0.4", ", ".join(f"K{k} = 0.1" for k in range(90))).replace(
            "- K * sum(<i,j>) s[i]*s[j]",
            f"- sum(i) ({'+'.join(f'K{k}*s[i]' for k in range(90))})^2",
        ),
        "too-many-products",
    ),
    "unknown.rgc": (
        lambda: "parameters {" + ", ".join(f"K{k} = Q{k}" for k in range(2000)) + "}\n",
        "unknown-name",
    ),
    "circles.rgc": (
        lambda: (
            "parameters {" + ", ".join(f"a{k} = b{k}, b{k} = a{k}" for k in range(2000)) + "}\n"
        ),
        "cyclic-parameters",
    ),
    "circle.rgc": (
        lambda: (
            "parameters {" + ", ".join(f"a{k} = a{k + 1}" for k in range(2000)) + ", a2000 = a0}\n"
        ),
        "cyclic-parameters",
    ),
    "far.rgc": (
        lambda: GOOD.replace("square(8)", "hypercubic(2, d=8)").replace("<i,j>", "shell(64,i,j)"),
        "out-of-range",
    ),
    "offset.rgc": (lambda: GOOD.replace("s[j]", "s[i+(99999999999,0)]"), "out-of-range"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_file(tmp_path: Path, name: str) -> None:
    make, code = HOSTILE[name]
    content = make()
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert code in codes_of(path)


def test_a_folder_and_a_device_are_no_specs(tmp_path: Path) -> None:
    (tmp_path / "folder.rgc").mkdir()
    assert codes_of(tmp_path / "folder.rgc") == ["unreadable-file"]
    assert codes_of(tmp_path / "nothing.rgc") == ["unreadable-file"]
    (tmp_path / "spec.txt").write_text(GOOD)
    assert codes_of(tmp_path / "spec.txt") == ["unknown-suffix"]


def test_a_link_does_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.rgc").write_text(GOOD)
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link.rgc").symlink_to(tmp_path / "secret.rgc")
    (inside / "spec.rgc").write_text('include "link.rgc"\n')
    assert codes_of(inside / "spec.rgc") == ["path-outside"]


def test_at_most_twenty_problems_are_told(tmp_path: Path) -> None:
    path = tmp_path / "spec.rgc"
    path.write_text(GOOD + "measure {\n" + "".join(f"  nonsense_{k}\n" for k in range(100)) + "}\n")
    found = codes_of(path)
    assert found == ["unknown-measure"] * LIMIT
    assert LIMIT == 20


MISTAKEN = """parameters { K = Kc, h = log(0) }
lattice sqare(8)
spins s: issing
hamiltonian - K * sum(<i,j>) s[i]*t[j]
block majorty(2)
data sample(100)
stack { rmb(hidden=4) }
map recurion(p = p^2)
flow mcrg(stpes=2, replicas=100)
scan { k = 0.4:0.5:3 }
measure { enregy, U = avg(avg(m)) }
expect { energy = 1, m = 2 within -1 }
"""


@pytest.mark.parametrize(
    ("text", "silent"),
    [
        (MISTAKEN, {4, 5}),  # a Hamiltonian and a block cannot be judged without lattice and spins
        (MISTAKEN.replace("sqare", "square").replace("issing", "ising"), {2, 3}),
    ],
)
def test_the_problems_of_every_section_come_in_one_pass_in_the_order_of_the_text(
    tmp_path: Path, text: str, silent: set[int]
) -> None:
    path = tmp_path / "spec.rgc"
    path.write_text(text)
    with pytest.raises(SpecError) as caught:
        check(path)
    lines = [problem.span.position[0] for problem in caught.value.problems if problem.span]
    assert lines == sorted(lines)
    assert set(lines) == set(range(1, 13)) - silent


@pytest.mark.parametrize("seed", range(60))
def test_a_spoilt_spec_is_an_error_or_a_spec(tmp_path: Path, seed: int) -> None:
    """Characters deleted, doubled, swapped or replaced at random: nothing but `SpecError` ever
    escapes.
    """
    chance = random.Random(seed)  # noqa: S311
    text = list(GOOD_YAML if seed % 2 else GOOD)
    path = tmp_path / ("spec.yaml" if seed % 2 else "spec.rgc")
    for _ in range(1 + seed % 4):
        at = chance.randrange(len(text))
        text[at] = chance.choice(
            ["", text[at] * 2, "{", ")", "[", '"', "\t", "#", "\n", ":", "~", "0", "é", "- ", "*"]
        )
    path.write_text("".join(text))
    try:
        check(path)
    except SpecError as error:
        codes = [problem.code for problem in error.problems]
        assert codes


GOOD_ALL_THE_SAME = {
    "a skewed cell": GOOD.replace(
        "square(8)", "crystal(vectors=[(1,0), (1000,1)], basis=[(0,0)], size=8)"
    ),
    "blank lines": GOOD + "measure { a = m +" + "\n" * 20_000 + " 1 }\n",
    "many parameters": GOOD.replace(
        " K = 0.4 ",
        "\n K = k1999\n k0 = 0.4\n" + "".join(f" k{k} = k{k - 1}\n" for k in range(1, 2000)),
    ),
    "the largest of one": GOOD.replace("0.4", "max(0.4)"),
    "a long sum of calls": GOOD.replace(
        "K = 0.4",
        "f(x) = " + " + ".join(["x"] * 90) + ", K = " + " + ".join(["0*f(1)"] * 90) + " + 0.4",
    ),
}


@pytest.mark.parametrize("name", GOOD_ALL_THE_SAME)
def test_what_looks_hostile_and_is_not(tmp_path: Path, name: str) -> None:
    path = tmp_path / "spec.rgc"
    path.write_text(GOOD_ALL_THE_SAME[name])
    check(path)


def test_lists_are_limited_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, spaced = [], evaluate._spaced

    def few(start: Decimal, stop: Decimal, count: int) -> tuple[float, ...]:
        made.append(count)
        return spaced(start, stop, 2) * (count // 2)

    monkeypatch.setattr(evaluate, "_spaced", few)
    ranges = ", ".join(f"r{k} = 0:1:400000" for k in range(30))
    path = tmp_path / "spec.rgc"
    path.write_text(GOOD.replace("K = 0.4", f"K = 0.4, {ranges}"))
    assert codes_of(path) == ["too-long"]
    assert made == [400_000] * 3


def test_unknown_names_are_compared_with_few_others(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []

    def close(word: str, known: list[str], **more: object) -> list[str]:
        compared.append(len(known))
        return []

    monkeypatch.setattr(errors, "get_close_matches", close)
    assert errors.suggest("couplin", [f"{'x' * (k % 90)}{k}" for k in range(3000)]) == ""
    assert compared == [errors.COMPARED]


@pytest.mark.parametrize("kind", ["include", "data"])
def test_a_pipe_is_not_waited_for(tmp_path: Path, kind: str) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    path = tmp_path / "spec.rgc"
    read = "map diffusion(scale=0.1)\nflow iterate\n"
    path.write_text(
        f'include "pipe.csv"\n{GOOD}' if kind == "include" else f'data file("pipe.csv")\n{read}'
    )
    assert codes_of(path) == ["unreadable-file"]


def test_many_parameters(tmp_path: Path) -> None:
    """The work for each does not grow with their number."""
    calls: list[int] = []

    def counted(count: int) -> int:
        path = tmp_path / "spec.yaml"
        lines = "".join(f"  a{k}: {k}\n" for k in range(count))
        path.write_text(f"parameters:\n{lines}lattice: square(8)\n")
        calls.clear()
        sys.setprofile(
            lambda frame, event, argument: calls.append(1) if event == "c_call" else None
        )
        try:
            rgc.load(path)
        finally:
            sys.setprofile(None)
        return sum(calls)

    _, few, many = counted(1), counted(200), counted(1600)  # the first one imports
    assert many < 10 * few


def test_clusters_of_spins_with_many_states(tmp_path: Path) -> None:
    """Reflections of so many states are not looked for."""
    path = tmp_path / "spec.rgc"
    text = GOOD.replace("ising", "potts(40)").replace("s[i]*s[j]", "delta(s[i], s[j])")
    path.write_text(text.replace("sweeps", "update=wolff, sweeps"))
    assert codes_of(path) == ["too-many-states"]


@pytest.mark.parametrize("kind", ["runs", "from"])
def test_specs_that_lead_to_many_others(tmp_path: Path, kind: str, monkeypatch: Any) -> None:
    """Each names the one before it twice. No more than so many are read, however deep it goes."""
    (tmp_path / "s0.rgc").write_text(GOOD + "measure { energy }\n")
    for k in range(1, 16):
        below = f"s{k - 1}.rgc"
        text = f'runs {{ a = "{below}", b = "{below}" }}\n'
        if kind == "from":
            two = f'parameters {{ K = from "{below}" energy, J = from "{below}" energy }}'
            text = GOOD.replace("parameters { K = 0.4 }", two) + "measure { energy }\n"
        (tmp_path / f"s{k}.rgc").write_text(text)
    monkeypatch.setattr("rgc.ast_to_model.MOST_OTHERS", 20)
    check(tmp_path / "s3.rgc")
    read_so_far: list[Path] = []
    monkeypatch.setattr(
        "rgc.ast_to_model.read", lambda path: read_so_far.append(path) or read(path)
    )
    assert set(codes_of(tmp_path / "s15.rgc")) == {"too-many-specs"}
    assert len(read_so_far) == 20
