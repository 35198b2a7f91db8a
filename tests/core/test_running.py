"""Parameters that other specs answer: their values, their errors in every number, and resuming."""

from __future__ import annotations

from dataclasses import replace
from math import hypot
from pathlib import Path

import pytest

import rgc
from rgc.compiler import Compiled
from rgc.model.spec import STAND_IN
from rgc.results.answer_data import Point
from rgc.results.result import Eigenvalue, Estimate, FreeEnergy, Level, Result
from rgc.results.widened import SPREAD, widened
from rgc.runner import Interrupted
from rgc.syntax.print import print_text, print_yaml

UNCERTAIN = """title "a free energy with an error"
parameters { K = 0.44 }
lattice square
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
flow trg(chi=4, steps=8)
"""
MODEL = """title "four spins on a ring"
parameters {{ y = {y}, K = -y/2 }}
lattice chain(4)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
flow enumerate
measure {{ energy, specific_heat }}
"""
TAKEN = MODEL.format(y='from "other.rgc" free_energy')


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("specs")
    (made / "other.rgc").write_text(UNCERTAIN)
    (made / "model.rgc").write_text(TAKEN)
    return made


def prepared(path: Path, **options: dict[str, float]) -> Compiled:
    return rgc.compile(path, backend="reference", **options)


@pytest.fixture(scope="module")
def other(folder: Path) -> FreeEnergy:
    (found,) = prepared(folder / "other.rgc").run(checkpoints=False).result.free_energy
    return found


def at(y: float) -> Result:
    return rgc.compile(MODEL.format(y=y), backend="reference").run(checkpoints=False).result


def test_value_and_error_of_the_answer_are_taken(folder: Path, other: FreeEnergy) -> None:
    assert other.error
    answer = prepared(folder / "model.rgc").run(checkpoints=False)
    middle, above, below = (at(other.value + way * SPREAD * other.error) for way in (0, 1, -1))
    for name in ("energy", "specific_heat"):
        numbers = [each.observables[name].value for each in (middle, above, below)]
        assert None not in numbers
        value, high, low = (float(each or 0) for each in numbers)
        found = answer.observables[name]
        assert found.value == value
        assert found.error == pytest.approx(abs(high - low) / (2 * SPREAD), rel=1e-9)
        assert found.error > 0
        assert found.kind == "estimate"
    told = answer.document()["provenance"]["answers"]["y"]
    assert (told["from"], told["target"]) == ("other.rgc", "free_energy")
    assert (told["value"], told["error"]) == (other.value, other.error)


def test_setting_takes_the_place_of_the_answer(folder: Path) -> None:
    answer = prepared(folder / "model.rgc", settings={"y": -0.9}).run(checkpoints=False)
    assert answer.observables["energy"] == at(-0.9).observables["energy"]
    assert "answers" not in answer.provenance


def test_scan_takes_the_place_of_the_answer(folder: Path) -> None:
    answer = prepared(folder / "model.rgc", scan={"y": [-0.8, -0.9]}).run(checkpoints=False)
    found = [point.result.observables["energy"] for point in answer.points]
    assert found == [at(y).observables["energy"] for y in (-0.8, -0.9)]


def test_measure_of_the_scan_has_the_error_too(folder: Path, other: FreeEnergy) -> None:
    text = TAKEN.replace("K = -y/2", "g = 1, K = -g*y/2")
    scan = "scan { g = 0.4:3.2:8 }\nmeasure { specific_heat, C = extremum(specific_heat, g) }\n"
    (folder / "scan.rgc").write_text(text.replace("measure { energy, specific_heat }\n", scan))
    path = folder / "scan.rgc"
    found = prepared(path).run(checkpoints=False).observables["C"]
    alone = prepared(path, settings={"y": other.value}).run(checkpoints=False).observables["C"]
    assert found.value == alone.value
    # The peak stands at one value of K = -g*y/2, so that g has the relative error of y.
    assert other.error is not None
    assert found.value is not None
    assert found.systematic is not None
    change = found.value * abs(other.error / other.value)
    assert found.systematic == pytest.approx(hypot(alone.systematic or 0, change), rel=1e-3)
    assert found.systematic > (alone.systematic or 0)


