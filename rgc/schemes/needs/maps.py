"""What iterating a map asks of the map and of the points where it starts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

from rgc.errors import Problem, listing
from rgc.language.values import CallValue, Value
from rgc.model.curve import Curve
from rgc.model.expressions import Expression
from rgc.model.map import FlowMap, Ode, Quantity, RecursionMap
from rgc.passes.differentiate import NotDifferentiable, differentiate
from rgc.passes.follow_map import NoValue, Overflows, follow, rates_at
from rgc.schemes.needs import couplings
from rgc.schemes.options import SHOWN_STEPS
from rgc.schemes.scheme import Asked
from rgc.syntax import ast
from rgc.text import Span, section_text

FOLLOWED = 1000
"""The largest number of steps of a start that a check follows."""

MOST_OF_A_GRID = 1_000_000
"""The largest number of points of a grid, which are iterated at once."""

SUMMED = 64
"""The number of terms of a sum of constants at which a check looks."""


def no_curve(asked: Asked) -> Iterator[Problem]:
    """Report a curve, which is fitted and not iterated."""
    if asked.spec.map and asked.read("map") and isinstance(asked.spec.map[0], Curve):
        message = "a curve is fitted to data, and not iterated"
        hint = section_text("flow", "fit", asked.where)
        yield Problem("wrong-kind", message, asked.where, hint=f"write {hint}")


def _changes(one: FlowMap) -> tuple[tuple[str, Expression], ...]:
    match one:
        case RecursionMap(updates=changes) | Ode(rates=changes):
            return changes
    return ()


def _quantities(asked: Asked) -> tuple[str, ...]:
    return asked.spec.map[0].quantities if asked.spec.map and asked.read("map") else ()


# -- derivatives -----------------------------------------------------------------------------------


def smooth(asked: Asked) -> Iterator[Problem]:
    """Report functions without a derivative where an option asks for one."""
    option = _needs_derivative(asked)
    if not option:
        return
    changes = [change for one in asked.spec.map for _, change in _changes(one)]
    kink = first_kink(changes, _quantities(asked))
    if kink is not None:
        message = f"{kink}, and '{option}' asks for the derivatives of the map"
        hint = "steps, starts and plane need none"
        yield Problem("no-derivative", message, kink.part.span, hint=hint)


def first_kink(
    expressions: Iterable[Expression], quantities: Iterable[str]
) -> NotDifferentiable | None:
    """The first function without a derivative by one of the quantities, or None."""
    for expression, name in product(expressions, quantities):
        try:
            differentiate(expression, Quantity(name))
        except NotDifferentiable as kink:
            return kink
    return None


def _needs_derivative(asked: Asked) -> str:
    """The option that needs derivatives, or nothing."""
    wanted = [name for name in ("find", "linearise", "lyapunov") if asked.options.get(name)]
    if asked.options.get("cycle", 1) != 1:
        wanted.append("cycle")
    return next(iter(wanted), "")


# -- starts ----------------------------------------------------------------------------------------


def has_a_start(asked: Asked) -> Iterator[Problem]:
    """Report a map of several quantities whose iteration begins nowhere."""
    names = _quantities(asked)
    if names and not isinstance(asked.spec.map[0], RecursionMap | Ode):
        return
    missing = [name for name in names if name not in asked.spec.parameters]
    if "starts" in asked.places:
        yield from _named_by_the_grid(asked, missing)
        return
    if not missing:
        return
    find = "find" in asked.places
    if len(names) == 1 and find:
        return
    what = "a fixed point is looked for" if find else "the iteration begins"
    message = f"there is no value of {listing(missing)} from which {what}"
    hint = f"write {_starts(names)}, or give {listing(names)} a value among the parameters"
    place = "find" if find else "steps"
    yield Problem("missing-option", message, asked.place(place), hint=hint)


def _named_by_the_grid(asked: Asked, missing: Sequence[str]) -> Iterator[Problem]:
    """Report a grid of starts that leaves out a quantity."""
    grid, place = asked.options.get("starts"), asked.place("starts")
    if not isinstance(grid, CallValue):
        return
    axes = [name for name, _ in grid.options]
    rest = [name for name in missing if name not in axes]
    if rest:
        message = f"the grid gives no value of {listing(rest)}, and no parameter has one"
        hint = f"write grid({', '.join(f'{name}=0:1:11' for name in (*axes, *rest))})"
        yield Problem("missing-option", message, place, hint=hint)


def _starts(names: Sequence[str]) -> str:
    if len(names) == 1:
        return "starts=[0.5]"
    return f"starts=[[{', '.join(['0.5'] * len(names))}]]"


def starts_fit(asked: Asked) -> Iterator[Problem]:
    """Report starts with other than one value for each quantity."""
    names, place = _quantities(asked), asked.places.get("starts")
    if not names or not isinstance(place, ast.List):
        return
    for row, item in zip(_rows(asked.options.get("starts")), place.items, strict=False):
        if len(row) > len(names) or (
            len(row) < len(names) and not _known(asked, names[len(row) :])
        ):
            values = f"{len(row)} value{'s' * (len(row) != 1)}"
            message = f"a start has a value of {listing(names)}, and this one has {values}"
            hint = f"write {_starts(names)}"
            yield Problem("wrong-arity", message, item.span, hint=hint)


def _known(asked: Asked, names: Iterable[str]) -> bool:
    return all(name in asked.spec.parameters for name in names)


def _rows(value: Value | None) -> list[tuple[float, ...]]:
    """The starts of a list as numbers; those of a grid are not followed."""
    rows = value if isinstance(value, tuple) else ()
    listed = (row if isinstance(row, tuple) else (row,) for row in rows)
    return [tuple(x for x in row if isinstance(x, int | float)) for row in listed]


def _starts_of(asked: Asked) -> Iterator[tuple[Mapping[str, float], Span | None]]:
    """The points from which a check follows the map, each with its place: the parameters called
    like its quantities, and the starts of a list.
    """
    names, known = _quantities(asked), asked.spec.parameters
    if names and all(name in known for name in names):
        yield {name: known[name] for name in names}, asked.section("map")
    place = asked.places.get("starts")
    items = place.items if isinstance(place, ast.List) else ()
    for row, item in zip(_rows(asked.options.get("starts")), items, strict=False):
        start = {**known, **dict(zip(names, row, strict=False))}
        if len(row) <= len(names) and all(name in start for name in names):
            yield {name: start[name] for name in names}, item.span


def has_values(asked: Asked) -> Iterator[Problem]:
    """Report a start from which the map comes to where it has no real value."""
    steps = asked.options.get("steps")
    most = min(steps if isinstance(steps, int) else SHOWN_STEPS, FOLLOWED)
    maps = asked.spec.map
    for start, _ in _starts_of(asked):
        done, step = start, 0
        try:
            if all(isinstance(one, RecursionMap) for one in maps):
                recursions = [one for one in maps if isinstance(one, RecursionMap)]
                for followed in follow(recursions, start, most):
                    done, step = followed.values, followed.step
            elif isinstance(maps[0], Ode):
                rates_at(maps[0], start)
        except NoValue as error:
            shown = ", ".join(f"{name} = {x:.6g}" for name, x in done.items())
            where = f"after step {step}, at {shown}" if step else f"at the start {shown}"
            message = f"the map has no value {where}: {error}"
            hint = "start elsewhere" + (f", or write steps={step}" if step else "")
            yield Problem("not-finite", message, error.part.span, hint=hint)
            return
        except Overflows:
            continue


# -- sums of constants -----------------------------------------------------------------------------


def converges(asked: Asked) -> Iterator[Problem]:
    """Report a sum of constants whose terms grow: |phi'|^degree of g is at least mu."""
    maps = [one for one in asked.spec.map if isinstance(one, RecursionMap)]
    if not maps or any(one.constant is None or one.sites is None for one in maps):
        return
    for start, place in _starts_of(asked):
        terms, share = [], 1.0
        try:
            for followed in follow(maps, start, SUMMED):
                terms.append(share * followed.constant)
                share /= maps[0].sites or 1.0
        except NoValue:
            continue
        if _grows(terms):
            sums = ", ".join(f"{sum(terms[:k]):.6g}" for k in range(1, 5))
            message = (
                f"the sum of constants does not converge: its partial sums are {sums}, ..., "
                f"and each term is {terms[-1] / terms[-2]:.4g} times the one before"
            )
            hint = "the constant must grow less in a step than 'sites', or 'mu', divides it by"
            yield Problem("sum-diverges", message, place, hint=hint)
            return


def _grows(terms: Sequence[float]) -> bool:
    """Whether the last terms do not shrink. Terms of changing size, as of an oscillation, are
    compared in two halves.
    """
    sizes = [abs(term) for term in terms]
    if len(sizes) < 8:
        return False
    half = len(sizes) // 2
    return max(sizes[half:]) >= max(sizes[:half]) > 0


def cycles_are_found(asked: Asked) -> Iterator[Problem]:
    """Report a cycle of which nothing is asked."""
    place = asked.place("cycle")
    if "cycle" in asked.places and not (
        asked.options.get("find") or asked.options.get("linearise")
    ):
        message = "'cycle' says what 'find' and 'linearise' look at, and neither is there"
        yield Problem("missing-option", message, place, hint="add find=fixed_point")


LIMITS = (
    no_curve,
    couplings.few_starts(MOST_OF_A_GRID),
    smooth,
    cycles_are_found,
    has_a_start,
    starts_fit,
    has_values,
    converges,
)
"""The limits of the scheme that iterates a map."""
