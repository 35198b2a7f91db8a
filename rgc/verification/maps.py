"""Checks of maps that a spec writes.

Part a evaluates the map and the sum of its constants directly from the syntax tree. Part d iterates
it from some points by the routine `iterate_map` of every backend.

A map of operations that IEEE 754 rounds correctly, such as a rational one, has the same bits for
ever. Otherwise the bound on a point after n steps is e_n with e_(n+1) = |J| e_n + r, where J is the
Jacobian and r the bound of `rgc.verification.rounding` on one step, of both backends. Points are
compared one by one for as long as e is below `POINTWISE`. Beyond that, as after some steps of a
chaotic map, averages over orbits and steps are compared, which agree within `SIGMA` standard
errors.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from rgc.analysis.recursion import Floats
from rgc.flows.maps.batch import matrices
from rgc.flows.maps.expression_recursion import Turn, only_turn
from rgc.flows.maps.log_periodic import LogPeriodicFlow
from rgc.flows.maps.map_flow import MapFlow
from rgc.flows.maps.orbits import orbits
from rgc.flows.maps.rate_recursion import RateRecursion
from rgc.program.arithmetic import Apply, Node
from rgc.syntax import ast
from rgc.verification.arrays import check_jacobian, result_on
from rgc.verification.certificate import Finding, judged, unchecked, within
from rgc.verification.energies import UNIT
from rgc.verification.evaluator import Unreadable, evaluator_of_numbers
from rgc.verification.rounding import ULPS, rounding_of
from rgc.verification.subject import Subject

POINTS, SPREAD = 32, 1e-2
"""The number of points at which a map is evaluated, and how far they lie from its start, relative
to 1 and to the start.
"""

ORBITS, STEPS = 64, 96

POINTWISE = 1e-3
"""The largest bound, relative to 1 and to the point, with which a point is compared."""

SIGMA = 6.0

VALUES = "the map is what the text says"
SUM = "F = the sum of the text's constants, each divided by the sites so far"
KERNELS = "orbits by {} are those of the namespace's default"


def check_map(subject: Subject) -> Iterator[Finding]:
    """Compare the program of the map with the text, at the start and around it; nothing for a
    matrix.
    """
    flow = map_of(subject)
    if flow is None:
        return
    recursion, points = flow.study.study.recursion, _around(flow.starts[0], POINTS)
    try:
        texts = [_text(subject, call, points) for call in _calls(subject)]
    except Unreadable as error:
        yield unchecked("a", "map", VALUES, "L3", str(error))
        return
    programs = [_program(recursion, number, points) for number in range(len(texts))]
    found, allowed = (np.array(each) for each in zip(*programs, strict=True))
    apart = _apart(np.array(texts), found)
    known = np.isfinite(allowed) | np.isinf(apart)
    if not known.any():
        yield unchecked("a", "map", VALUES, "L3", "its rounding has no bound around the start")
        return
    with np.errstate(invalid="ignore"):
        ratio = np.where(np.isinf(apart), np.inf, apart / allowed)
    place = np.unravel_index(int(np.where(known, ratio, -1.0).argmax()), ratio.shape)
    where = f"{int(known.all(axis=(0, 2)).sum())} points around the start"
    difference, bound = float(apart[place]), float(np.nan_to_num(allowed[place]))
    yield within("a", "map", VALUES, where, difference=difference, bound=bound)


def _apart(expected: Floats, found: Floats) -> Floats:
    """|expected - found|: 0 where neither has a value, and infinite where one alone has none."""
    has = np.isfinite(expected), np.isfinite(found)
    with np.errstate(invalid="ignore"):
        missing = np.where(has[0] == has[1], 0.0, np.inf)
        return np.where(has[0] & has[1], np.abs(expected - found), missing)


def check_slopes(subject: Subject) -> Iterator[Finding]:
    """Compare the Jacobian of the map with differences; nothing for a matrix, which is its own."""
    if map_of(subject) is not None:
        yield from check_jacobian(subject)


def map_of(subject: Subject) -> MapFlow | None:
    """The flow of a map that the spec writes, None for other flows."""
    flow = subject.own
    inner = flow.flow if isinstance(flow, LogPeriodicFlow) else flow
    return inner if isinstance(inner, MapFlow) else None


def _around(start: Floats, count: int) -> Floats:
    """Points [count, n] around a start, the start first."""
    turns = np.outer(np.arange(count), (np.sqrt(5) - 1) / 2 * (1 + np.arange(len(start))))
    return np.asarray(start + SPREAD * (1 + np.abs(start)) * (turns % 1.0))


def _calls(subject: Subject) -> Sequence[ast.Call]:
    section = subject.document.section("map")
    body = None if section is None else section.body
    calls = body.items if isinstance(body, ast.List) else (body,)
    return [call for call in calls if isinstance(call, ast.Call)]


def _options(call: ast.Call) -> dict[str, ast.Expr]:
    """What is written for each option, the arguments of `scale` by their names."""
    positional = dict(zip(("phi", "g", "mu"), call.arguments, strict=False))
    return {**positional, **{option.name: option.value for option in call.options}}


def _text(subject: Subject, call: ast.Call, points: Floats) -> Floats:
    """The new quantities, or rates, of the points [k, n] as the text has them, [k, n]."""
    evaluate, options = evaluator_of_numbers(subject.document), _options(call)
    names = subject.own.study.study.recursion.names
    at: dict[str, Any] = dict(zip(names, points.T, strict=True))
    with np.errstate(all="ignore"):
        if call.name == "scale":
            values = [evaluate(ast.Call(_name(options["phi"]), (ast.Name(names[0]),)), at)]
        else:
            unmoved = dict.fromkeys(names, 0.0) if call.name == "ode" else at
            values = [
                evaluate(options[name], at) if name in options else unmoved[name] for name in names
            ]
    return np.stack([np.broadcast_to(value, len(points)) for value in values], axis=1)


def _constant(subject: Subject, call: ast.Call, point: Floats) -> tuple[float, float]:
    """The constant at one point, and the number of sites that become one."""
    evaluate, options = evaluator_of_numbers(subject.document), _options(call)
    names = subject.own.study.study.recursion.names
    at: dict[str, Any] = dict(zip(names, point, strict=True))
    if call.name == "scale":
        g = ast.Call(_name(options["g"]), (ast.Name(names[0]),))
        return float(evaluate(g, at)), float(evaluate(options["mu"]))
    constant = evaluate(options["constant"], at) if "constant" in options else 0.0
    return float(constant), float(evaluate(options["sites"]))


def _name(expr: ast.Expr) -> str:
    if not isinstance(expr, ast.Name):
        raise Unreadable(f"the independent evaluator cannot read the function {expr}")
    return expr.name


def _program(recursion: Any, number: int, points: Floats) -> tuple[Floats, Floats]:
    """What the program of a turn makes of the points [k, n], and the bound of both sides."""
    if isinstance(recursion, RateRecursion):
        lowered = recursion.turns[number].values
    else:
        lowered = recursion.turns[number].moves
    found = np.array([lowered.at(point) for point in points])
    bound = rounding_of(lowered.program, lowered.constants, points.T).T
    return found, 4 * bound + UNIT * (1 + np.abs(found))


def check_sum(subject: Subject) -> Iterator[Finding]:
    """Compare F at the start with the sum of the constants of the text; nothing for a matrix."""
    flow = map_of(subject)
    if flow is None:
        return
    if not flow.study.study.accumulates:
        yield unchecked("a", "ledger", SUM, "L3", "this map accumulates no constants")
        return
    found = result_on(subject, 0).values["F"]
    if found.value is None or found.error is None:
        yield unchecked("a", "ledger", SUM, "L3", found.note)
        return
    total, rest, steps = sum_of_the_text(subject, flow, flow.study.study.start)
    difference, where = abs(total - found.value), f"{steps} steps"
    yield within("a", "ledger", SUM, where, difference=difference, bound=found.error + rest)


def sum_of_the_text(subject: Subject, flow: MapFlow, point: Floats) -> tuple[float, float, int]:
    """The sum of the constants of the text from a point on, a bound on its error, and the number of
    its steps.
    """
    calls, share, total, size = _calls(subject), 1.0, 0.0, 0.0
    for step in range(_steps_of_the_sum(flow)):
        call = calls[step % len(calls)]
        constant, sites = _constant(subject, call, point)
        total, size = total + share * constant, size + abs(share * constant)
        point, share = _text(subject, call, point[None])[0], share / sites
        if not np.isfinite(point).all():
            break
    left = abs(share * constant) * (sites / abs(sites - 1) if sites != 1 else np.inf)
    return total, left + 64 * UNIT * size, step + 1


def _steps_of_the_sum(flow: MapFlow) -> int:
    """So many steps that the share of a site is rounding."""
    sites = flow.study.study.recursion.sites
    return 4000 if sites <= 1 else max(8, min(4000, int(-np.log(UNIT) / np.log(sites)) + 2))


# -- kernels ---------------------------------------------------------------------------------------


def check_kernels(subject: Subject) -> Iterator[Finding]:
    """Compare orbits from around the start on every backend; nothing for a matrix."""
    flow = map_of(subject)
    if flow is None:
        return
    recursion = flow.study.study.recursion
    turn = only_turn(recursion)
    for backend in subject.backends[1:]:
        claim = KERNELS.format(backend.name)
        if turn is None:
            reason = "no single program computes a step, and the host computes them all"
            yield unchecked("d", "orbits", claim, "L3", reason)
            continue
        starts = _around(flow.starts[0], ORBITS)
        expected, found = (
            orbits(recursion, each, starts, STEPS, STEPS) for each in (subject.reference, backend)
        )
        if all(_rounds_once(node) for node in turn.moves.program.nodes):
            yield _same_bits(claim, expected, found)
        else:
            yield _compared(claim, turn, starts, expected, found)


def _rounds_once(node: Node) -> bool:
    """Whether a node has the same bits on every machine that keeps to IEEE 754."""
    return not isinstance(node, Apply) or ULPS[node.function] <= 1


def _same_bits(claim: str, expected: Floats, found: Floats) -> Finding:
    """The verdict on two sets of orbits of a map of operations that IEEE 754 rounds correctly."""
    same = bool(np.array_equal(expected, found, equal_nan=True))
    steps = np.nonzero((expected != found) & ~(np.isnan(expected) & np.isnan(found)))[0]
    complaint = "" if same else f"the bits differ from step {steps.min() + 1} on"
    where = f"{expected.shape[1]} orbits of {len(expected)} steps, bit for bit"
    return judged("d", "orbits", claim, where, level="L2", complaint=complaint)


def _compared(claim: str, turn: Turn, starts: Floats, expected: Floats, found: Floats) -> Finding:
    """The verdict on two sets of orbits [steps, orbits, n] from the same starts."""
    bounds = _bounds(turn, np.concatenate([starts[None], expected[:-1]]))
    close = (bounds <= POINTWISE * (1 + np.abs(expected).max(axis=2))) & np.isfinite(bounds)
    close = np.logical_and.accumulate(close & np.isfinite(expected).all(axis=2), axis=0)
    difference = np.abs(found - expected).max(axis=2)
    ratio = np.where(close, difference / np.where(close, bounds, 1.0), 0.0)
    place = np.unravel_index(int(np.nan_to_num(ratio, nan=np.inf).argmax()), ratio.shape)
    together = int(close.all(axis=1).sum())
    where = f"{starts.shape[0]} orbits, point by point for {together} of {len(expected)} steps"
    finding = within(
        "d",
        "orbits",
        claim,
        where,
        difference=float(difference[place]) if close.any() else 0.0,
        bound=float(bounds[place]) if close.any() else 0.0,
    )
    rest = expected[together:], found[together:]
    if together == len(expected) or not np.isfinite(rest).all():
        return finding
    return _averaged(finding, *rest)


def _bounds(turn: Turn, points: Floats) -> Floats:
    """The bound [steps, orbits] on each step from the points [steps, orbits, n]. Without
    derivatives it says nothing after the first step.
    """
    steps, count, n = points.shape
    error, out = np.zeros(count), np.empty((steps, count))
    for step in range(steps):
        slopes = matrices(turn.slopes, points[step])
        own = rounding_of(turn.moves.program, turn.moves.constants, points[step].T).max(axis=0)
        norm = np.linalg.norm(slopes, axis=(1, 2)) if np.isfinite(slopes).all() else np.inf
        grown = np.where(error > 0, norm * error, 0.0)
        error = grown + 2 * n**0.5 * own + UNIT
        out[step] = error
    return out


def _averaged(finding: Finding, expected: Floats, found: Floats) -> Finding:
    """The finding with the averages over what is not compared point by point, within `SIGMA`
    standard errors of the averages over orbits.
    """
    means = [each.mean(axis=0) for each in (expected, found)]
    apart = np.abs(means[0].mean(axis=0) - means[1].mean(axis=0))
    error = np.hypot(*(each.std(axis=0, ddof=1) / len(each) ** 0.5 for each in means))
    good = bool((apart <= SIGMA * error + UNIT).all())
    figures = {
        **finding.figures,
        "averages_differ": float(apart.max()),
        "their_error": float(error[apart.argmax()]),
    }
    told = replace(finding, where=f"{finding.where}, then averages", figures=figures)
    return told if good else told.failing("averages over the rest of the orbits differ")
