"""What a run of a spec takes: found before anything of its size is made, told, and refused beyond a
limit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from math import prod
from typing import TYPE_CHECKING

from rgc import memory
from rgc.ast_to_model.sections.scan_points import STRUCTURAL, needed_by
from rgc.ast_to_model.today import later
from rgc.errors import Problem, SpecError
from rgc.language.signatures import Field, Signature
from rgc.language.values import Value
from rgc.model.data import Control, Patterns, Samples, source_of
from rgc.model.lattice import Lattice
from rgc.model.options import Options
from rgc.model.spec import Spec
from rgc.schemes import SCHEMES
from rgc.schemes.cost import NOTHING, Cost, CostOf
from rgc.schemes.free_energies import FREE_ENERGIES
from rgc.schemes.needs.samples import saved_bytes
from rgc.text import Span

if TYPE_CHECKING:
    from rgc.loaded import Loaded

YEAR = 365.25 * 86400.0

MOST_SECONDS = 100 * YEAR
"""The longest run: beyond it a number is a slip of the pen, however rough the time is."""

FELT = 10.0
"""Seconds of compiling from which on they are told. Most specs take 3 to 7."""

MOST_POINTS = 64
"""Points of a scan whose costs are found, evenly spaced where there are more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A scheme or a method of a free energy, with its options for a spec, and what they cost.

    `complete` fills in the options that depend on others.
    """

    name: str
    call: Signature
    cost_of: CostOf
    spec: Spec
    options: Mapping[str, Value]
    complete: Callable[[Mapping[str, Value], Spec], Mapping[str, Value]]
    span: Span | None

    @property
    def cost(self) -> Cost:
        return self.cost_of(self.spec, Options(self.options))

    def given(self, option: str, value: Value) -> Part:
        """The same with another value of an option. What is derived from it follows."""
        bare = {name: self.options[name] for name in self.options if name not in self._derived}
        return replace(self, options=self.complete({**bare, option: value}, self.spec))

    @property
    def _derived(self) -> set[str]:
        """The options that have the values that follow from the others."""
        names = {field.name for field in self.call.fields if field.default is None}
        others = {name: self.options[name] for name in self.options if name not in names}
        made = self.complete(others, self.spec)
        return {name for name in names if name in made and made[name] == self.options.get(name)}


def parts(spec: Spec) -> Iterator[Part]:
    """What a run of a checked spec consists of: nothing where it cannot be run yet."""
    flow = spec.flow
    if later(spec):
        return
    if flow is not None:
        scheme = SCHEMES[flow.scheme]
        yield Part(
            name=scheme.name,
            call=scheme,
            cost_of=scheme.cost,
            spec=spec,
            options=flow.options,
            complete=scheme.complete,
            span=flow.span,
        )
    methods = {method.label: method for each in spec.measures for method in each.methods}
    for method in methods.values():
        row = FREE_ENERGIES[method.name]
        if row.cost is not None:
            yield Part(
                name=method.name,
                call=row.call,
                cost_of=row.cost,
                spec=spec,
                options=row.complete(method.options, spec),
                complete=row.complete,
                span=method.span,
            )


def of_spec(spec: Spec) -> Cost:
    """The cost of a spec at one point: its parts one after the other."""
    total = NOTHING
    for part in parts(spec):
        total = total.then(part.cost)
    return total


def of_run(loaded: Loaded) -> Cost:
    """The cost of all points of a scan, one after the other, and of the specs that answer its
    parameters, behind which each point may run with each of them above and below too. Of a study it
    is that of its runs. Points whose kernels have as much to compile have them in common: sizes are
    arguments of most.
    """
    costs = [of_spec(spec) for _, spec in _instances(loaded)]
    total = reduce(Cost.then, costs)
    runs = loaded.count * (1 + 2 * len(loaded.spec.taken))
    total = replace(total, compiling=sum({each.compiling for each in costs})).times(
        runs / len(costs)
    )
    for other in loaded.others:
        total = total.then(of_run(other))
    return total


def told(cost: Cost) -> str:
    """The cost in words, at least 1 MiB and 1 s. The time of compiling is told where it is felt."""
    size = memory.text(max(cost.memory, 2.0**20))
    words = f"about {size} and {duration(cost.seconds)} of one core"
    return f"{words}, after {duration(cost.compiling)} to compile" if felt(cost) else words


def felt(cost: Cost) -> bool:
    """Whether compiling takes longer than that of most specs."""
    return cost.compiling >= FELT


def duration(seconds: float) -> str:
    """A time, at least a second: `1 s`, `40 min`, `3 days`."""
    units = {"years": YEAR, "days": 86400.0, "h": 3600.0, "min": 60.0}
    for unit, scale in units.items():
        if seconds >= 2 * scale:
            return f"{seconds / scale:.0f} {unit}" if seconds < 1e9 * YEAR else "an eternity"
    return f"{max(seconds, 1):.0f} s"


def refuse(loaded: Loaded, most_memory: float | None = None) -> None:
    """Raise `SpecError` for a run that takes more than `most_memory` bytes, by default what the
    machine has free, or more than `MOST_SECONDS`.
    """
    most = memory.available() if most_memory is None else most_memory
    for other in loaded.others:
        refuse(other, most)
    if most is not None and loaded.spec.flow is not None:  # what the other points have kept
        most -= (loaded.count - 1) * saved_bytes(loaded.spec, loaded.spec.flow.options)
    for where, spec in _instances(loaded):
        problems = [problem for part in parts(spec) for problem in _problems(part, most)]
        if problems:
            raise SpecError(
                [replace(problem, message=problem.message + where) for problem in problems]
            )


# -- at which points -------------------------------------------------------------------------------


def _instances(loaded: Loaded) -> Iterator[tuple[str, Spec]]:
    """The spec at points that differ in what costs depend on, with a text that names the point."""
    needed = needed_by((*STRUCTURAL, "map", "measure"), loaded.document)
    axes = [axis for axis in loaded.axes if axis.name in needed]
    count = prod(len(axis.values) for axis in axes)
    if not axes:
        yield "", loaded.spec
        return
    shown = min(count, MOST_POINTS)
    for number in (k * (count - 1) // max(1, shown - 1) for k in range(shown)):
        point, rest = dict[str, float](), number
        for axis in reversed(axes):
            rest, at = divmod(rest, len(axis.values))
            point[axis.name] = axis.values[at]
        named = ", ".join(f"{name} = {value:.10g}" for name, value in sorted(point.items()))
        yield f" (at {named})", loaded.at(point)


# -- beyond a limit --------------------------------------------------------------------------------


def _problems(part: Part, most_memory: float | None) -> Iterator[Problem]:
    cost = part.cost
    if most_memory is not None and not cost.memory <= most_memory:
        message = (
            f"'{part.name}' takes about {memory.text(cost.memory)} of memory; the limit is "
            f"{memory.text(most_memory)}"
        )
        hint = _advice(part, lambda cost: cost.memory <= 0.9 * most_memory)
        hint = "; ".join(text for text in (hint, "--max-memory sets another limit") if text)
        yield Problem("too-much-memory", message, part.span, hint=hint)
    if not cost.seconds <= MOST_SECONDS:
        message = (
            f"'{part.name}' takes about {duration(cost.seconds)} of one core; the limit is "
            f"{duration(MOST_SECONDS)}"
        )
        hint = _advice(part, lambda cost: cost.seconds <= 0.9 * MOST_SECONDS)
        yield Problem("too-much-time", message, part.span, hint=hint)


def _advice(part: Part, fits: Callable[[Cost], bool]) -> str:
    """The first option by which alone the cost fits, with the largest value that does, or else the
    most rows of data or the largest lattice; nothing where none of them helps.
    """
    for field in part.call.fields:
        value = _largest(part, field, fits)
        if value is not None:
            return f"{field.name}={value} fits"
    rows, size = _most_rows(part, fits), _largest_lattice(part, fits)
    if rows is not None:
        return f"{rows} rows of data fit"
    return f"a lattice of up to {size} cells in each direction fits" if size is not None else ""


def _largest(part: Part, field: Field, fits: Callable[[Cost], bool]) -> int | None:
    """The largest value of an option, below that in force, with which the cost fits."""
    now = part.options.get(field.name)
    if field.kind != "integer" or field.least is None or not isinstance(now, int):
        return None
    name, step = field.name, field.multiple
    least, most = -(-int(field.least) // step), now // step
    found = _bisect(least, most, lambda count: fits(part.given(name, count * step).cost))
    return None if found is None else found * step


def _most_rows(part: Part, fits: Callable[[Cost], bool]) -> int | None:
    """The largest number of rows of drawn data, or of a set of samples, with which it fits."""
    data = part.spec.data
    source = source_of(data) if data is not None else None
    if not isinstance(source, Samples | Patterns):
        return None

    def drawn(count: int) -> bool:
        fewer = replace(source, count=count)
        changed = replace(data, source=fewer) if isinstance(data, Control) else fewer
        return fits(replace(part, spec=replace(part.spec, data=changed)).cost)

    return _bisect(1, source.count, drawn)


def _largest_lattice(part: Part, fits: Callable[[Cost], bool]) -> int | None:
    """The largest number of cells along every axis with which the cost fits."""
    lattice = part.spec.lattice
    if not isinstance(lattice, Lattice) or not any(lattice.shape):
        return None

    def cut(size: int) -> bool:
        shape = tuple(None if n is None else min(n, size) for n in lattice.shape)
        smaller = replace(part.spec, lattice=replace(lattice, shape=shape))
        try:
            return fits(replace(part, spec=smaller).cost)
        except (SpecError, ValueError):
            return False

    return _bisect(1, max(n or 1 for n in lattice.shape), cut)


def _bisect(least: int, most: int, fits: Callable[[int], bool]) -> int | None:
    """The largest number from `least` on and below `most` that fits, where smaller ones do too."""
    if least >= most or not fits(least):
        return None
    while most - least > 1:
        middle = (least + most) // 2
        least, most = (middle, most) if fits(middle) else (least, middle)
    return least
