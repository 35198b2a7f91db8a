"""An alphabet is added with its row in the table of alphabets, and the schema is made again.

What is forgotten is reported.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import product
from math import exp, log
from pathlib import Path
from typing import Any

import pytest

from tests.stranger.house import ROOT, House

TABLE = "rgc/language/alphabets.py"
NEXT = '        Alphabet("gaussian"'
TWOS = '        Alphabet("twos", "0/2", values=(0, 2)),\n'
UNEVEN = '        Alphabet("uneven", "-2/0/3", values=(-2, 0, 3)),\n'
SPEC = """\
parameters {{ K = {K}, h = {h} }}
lattice {lattice}
spins s: {spins}
hamiltonian
  - K * sum(<i,j>) s[i]*s[j]
  - h * sum(i) s[i]
{rest}
"""


def spec(
    spins: str, rest: str, *, lattice: str = "square(4)", K: float = 0.15, h: float = -0.5
) -> str:
    return SPEC.format(spins=spins, rest=rest, lattice=lattice, K=K, h=h)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """A tree with two more alphabets: the rows, then `python -m rgc.schema`."""
    made = House.build(tmp_path_factory.mktemp("alphabet"))
    made.insert(TABLE, TWOS + UNEVEN, before=NEXT)
    (made.root / "grammar/schema.json").write_text(schema_of(made), "utf-8")
    return made


def schema_of(house: House) -> str:
    made = house.run("rgc/schema.py")
    assert made.returncode == 0, made.stderr
    return made.stdout


def numbers(house: House, name: str, text: str) -> Mapping[str, Any]:
    """The answer of a run on the reference backend."""
    (house.root / f"{name}.rgc").write_text(text, "utf-8")
    ran = house.run("run", f"{name}.rgc", "--backend", "reference", "--out", f"out/{name}")
    assert ran.returncode == 0, ran.stderr
    answer: Mapping[str, Any] = json.loads(
        (house.root / f"out/{name}/summary.json").read_text("utf-8")
    )
    return answer


def averages(answer: Mapping[str, Any]) -> dict[str, float]:
    return {name: observable["value"] for name, observable in answer["observables"].items()}


def test_it_is_checked_and_shown(house: House) -> None:
    (house.root / "model.rgc").write_text(spec("twos", "flow sample()"), "utf-8")
    assert (
        house.run("check", "model.rgc").stdout
        == "model.rgc: ok: square 4x4, 4 neighbours, sample; about 1 MiB and 1 s of one core\n"
    )
    assert "s: twos" in house.run("show", "model.rgc").stdout
    (house.root / "wrong.rgc").write_text(spec("twos(3)", "flow sample()"), "utf-8")
    assert "wrong-arity" in house.run("check", "wrong.rgc").stderr


def test_the_schema_knows_it(house: House) -> None:
    assert schema_is_current(house)
    words = json.loads(schema_of(house))["properties"]["spins"]["anyOf"][0]["additionalProperties"]
    assert {"const": "twos", "description": "0/2"} in words["oneOf"]


@pytest.mark.parametrize(("spins", "values"), [("twos", (0, 2)), ("uneven", (-2, 0, 3))])
def test_it_is_enumerated(house: House, spins: str, values: tuple[int, ...]) -> None:
    """ln Z, the energy and the magnetisation of a chain of four against sums written out."""
    rest = "flow enumerate()\nmeasure { log_z, energy, m, q = mean(i) s[i]^2 }"
    measured = averages(numbers(house, f"sum-{spins}", spec(spins, rest, lattice="chain(4)")))
    z = energy = m = q = 0.0
    for s in product(values, repeat=4):
        bonds = sum(s[k] * s[(k + 1) % 4] for k in range(4))
        h = -0.15 * bonds + 0.5 * sum(s)
        z += exp(-h)
        energy += h * exp(-h) / 4
        m += sum(s) / 4 * exp(-h)
        q += sum(value**2 for value in s) / 4 * exp(-h)
    expected = {"log_z": log(z), "energy": energy / z, "m": m / z, "q": q / z}
    assert measured == pytest.approx(expected, rel=1e-12)


def test_it_is_sampled_as_the_binary_spins_that_it_doubles(house: House) -> None:
    """With s = 2v the same random words give the same configurations: every digit is known."""
    rest = "flow sample(sweeps=40, replicas=64)\nmeasure { m, energy, q = mean(i) s[i]^2*s[i+x] }"
    twice = averages(numbers(house, "twice", spec("twos", rest)))
    once = averages(numbers(house, "once", spec("binary", rest, K=0.6, h=-1.0)))
    assert twice == {**twice, "m": 2 * once["m"], "energy": once["energy"], "q": 8 * once["q"]}
    assert 0 < once["m"] < 1


def test_its_block_couplings_are_those_of_the_binary_spins_that_it_doubles(house: House) -> None:
    """A product of n spins is 2^n times as large, its coupling as small."""
    rest = "block majority(2)\nflow enumerate()"
    coarse = [
        numbers(house, name, spec(spins, rest, K=K, h=h))["levels"][1]["couplings"]
        for name, spins, K, h in (
            ("twos-block", "twos", 0.15, -0.5),
            ("block", "binary", 0.6, -1.0),
        )
    ]
    two, one = ({name: estimate["value"] for name, estimate in level.items()} for level in coarse)
    assert two["h"] == pytest.approx(one["h"] / 2, rel=1e-10)
    assert two["K"] == pytest.approx(one["K"] / 4, rel=1e-10)


def test_rgc_verify_passes_it(house: House) -> None:
    (house.root / "verified.rgc").write_text(
        spec("twos", "flow enumerate()\nmeasure { log_z, m }", lattice="square(3)"), "utf-8"
    )
    done = house.run("verify", "verified.rgc", "--backends", "numba")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "✓ L3  ln Z = the sum over all states" in done.stdout


# -- what is forgotten -----------------------------------------------------------------------------


def schema_is_current(house: House) -> bool:
    """Whether `tests/core/schemes/test_schema.py` finds the schema of the tree as it should be."""
    name = "tests/core/schemes/test_schema.py"
    if not (house.root / name).exists():
        (house.root / name).parent.mkdir(parents=True)
        for each in (name, "tests/core/json_schema.py"):
            house.write(each, (ROOT / each).read_text("utf-8"))
        words = ["-q", "-p", "no:cacheprovider", "--import-mode=importlib", name, "-k", "current"]
        house.write("ask.py", f"import sys, pytest\nsys.exit(pytest.main({words!r}))\n")
    return house.run("ask.py").returncode == 0


def test_without_the_schema_the_tests_fail(tmp_path: Path) -> None:
    forgetful = House.build(tmp_path)
    assert schema_is_current(forgetful)
    forgetful.insert(TABLE, TWOS, before=NEXT)
    assert not schema_is_current(forgetful)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ('Alphabet("twos", "0/2")', "have values, a number of states, or are real: one of these"),
        ('Alphabet("twos", "2/0", values=(2, 0))', "are two or more, rising"),
        ('Alphabet("twos", "1/2", values=(1, 2))', "one is positive and the other is not"),
        (
            'Alphabet("twos", "0/2", ALPHABET_SYMMETRY, ("symmetry",), values=(0, 2))',
            "do not change sign when they flip",
        ),
    ],
)
def test_a_row_that_says_too_little_or_contradicts_itself_is_an_error(
    tmp_path: Path, row: str, message: str
) -> None:
    forgetful = House.build(tmp_path)
    symmetry = '(Field("symmetry", "word", "", choices=("symmetric",)),)'
    forgetful.insert(TABLE, f"        {row.replace('ALPHABET_SYMMETRY', symmetry)},\n", before=NEXT)
    (tmp_path / "model.rgc").write_text(spec("twos", "flow sample()"), "utf-8")
    done = forgetful.run("check", "model.rgc")
    assert done.returncode != 0
    assert message in done.stderr


def test_without_the_row_its_name_is_unknown(tmp_path: Path) -> None:
    forgetful = House.build(tmp_path)
    (tmp_path / "model.rgc").write_text(spec("twos", "flow sample()"), "utf-8")
    assert (
        "error[unknown-alphabet]: unknown alphabet 'twos'"
        in forgetful.run("check", "model.rgc").stderr
    )
