"""Studies: runs of other specs, numbers made of their answers, and verdicts on claims."""

from __future__ import annotations

import json
from math import hypot
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rgc
from rgc.analysis.statistics import jackknife
from rgc.compiler import Compiled
from rgc.model.claim import Bearing, Claim, RunAnswer, Word
from rgc.model.expressions import Apply, Expression
from rgc.model.target import ExpectedValue, Target, Tolerance
from rgc.results.derived import Run, derived
from rgc.results.document_schema import schema
from rgc.results.result import Estimate, Kind
from rgc.results.verdict import verdict
from rgc.runner import Interrupted, Stop
from tests.core.json_schema import valid

EXACT = """
parameters { K = 0.44 }
lattice square(3)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
flow enumerate()
measure { energy, abs_m }
"""

SAMPLED = """
parameters { K = 0.3, L = 4 }
lattice square(L)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
flow sample(sweeps=200, thermalise=100, replicas=64, seed=5)
measure { energy, abs_m }
"""

STUDY = """
title "Exact and sampled"
parameters { K0 = 0.25 }
runs {
  exact = "exact.rgc" { K = K0 }
  mc = "sampled.rgc" { L = 3, K = [K0, 0.3] }
  other = "sampled.rgc" { L = 3, K = K0 }
}
measure {
  gap = mc.energy[K=K0] - exact.energy
  twice = mc.energy[K=0.3] + mc.abs_m[K=0.3]
  half = (mc.energy[K=0.3] - other.energy) / 2
  again = 2*gap
}
claim "Sampling gives the energy" from "this test"
supports { gap = 0 within 0.02 }
refutes { gap above 0.05 }
expect { verdict = supported, exact.energy = -0.18 within 0.1, gap = 0 within 4 sigma }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("exact", EXACT), ("sampled", SAMPLED), ("study", STUDY)):
        (tmp_path / f"{name}.rgc").write_text(text, "utf-8")
    return tmp_path


def run(folder: Path, name: str = "study.rgc", **options: object) -> rgc.results.answer.Answer:
    return rgc.compile(folder / name).run(warn=lambda message: None, **options)  # type: ignore[arg-type]


def test_numbers_of_runs_are_those_of_the_specs_by_themselves(folder: Path) -> None:
    answer = run(folder)
    alone = rgc.compile(folder / "exact.rgc", settings={"K": 0.25}).run()
    scanned = rgc.compile(folder / "sampled.rgc", settings={"L": 3}, scan={"K": [0.25, 0.3]}).run()
    assert answer.runs["exact"].observables["energy"] == alone.observables["energy"]
    assert answer.runs["mc"].points == scanned.points
    gap = answer.observables["gap"]
    sampled = scanned.points[0].result.averages["energy"]
    assert gap.value == sampled.value - alone.observables["energy"].value
    assert gap.error == pytest.approx(sampled.error)
    assert answer.observables["again"].value == 2 * gap.value
    assert answer.passed


def test_numbers_of_one_seed_are_resampled_together(folder: Path) -> None:
    """E + |m| of one run is an average like others, and so is what two runs of a seed differ by."""
    answer = run(folder)
    scan, other = answer.runs["mc"].points[1].result.averages, answer.runs["other"].observables
    energy, size = (np.array(scan[name].resamples) for name in ("energy", "abs_m"))
    twice, half = (answer.observables[name] for name in ("twice", "half"))
    assert twice.error == pytest.approx(float(jackknife(energy + size)[1]))
    assert twice.error < scan["energy"].error + scan["abs_m"].error
    gap = energy - np.array(other["energy"].resamples)
    assert half.error == pytest.approx(float(jackknife(gap / 2)[1]))
    assert "by the jackknife of runs with one seed" in half.rule


def test_replicas_of_one_seed_share_random_numbers(tmp_path: Path) -> None:
    """The energies of two specs with one seed at K = 0.30 and 0.31 differ by less than their errors
    say, and those of two seeds do not.
    """
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        K = 0.3 if name == "a" else 0.31
        (tmp_path / f"{name}.rgc").write_text(
            SAMPLED.replace("K = 0.3", f"K = {K}").replace("seed=5", f"seed={seed}")
        )
    text = """
