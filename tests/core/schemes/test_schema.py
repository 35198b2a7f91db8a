"""The JSON Schema of the YAML spelling is current, knows every language test, and refuses what the
compiler refuses.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from rgc.ast_to_model import build
from rgc.ast_to_model.sections.lattice import _LATTICES
from rgc.errors import SpecError
from rgc.language.alphabets import ALPHABETS
from rgc.language.lattices import LATTICES
from rgc.schema import dump, schema
from rgc.syntax.ast import SECTIONS
from rgc.syntax.read import read_text
from tests.core.json_schema import valid

ROOT = Path(__file__).parents[2].parent
TWINS = sorted((ROOT / "tests" / "language").glob("*.yaml"))
WHOLE = schema()


def test_the_committed_schema_is_current() -> None:
    """`python -m rgc.schema > grammar/schema.json` makes it so."""
    assert (ROOT / "grammar" / "schema.json").read_text("utf-8") == dump()
    assert json.loads(dump()) == WHOLE


def test_it_knows_every_section_lattice_and_alphabet() -> None:
    assert set(WHOLE["properties"]) == set(SECTIONS)
    assert set(LATTICES) == set(_LATTICES)


@pytest.mark.parametrize("path", TWINS, ids=lambda path: path.stem)
def test_it_accepts_the_language_tests(path: Path) -> None:
    spec = yaml.safe_load(path.read_text("utf-8"))
    wrong = [name for name in spec if not valid({name: spec[name]}, WHOLE)]
    assert wrong == []


@pytest.mark.parametrize(
    "text",
    [
        "latice: square(8)",
        "lattice: sqare(8)",
        "flow: mcgr",
        "flow: {mcgr: {steps: 2}}",
        "flow: {sample: {sweep: 100}}",
        "flow: {sample: {sweeps: [100]}}",
        "flow: {sample: {sweeps: -5}}",
        "flow: {sample: {replicas: 100}}",
        "flow: {sample: {generator: phlox}}",
        "flow: {sample: {update: {tempring: {K: '0:1:3'}}}}",
        "flow: {sample: {sweeps: 1}, seed: 7}",
        "flow: trg",
        "block: {majorty: 2}",
        "spins: {s: issing}",
        "stack: [{rmb: {hidden: 4}}]",
        "expect: {y_t: {value: 1, withn: 0.01}}",
        "expect: {y_t: {value: 1, below: 0.01}}",
        "hamiltonian: [1]",
    ],
)
def test_it_refuses(text: str) -> None:
    assert not valid(yaml.safe_load(text), WHOLE)


@pytest.mark.parametrize(
    ("lattice", "block"),
    [
        ("complete(size=16)", None),
        ("diamond(b=2, branches=2, generations=3)", None),
        ("square(8)", "decimate(b=2, cell=[(0,0)])"),
        ("square(8)", "learned(stack=stack)"),
        ("square(8)", "majority(b=2)"),
    ],
)
def test_options_of_the_schema_are_options_of_the_checker(lattice: str, block: str | None) -> None:
    learned = (
        "data samples(9)\n"
        "stack { rbm(hidden=square(4), spins=ising, connect=patch(), train=cd()) }\n"
        "hamiltonian - sum(<i,j>) s[i]*s[j]\n"
    )
    text = f"lattice {lattice}\nspins s: ising\n" + (f"block {block}\n" if block else "")
    text += learned if block and "stack" in block else ""
    build(read_text(text))


def test_the_path_of_a_graph_is_an_option(tmp_path: Path) -> None:
    (tmp_path / "edges.csv").write_text("a,b\n0,1\n")
    build(read_text('lattice graph(path="edges.csv")\nspins s: ising\n'), folder=tmp_path)


# -- alphabets -------------------------------------------------------------------------------------


COUNTS = (0, 1, 2, 3, 7, 8, 9, 10, 99, 100, 199, 200, 249, 250, 255, 256, 257, 300, 1000)
WRITTEN = [
    *(f"{name}{inside}" for name in (*ALPHABETS, "isng") for inside in ("", "()")),
    *(f"{name}(symmetric)" for name in ("ising", "binary", "gaussian")),
    *(f"{name}({count})" for name in ALPHABETS for count in COUNTS),
    *(
        f"{name}({form})"
        for name in ("potts", "height")
        for form in ("states=3", " states = 300 ", "q")
    ),
    *("ising(symmetry=symmetric)", "ising(symetric)", "spin(S=1)", "spin(S=2)", "potts(q=3)"),
]


@pytest.mark.parametrize("written", WRITTEN)
def test_schema_and_check_agree_on_every_alphabet(written: str) -> None:
    """Every alphabet with every number of states near the limits, as it may be written."""
    text = f"parameters: {{q: 3}}\nlattice: square(4)\nspins: {{s: '{written}'}}\n"
    assert valid(yaml.safe_load(text), WHOLE) == accepted(text)


def accepted(text: str) -> bool:
    """Whether the check finds nothing wrong with how calls are written."""
    try:
        build(read_text(text, "yaml"))
    except SpecError as error:
        return not {problem.code for problem in error.problems} <= REFUSED
    return True


REFUSED = {
    *("unknown-alphabet", "wrong-arity", "missing-option", "unknown-option", "out-of-range"),
    *("wrong-kind", "unknown-word", "bad-symmetry"),
}


@pytest.mark.parametrize(
    "written", ["potts(1)", "potts(2)", "potts(32)", "potts(33)", "spin", "ising", "gaussian"]
)
@pytest.mark.parametrize("form", ["text", "mapping"])
def test_schema_and_check_agree_on_hidden_units(written: str, form: str) -> None:
    """A stack is stricter than the language: hidden units have two to 32 states."""
    name, _, count = written.rstrip(")").partition("(")
    spins = written if form == "text" or not count else f"{{{name}: {count}}}"
    text = (
        "lattice: chain(4)\nspins: {v: ising}\ndata: patterns(4)\n"
        f"stack: [{{rbm: {{hidden: 4, spins: {spins}, train: cd()}}}}]\nflow: train()\n"
    )
    assert valid(yaml.safe_load(text), WHOLE) == accepted(text)
