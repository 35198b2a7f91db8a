"""The run of a prepared spec: its points, and before them the specs whose answers it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rgc.errors import Problem, SpecError
from rgc.loaded import fingerprint
from rgc.points import Manner, Place, Prepared, Values, run_point
from rgc.results import judge
from rgc.results.answer import Answer
from rgc.results.answer_data import Point
from rgc.results.checks import unusable
from rgc.results.find import NotFound
from rgc.results.find_in_answer import find_in
from rgc.results.store import Job
from rgc.results.study import study_result, study_verdict
from rgc.results.widened import SPREAD

if TYPE_CHECKING:
    from rgc.model.spec import TakenAnswer
    from rgc.results.result import Estimate


def answer(prepared: Prepared, job: Job, manner: Manner) -> Answer:
    """Run every point of the scan and judge the results.

    Specs that answer parameters run first. Where such a parameter is uncertain, every point is run
    with it above and below too, for the errors (`rgc.results.widened`).

    Raises `SpecError`, also for an answer that is no number with an error, and
    `rgc.runner.Interrupted`.
    """
    warnings: list[str] = []

    def heard(message: str) -> None:
        if message not in warnings:
            warnings.append(message)
            manner.warn(message)

    own = replace(manner, warn=heard)
    if prepared.loaded.spec.runs:
        return _study(prepared, job, own, warnings)
    alone = not job.kept and not prepared.loaded.spec.taken
    if manner.resume and alone and not job.unfinished:
        heard(
            f"there is no checkpoint to resume in {job.checkpoints}: the run starts from the "
            "beginning"
        )
    answers = _answers(prepared, job, own)
    taken = {name: _taken(each, answers[each.file]) for name, each in _asked(prepared).items()}
    settled = prepared.settle({name: _number(each.value) for name, each in taken.items()})
    points, *others = _runs(settled, _shifts(taken), job, own)
    uncertain = [name for name, each in taken.items() if each.error]
    moved = dict(zip(uncertain, zip(others[::2], others[1::2], strict=True), strict=True))
    return _judged(settled, points, moved, job, warnings, _origins(settled, taken, answers))


# -- points ----------------------------------------------------------------------------------------


def _shifts(taken: Mapping[str, Estimate]) -> list[Values]:
    """The values of the uncertain parameters in each run: as they are, then for each of them above
    and below.
    """
    moved = [
        {name: _number(each.value) + way * SPREAD * each.error}
        for name, each in taken.items()
        if each.error
        for way in (1, -1)
    ]
    return [{}, *moved]


def _runs(
    prepared: Prepared, shifts: Sequence[Values], job: Job, manner: Manner
) -> list[tuple[Point, ...]]:
    """The points of the scan in each run."""
    points = prepared.loaded.places
    count, total = len(points), len(shifts) * len(points)
    places = [
        Place(point=point, shift=shift, number=number * count + k, total=total)
        for number, shift in enumerate(shifts)
        for k, point in enumerate(points)
    ]
    if manner.scatter is not None:
        found = manner.scatter(prepared, places, job, manner)
    else:
        begun = job.begun if manner.resume else {}
        found = [
            run_point(prepared, place, job, manner, begun.get(place.number, 1)) for place in places
        ]
    return [tuple(chain(*found[k : k + count])) for k in range(0, total, count)]


def _judged(
    prepared: Prepared,
    points: tuple[Point, ...],
    moved: Mapping[str, tuple[Sequence[Point], Sequence[Point]]],
    job: Job,
    warnings: Sequence[str],
    origins: Mapping[str, Any],
) -> Answer:
    """The answer: the measures of the finished scan, and the verdict on each expectation."""
    loaded = prepared.loaded
    made = Answer(
        title=loaded.title,
        sha256=job.sha256,
        text=loaded.text,
        backend=prepared.provenance["backend"],
        seed=job.seed,
        points=points,
        axes=loaded.axes,
    )
    return judge.judge(
        made,
        [loaded.at(point.parameters) for point in points],
        (*(warning.message for warning in loaded.warnings), *warnings),
        provenance={**prepared.provenance, **({"answers": origins} if origins else {})},
        moved=moved,
    )


# -- studies ---------------------------------------------------------------------------------------


def _study(prepared: Prepared, job: Job, manner: Manner, warnings: Sequence[str]) -> Answer:
    """The answer of a study: its runs one after the other, each in a folder of its own, and what is
    made of them. The seed of a run is the one that its spec names plus that of the study.
    """
    loaded, found, done = prepared.loaded, dict[str, Answer](), dict[tuple[str, int], Answer]()
    for run in loaded.spec.runs:
        other = prepared.other(run.file, run.settings, run.scan)
        own = job.part(run.name, other.loaded.sha256, (job.seed + other.loaded.seed) % 2**64)
        key = f"{run.file} {own.sha256}", own.seed
        if key not in done:
            manner.others.append(own)
            done[key] = _run_of_study(other, own, manner, run.name)
        found[run.name] = done[key]
    made = Answer(
        title=loaded.title,
        sha256=job.sha256,
        text=loaded.text,
        backend=prepared.provenance["backend"],
        seed=job.seed,
        points=(Point({}, study_result(loaded.spec, found)),),
        runs=found,
        verdict=study_verdict(loaded.spec, found),
    )
    told = (*(warning.message for warning in loaded.warnings), *warnings)
    sources = fingerprint(loaded, prepared.read)
    provenance = {**prepared.provenance, "sources": sources}
    return judge.judge(made, [loaded.spec], told, provenance=provenance)


def _run_of_study(prepared: Prepared, job: Job, manner: Manner, name: str) -> Answer:
    """Run a part of a study, and write its folder where the study has one."""
    within = f"{manner.within}: {name}" if manner.within else name
    quiet = replace(manner, warn=lambda message: None, within=within)
    with job.held(resume=manner.resume):
        found = job.finish(answer(prepared, job, quiet), prepared.pictures)
    for warning in found.warnings:
        manner.warn(f"in {name}: {warning}")
    return found


# -- other specs -----------------------------------------------------------------------------------


def _asked(prepared: Prepared) -> dict[str, TakenAnswer]:
    """The parameters that other specs answer, by name. Those of the scan are not asked for."""
    scanned = {axis.name for axis in prepared.loaded.axes}
    taken = prepared.loaded.spec.taken
    return {each.name: each for each in taken if each.name not in scanned}


def _answers(prepared: Prepared, job: Job, manner: Manner) -> dict[Path, Answer]:
    """The answers of the other specs by file, each of which runs once, with the same seed."""
    found: dict[Path, Answer] = {}
    for each in _asked(prepared).values():
        if each.file not in found:
            other = prepared.other(each.file)
            own = Job(other.loaded.sha256, job.seed, saves=job.saves, kept=True)
            manner.others.append(own)
            name = other.loaded.name
            quiet = replace(manner, warn=lambda message: None, scatter=None, within=name)
            found[each.file] = answer(other, own, quiet)
            for warning in found[each.file].warnings:
                manner.warn(f"in {each.path}: {warning}")
    return found


def _taken(asked: TakenAnswer, answered: Answer) -> Estimate:
    """The number that another spec answers. Raises `SpecError` where it has none, or no error."""
    try:
        found = find_in(asked.target, answered)
        reason = unusable(found)
    except NotFound as error:
        reason = str(error)
    if reason:
        message = f"'{asked.path}' has run, and its {asked.target.target} cannot be taken: {reason}"
        raise SpecError([Problem("no-answer", message, asked.target.span)])
    return found


def _number(value: float | None) -> float:
    if value is None or not isfinite(value):
        raise ValueError("an answer that was taken is a number")
    return value


def _origins(
    prepared: Prepared, taken: Mapping[str, Estimate], answers: Mapping[Path, Answer]
) -> dict[str, Any]:
    """Where the parameters come from that other specs have answered."""
    return {
        name: {
            "from": each.path,
            "target": each.target.target,
            "value": taken[name].value,
            "error": taken[name].error,
            "kind": taken[name].kind,
            "sha256": answers[each.file].sha256,
        }
        for name, each in _asked(prepared).items()
    }