runs { a = "a.rgc", b = "b.rgc", c = "c.rgc" }
measure { same = a.energy - b.energy, other = a.energy - c.energy }
"""
    (tmp_path / "s.rgc").write_text(text)
    found = rgc.compile(tmp_path / "s.rgc").run()
    errors = [found.runs[name].observables["energy"].error for name in "abc"]
    same, other = (found.observables[name].error for name in ("same", "other"))
    assert same < 0.9 * hypot(*errors[:2])
    assert other == pytest.approx(hypot(errors[0], errors[2]))


def test_errors_without_resamples_are_added_in_a_run_and_in_quadrature_apart() -> None:
    x, y = (RunAnswer("a", Target(target=name, path=(name,))) for name in "xy")
    z = RunAnswer("b", Target(target="z", path=("z",)))
    found = {leaf: Estimate(1.0, 0.3, statistical=0.3) for leaf in (x, y, z)}
    kept = Estimate(1.0, 0.3, statistical=0.3, resamples=(1.0, 0.9, 1.1))

    def of(leaf: Expression) -> Run:
        return Run(getattr(leaf, "run", ""), 1)

    total = Apply("+", (Apply("+", (x, y)), z))
    assert derived(total, found, of).error == pytest.approx(hypot(0.6, 0.3))
    mixed = derived(total, {**found, x: kept}, of)
    assert mixed.error == pytest.approx(hypot(0.6, 0.3)), "the run a has a number without"


def test_a_study_in_a_folder(folder: Path) -> None:
    out = folder / "out"
    answer = run(folder, out=out)
    document = json.loads((out / "summary.json").read_text("utf-8"))
    assert valid(document, schema())
    assert document["verdict"]["verdict"] == "supported"
    assert document["runs"]["mc"]["points"] == 2
    for name in answer.runs:
        assert document["runs"][name]["folder"] == name
        assert (out / name / "report.html").exists()
        assert not list((out / name).glob("checkpoints/*"))
    page = (out / "report.html").read_text("utf-8")
    assert 'href="mc/report.html"' in page
    assert "Sampling gives the energy" in page


def test_a_study_that_is_stopped_resumes_in_the_run_it_was_in(folder: Path) -> None:
    whole = run(folder)
    stop, seen = Stop(), list[str]()

    class Told(rgc.progress.Silent):
        def start(self, task: str, steps: int, done: int = 0) -> None:
            seen.append(task)
            if task.startswith("other"):
                stop.signal = 15

    with pytest.raises(Interrupted):
        run(folder, out=folder / "out", progress=Told(), stop=stop)
    assert [task.split(":")[0] for task in seen] == ["exact", "mc", "mc", "other"]
    with pytest.raises(rgc.SpecError, match="unfinished-run"):
        run(folder, out=folder / "out")
    resumed = run(folder, out=folder / "out", resume=True)
    assert resumed.observables == whole.observables
    assert resumed.verdict == whole.verdict


def test_a_study_prepares_each_run_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare, made = Compiled.other, list[str]()

    def counted(self: Compiled, file: Path, *given: Any) -> Compiled:
        made.append(file.name)
        return prepare(self, file, *given)

    compiled = rgc.compile(folder / "study.rgc")
    monkeypatch.setattr(Compiled, "other", counted)
    assert "sources" in compiled.run().provenance
    assert made == ["exact.rgc", "sampled.rgc", "sampled.rgc"]


def test_equal_runs_are_made_once_and_seeds_add_up(folder: Path) -> None:
    text = 'runs { a = "sampled.rgc" { L = 3 }, b = "sampled.rgc" { L = 3 } }'
    (folder / "two.rgc").write_text(text + "\nmeasure { d = a.energy - b.energy }\n", "utf-8")
    answer = run(folder, "two.rgc", seed=2)
    assert answer.runs["a"] is answer.runs["b"]
    assert answer.runs["a"].seed == 7
    assert answer.observables["d"].value == 0


def test_a_study_of_a_study_and_a_parameter_taken_from_one(folder: Path) -> None:
    outer = 'runs { inner = "study.rgc" }\nmeasure { g = 3*inner.gap }\n'
    (folder / "outer.rgc").write_text(outer, "utf-8")
    found = run(folder, "outer.rgc", out=folder / "out")
    assert found.observables["g"].value == 3 * run(folder).observables["gap"].value
    assert (folder / "out" / "inner" / "mc" / "summary.json").exists()
    taken = EXACT.replace("K = 0.44", 'K = from "study.rgc" exact.energy')
    (folder / "taken.rgc").write_text(taken, "utf-8")
    answer = run(folder, "taken.rgc")
    energy = run(folder).runs["exact"].observables["energy"].value
    assert answer.provenance["answers"]["K"]["value"] == energy


def test_both_spellings_say_the_same(folder: Path) -> None:
    from rgc.syntax.print import convert

    document = rgc.load(folder / "study.rgc").document
    (folder / "study.yaml").write_text(convert(document, "yaml"), "utf-8")
    assert rgc.load(folder / "study.yaml").sha256 == rgc.load(folder / "study.rgc").sha256


def test_a_study_has_no_certificate_and_no_hamiltonian(folder: Path) -> None:
    from rgc.cli import main

    with pytest.raises(rgc.SpecError, match=r"(?s)no-physics.*verify exact\.rgc and sampled\.rgc"):
        rgc.verify(folder / "study.rgc")
    assert main(["run", str(folder / "study.rgc"), "--emit", str(folder / "x.rgc")]) == 2


def test_what_a_run_takes_is_found_for_each(folder: Path) -> None:
    from rgc import cost

    alone = cost.of_run(rgc.load(folder / "sampled.rgc", settings={"L": 3}))
    assert cost.of_run(rgc.load(folder / "study.rgc")).seconds >= 3 * alone.seconds


def test_studies_that_run_each_other_are_a_cycle_however_long(folder: Path) -> None:
    (folder / "a.rgc").write_text('runs { b = "b.rgc" }\nmeasure { x = b.y }\n', "utf-8")
    (folder / "b.rgc").write_text('runs { c = "c.rgc" }\nmeasure { y = c.z }\n', "utf-8")
    (folder / "c.rgc").write_text('runs { a = "a.rgc" }\nmeasure { z = a.x }\n', "utf-8")
    with pytest.raises(rgc.SpecError, match=r"runs-cycle.*b\.rgc -> c\.rgc -> a\.rgc -> b\.rgc"):
        rgc.load(folder / "a.rgc")


ONE_UNIT = """
lattice square(4)
spins s: ising
hamiltonian - 0.3 * sum(<i,j>) s[i]*s[j]
data samples(100)
stack { rbm(hidden=1, train=cd(k=1, epochs=1, batch=50)) }
flow train
"""

UNKNOWN = """
runs { one = "one.rgc" }
claim "fields are narrow" from "this test"
supports { one.participation below 17 }
refutes { one.participation above 17 }
expect { verdict = undecided }
"""


def test_a_number_without_an_error_decides_nothing_and_the_study_says_why(folder: Path) -> None:
    (folder / "one.rgc").write_text(ONE_UNIT, "utf-8")
    (folder / "unknown.rgc").write_text(UNKNOWN, "utf-8")
    answer = run(folder, "unknown.rgc", out=folder / "out")
    assert answer.passed
    assert answer.verdict is not None
    why = "one.participation decides nothing: its error is not known: one unit has no spread"
    assert answer.verdict.because == why
    assert {line.holds for line in answer.verdict.lines} == {None}
    assert why in (folder / "out" / "report.html").read_text("utf-8")


# -- verdicts --------------------------------------------------------------------------------------


def line(run: str, relation: str, value: float, within: float = 0.0) -> ExpectedValue:
    answer = RunAnswer(run, Target(target="x", path=("x",)))
    widths = (Tolerance(within),) if within else ()
    return ExpectedValue(
        target=f"{run}.x",
        path=(f"{run}.x",),
        relation=relation,  # type: ignore[arg-type]
        value=value,
        within=widths,
        of_runs=answer,
    )


def word(lines: list[tuple[Bearing, ExpectedValue]], **found: Estimate) -> Word:
    claim = Claim(text="x", source="y", lines=tuple(lines))
    return verdict(claim, lambda each: found[each.target.split(".")[0]]).word


SMALL: tuple[Bearing, ExpectedValue] = ("supports", line("a", "below", 1))
LARGE: tuple[Bearing, ExpectedValue] = ("refutes", line("a", "above", 2))
OTHER: tuple[Bearing, ExpectedValue] = ("refutes", line("b", "above", 2))


@pytest.mark.parametrize(
    ("value", "error", "expected"),
    [
        (0.5, 0.1, "supported"),
        (0.5, 0.2, "undecided"),
        (2.5, 0.1, "refuted"),
        (2.5, 0.2, "undecided"),
        (1.5, 0.0, "undecided"),
        (0.5, None, "undecided"),
        (None, 0.1, "undecided"),
    ],
)
def test_a_list_holds_by_three_errors(
    value: float | None, error: float | None, expected: Word
) -> None:
    assert word([SMALL, LARGE], a=Estimate(value, error)) == expected


@pytest.mark.parametrize(
    ("kind", "expected"), [("upper bound", "supported"), ("lower bound", "undecided")]
)
def test_a_bound_decides_on_its_own_side(kind: Kind, expected: Word) -> None:
    assert word([SMALL], a=Estimate(0.5, 0.0, kind)) == expected


def test_what_holds_of_one_system_and_not_of_another_depends() -> None:
    low, high = Estimate(0.5, 0.01), Estimate(3.0, 0.01)
    assert word([SMALL, OTHER], a=low, b=high) == "depends"
    assert word([SMALL, OTHER], a=low, b=low) == "supported"
    both: list[tuple[Bearing, ExpectedValue]] = [SMALL, ("supports", line("b", "below", 1))]
    assert word(both, a=low, b=low) == "supported"
    assert word(both, a=low, b=high) == "undecided"


def test_an_identity_is_neither_supported_nor_refuted() -> None:
    same: tuple[Bearing, ExpectedValue] = ("identity", line("a", "=", 0, 1e-12))
    assert word([same], a=Estimate(1e-15, 0.0)) == "identity"
    assert word([same], a=Estimate(1e-3, 0.0)) == "undecided"
    assert word([same], a=Estimate(0.0, 0.0, "lower bound")) == "undecided"


@pytest.mark.parametrize("value", [0.0, 0.001, 0.031, -0.03, 1.0])
def test_the_error_of_a_size_near_0_is_that_of_the_number(value: float) -> None:
    error = 0.06
    leaf = RunAnswer("a", Target(target="x", path=("x",)))
    found = derived(Apply("abs", (leaf,)), {leaf: Estimate(value, error, statistical=error)})
    assert found.error == pytest.approx(error)
    square = derived(Apply("*", (leaf, leaf)), {leaf: Estimate(0.0, error)})
    assert square.error == pytest.approx(error**2)


@pytest.mark.parametrize("gap", [0.0, 0.001, 0.031, -0.03, 1.0])
def test_the_error_of_a_size_near_0_is_that_of_the_gap_of_resampled_numbers(gap: float) -> None:
    """Of two runs with one seed, whose resamples are closer than their errors."""
    a, b = (RunAnswer(run, Target(target="x", path=("x",))) for run in "ab")
    noise = np.random.default_rng(0).normal(size=(2, 33)) / 100
    noise[:, 0] = 0
    resamples = {a: gap + noise[0], b: noise[0] / 2 + noise[1]}
    found = {
        leaf: Estimate(float(each[0]), error, statistical=error, resamples=tuple(each))
        for leaf, each in resamples.items()
        for error in [float(jackknife(each)[1])]
    }
    size = Apply("abs", (Apply("-", (a, b)),))
    expected = float(jackknife(resamples[a] - resamples[b])[1])
    assert derived(size, found, lambda leaf: Run(leaf.run, 1)).error == pytest.approx(expected)
