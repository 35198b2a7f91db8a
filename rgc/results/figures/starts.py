"""The flows from several starts in one plane of couplings, and how far from the first they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import hypot, isfinite
from typing import TYPE_CHECKING, Any

from rgc.model.lattice import Lattice
from rgc.results.figures.labels import label
from rgc.results.figures.style import COLOURS, curve_style, level_ticks, new_figure, shades

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from rgc.results.answer_data import AnswerData, Point
    from rgc.results.result import Estimate

NAMED = len(COLOURS)
"""The number of flows that have a name in the figure; more have one colour after another."""

EXACT = (0.0, 0.0)
"""The coupling at level 0 of an operator that the Hamiltonian does not have."""

Mark = tuple[float, float]
"""A coupling and its error."""


@dataclass(frozen=True, slots=True)
class Course:
    """The couplings of a flow by level, those of its start first, and what it is called."""

    name: str
    point: Point
    levels: Mapping[int, Mapping[str, Mark]]


def starts(answer: AnswerData) -> Figure | None:
    """The levels of all runs of a study, or of all points of a scan, in the plane of the two
    couplings that differ most, with errors and with arrows from level to level. Below stands the
    distance of every flow from the first in this plane, level by level.

    None unless there are two flows that start at different couplings of one lattice, and two
    couplings of all of them at a level beyond.
    """
    courses = [each for each in _courses(answer) if len(each.levels) > 1]
    names = _plane(courses)
    if len(names) < 2 or len({_start(each, names) for each in courses}) < 2:
        return None
    figure = new_figure(4.6, 6.0)
    plane, below = figure.subplots(2, 1, height_ratios=(3, 2))
    styles = _styles(len(courses))
    for course, style in zip(courses, styles, strict=True):
        _path(plane, course, names, style)
    plane.set(**dict(zip(("xlabel", "ylabel"), map(label, names), strict=True)))
    for course, style in list(zip(courses, styles, strict=True))[1:]:
        _distance(below, courses[0], course, names, style)
    below.set_yscale("log")
    level_ticks(below, [number for course in courses for number in course.levels])
    below.set(xlabel="RG level", ylabel=f"distance from {courses[0].name}")
    if len(courses) <= NAMED:
        figure.legend(
            *plane.get_legend_handles_labels(), loc="outside upper center", ncols=3, frameon=False
        )
    return figure


def _courses(answer: AnswerData, name: str = "") -> Iterator[Course]:
    """The flows of an answer and of its runs."""
    for point in answer.points:
        said = ", ".join(f"{label(key)} = {value:g}" for key, value in point.parameters.items())
        levels = {level.level: _known(level.couplings) for level in point.result.levels}
        own = {number: marks for number, marks in levels.items() if marks}
        yield Course(f"{name} {said}".strip(), point, own)
    for run, other in answer.runs.items():
        yield from _courses(other, f"{name} {label(run)}".strip())


def _known(couplings: Mapping[str, Estimate]) -> dict[str, Mark]:
    return {
        name: (each.value, each.error or 0.0)
        for name, each in couplings.items()
        if each.value is not None and isfinite(each.value)
    }


def _plane(courses: Sequence[Course]) -> list[str]:
    """The two couplings with the largest range among those that all flows have at their first level
    beyond the start, and that multiply the same in all of them.
    """
    if not courses or len({_lattice(each) for each in courses}) > 1:
        return []
    beyond = [_beyond(each) for each in courses]
    common = [name for name in beyond[0] if all(name in marks for marks in beyond)]
    alike = [name for name in common if len({_multiplied(each, name) for each in courses}) == 1]

    def spread(name: str) -> float:
        values = [mark[0] for each in courses for mark in _marks(each, name).values()]
        return max(values) - min(values)

    return sorted(sorted(alike, key=spread, reverse=True)[:2], key=alike.index)


def _beyond(course: Course) -> Mapping[str, Mark]:
    """The couplings of the first level beyond the start."""
    return course.levels[sorted(course.levels)[1]]


def _lattice(course: Course) -> object:
    """The lattice but for the size of one with cells."""
    lattice = course.point.lattice
    if isinstance(lattice, Lattice):
        return lattice.name, lattice.vectors, lattice.basis
    return lattice


def _multiplied(course: Course, name: str) -> object:
    """What a coupling of the Hamiltonian multiplies; None for one that only block spins have."""
    hamiltonian = course.point.hamiltonian
    terms = {term.name: term for term in hamiltonian.terms} if hamiltonian is not None else {}
    term = terms.get(name)
    return None if term is None else (term.sign, term.products, term.tables)


def _marks(course: Course, name: str) -> dict[int, Mark]:
    """A coupling at every level that has it."""
    return {
        number: marks.get(name, EXACT)
        for number, marks in course.levels.items()
        if name in marks or not number
    }


def _start(course: Course, names: Sequence[str]) -> tuple[Mark | None, ...]:
    return tuple(_marks(course, name).get(0) for name in names)


def _styles(count: int) -> list[dict[str, Any]]:
    if count <= NAMED:
        return [curve_style(k) for k in range(count)]
    return [curve_style(k) | {"color": colour} for k, colour in enumerate(shades(count))]


def _path(axes: Axes, course: Course, names: Sequence[str], style: Mapping[str, Any]) -> None:
    """The levels of a flow in the plane, which its arrows go through."""
    x, y = (_marks(course, name) for name in names)
    known = [number for number in x if number in y]
    for start, end in pairwise(known):
        axes.annotate(
            "",
            (x[end][0], y[end][0]),
            (x[start][0], y[start][0]),
            arrowprops={"arrowstyle": "->", "color": style["color"], "shrinkA": 2, "shrinkB": 2},
        )
    (x_values, x_errors), (y_values, y_errors) = (
        zip(*(each[n] for n in known), strict=True) for each in (x, y)
    )
    shown = {**style, "linestyle": "none"}
    axes.errorbar(x_values, y_values, xerr=x_errors, yerr=y_errors, label=course.name, **shown)


def _distance(
    axes: Axes,
    first: Course,
    course: Course,
    names: Sequence[str],
    style: Mapping[str, Any],
) -> None:
    """The distance of a flow from the first in the plane, with the errors of both."""
    pairs = [(_marks(first, name), _marks(course, name)) for name in names]
    known = [n for n in course.levels if all(n in a and n in b for a, b in pairs)]
    apart, errors = [], []
    for n in known:
        differences = [b[n][0] - a[n][0] for a, b in pairs]
        total = hypot(*differences)
        noise = (d * hypot(a[n][1], b[n][1]) for d, (a, b) in zip(differences, pairs, strict=True))
        apart.append(total)
        errors.append(hypot(*noise) / total if total else 0.0)
    axes.errorbar(known, apart, yerr=errors, **style)
