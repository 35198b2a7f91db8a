"""Finding in a result, or in an answer, what a target names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rgc.language.expect import EXPONENTS
from rgc.results.result import Eigenvalue, Estimate, FreeEnergy, Result

if TYPE_CHECKING:
    from rgc.language.values import Value
    from rgc.model.target import Target

INVARIANT = ("even", "invariant")


class NotFound(Exception):
    """The result holds nothing, or more than one thing, of the target's name."""


def find(expectation: Target, result: Result) -> Estimate:
    """The estimate that a target names (section 7 of docs/language.md).

    Raises `NotFound` with the reason.
    """
    head, selectors = expectation.path[0], dict(expectation.selectors)
    name = expectation.name
    if "point" in selectors:
        return _at_point(result, expectation, selectors)
    if head == "fixed_point" and len(expectation.path) == 2:
        name = expectation.path[1]
        return _lookup(result.fixed_point, name, f"the flow found no fixed point with {name}")
    if head == "block" and "level" not in selectors:
        if "sector" in selectors:
            name = f"{name}[{selectors['sector']}]"
        return _lookup(result.fixed_point, name, _no_block(name, result))
    if name == "lyapunov":
        numbered = f"{name}[{expectation.index}]"
        return _lookup(result.values, numbered, f"the flow has no {numbered}")
    if name == "eigenvalue":
        return _eigenvalue(result.eigenvalues, expectation.index or 1, selectors)
    if name in EXPONENTS and selectors:
        return _selected_exponent(result.eigenvalues, name, selectors)
    if name in result.exponents:
        return result.exponents[name]
    if name == "free_energy" and result.free_energy:
        return _free_energy(result.free_energy, selectors)
    if "method" in selectors:
        named = f"{name}[{selectors['method']}]"
        return _lookup(result.observables, named, f"the result holds no {named}")
    if "level" in selectors or "layer" in selectors:
        return _at_level(result, name, selectors.get("level", selectors.get("layer")))
    if "step" in selectors and result.iterated:
        return _after_step(result, name, selectors)
    if selectors:
        raise NotFound(f"{name} has no selector {', '.join(selectors)}")
    return _unselected(result, name)


def _after_step(result: Result, name: str, selectors: Mapping[str, Value]) -> Estimate:
    """What is seen of chains after a step; of those from the rows of data unless `start` says."""
    start, step = selectors.get("start", 0), selectors["step"]
    for chains in result.iterated:
        if (chains.start, chains.step) == (start, step):
            return _lookup(chains.values, name, f"chains have no {name}")
    raise NotFound(f"there is no step {step} of chains from start {start}")


def _at_point(result: Result, expectation: Target, selectors: Mapping[str, Value]) -> Estimate:
    """What belongs to one of the fixed points, numbered from 1 as the result lists them."""
    name, number = expectation.name, selectors["point"]
    count = len(result.fixed_points)
    if not isinstance(number, int) or number > count:
        raise NotFound(f"there is no fixed point {number}: the flow found {count}")
    point = result.fixed_points[number - 1]
    others = {key: value for key, value in selectors.items() if key != "point"}
    if name == "eigenvalue":
        return _eigenvalue(point.eigenvalues, expectation.index or 1, others)
    if name in EXPONENTS:
        return _selected_exponent(point.eigenvalues, name, others)
    if expectation.path[0] == "fixed_point" and len(expectation.path) == 2 and not others:
        coupling = expectation.path[1]
        return _lookup(point.couplings, coupling, f"fixed point {number} has no {coupling}")
    raise NotFound(f"{name} belongs to no fixed point of several")


def _no_block(name: str, result: Result) -> str:
    sectors = [each for each in result.fixed_point if each.startswith(f"{name}[")]
    if sectors:
        return f"{name} differs from sector to sector: ask for {name}[sector=even]"
    if any(name in level.observables for level in result.levels):
        return f"{name} differs from step to step: ask for {name}[level=1]"
    return f"the flow has no {name}"


