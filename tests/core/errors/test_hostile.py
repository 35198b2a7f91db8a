"""Hostile files end in errors with a place, quickly: nesting, aliases, size, control characters,
bytes that are no text.

The files are made here, since some are large.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from rgc.ast_to_model import build
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
    "sites.rgc": (lambda: GOOD.replace("square(8)", "square(30000)"), "too-many-sites"),
    "points.rgc": (lambda: GOOD + "scan { K = 0:1:1e9 }\n", "out-of-range"),
    "states.rgc": (lambda: GOOD.replace("sample(sweeps=100)", "enumerate()"), "too-many-states"),
    "basis.rgc": (
        lambda: (
            GOOD.replace("sample(sweeps=100)", "mcrg(basis=operators(range=8, bodies=8))")
            + "block majority(2)\n"
        ),
        "too-many-operators",
    ),
    "shell.rgc": (lambda: GOOD.replace("<i,j>", "shell(1000000,i,j)"), "out-of-range"),
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
