"""Models of dimod and ALPS as specs: ln Z of the spec against a sum over the states of the model as
its own file has it, and what cannot be said.

The files of dimod were written by dimod 0.12.23: `labelled` is the same model three times.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Mapping, Sequence
from itertools import product
from math import exp, log
from pathlib import Path
from shutil import copy

import pytest

import rgc
from rgc.cli.convert import main
from rgc.errors import SpecError
from rgc.text import MODEL_BYTES

HERE = Path(__file__).parent
LATTICES, MODELS = HERE / "lattices.xml", HERE / "models.xml"

Terms = Mapping[tuple[int, ...], float]

LABELLED: Terms = {
    (0,): 0.5,
    (1,): -1.25,
    (3,): 0.125,
    (0, 1): 1.0,
    (1, 2): -0.75,
    (0, 2): 0.3,
}
BITS: Terms = {
    (0,): 0.5,
    (1,): -1.25,
    (3,): 0.7,
    (0, 1): 1.0,
    (1, 2): -0.75,
    (2, 3): 0.4,
    (0, 3): -1.1,
}


def log_z(terms: Terms, count: int, states: Sequence[float]) -> float:
    """ln sum exp(-E) over all states."""
    total = 0.0
    for state in product(states, repeat=count):
        energy = 0.0
        for variables, bias in terms.items():
            value = bias
            for v in variables:
                value *= state[v]
            energy += value
        total += exp(-energy)
    return log(total)


def converted(folder: Path, *words: str) -> float:
    """ln Z of the spec that a command makes, by `enumerate`."""
    target = folder / "made.rgc"
    assert main([*words[:1], str(target), *words[1:]]) == 0
    text = target.read_text().replace("sample(sweeps=1000)", "enumerate")
    target.write_text(text)
    answer = rgc.compile(target, threads=1).run(checkpoints=False)
    return answer.points[0].result.observables["log_z"].value


@pytest.mark.parametrize("name", ["labelled.json", "labelled.bqm", "labelled_v1.bqm"])
def test_a_model_with_labels(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """d has no edge, so that another variable is the last site; a table says which."""
    found = converted(tmp_path, str(HERE / name))
    assert found == pytest.approx(log_z(LABELLED, 4, (-1, 1)), abs=1e-12)
    sites = (tmp_path / "made_sites.csv").read_text().splitlines()
    assert sites == ["site,variable", '0,"a"', '1,"b"', '3,"c"', '2,"d"']
    assert "the offset 0.3 is left out" in capsys.readouterr().err


def test_bits_in_rows(tmp_path: Path) -> None:
    found = converted(tmp_path, str(HERE / "bits.coo"))
    assert found == pytest.approx(log_z(BITS, 4, (0, 1)), abs=1e-12)


def test_rows_of_more_than_two_variables(tmp_path: Path) -> None:
    """A variable that stands twice in a row of spins is 1."""
    source = tmp_path / "cubic.coo"
    source.write_text("# vartype=SPIN\n0 1 2 -0.5\n1 2 3 0.25\n3 3 0.5\n0 3 4 1\n0 1 1 2 3 0\n")
    terms = {(0, 1, 2): -0.5, (1, 2, 3): 0.25, (3,): 0.5, (0, 3, 4): 1.0}
    assert converted(tmp_path, str(source)) == pytest.approx(log_z(terms, 5, (-1, 1)), abs=1e-12)


def test_rows_of_several_sizes(tmp_path: Path) -> None:
    source = tmp_path / "mixed.coo"
    source.write_text("# vartype=BINARY\n0 1 2 -0.5\n1 3 0.25\n3 0.5\n0 1 2 3 1\n0 2 -1\n")
    terms = {(0, 1, 2): -0.5, (1, 3): 0.25, (3,): 0.5, (0, 1, 2, 3): 1.0, (0, 2): -1.0}
    assert converted(tmp_path, str(source)) == pytest.approx(log_z(terms, 4, (0, 1)), abs=1e-12)
    assert "0,1,2,3,1.0\n0,2,,,-1.0" in (tmp_path / "made_edges.csv").read_text()


def bonds(size: int, *steps: tuple[tuple[int, int], float]) -> dict[tuple[int, ...], float]:
    """Bonds of a torus of single sites, for each step from every site."""
    found: dict[tuple[int, ...], float] = {}
    for x, y in product(range(size), repeat=2):
        for (dx, dy), energy in steps:
            one = x * size + y, (x + dx) % size * size + (y + dy) % size
            pair = tuple(sorted(one))
            found[pair] = found.get(pair, 0.0) + energy
    return found


def test_a_lattice_and_a_model_of_alps(tmp_path: Path) -> None:
    """J0 = J = 2 along x and J1 = .5 along y, Sz = s/2, and a field."""
    found = converted(
        tmp_path, str(LATTICES), "--lattice", "anisotropic square lattice", "--model", str(MODELS),
        "--hamiltonian", "Ising", "--set", "L=3", "--set", "J=2", "--set", "J1=0.5",
        "--set", "h=0.3",
    )  # fmt: skip
    terms = bonds(3, ((1, 0), 2 / 4), ((0, 1), 0.5 / 4))
    terms |= {(site,): -0.3 / 2 for site in range(9)}
    assert found == pytest.approx(log_z(terms, 9, (-1, 1)), abs=1e-12)


def test_spins_of_length_one(tmp_path: Path) -> None:
    found = converted(
        tmp_path, str(LATTICES), "--lattice", "anisotropic square lattice", "--model", str(MODELS),
        "--hamiltonian", "Ising", "--set", "L=2", "--set", "W=2", "--set", "local_S=1",
    )  # fmt: skip
    terms = bonds(2, ((1, 0), 1.0), ((0, 1), 1.0))
    assert found == pytest.approx(log_z(terms, 4, (-1, 0, 1)), abs=1e-12)


def test_a_cell_of_three_sites_is_the_kagome_lattice(tmp_path: Path) -> None:
    found = converted(tmp_path, str(LATTICES), "--lattice", "kagome lattice", "--set", "L=2")
    text = """parameters { K = 1 }