def _unselected(result: Result, name: str) -> Estimate:
    """The measure of that name, else the coupling or value at the last level that has it."""
    if name in result.observables:
        return result.observables[name]
    for level in reversed(result.levels):
        for table in (level.couplings, level.values):
            if name in table:
                return table[name]
    known = sorted(
        {
            *result.exponents,
            *result.observables,
            *(c for level in result.levels for c in (*level.couplings, *level.values)),
        }
    )
    raise NotFound(f"the result holds no {name}; it holds " + (", ".join(known) or "nothing"))


def _lookup(table: Mapping[str, Estimate], name: str, message: str) -> Estimate:
    if name not in table:
        raise NotFound(message)
    return table[name]


def _at_level(result: Result, name: str, number: Value | None) -> Estimate:
    for level in result.levels:
        if level.level == number:
            return _lookup(
                {**level.observables, **level.couplings}, name, f"level {number} has no {name}"
            )
    raise NotFound(
        f"there is no level {number}; the last is "
        f"{max((level.level for level in result.levels), default=0)}"
    )


def _free_energy(entries: tuple[FreeEnergy, ...], selectors: Mapping[str, Value]) -> Estimate:
    wanted = str(selectors["method"]) if "method" in selectors else None
    chosen = [
        entry
        for entry in entries
        if wanted is None or entry.method == wanted or entry.method.split("(")[0] == wanted
    ]
    if len(chosen) != 1:
        methods = ", ".join(entry.method for entry in entries)
        raise NotFound(
            f"free_energy needs one of the methods {methods}, as in "
            f"free_energy[{entries[0].method}]"
        )
    return Estimate(chosen[0].value, chosen[0].error, chosen[0].kind, note=chosen[0].note)


def _eigenvalue(
    eigenvalues: tuple[Eigenvalue, ...], index: int, selectors: Mapping[str, Value]
) -> Estimate:
    eigenvalue = _one_eigenvalue(eigenvalues, index, selectors)
    return Estimate(eigenvalue.value, eigenvalue.error, eigenvalue.kind)


def _selected_exponent(
    eigenvalues: tuple[Eigenvalue, ...], name: str, selectors: Mapping[str, Value]
) -> Estimate:
    if name not in ("y_t", "y_h"):
        raise NotFound(f"{name} is derived from the headline exponents and takes no selectors")
    ours = [
        eigenvalue
        for eigenvalue in eigenvalues
        if (eigenvalue.sector in INVARIANT) == (name == "y_t") or "sector" in selectors
    ]
    leading = _one_eigenvalue(tuple(ours), 1, selectors)
    return Estimate(leading.exponent, leading.exponent_error, leading.kind, note=leading.note)


def _one_eigenvalue(
    candidates: tuple[Eigenvalue, ...], index: int, selectors: Mapping[str, Value]
) -> Eigenvalue:
    """The eigenvalue of that index that the selectors choose.

    What is not selected is taken as for the headline: the last unwrapped level, the full basis, and
    of several sectors the leading one.
    """
    unknown = sorted(set(selectors) - {"sector", "level", "step", "operators"})
    if unknown:
        raise NotFound(f"an eigenvalue has no selector {', '.join(unknown)}")
    wanted = {("level" if key == "step" else key): value for key, value in selectors.items()}
    eigenvalues = [
        e
        for e in candidates
        if e.index == index and all(getattr(e, key) == value for key, value in wanted.items())
    ]
    if "level" not in wanted:
        eigenvalues = [e for e in eigenvalues if not e.wrapped]
    if not eigenvalues:
        raise NotFound("there is no such eigenvalue")
    last = max(e.level for e in eigenvalues)
    full = {
        e.sector: max(o.operators for o in eigenvalues if o.sector == e.sector and o.level == last)
        for e in eigenvalues
        if e.level == last
    }
    return max(
        (e for e in eigenvalues if e.level == last and e.operators == full[e.sector]), key=_modulus
    )


def _modulus(eigenvalue: Eigenvalue) -> float:
    return abs(complex(eigenvalue.value, eigenvalue.imag))