def test_stopped_in_the_other_spec_and_resumed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RGC_CACHE", str(tmp_path))
    made = prepared(folder / "model.rgc")
    with pytest.raises(Interrupted):
        made.run(time_limit=1e-9)
    assert list(tmp_path.rglob("point-*.npz"))
    again = made.run(resume=True)
    assert not again.warnings
    assert again.points == made.run(checkpoints=False).points
    assert not list(tmp_path.rglob("point-*.npz"))


def test_answer_without_an_error_is_refused(folder: Path) -> None:
    text = UNCERTAIN.replace("K = 0.44", "K = 0.05")
    (folder / "hot.rgc").write_text(text)
    (folder / "nothing.rgc").write_text(TAKEN.replace('other.rgc" free_energy', 'hot.rgc" y_t'))
    with pytest.raises(rgc.SpecError) as refused:
        prepared(folder / "nothing.rgc").run(checkpoints=False)
    (problem,) = refused.value.problems
    assert problem.code == "no-answer"
    assert problem.span is not None
    assert problem.span.text == "y_t"


def test_both_spellings_are_the_same_spec(folder: Path) -> None:
    loaded = rgc.load(folder / "model.rgc")
    assert loaded.spec.parameters["y"] == STAND_IN
    assert 'y = from "other.rgc" free_energy' in print_text(loaded.document)
    (folder / "model.yaml").write_text(print_yaml(loaded.document))
    assert rgc.load(folder / "model.yaml").sha256 == loaded.sha256


def test_text_without_a_folder_is_refused() -> None:
    with pytest.raises(rgc.SpecError) as refused:
        rgc.load(TAKEN)
    assert [problem.code for problem in refused.value.problems] == ["from-without-folder"]


# -- errors ----------------------------------------------------------------------------------------


def eigenvalue(value: float) -> Eigenvalue:
    return Eigenvalue(
        value=value, imag=0.0, error=0.1, exponent=value / 2, exponent_error=None, sector="even",
        level=1, operators=1,
    )  # fmt: skip


def result(x: float) -> Result:
    return Result(
        "mcrg",
        exponents={"y_t": Estimate(x, 0.3, systematic=0.1, rule="as said")},
        levels=(Level(0, (4,), averages={"energy": Estimate(x, None, note="short")}),),
        eigenvalues=(eigenvalue(x),),
        free_energy=(FreeEnergy("trg", x, 0.0, "truncated"),),
        values={"never": Estimate(1.0, 0.1)} if x else {},
    )


def test_every_number_has_the_change_in_its_error() -> None:
    points = [Point({}, result(1.0 + way * 2 * SPREAD)) for way in (0, 1, -1)]
    found = widened(*points, "K").result  # one error changes x by 2
    y = found.exponents["y_t"]
    assert (y.error, y.statistical, y.systematic) == (hypot(0.3, 2), 0.3, hypot(0.1, 2))
    assert y.rule == "as said; with what the error of K changes"
    assert found.levels[0].averages["energy"] == Estimate(1.0, None, note="short")
    assert found.eigenvalues[0].error == hypot(0.1, 2)
    assert found.eigenvalues[0].exponent_error is None
    assert found.free_energy[0].error == 2
    assert found.values["never"] == Estimate(1.0, 0.1)


def test_number_that_is_not_always_there_has_no_error() -> None:
    gone = replace(result(1.0), values={}, levels=(), eigenvalues=(), free_energy=())
    found = widened(result(1.0), result(1.0), gone, "K")
    assert found.values["never"].error is None
    assert "'K' is uncertain" in found.values["never"].note
    assert (found.free_energy[0].error, found.eigenvalues[0].error) == (None, None)
    assert "'K' is uncertain" in found.free_energy[0].note
