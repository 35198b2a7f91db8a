"""Files of data: what a check says of them from their headers alone, and what a run says of their
values.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rgc
from rgc import runner
from rgc.array_files import Unreadable, digest, headers
from rgc.errors import SpecError
from rgc.flows.data.files import read_rows
from rgc.flows.flow import Account, State
from rgc.model.data import File, source_of
from rgc.results.result import Result

SPEC = """\
spins v: binary
data {data}
map linear([[1, 0], [0, 1]])
flow iterate()
"""


@dataclass(slots=True)
class Counter:
    """A flow of three steps."""

    steps: int = 3
    scheme: str = "counter"
    provenance: dict[str, Any] = field(default_factory=dict)

    def start(self) -> State:
        return State()

    def step(self, state: State) -> State:
        state.done += 1
        return state

    def accounts(self) -> tuple[Account, ...]:
        return ()

    def finish(self, state: State) -> Result:
        return Result(self.scheme)


def saved(folder: Path, name: str, array: Any) -> Path:
    path = folder / name
    if path.suffix == ".npz":
        np.savez(path, **array)
    else:
        np.save(path, array)
    return path


def code_of(folder: Path, data: str) -> tuple[str, str]:
    """The code and the message of the only problem that a check finds in a source."""
    path = folder / "spec.rgc"
    path.write_text(SPEC.format(data=data), "utf-8")
    with pytest.raises(SpecError) as caught:
        rgc.load(path)
    (problem,) = caught.value.problems
    assert problem.span is not None
    assert problem.span.position[0] == 2
    return problem.code, problem.message


def read_error(folder: Path, **given: Any) -> tuple[str, str]:
    with pytest.raises(SpecError) as caught:
        read_rows(File(folder=folder, **given))
    (problem,) = caught.value.problems
    return problem.code, problem.message


@pytest.mark.parametrize("dtype", ["?", "<i1", "<u2", ">i4", "<i8", "<f4", ">f8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_headers_are_those_of_numpy(tmp_path: Path, dtype: str, order: Any) -> None:
    array = np.asarray(np.arange(24).reshape(2, 3, 4) % 2, dtype=dtype, order=order)
    (header,) = headers(saved(tmp_path, "x.npy", array)).values()
    assert header.shape == (2, 3, 4)
    assert np.dtype(header.dtype) == array.dtype
    rows = read_rows(File(path="x.npy", folder=tmp_path))
    assert rows.values.tolist() == array.reshape(2, 12).tolist()


def test_compressed_archives_and_their_names(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "x.npz", a=np.zeros((3, 2)), b=np.ones((5, 1)))
    assert {name: header.shape for name, header in headers(tmp_path / "x.npz").items()} == {
        "a": (3, 2),
        "b": (5, 1),
    }
    rows = read_rows(File(path="x.npz", array="b", folder=tmp_path))
    assert rows.values.tolist() == [[1.0]] * 5
    code, message = code_of(tmp_path, 'file("x.npz")')
    assert code == "several-arrays"
    assert "a and b" in message
    assert code_of(tmp_path, 'file("x.npz", array="c")')[0] == "unknown-array"


@pytest.mark.parametrize("head", ["", "x, y\n", "\ufeffx,y\n\n", '"x, 1",y\n'])
def test_tables_with_and_without_names(tmp_path: Path, head: str) -> None:
    (tmp_path / "x.csv").write_text(f"{head}1,2\n\n3,-4e-1\n", "utf-8")
    assert headers(tmp_path / "x.csv")[""].shape == (2, 2)
    assert read_rows(File(path="x.csv", folder=tmp_path)).values.tolist() == [[1, 2], [3, -0.4]]


def test_numbers_in_quotes_are_no_names(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text('"1","2"\n"3","4"\n', "utf-8")
    assert read_rows(File(path="x.csv", folder=tmp_path)).values.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("1,2\n3,four\n", "not-a-number", "'four' in row 1, column 1"),
        ("1,2\n3\n", "wrong-columns", "row 1 of 'x.csv' has 1 columns, and the first has 2"),
        ("x,y,z\n1,2\n", "wrong-columns", "the rows of 'x.csv' have 2 columns, and it names 3"),
        ("1,2\n3,nan\n", "not-finite", "nan in row 1, column 1"),
        ("1,2\n-inf,3\n", "not-finite", "-inf in row 1, column 0"),
        ("1_0,2\n3,4\n", "not-a-number", "'1_0' in row 0, column 0"),
    ],
)
def test_cells_that_are_no_numbers(tmp_path: Path, text: str, code: str, said: str) -> None:
    (tmp_path / "x.csv").write_text(text, "utf-8")
    found, message = read_error(tmp_path, path="x.csv")
    assert (found, said in message) == (code, True), message


def test_what_a_check_refuses_by_the_header(tmp_path: Path) -> None:
    saved(tmp_path, "objects.npy", np.array([[None]], dtype=object))
    saved(tmp_path, "texts.npy", np.array([["a"]]))
    saved(tmp_path, "complex.npy", np.array([[1j]]))
    saved(tmp_path, "records.npy", np.zeros((2, 2), dtype=[("a", "f8")]))
    saved(tmp_path, "line.npy", np.zeros(5))
    saved(tmp_path, "none.npy", np.zeros((0, 5)))
    (tmp_path / "text.npy").write_text("1,2\n")
    (tmp_path / "x.dat").write_text("1,2\n")
    (tmp_path / "x.npz").write_text("1,2\n")
    whole = saved(tmp_path, "whole.npy", np.zeros((10, 10))).read_bytes()
    (tmp_path / "cut.npy").write_bytes(whole[:-1])
    (tmp_path / "head.npy").write_bytes(whole[:50])
    (tmp_path / "latin.csv").write_bytes(b"1,2\n3,\xe9\n")
    said = {
        "objects.npy": "holds Python objects, not numbers",
        "texts.npy": "holds texts, not numbers",
        "complex.npy": "holds complex numbers, not numbers",
        "records.npy": "holds records, not numbers",
        "line.npy": "holds an array of one axis",
        "text.npy": "does not begin as an array of NumPy does",
        "x.dat": "is no .npy, .npz or .csv file",
        "x.npz": "is no archive of arrays",
        "cut.npy": f"is cut off: its header promises 10 x 10, which takes {len(whole)} bytes",
        "head.npy": "has a header of 118 bytes, and 50 bytes in all",
        "latin.csv": "is not a text in UTF-8",
    }
    for name, words in said.items():
        code, message = code_of(tmp_path, f'file("{name}")')
        assert (code, f"'{name}' {words}" in message) == ("unreadable-file", True), message
    assert code_of(tmp_path, 'file("none.npy")') == ("no-rows", "'none.npy' has no rows")
    assert code_of(tmp_path, 'file("nothing.npy")')[0] == "missing-file"


def test_a_member_of_an_archive_is_not_read_beyond_its_end(tmp_path: Path) -> None:
    short = saved(tmp_path, "a.npy", np.zeros((10, 10))).read_bytes()[:-8]
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("a.npy", short)
    with pytest.raises(Unreadable, match=r"cut off.* \(in 'a.npy'\)"):
        headers(tmp_path / "x.npz")


def test_what_is_damaged_behind_its_header(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "x.npz", a=np.arange(10_000.0).reshape(100, 100))
    whole = bytearray((tmp_path / "x.npz").read_bytes())
    middle = len(whole) // 2
    whole[middle : middle + 40] = bytes(40)
    (tmp_path / "x.npz").write_bytes(whole)
    assert read_error(tmp_path, path="x.npz")[0] == "unreadable-file"
    (tmp_path / "x.csv").write_text('"' + "1" * 200_000 + '",2\n')
    assert code_of(tmp_path, 'file("x.csv")')[0] == "unreadable-file"
    saved(tmp_path, "none.npy", np.zeros((5, 0)))
    assert code_of(tmp_path, 'file("none.npy")')[0] == "no-rows"


def test_a_file_that_changes_while_a_spec_is_compiled(tmp_path: Path) -> None:
    path = tmp_path / "spec.rgc"
    path.write_text(SPEC.format(data='file("x.npy")'), "utf-8")
    saved(tmp_path, "x.npy", np.eye(2))
    data = rgc.load(path).spec.data
    saved(tmp_path, "x.npy", np.eye(3))
    assert isinstance(data, File)
    with pytest.raises(SpecError, match=r"'x\.npy' has changed since it was checked"):
        read_rows(data)


def test_validation_leaves_rows_on_both_sides(tmp_path: Path) -> None:
    saved(tmp_path, "x.npy", np.zeros((5, 2)))
    code, message = code_of(tmp_path, 'file("x.npy", validation=0.1)')
    assert (code, message) == ("no-rows", "validation=0.1 of 5 rows leaves none to validate with")
    saved(tmp_path, "x.npy", np.zeros((1, 2)))
    assert code_of(tmp_path, 'file("x.npy", validation=0.9)')[0] == "no-rows"


def test_weights_of_rows(tmp_path: Path) -> None:
    saved(tmp_path, "x.npy", np.zeros((3, 2)))
    saved(tmp_path, "w.npy", np.array([1, 0, 2]))
    rows = read_rows(File(path="x.npy", weights="w.npy", folder=tmp_path))
    assert rows.weights is not None
    assert rows.weights.tolist() == [1, 0, 2]
    saved(tmp_path, "w.npy", np.array([1, 2]))
    assert code_of(tmp_path, 'file("x.npy", weights="w.npy")')[0] == "wrong-rows"
    for wrong, code in (([1, -1, 2], "out-of-range"), ([0, 0, 0], "out-of-range")):
        saved(tmp_path, "w.npy", np.array(wrong))
        assert read_error(tmp_path, path="x.npy", weights="w.npy")[0] == code
    saved(tmp_path, "w.npy", np.array([1, np.nan, 2]))
    assert read_error(tmp_path, path="x.npy", weights="w.npy")[0] == "not-finite"


def test_a_file_is_read_from_the_folder_of_the_spec(tmp_path: Path) -> None:
    path = tmp_path / "spec.rgc"
    path.write_text(SPEC.format(data='file("x.npy")'), "utf-8")
    saved(tmp_path, "x.npy", np.eye(2))
    data = rgc.load(path).spec.data
    assert data is not None
    source = source_of(data)
    assert isinstance(source, File)
    assert read_rows(source).values.tolist() == [[1, 0], [0, 1]]
    assert digest(tmp_path / "x.npy") != digest(path)
    with pytest.raises(SpecError) as caught:
        rgc.load(SPEC.format(data='file("x.npy")'))
    assert [problem.code for problem in caught.value.problems] == ["file-without-folder"]


def test_a_checkpoint_belongs_to_the_bytes_of_the_files(tmp_path: Path) -> None:
    """A run is not resumed on data or weights that have changed since."""
    saved(tmp_path, "x.npy", np.zeros((4, 2)))
    saved(tmp_path, "w.npy", np.ones(4))
    saved(tmp_path, "m.npy", np.ones((2, 3)))
    path = tmp_path / "spec.rgc"
    path.write_text(
        'spins v: binary\ndata file("x.npy", weights="w.npy")\n'
        'stack { rbm(3, connect=mask("m.npy"), train=cd()) }\nflow train()\n'
    )
    digests = rgc.load(path).digests()
    assert set(digests) == {"file 'x.npy'", "file 'w.npy'", "file 'm.npy'"}
    assert digests["file 'm.npy'"] == digest(tmp_path / "m.npy")
    where = tmp_path / "point.npz"
    saving = runner.Saving(where, {"seed": 1, **digests}, finished=True)
    runner.run(Counter(), saving=saving)
    saved(tmp_path, "w.npy", np.array([1.0, 1, 1, 2]))
    changed = runner.Saving(where, {"seed": 1, **rgc.load(path).digests()}, resume=True)
    with pytest.raises(SpecError, match=r"belongs to another run: its file 'w\.npy' is"):
        runner.run(Counter(), saving=changed)
    (tmp_path / "m.npy").unlink()
    with pytest.raises(SpecError, match="missing-file"):
        rgc.load(path)


def test_a_check_of_a_file_imports_no_array_library(tmp_path: Path) -> None:
    saved(tmp_path, "x.npy", np.eye(2))
    path = tmp_path / "spec.rgc"
    path.write_text(SPEC.format(data='file("x.npy")'), "utf-8")
    script = "import sys, rgc; rgc.load(sys.argv[1]); print('numpy' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