lattice kagome(2)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
flow enumerate
"""
    own = rgc.compile(text, threads=1).run(checkpoints=False).points[0].result
    assert found == pytest.approx(own.observables["log_z"].value, abs=1e-12)


def test_a_graph_of_alps(tmp_path: Path) -> None:
    found = converted(tmp_path, str(LATTICES), "--lattice", "5-ring", "--set", "K=0.7")
    terms = {(k, (k + 1) % 5): -0.7 for k in range(5)}
    assert found == pytest.approx(log_z(terms, 5, (-1, 1)), abs=1e-12)


REFUSED = [
    ("no vartype", "m.coo", "0 1 1\n", (), "does not say what its variables are"),
    ("no row", "m.coo", "# vartype=SPIN\n0 1 x\n", (), "line 2: no row"),
    ("not finite", "m.coo", "# vartype=SPIN\n0 1 nan\n", (), "no finite number"),
    ("far", "m.coo", "# vartype=SPIN\n0 1000000000000 1\n", (), "has a variable 1000000000000"),
    ("nothing joined", "m.coo", "# vartype=SPIN\n0 0 1\n", (), "joins variables"),
    ("another type", "m.json", '{"type": "SampleSet"}', (), "holds SampleSet"),
    ("no JSON", "m.json", "{", (), "is no JSON"),
    ("a part", "m.json", '{"type": "BinaryQuadraticModel"}', (), "variable_type"),
    ("no file", "m.bqm", "", (), "no file of dimod"),
    ("constrained", "m.bqm", "PK", (), "a constrained quadratic model"),
    ("no XML", "m.xml", "<LATTICES>", (), "is no XML"),
    ("entities", "m.xml", "<!DOCTYPE x [<!ENTITY a 'b'>]><LATTICES/>", (), "defines entities"),
    ("no lattice", "m.xml", "<LATTICES/>", (), "holds no lattice"),
    ("several", None, "", (), "3 of them"),
    ("unknown", None, "", ("--lattice", "fcc"), "no lattice 'fcc'"),
    ("no size", None, "", ("--lattice", "kagome lattice"), "L has no value"),
    ("boundary", None, "", ("--lattice", "kagome lattice", "--set", "L=4", "--set", "BC=twisted"),
     "the boundary 'twisted'"),
    ("quantum", None, "", ("--lattice", "5-ring", "--model", str(MODELS), "--hamiltonian", "spin"),
     "holds exchange"),
    ("long spins", None, "", ("--lattice", "5-ring", "--model", str(MODELS), "--hamiltonian",
     "Ising", "--set", "local_S=3/2"), "local_S = 3/2"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "words", "message"),
    [each[1:] for each in REFUSED],
    ids=[each[0] for each in REFUSED],
)
def test_what_cannot_be_said(
    name: str | None, text: str, words: Sequence[str], message: str, tmp_path: Path
) -> None:
    source = LATTICES if name is None else tmp_path / name
    if name is not None:
        source.write_text(text)
    with pytest.raises(SpecError) as caught:
        main([str(source), str(tmp_path / "made.rgc"), *words])
    (problem,) = caught.value.problems
    assert problem.code == "foreign-model"
    assert message in problem.message
    assert not (tmp_path / "made.rgc").exists()


def test_entities_in_another_encoding_are_not_read_either(tmp_path: Path) -> None:
    """Bytes of UTF-16 hold no `<!ENTITY` that a search of bytes would find."""
    source = tmp_path / "m.xml"
    source.write_text("<!DOCTYPE x [<!ENTITY a 'b'>]><LATTICES/>", encoding="utf-16")
    with pytest.raises(SpecError, match="no text in UTF-8"):
        main([str(source), str(tmp_path / "made.rgc")])


@pytest.mark.parametrize("name", ["m.xml", "m.coo", "m.json", "m.bqm"])
def test_a_file_that_is_too_large_is_not_read(name: str, tmp_path: Path) -> None:
    source = tmp_path / name
    with source.open("wb") as file:
        file.truncate(2**30)  # without a block on the disk
    tracemalloc.start()
    try:
        with pytest.raises(SpecError, match="is larger than 16 MiB"):
            main([str(source), str(tmp_path / "made.rgc")])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2.5 * MODEL_BYTES


def test_other_files_of_dimod_are_named(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="a quadratic model"):
        main([str(HERE / "other.bqm"), str(tmp_path / "made.rgc")])


def test_a_damaged_file(tmp_path: Path) -> None:
    """Cut off anywhere before the names of its variables, which are the last part."""
    whole, cut = (HERE / "labelled.bqm").read_bytes(), tmp_path / "cut.bqm"
    for length in range(8, whole.index(b"VARS"), 7):
        cut.write_bytes(whole[:length])
        with pytest.raises(SpecError, match="is damaged"):
            main([str(cut), ".rgc"])


def test_options_of_alps_belong_to_it(tmp_path: Path) -> None:
    copy(HERE / "bits.coo", tmp_path / "bits.coo")
    for words in (["--lattice", "x"], ["--set", "L=2"]):
        with pytest.raises(SpecError, match="for a lattice of ALPS"):
            main([str(tmp_path / "bits.coo"), str(tmp_path / "made.rgc"), *words])


def test_tables_that_are_there_are_kept(tmp_path: Path) -> None:
    (tmp_path / "made_edges.csv").write_text("mine")
    with pytest.raises(SpecError, match="exists already"):
        main([str(HERE / "bits.coo"), str(tmp_path / "made.rgc")])
    assert (tmp_path / "made_edges.csv").read_text() == "mine"
    assert not (tmp_path / "made.rgc").exists()
